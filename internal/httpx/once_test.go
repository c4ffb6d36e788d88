package httpx_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// The first request is answered, so that its connection is used again; the second
// is read whole and then the connection dies, as after a crash of the server in
// the middle of its work. Asking a third time could double a message.
func diesOnSecond(end func(net.Conn, int32) bool) func(net.Conn, int32) bool {
	return func(conn net.Conn, n int32) bool {
		if n == 2 {
			return end(conn, n)
		}
		fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		return true
	}
}

func TestAWriteIsNeverSentTwice(t *testing.T) {
	key := http.Header{"Idempotency-Key": {"k-1"}} // invites net/http to replay
	for name, call := range map[string]httpx.Call{
		"a POST of JSON":                             {Method: "POST", JSON: map[string]int{"a": 1}},
		"a POST of JSON with an idempotency key":     {Method: "POST", JSON: map[string]int{"a": 1}, Header: key},
		"a POST of a form with an idempotency key":   {Method: "POST", Form: url.Values{"a": {"1"}}, Header: key},
		"a POST of nothing with an idempotency key":  {Method: "POST", Header: key},
		"a POST of zero bytes with a key":            {Method: "POST", Body: []byte{}, ContentType: "text/plain", Header: key},
		"a POST of half a megabyte with a key":       {Method: "POST", Body: make([]byte, 512<<10), ContentType: "image/png", Header: key},
		"a PATCH with an idempotency key":            {Method: "PATCH", JSON: 1, Header: key},
		"a DELETE with an idempotency key":           {Method: "DELETE", Header: key},
		"a PUT with the other spelling of the key":   {Method: "PUT", JSON: 1, Header: http.Header{"x-idempotency-key": {"k"}}},
		"a POST whose idempotency key has no values": {Method: "POST", JSON: 1, Header: http.Header{"Idempotency-Key": nil}},
	} {
		for end, script := range map[string]func(net.Conn, int32) bool{"close": says(""), "reset": resets} {
			t.Run(name+", then "+end, func(t *testing.T) {
				srv := serveRaw(t, diesOnSecond(script))
				c := plain(t, srv.URL)
				_, err := c.Do(t.Context(), call)
				require.NoError(t, err)
				_, err = c.Do(t.Context(), call)
				failure := requireFailure(t, err)
				require.Equal(t, httpx.MaybeSent, failure.Sent)
				require.Equal(t, httpx.StageExchange, failure.Stage)
				require.EqualValues(t, 2, srv.Count.Load(), "requests that reached the server")
			})
		}
	}
}

func TestAReadMayBeRepeatedByNetHTTPOnAStaleConnection(t *testing.T) {
	srv := serveRaw(t, diesOnSecond(says("")))
	c := plain(t, srv.URL)
	for range 2 {
		reply, err := c.Do(t.Context(), httpx.Call{Method: "GET"})
		require.NoError(t, err)
		require.Equal(t, "ok", string(reply.Body))
	}
	require.EqualValues(t, 3, srv.Count.Load())
}

// Shows that the test above can fail: this is what a bare http.Client does.
func TestABareClientWouldReplayTheSamePost(t *testing.T) {
	srv := serveRaw(t, diesOnSecond(says("")))
	hc := &http.Client{Transport: &http.Transport{}}
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL, strings.NewReader("{}"))
		require.NoError(t, err)
		req.Header.Set("Idempotency-Key", "k-1")
		res, err := hc.Do(req)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	require.EqualValues(t, 3, srv.Count.Load())
}

func TestOverHTTP2AWriteIsNotRepeatedAfterAProtocolError(t *testing.T) {
	for name, call := range map[string]httpx.Call{
		"with a body":    {Method: "POST", JSON: map[string]int{"a": 1}},
		"without a body": {Method: "DELETE"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, count := resettingHTTP2(t)
			c, err := httpx.New(httpx.Config{BaseURL: srv.URL, Client: srv.Client()})
			require.NoError(t, err)
			_, err = c.Do(t.Context(), call)
			require.Equal(t, httpx.MaybeSent, requireFailure(t, err).Sent)
			require.EqualValues(t, 1, count.Load())
		})
	}
	t.Run("which a bare client does", func(t *testing.T) {
		srv, count := resettingHTTP2(t)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "POST", srv.URL, strings.NewReader("{}"))
		require.NoError(t, err)
		_, err = srv.Client().Do(req)
		require.Error(t, err)
		require.Greater(t, count.Load(), int32(1))
	})
}

// resettingHTTP2 reads whole requests and resets each with PROTOCOL_ERROR.
func resettingHTTP2(t *testing.T) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var count atomic.Int32
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.TLS = &tls.Config{NextProtos: []string{"h2"}}
	srv.EnableHTTP2 = true
	srv.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, conn *tls.Conn, _ http.Handler) {
			_, _ = io.ReadFull(conn, make([]byte, len(http2.ClientPreface)))
			framer := http2.NewFramer(conn, conn)
			_ = framer.WriteSettings()
			for {
				frame, err := framer.ReadFrame()
				if err != nil {
					return
				}
				ends := false
				switch f := frame.(type) {
				case *http2.HeadersFrame:
					ends = f.StreamEnded()
				case *http2.DataFrame:
					ends = f.StreamEnded()
				}
				if ends {
					count.Add(1)
					_ = framer.WriteRSTStream(frame.Header().StreamID, http2.ErrCodeProtocol)
				}
			}
		},
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv, &count
}

// late is a way out that comes to write only when the call's time is over, as in a
// process that was stopped.
type late struct{ body []byte }

func (l *late) RoundTrip(r *http.Request) (*http.Response, error) {
	end, _ := r.Context().Deadline()
	time.Sleep(time.Until(end))
	var err error
	if l.body, err = io.ReadAll(r.Body); err == nil {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

func TestAWriteWhoseTimeIsOverIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &late{}
		c, err := httpx.New(httpx.Config{BaseURL: "https://api.example", Client: &http.Client{Transport: out}, Timeout: time.Second})
		require.NoError(t, err)
		_, err = c.Do(t.Context(), httpx.Call{Method: "POST", JSON: map[string]int{"a": 1}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, out.body)
	})
}
