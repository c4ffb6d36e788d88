package messagebird

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

func (p *Provider) fetcher() (*httpx.Fetcher, error) {
	// Each field alone first, so that the error can name it.
	if _, err := httpx.NewHostList(p.cfg.Endpoints.Media); err != nil {
		return nil, fmt.Errorf("messagebird: Config.Endpoints.Media: %w", err)
	}
	if _, err := httpx.NewHostList(p.cfg.MediaHosts...); err != nil {
		return nil, fmt.Errorf("messagebird: Config.MediaHosts: %w", err)
	}
	if _, err := httpx.NewFetcher(httpx.FetcherConfig{Types: p.cfg.MediaTypes}); err != nil {
		return nil, fmt.Errorf("messagebird: Config.MediaTypes: %w", err)
	}
	f, err := httpx.NewFetcher(httpx.FetcherConfig{
		Client:           p.cfg.MediaClient,
		AllowHosts:       append([]string{p.cfg.Endpoints.Media}, p.cfg.MediaHosts...),
		SecretHosts:      []string{p.cfg.Endpoints.Media},
		Types:            p.cfg.MediaTypes,
		MaxBytes:         p.cfg.MediaMax,
		InsecureLoopback: p.cfg.InsecureHTTP,
	})
	if err != nil {
		return nil, fmt.Errorf("messagebird: Config.MediaClient: %w", err)
	}
	return f, nil
}

// FetchMedia opens a file that a person sent. The link alone opens it; the
// AccessKey is shown to the host of media only, and only after it asked. It
// implements channels.MediaFetcher.
func (l *line) FetchMedia(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	body, _, err := l.p.media.Open(ctx, m.Ref, nil)
	var status *httpx.StatusError
	if errors.As(err, &status) && status.Status == http.StatusUnauthorized {
		if key, noKey := l.p.accessKey(); noKey == nil {
			body, _, err = l.p.media.Open(ctx, m.Ref, http.Header{"Authorization": {key}})
		}
	}
	if err != nil {
		return nil, l.mediaError(err)
	}
	return &mediaBody{body, l}, nil
}

// mediaBody gives the errors of reading the class that those of opening have.
type mediaBody struct {
	io.ReadCloser
	l *line
}

func (b *mediaBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.l.mediaError(err)
	}
	return n, err
}

// mediaError judges a failed download, which may always be repeated.
func (l *line) mediaError(err error) *channels.Error {
	const op = "media"
	var status *httpx.StatusError
	e := &channels.Error{Op: op, Channel: l.info.ID, Class: channels.ErrUnsupported, Err: err}
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		e.Class = channels.ErrTooLong
	case errors.Is(err, httpx.ErrRedirect):
	case errors.As(err, &status):
		e = l.p.refused(op, l.info.ID, &httpx.Reply{Status: status.Status, Header: status.Header})
	case errors.Is(err, httpx.ErrURL), errors.Is(err, httpx.ErrForbiddenHost), errors.Is(err, httpx.ErrForbiddenAddress),
		errors.Is(err, httpx.ErrType):
	default:
		e = l.p.failed(op, l.info.ID, err)
	}
	e.Outcome = channels.NotSent
	return e
}

// address returns where on the web an outbound file is: its own address, a link
// of the service that ends, or, when there is neither and that is allowed, where
// it was uploaded. Nothing has been sent when it fails.
func (l *line) address(ctx context.Context, m channels.Media) (string, *channels.Error) {
	switch {
	case m.URL != "" && !webAddress(m.URL, l.p.cfg.InsecureHTTP, true):
		return "", l.refuse(channels.ErrMalformed, "the address of a file is not https")
	case m.URL != "":
		return m.URL, nil
	case m.Link != nil:
		link, err := m.Link(ctx)
		if err != nil {
			return "", l.unread(err)
		}
		if !webAddress(link, l.p.cfg.InsecureHTTP, true) {
			return "", l.refuse(channels.ErrMalformed, "the link to a file is not https")
		}
		return link, nil
	case m.Open == nil:
		return "", l.refuse(channels.ErrMalformed, "a file without address or bytes")
	case !l.p.cfg.InsecurePublicFiles:
		return "", l.refuse(channels.ErrUnsupported, "an uploaded file would be public")
	}
	b, err := l.load(ctx, m)
	if err != nil {
		return "", err
	}
	call := httpx.Call{Op: "upload", Method: http.MethodPost, Path: "/files", Body: b, ContentType: m.Type}
	setDefault(&call.ContentType, "application/octet-stream")
	if name := mime.FormatMediaType("attachment", map[string]string{"filename": m.Name}); m.Name != "" && name != "" {
		call.Header = http.Header{"Content-Disposition": {name}}
	}
	reply, failure := l.p.files.Do(ctx, call)
	var w reference
	if err := l.p.harmless("send", l.info.ID, reply, failure, &w); err != nil {
		return "", err
	}
	if w.ID == "" {
		e := unclear("send", l.info.ID, reply.Status, nil)
		e.Outcome = channels.NotSent // the file may be there, the message is not
		return "", e
	}
	return strings.TrimSuffix(l.p.cfg.Endpoints.Files, "/") + "/files/" + url.PathEscape(string(w.ID)), nil
}

// load reads a stored file whole, because a request that may not be repeated
// needs its length.
func (l *line) load(ctx context.Context, m channels.Media) ([]byte, *channels.Error) {
	if m.Size > l.p.cfg.MediaMax {
		return nil, l.refuse(channels.ErrTooLong, "the file")
	}
	r, err := m.Open(ctx)
	if err != nil {
		return nil, l.unread(err)
	}
	defer r.Close()
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(r, l.p.cfg.MediaMax+1))
	switch {
	case err != nil:
		return nil, l.unread(err)
	case n > l.p.cfg.MediaMax:
		return nil, l.refuse(channels.ErrTooLong, "the file")
	}
	return b.Bytes(), nil
}

func (l *line) unread(err error) *channels.Error {
	return &channels.Error{Op: "send", Channel: l.info.ID, Class: channels.ErrUnavailable, Outcome: channels.NotSent, Err: err}
}
