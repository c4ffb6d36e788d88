package taratest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Client returns a client that reaches the server without a network, under the
// address that SetURL told and no other. With it a program that serves the page
// under its own public address need not be able to call itself there.
func (s *Server) Client() *http.Client { return &http.Client{Transport: inside{s}} }

type inside struct{ server *Server }

// RoundTrip implements http.RoundTripper.
func (i inside) RoundTrip(r *http.Request) (res *http.Response, err error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	i.server.mu.Lock()
	base, err := url.Parse(i.server.base)
	i.server.mu.Unlock()
	if err != nil || r.URL.Scheme != base.Scheme || r.URL.Host != base.Host || !strings.HasPrefix(r.URL.Path, base.Path+"/") {
		return nil, errors.New("taratest: not an address of the simulator")
	}
	defer func() {
		// This is how a handler cuts a connection.
		if p := recover(); p == http.ErrAbortHandler { //nolint:errorlint // the very value, as net/http compares it
			res, err = nil, errors.Join(io.ErrUnexpectedEOF, r.Context().Err())
		} else if p != nil {
			panic(p)
		}
	}()
	in := r.Clone(r.Context())
	in.URL.Path = strings.TrimPrefix(r.URL.Path, base.Path)
	in.URL.RawPath = ""
	w := &kept{header: http.Header{}}
	i.server.ServeHTTP(w, in)
	return &http.Response{
		StatusCode: w.status, Status: http.StatusText(w.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// kept is an answer in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header { return k.header }

func (k *kept) WriteHeader(status int) {
	if k.status == 0 {
		k.status = status
	}
}

func (k *kept) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	return k.body.Write(b)
}
