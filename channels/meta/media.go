package meta

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Forms of Media.Ref.
const (
	refID  = "id:"  // of a file at WhatsApp
	refURL = "url:" // of a file at a delivery network, open to whoever knows the address
)

// maxHops is how many addresses a download may come to, each on an allowed
// host.
const maxHops = 3

// FetchMedia opens a file that a person sent. WhatsApp's are asked for by id
// and downloaded with the token, which is shown to Meta's hosts only; the bytes
// must be those that WhatsApp described. It implements channels.MediaFetcher.
func (l *line) FetchMedia(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	if address, ok := strings.CutPrefix(m.Ref, refURL); ok {
		body, err := l.open(ctx, address, nil)
		if err != nil {
			return nil, l.mediaError(err)
		}
		return &mediaBody{ReadCloser: body, l: l}, nil
	}
	id, ok := strings.CutPrefix(m.Ref, refID)
	if !ok || !number(id) || l.info.Kind != channels.WhatsApp {
		return nil, l.refuse("media", channels.ErrMalformed, "no reference to a file")
	}
	var w struct {
		URL    loose `json:"url"`
		SHA256 loose `json:"sha256"`
		Size   loose `json:"file_size"`
	}
	call := httpx.Call{Op: "media", Method: http.MethodGet, Path: "/" + id, Query: url.Values{"phone_number_id": {l.conf.Account}}}
	if err := l.call(ctx, call, &w); err != nil {
		return nil, harmless(err)
	}
	size, err := strconv.ParseInt(string(w.Size), 10, 64)
	switch {
	case err != nil:
		size = -1
	case size > l.app.cfg.MediaMax:
		return nil, l.refuse("media", channels.ErrTooLong, "the file")
	}
	token, _, err := l.token()
	if err != nil {
		return nil, l.mediaError(err)
	}
	body, err := l.open(ctx, string(w.URL), http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		return nil, l.mediaError(err)
	}
	return &mediaBody{ReadCloser: body, l: l, size: size, sum: sha256Of(string(w.SHA256)), hash: sha256.New()}, nil
}

// open begins a download and follows where it is sent on to.
func (l *line) open(ctx context.Context, address string, h http.Header) (io.ReadCloser, error) {
	u, err := url.Parse(address)
	for range maxHops {
		if err != nil || u.Host == "" {
			return nil, httpx.ErrURL
		}
		var body io.ReadCloser
		body, _, err = l.app.files.Open(ctx, u.String(), h)
		var status *httpx.StatusError
		if !errors.As(err, &status) || status.Status/100 != 3 || status.Header.Get("Location") == "" {
			return body, err
		}
		u, err = u.Parse(status.Header.Get("Location"))
	}
	return nil, httpx.ErrRedirect
}

// errOther is the failure of a download whose bytes are not those that WhatsApp
// described.
var errOther = errors.New("the bytes are not those of the file")

// mediaBody checks what is read against what was said of it, and gives errors
// of reading the class that those of opening have.
type mediaBody struct {
	io.ReadCloser
	l    *line
	hash hash.Hash // nil: nothing was said
	sum  string    // empty: not said
	size int64     // -1: not said
	n    int64
}

func (b *mediaBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.hash != nil {
		b.hash.Write(p[:n])
		b.n += int64(n)
	}
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, b.l.mediaError(err)
	case b.hash != nil && (b.size >= 0 && b.n != b.size || b.sum != "" && hex.EncodeToString(b.hash.Sum(nil)) != b.sum):
		return n, b.l.mediaError(errOther)
	}
	return n, io.EOF
}

// mediaError judges a failed download, which may always be repeated.
func (l *line) mediaError(err error) *channels.Error {
	const op = "media"
	e := &channels.Error{Op: op, Channel: l.info.ID, Class: channels.ErrUnsupported, Err: err}
	var status *httpx.StatusError
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		e.Class = channels.ErrTooLong
	case errors.Is(err, errOther):
		e.Class = channels.ErrMalformed
	case errors.Is(err, errNoToken):
		e.Class = channels.ErrCredentials
	case errors.Is(err, httpx.ErrRedirect):
	case errors.As(err, &status):
		e = wordless(op, l.info.ID, status.Status)
		e.RetryAfter, _ = httpx.RetryAfter(status.Header, l.app.cfg.Now())
	case errors.Is(err, httpx.ErrURL), errors.Is(err, httpx.ErrForbiddenHost), errors.Is(err, httpx.ErrForbiddenAddress),
		errors.Is(err, httpx.ErrType):
	default:
		e = failed(op, l.info.ID, err)
	}
	e.Outcome = channels.NotSent
	return e
}
