package bird

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

func (cfg Config) fetcher() (*httpx.Fetcher, error) {
	// Each field alone first, so that the error can name it.
	if _, err := httpx.NewHostList(cfg.Endpoints.Media); err != nil {
		return nil, fmt.Errorf("bird: Config.Endpoints.Media: %w", err)
	}
	if _, err := httpx.NewHostList(cfg.MediaHosts...); err != nil {
		return nil, fmt.Errorf("bird: Config.MediaHosts: %w", err)
	}
	if _, err := httpx.NewFetcher(httpx.FetcherConfig{Types: cfg.MediaTypes}); err != nil {
		return nil, fmt.Errorf("bird: Config.MediaTypes: %w", err)
	}
	f, err := httpx.NewFetcher(httpx.FetcherConfig{
		Client:           cfg.MediaClient,
		AllowHosts:       append([]string{cfg.Endpoints.Media}, cfg.MediaHosts...),
		SecretHosts:      []string{cfg.Endpoints.Media},
		Types:            cfg.MediaTypes,
		MaxBytes:         cfg.MediaMax,
		InsecureLoopback: cfg.InsecureHTTP,
	})
	if err != nil {
		return nil, fmt.Errorf("bird: Config.MediaClient: %w", err)
	}
	return f, nil
}

// FetchMedia opens a file that a person sent. The AccessKey is shown to Bird's
// host of media alone. Where that points on, to a host of Config.MediaHosts, it
// is followed once. It implements channels.MediaFetcher.
func (l *line) FetchMedia(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	key, err := l.p.accessKey()
	if err != nil {
		return nil, &channels.Error{Op: "media", Channel: l.info.ID, Class: channels.ErrCredentials, Outcome: channels.NotSent, Err: err}
	}
	header := http.Header{"Authorization": {key}} // left out for every other host
	body, _, err := l.p.media.Open(ctx, m.Ref, header)
	if next, ok := redirected(m.Ref, err); ok {
		body, _, err = l.p.media.Open(ctx, next, header)
	}
	if err != nil {
		return nil, l.mediaError(err)
	}
	return &mediaBody{body, l}, nil
}

// redirected returns where a redirect of from leads.
func redirected(from string, err error) (to string, ok bool) {
	var status *httpx.StatusError
	if !errors.As(err, &status) || !errors.Is(err, httpx.ErrRedirect) || status.Header.Get("Location") == "" {
		return "", false
	}
	base, err := url.Parse(from)
	if err != nil {
		return "", false
	}
	u, err := base.Parse(status.Header.Get("Location"))
	if err != nil {
		return "", false
	}
	return u.String(), true
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
