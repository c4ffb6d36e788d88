package tara

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// maxAnswer is the longest answer of TARA that is read: discovery, keys, a token.
const maxAnswer = 256 << 10

var errElsewhere = errors.New("tara: an address that is not the issuer's")

// statusError is the answer to a read that was not 200.
type statusError int

func (e statusError) Error() string { return "tara: answered " + strconv.Itoa(int(e)) }

// carrier carries the requests of the OAuth and OpenID libraries: httpx bounds
// their time and size, sends what changes something once only, and tells whether
// a request that failed may have been seen. Nothing leaves the issuer's host.
type carrier struct {
	api      *httpx.Client
	origin   string
	attempts int // of a read
}

func newAPI(cfg Config, origin string) (*httpx.Client, error) {
	return httpx.New(httpx.Config{
		BaseURL: origin, Client: cfg.Client, Timeout: cfg.Timeout, MaxResponse: maxAnswer, InsecureHTTP: cfg.InsecureHTTP,
	})
}

func newWeb(api *httpx.Client, origin string, attempts int) *http.Client {
	return &http.Client{
		Transport:     &carrier{api, origin, attempts},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip implements http.RoundTripper.
func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	call := httpx.Call{Op: "tara", Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header.Clone()}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
		call.Body, call.ContentType = body, r.Header.Get("Content-Type")
		call.Header.Del("Content-Type")
	}
	if r.URL.Scheme+"://"+r.URL.Host != c.origin {
		return nil, errElsewhere
	}
	if r.Method == http.MethodGet {
		return c.read(r, call)
	}
	reply, err := c.api.Do(r.Context(), call)
	if err != nil {
		return nil, err
	}
	return response(r, reply), nil
}

// read asks again when nothing usable came.
func (c *carrier) read(r *http.Request, call httpx.Call) (*http.Response, error) {
	var reply *httpx.Reply
	err := httpx.Retry(r.Context(), httpx.RetryPolicy{Attempts: c.attempts}, func() (bool, time.Duration, error) {
		var err error
		reply, err = c.api.Do(r.Context(), call)
		if err != nil {
			return true, 0, err
		}
		if reply.Status != http.StatusOK {
			return reply.Status >= http.StatusInternalServerError, 0, statusError(reply.Status)
		}
		return false, 0, nil
	})
	if err != nil {
		return nil, err
	}
	return response(r, reply), nil
}

func response(r *http.Request, reply *httpx.Reply) *http.Response {
	return &http.Response{
		Status: http.StatusText(reply.Status), StatusCode: reply.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: reply.Header, Body: io.NopCloser(bytes.NewReader(reply.Body)), ContentLength: int64(len(reply.Body)), Request: r,
	}
}
