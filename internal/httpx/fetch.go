package httpx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	// DefaultMaxBytes is the largest media file, in bytes: what WhatsApp allows a document.
	DefaultMaxBytes = 100 << 20
	// DefaultFetchTimeout bounds a download until its last byte is read.
	DefaultFetchTimeout = time.Minute
)

// FetcherConfig says which media may be downloaded.
type FetcherConfig struct {
	// Client is the way out. Only its Transport is used, as a copy with the address
	// guard in its dialer, so it must be nil, an *http.Transport or AllowHosts around
	// one. With a proxy the guard sees less: see GuardedDialer.
	Client *http.Client
	// AllowHosts are the hosts that media may come from, as in NewHostList. An
	// empty list allows none.
	AllowHosts []string
	// SecretHosts are those of AllowHosts that may be sent Authorization and Cookie
	// headers. To all others these headers are left out. Default none.
	SecretHosts []string
	// Types are the allowed media types: "application/pdf", "image/*". Types that a
	// browser would execute (HTML, SVG, scripts) must be named exactly. An empty
	// list allows none.
	Types []string
	// MaxBytes is the longest body. Default DefaultMaxBytes.
	MaxBytes int64
	// Timeout bounds the whole download. Default DefaultFetchTimeout.
	Timeout time.Duration
	// InsecureLoopback allows loopback addresses, and plain http to them, for
	// simulators.
	InsecureLoopback bool
}

// Meta describes a body that is about to be read.
type Meta struct {
	// ContentType is the media type without parameters, in lower case, in agreement
	// with the first bytes.
	ContentType string
	// Length is the announced length in bytes, or -1.
	Length int64
}

// StatusError is a reply other than 200 OK. A redirect is also ErrRedirect.
type StatusError struct {
	Status int
	Header http.Header
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("httpx: media: status %d", e.Status)
}

// Is makes a redirect match ErrRedirect.
func (e *StatusError) Is(target error) bool {
	return target == ErrRedirect && e.Status/100 == 3
}

// Fetcher downloads media. All methods may be called concurrently.
type Fetcher struct {
	rt       http.RoundTripper
	hosts    HostList
	secret   HostList
	types    []string
	max      int64
	timeout  time.Duration
	loopback bool
}

// NewFetcher checks cfg. It does no I/O. Errors name the field.
func NewFetcher(cfg FetcherConfig) (*Fetcher, error) {
	hosts, err := NewHostList(cfg.AllowHosts...)
	if err != nil {
		return nil, fmt.Errorf("httpx: FetcherConfig.AllowHosts: %w", err)
	}
	secret, err := NewHostList(cfg.SecretHosts...)
	if err != nil {
		return nil, fmt.Errorf("httpx: FetcherConfig.SecretHosts: %w", err)
	}
	if len(secret.below) > 0 {
		return nil, errors.New("httpx: FetcherConfig.SecretHosts must be named one by one")
	}
	for entry := range secret.entries {
		if _, ok := hosts.entries[entry]; !ok {
			return nil, errors.New("httpx: FetcherConfig.SecretHosts must all be in AllowHosts")
		}
	}
	switch {
	case cfg.MaxBytes < 0:
		return nil, errors.New("httpx: FetcherConfig.MaxBytes must not be negative")
	case cfg.Timeout < 0:
		return nil, errors.New("httpx: FetcherConfig.Timeout must not be negative")
	}
	types := make([]string, len(cfg.Types))
	for i, t := range cfg.Types {
		if !validPattern(t) {
			return nil, fmt.Errorf("httpx: FetcherConfig.Types: %q is not a media type", t)
		}
		types[i] = strings.ToLower(t)
	}
	var rt http.RoundTripper
	if cfg.Client != nil {
		rt = cfg.Client.Transport
	}
	if rt, err = guarded(rt, cfg.InsecureLoopback); err != nil {
		return nil, fmt.Errorf("httpx: FetcherConfig.Client: %w", err)
	}
	return &Fetcher{
		rt: rt, hosts: hosts, secret: secret, types: types,
		max:      orDefault(cfg.MaxBytes, DefaultMaxBytes),
		timeout:  orDefault(cfg.Timeout, DefaultFetchTimeout),
		loopback: cfg.InsecureLoopback,
	}, nil
}

