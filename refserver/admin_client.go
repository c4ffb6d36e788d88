package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

// where are the flags of commands that need the store.
type where struct{ config, data *string }

func (f *flags) where() where {
	return where{f.String("config", "", ""), f.String("data", "", "")}
}

// reach connects to the server that has the store of the data folder or, when
// none runs, opens the store. done must be called.
func (c *console) reach(ctx context.Context, w where) (cl *adminClient, done func() error, err error) {
	var p *parts
	data := or(*w.data, defaultData)
	if *w.config != "" {
		if p, err = c.configured(*w.config, instead{data: *w.data}); err != nil {
			return nil, nil, err
		}
		data = p.data
	}
	if p != nil && p.postgres != nil { // which a command may open beside any servers
		handler, store, err := offline(ctx, p, data)
		if err != nil {
			return nil, nil, err
		}
		return &adminClient{&http.Client{Transport: inProcess{handler}}}, store.Close, nil
	}
	// A server that is starting has the store a moment before it answers, and one
	// that stops answers no more a moment before it has let the store go.
	for end := time.Now().Add(lockedFor); ; pause(ctx, lockedFor/50) {
		if cl, done := dialAdmin(ctx, data); cl != nil {
			return cl, done, nil
		}
		if _, err := os.Stat(databasePath(data)); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("there is no store in %s; -data or -config names another folder", data)
		}
		handler, store, err := offline(ctx, p, data)
		switch {
		case err == nil:
			return &adminClient{&http.Client{Transport: inProcess{handler}}}, store.Close, nil
		case !errors.Is(err, sqlitestore.ErrLocked):
			return nil, nil, err
		case ctx.Err() != nil || time.Now().After(end):
			return nil, nil, fmt.Errorf("%w, and that one does not answer at %s", err, socketPath(data))
		}
	}
}

// lockedFor is how long a command waits for a store that another process has.
const lockedFor = 3 * time.Second

// dialAdmin connects to a running server; nil when there is none.
func dialAdmin(ctx context.Context, data string) (*adminClient, func() error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socketPath(data))
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil, nil
	}
	_ = conn.Close()
	t := &http.Transport{DialContext: dial}
	return &adminClient{&http.Client{Transport: t}}, func() error { t.CloseIdleConnections(); return nil }
}

// offline opens the store and returns the handler that a running server has.
func offline(ctx context.Context, p *parts, data string) (http.Handler, alt.Store, error) {
	if p == nil {
		store, err := sqlitestore.Open(ctx, demoStore(data))
		if err != nil {
			return nil, nil, err
		}
		return adminOf(store, demoAgency).handler(), store, nil
	}
	store, err := p.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	a, err := newApp(*p, store)
	if err == nil {
		err = a.load(ctx)
	}
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	return a.admin().handler(), store, nil
}

// demoAgency owns everything in the demo.
const demoAgency channels.Agency = "demo"

func databasePath(data string) string { return filepath.Join(data, "liidestuja.db") }

// demoStore is the store of the demo, whose data are invented: its key lies
// beside it.
func demoStore(data string) sqlitestore.Config {
	return sqlitestore.Config{Path: databasePath(data), KeyFile: filepath.Join(data, "demo.key")}
}

// adminClient asks a server's handler of commands.
type adminClient struct{ http *http.Client }

// do makes a request and decodes the answer into v, unless that is nil.
func (a *adminClient) do(ctx context.Context, method, path string, body, v any) error {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://admin"+path, sent)
	if err != nil {
		return err
	}
	res, err := a.http.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		var f adminFailure
		if err := json.NewDecoder(res.Body).Decode(&f); err != nil || f.Error == "" {
			return fmt.Errorf("the server answered %d", res.StatusCode)
		}
		return errors.New(f.Error)
	}
	if v == nil {
		return nil
	}
	return json.NewDecoder(res.Body).Decode(v)
}

// inProcess is a connection to a handler of this very process.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RemoteAddr = "admin"
	out := &inMemory{header: make(http.Header), status: http.StatusOK}
	t.handler.ServeHTTP(out, in)
	return &http.Response{
		Status: http.StatusText(out.status), StatusCode: out.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out.header, Body: io.NopCloser(&out.body), ContentLength: int64(out.body.Len()), Request: r,
	}, nil
}

type inMemory struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (m *inMemory) Header() http.Header { return m.header }

// WriteHeader implements http.ResponseWriter.
func (m *inMemory) WriteHeader(status int) { m.status = status }

// Write implements http.ResponseWriter.
func (m *inMemory) Write(b []byte) (int, error) { return m.body.Write(b) }

// stamp writes a time for people to read.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
