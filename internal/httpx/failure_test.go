package httpx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

const canary = "saladus-4711"

// secretCall plants the canary wherever a caller can put data.
func secretCall() httpx.Call {
	return httpx.Call{
		Op: "send", Method: "POST", Path: "/bot" + canary,
		Query:  url.Values{"access_token": {canary}},
		Header: http.Header{"X-Key": {canary}},
		JSON:   map[string]string{"text": canary},
	}
}

func plain(t *testing.T, base string) *httpx.Client {
	t.Helper()
	c, err := httpx.New(httpx.Config{BaseURL: base, InsecureHTTP: true})
	require.NoError(t, err)
	return c
}

func requireFailure(t *testing.T, err error) *httpx.Failure {
	t.Helper()
	var f *httpx.Failure
	require.ErrorAs(t, err, &f)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "err", err, "wrapped", fmt.Errorf("op: %w", err))
	require.NotContains(t, log.String(), canary)
	require.NotContains(t, fmt.Sprintf("%v %+v %s", err, err, err), canary)
	require.NotContains(t, err.Error(), "127.0.0.1")
	require.NotContains(t, err.Error(), "http://")
	return f
}

// A row of what can go wrong. The default client calls base.
type fault struct {
	base    func(t *testing.T) string
	client  func(t *testing.T) *http.Client
	ctx     func(t *testing.T) context.Context
	timeout time.Duration
	stage   httpx.Stage
	timed   bool
	status  int
	is      error
}

func (f fault) run(t *testing.T, want httpx.Certainty) {
	cfg := httpx.Config{BaseURL: "https://api.example.invalid", InsecureHTTP: true, Timeout: f.timeout, MaxResponse: 1000}
	if f.base != nil {
		cfg.BaseURL = f.base(t)
	}
	if f.client != nil {
		cfg.Client = f.client(t)
	}
	ctx := t.Context()
	if f.ctx != nil {
		ctx = f.ctx(t)
	}
	c, err := httpx.New(cfg)
	require.NoError(t, err)
	reply, err := c.Do(ctx, secretCall())
	require.Nil(t, reply)
	failure := requireFailure(t, err)
	require.Equal(t, want, failure.Sent, "%v: %v", err, failure.Err)
	require.Equal(t, f.stage, failure.Stage, "%v", failure.Err)
	require.Equal(t, f.timed, failure.Timeout, "%v", failure.Err)
	require.Equal(t, f.status, failure.Status)
	require.Contains(t, err.Error(), "send")
	require.Contains(t, err.Error(), want.String())
	if f.is != nil {
		require.ErrorIs(t, err, f.is)
	}
}

func transport(change func(*http.Transport)) func(*testing.T) *http.Client {
	return func(*testing.T) *http.Client {
		tr := &http.Transport{}
		change(tr)
		return &http.Client{Transport: tr}
	}
}

func raw(answer func(net.Conn, int32) bool) func(*testing.T) string {
	return func(t *testing.T) string { return serveRaw(t, answer).URL }
}

// accepts takes connections and does as told before any request.
func accepts(scheme string, do func(net.Conn)) func(*testing.T) string {
	return func(t *testing.T) string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { ln.Close() })
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				t.Cleanup(func() { conn.Close() })
				go do(conn)
			}
		}()
		return scheme + "://" + ln.Addr().String()
	}
}

func ended(how func(context.Context) (context.Context, context.CancelFunc)) func(*testing.T) context.Context {
	return func(t *testing.T) context.Context {
		ctx, cancel := how(t.Context())
		t.Cleanup(cancel)
		return ctx
	}
}

