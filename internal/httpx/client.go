package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

const (
	// DefaultTimeout bounds a whole call, from Authorize to the last byte of the reply.
	DefaultTimeout = 15 * time.Second
	// DefaultMaxResponse is the longest reply that is read, in bytes.
	DefaultMaxResponse = 1 << 20

	defaultUserAgent = "liidestuja"
	dialTimeout      = 5 * time.Second
)

// Config says how one provider is reached.
type Config struct {
	// BaseURL is what every Call.Path is appended to, as
	// "https://api.example.com/v1". Required. It holds no query and no user info.
	BaseURL string
	// Client is the way out: egress proxy, own certificate authority, host list.
	// It is copied; its cookie jar and redirect policy are not used. Nil: a client
	// of our own that speaks HTTP/1.1 over TLS 1.2 or later and takes nothing from
	// the environment but the proxy.
	Client *http.Client
	// UserAgent is sent with every call. Default "liidestuja".
	UserAgent string
	// Timeout bounds the whole call. Default DefaultTimeout.
	Timeout time.Duration
	// MaxResponse is the longest reply body in bytes, after decompression.
	// A longer one is ErrTooLarge. Default DefaultMaxResponse.
	MaxResponse int64
	// Authorize adds the credentials. It is asked at each call, so keys rotate
	// without a restart. Its error fails the call as NotSent. Nil: no credentials.
	Authorize func(ctx context.Context, h http.Header) error
	// InsecureHTTP allows a BaseURL without TLS, for simulators on loopback.
	InsecureHTTP bool
}

// Client makes calls to one provider. All methods may be called concurrently.
type Client struct {
	rest        *resty.Client
	base        string
	userAgent   string
	timeout     time.Duration
	maxResponse int64
	authorize   func(context.Context, http.Header) error
}

// New checks cfg and returns a client. It does no I/O. Errors name the field.
func New(cfg Config) (*Client, error) {
	base, err := cleanBase(cfg.BaseURL, cfg.InsecureHTTP)
	if err != nil {
		return nil, fmt.Errorf("httpx: Config.BaseURL %w", err)
	}
	switch {
	case cfg.Timeout < 0:
		return nil, errors.New("httpx: Config.Timeout must not be negative")
	case cfg.MaxResponse < 0:
		return nil, errors.New("httpx: Config.MaxResponse must not be negative")
	case !validHeaderValue(cfg.UserAgent):
		return nil, errors.New("httpx: Config.UserAgent is not a header value")
	}
	c := &Client{
		base:        base,
		userAgent:   orDefault(cfg.UserAgent, defaultUserAgent),
		timeout:     orDefault(cfg.Timeout, DefaultTimeout),
		maxResponse: orDefault(cfg.MaxResponse, DefaultMaxResponse),
		authorize:   cfg.Authorize,
	}
	var hc http.Client
	if cfg.Client != nil {
		hc = *cfg.Client
	}
	if hc.Transport == nil {
		hc.Transport = newTransport()
	}
	hc.Jar = nil
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.rest = resty.NewWithClient(&hc).
		SetLogger(silent{}).
		SetRetryCount(0).
		SetDoNotParseResponse(true).
		SetPreRequestHook(func(_ *resty.Client, r *http.Request) error {
			onceOnly(r)
			return nil
		})
	return c, nil
}

// cleanBase returns raw without a trailing slash. Its errors never quote raw:
// some providers put the secret into the path.
func cleanBase(raw string, insecureHTTP bool) (string, error) {
	if raw == "" {
		return "", errors.New("is required")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return "", errors.New("is not an absolute URL")
	case u.Scheme == "http" && !insecureHTTP:
		return "", errors.New("must be https (InsecureHTTP is for simulators)")
	case u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("must be https")
	case u.User != nil:
		return "", errors.New("must not hold user info")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#"):
		return "", errors.New("must not hold a query or a fragment")
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if err := checkPath(path); err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host + path, nil
}

// newTransport is our own way out. HTTP/2 stays off: a connection shared by many
// calls makes them fail together, and its retries blur what was sent. Idle
// connections are dropped before the shortest common keep-alive of servers (5 s),
// because a request written to a connection that the server is just closing may
// or may not have been acted on.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    256, // one provider is one host: fewer would close what the next send needs
		IdleConnTimeout:        4 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// onceOnly takes from net/http the means to send a request a second time: it
// never repeats one whose body is there and cannot be rewound. Reads are left
// alone, so that a stale connection costs them nothing. An empty body travels as
// an empty chunked one where the method usually has a body.
func onceOnly(r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return
	}
	r.GetBody = nil
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = emptyBody{}
	}
	if end, ok := r.Context().Deadline(); ok {
		r.Body = timely{r.Body, end}
	}
}

// silent keeps resty from writing to standard error.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