// Open begins a download; the caller reads and closes the body. header may be nil.
//
// Errors, of Open and of reading: ErrURL, ErrForbiddenHost, ErrForbiddenAddress,
// ErrRedirect, ErrType, ErrTooLarge (when the limit is passed, never a short
// body), *StatusError, and *Failure for the network.
func (f *Fetcher) Open(ctx context.Context, rawURL string, header http.Header) (io.ReadCloser, Meta, error) {
	at := &attempt{op: "media"}
	u, err := f.check(rawURL)
	if err != nil {
		return nil, Meta{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	req := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: f.headers(u, header)}).WithContext(at.trace(ctx))
	if err := checkHeader(req.Header); err != nil {
		cancel()
		return nil, Meta{}, at.refused(ctx, err)
	}
	// The transport itself, not an http.Client: no redirects, no cookies, no Referer.
	res, err := f.rt.RoundTrip(req) //nolint:bodyclose // the caller closes it with the download
	if err != nil {
		err = at.failed(ctx, err)
		cancel()
		return nil, Meta{}, err
	}
	at.status = res.StatusCode
	d := &download{res: res, at: at, ctx: ctx, cancel: cancel}
	meta, err := f.begin(d)
	if err != nil {
		_ = d.Close() // the download failed already
		return nil, Meta{}, err
	}
	return d, meta, nil
}

// begin looks at the head of the reply and the first bytes of its body.
func (f *Fetcher) begin(d *download) (Meta, error) {
	if d.res.StatusCode != http.StatusOK {
		return Meta{}, &StatusError{Status: d.res.StatusCode, Header: d.res.Header}
	}
	if d.res.ContentLength > f.max {
		return Meta{}, ErrTooLarge
	}
	if enc := d.res.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return Meta{}, ErrType // we asked for the plain bytes
	}
	capped := &cappedReader{r: d.res.Body, left: f.max}
	head := make([]byte, sniffLen)
	n, _ := io.ReadFull(capped, head)
	head = head[:n]
	if capped.err != nil && capped.err != io.EOF { //nolint:errorlint // readers return the end as it is; wrapped, it is a failure
		return Meta{}, d.wrap(capped.err)
	}
	contentType, err := agreedType(d.res.Header.Get("Content-Type"), head)
	if err != nil {
		return Meta{}, err
	}
	if !typeAllowed(f.types, contentType) {
		return Meta{}, ErrType
	}
	d.body = io.MultiReader(bytes.NewReader(head), capped)
	return Meta{ContentType: contentType, Length: d.res.ContentLength}, nil
}

// check applies what the URL alone can tell.
func (f *Fetcher) check(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.User != nil {
		return nil, ErrURL
	}
	addr, err := netip.ParseAddr(u.Hostname())
	literal := err == nil
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && f.loopback && (u.Hostname() == "localhost" || literal && addr.IsLoopback()):
	default:
		return nil, ErrURL
	}
	if !f.hosts.Allows(u) {
		return nil, ErrForbiddenHost
	}
	if literal {
		// The dialer checks it too, but not when a proxy dials.
		if err := (GuardedDialer{InsecureLoopback: f.loopback}).Check(addr); err != nil {
			return nil, err
		}
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

func (f *Fetcher) headers(u *url.URL, header http.Header) http.Header {
	h := http.Header{"User-Agent": {defaultUserAgent}, "Accept": {"*/*"}, "Accept-Encoding": {"identity"}}
	secrets := f.secret.Allows(u)
	for name, values := range header {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Authorization", "Cookie", "Proxy-Authorization":
			if !secrets {
				continue
			}
		}
		h[name] = values
	}
	return h.Clone()
}

// download is the body in the caller's hands.
type download struct {
	res    *http.Response
	body   io.Reader
	at     *attempt
	ctx    context.Context
	cancel context.CancelFunc
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	return n, d.wrap(err)
}

func (d *download) wrap(err error) error {
	if err == nil || err == io.EOF || err == ErrTooLarge { //nolint:errorlint // readers return the end as it is; wrapped, it is a failure
		return err
	}
	return d.at.failed(d.ctx, err)
}

// Close ends the download, finished or not.
func (d *download) Close() error {
	d.cancel()
	return d.res.Body.Close()
}