func TestARequestIsCertainlyNotSentWhen(t *testing.T) {
	blockedDial := transport(func(tr *http.Transport) {
		tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	})
	for name, f := range map[string]fault{
		"the connection is refused": {
			base: func(t *testing.T) string {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				ln.Close()
				return "http://" + ln.Addr().String()
			},
			stage: httpx.StageConnect,
		},
		"the name is not known": {
			client: transport(func(tr *http.Transport) {
				tr.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: addr, IsNotFound: true}}
				}
			}),
			stage: httpx.StageConnect,
		},
		"the certificate is not trusted": {
			base: func(t *testing.T) string {
				srv := quietServer(http.NotFound)
				srv.StartTLS()
				t.Cleanup(srv.Close)
				return srv.URL
			},
			stage: httpx.StageConnect,
		},
		"the server does not speak TLS": {
			base:  accepts("https", func(c net.Conn) { fmt.Fprint(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); c.Close() }),
			stage: httpx.StageConnect,
		},
		"the server offers only old TLS": {
			base: func(t *testing.T) string {
				srv := quietServer(http.NotFound)
				srv.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
				srv.StartTLS()
				t.Cleanup(srv.Close)
				return srv.URL
			},
			stage: httpx.StageConnect,
		},
		"the TLS handshake never ends": {
			base: accepts("https", func(net.Conn) {}), timeout: 50 * time.Millisecond,
			stage: httpx.StageConnect, timed: true, is: context.DeadlineExceeded,
		},
		"the proxy refuses": {
			client: func(t *testing.T) *http.Client {
				proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(http.StatusProxyAuthRequired)
				}))
				t.Cleanup(proxy.Close)
				u, err := url.Parse(proxy.URL)
				require.NoError(t, err)
				return &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(u)}}
			},
			stage: httpx.StageConnect,
		},
		"the context was canceled before": {
			ctx: ended(func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			}),
			stage: httpx.StagePrepare, is: context.Canceled,
		},
		"the context ends while connecting": {
			ctx: ended(func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 20*time.Millisecond)
			}),
			client: blockedDial, stage: httpx.StageConnect, timed: true, is: context.DeadlineExceeded,
		},
		"the context is canceled with a cause while connecting": {
			ctx: ended(func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancelCause(ctx)
				time.AfterFunc(20*time.Millisecond, func() { cancel(errors.New(canary)) })
				return ctx, func() { cancel(nil) }
			}),
			client: blockedDial, stage: httpx.StageConnect, is: context.Canceled,
		},
		"our own timeout ends while connecting": {
			timeout: 20 * time.Millisecond,
			client:  blockedDial, stage: httpx.StageConnect, timed: true, is: context.DeadlineExceeded,
		},
		"the host is not on the list": {
			client: func(*testing.T) *http.Client {
				return &http.Client{Transport: httpx.AllowHosts(nil, httpx.HostList{})}
			},
			stage: httpx.StagePrepare, is: httpx.ErrForbiddenHost,
		},
		"the address is not public": {
			base:   raw(says("")),
			client: transport(func(tr *http.Transport) { tr.DialContext = httpx.GuardedDialer{}.DialContext }),
			stage:  httpx.StageConnect, is: httpx.ErrForbiddenAddress,
		},
	} {
		t.Run(name, func(t *testing.T) { f.run(t, httpx.NotSent) })
	}
}

func TestARequestMayHaveBeenSentWhen(t *testing.T) {
	gotIt := make(chan struct{})
	for name, f := range map[string]fault{
		"the server closes after reading it":   {base: raw(says("")), stage: httpx.StageExchange},
		"the server resets after reading it":   {base: raw(resets), stage: httpx.StageExchange},
		"the server closes at once":            {base: accepts("http", func(c net.Conn) { c.Close() }), stage: httpx.StageExchange},
		"the reply is not HTTP":                {base: raw(says("hello " + canary + "\r\n\r\n")), stage: httpx.StageExchange},
		"the head of the reply is cut":         {base: raw(says("HTTP/1.1 200 OK\r\nContent-")), stage: httpx.StageExchange},
		"the reply never comes":                {base: raw(stalls), timeout: 300 * time.Millisecond, stage: httpx.StageExchange, timed: true, is: context.DeadlineExceeded},
		"the body of the reply is cut":         {base: raw(says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")), stage: httpx.StageBody, status: 200, is: io.ErrUnexpectedEOF},
		"the body of the reply is badly coded": {base: raw(says("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")), stage: httpx.StageBody, status: 503},
		"the body of the reply never ends": {
			base: raw(func(c net.Conn, _ int32) bool {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")
				return true
			}),
			timeout: 300 * time.Millisecond, stage: httpx.StageBody, timed: true, status: 200, is: context.DeadlineExceeded,
		},
		"the body of the reply is too large": {
			base:  raw(says("HTTP/1.1 201 Created\r\nContent-Length: 1001\r\n\r\n" + strings.Repeat("x", 1001))),
			stage: httpx.StageBody, status: 201, is: httpx.ErrTooLarge,
		},
		"the head of the reply is endless": {
			base: raw(func(c net.Conn, _ int32) bool {
				fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
				for range 200 {
					fmt.Fprintf(c, "X: %s\r\n", strings.Repeat("x", 1000))
				}
				return false
			}),
			stage: httpx.StageExchange,
		},
		"the server switches protocols unasked": {
			base: raw(func(c net.Conn, _ int32) bool {
				fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
				return true
			}),
			stage: httpx.StageBody, status: 101,
		},
		"the caller gives up while waiting": {
			base: raw(func(net.Conn, int32) bool { close(gotIt); return true }),
			ctx: ended(func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				go func() { <-gotIt; cancel() }()
				return ctx, cancel
			}),
			stage: httpx.StageExchange, is: context.Canceled,
		},
		"the round tripper tells nothing of its connections": {
			client: func(*testing.T) *http.Client {
				mock := httpmock.NewMockTransport()
				mock.RegisterNoResponder(httpmock.NewErrorResponder(&net.OpError{Op: "dial", Err: errors.New("refused")}))
				return &http.Client{Transport: mock}
			},
			stage: httpx.StageExchange,
		},
		"the round tripper tried again on its own": {
			base: raw(says("")),
			client: func(*testing.T) *http.Client {
				return &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
					_, err := (&http.Transport{}).RoundTrip(r) // reaches the server
					if err == nil {
						return nil, errors.New("expected a failure")
					}
					second := r.Clone(r.Context())
					second.Body = http.NoBody
					second.URL.Host = "127.0.0.1:1"
					return (&http.Transport{}).RoundTrip(second) // is refused
				})}
			},
			stage: httpx.StageExchange,
		},
	} {
		t.Run(name, func(t *testing.T) { f.run(t, httpx.MaybeSent) })
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWaitingForAFreeConnectionIsNotSending(t *testing.T) {
	busy, release := make(chan struct{}), make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(busy)
		<-release
	}))
	defer srv.Close()
	c, err := httpx.New(httpx.Config{
		BaseURL: srv.URL, InsecureHTTP: true,
		Client: &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}},
	})
	require.NoError(t, err)
	first := make(chan error, 1)
	go func() {
		_, err := c.Do(t.Context(), httpx.Call{Method: "POST", JSON: 1})
		first <- err
	}()
	<-busy
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.Do(ctx, httpx.Call{Method: "POST", JSON: 1})
	failure := requireFailure(t, err)
	close(release)
	require.NoError(t, <-first)
	require.Equal(t, httpx.NotSent, failure.Sent)
	require.True(t, failure.Timeout)
}

func TestOnlyACallThatIsNotValidIsImpossible(t *testing.T) {
	for name, c := range map[string]struct {
		f    httpx.Failure
		want bool
	}{
		"not valid":             {httpx.Failure{Stage: httpx.StagePrepare, Err: errors.New("no path")}, true},
		"given up":              {httpx.Failure{Stage: httpx.StagePrepare, Err: context.Canceled}, false},
		"too late":              {httpx.Failure{Stage: httpx.StagePrepare, Err: context.DeadlineExceeded, Timeout: true}, false},
		"forbidden for now":     {httpx.Failure{Stage: httpx.StagePrepare, Err: httpx.ErrForbiddenHost}, false},
		"nobody listens":        {httpx.Failure{Stage: httpx.StageConnect, Err: errors.New("refused")}, false},
		"broken off on its way": {httpx.Failure{Stage: httpx.StageExchange, Err: errors.New("reset")}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, c.f.Impossible()) })
	}
}
