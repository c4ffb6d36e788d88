package httpx_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// rawServer reads whole requests from plain TCP connections, counts them, and
// leaves the answer to a script. It has none of net/http's manners.
type rawServer struct {
	URL   string
	Count atomic.Int32
}

// serveRaw calls answer after each whole request, n counting from 1 over all
// connections. The connection is closed when answer returns false.
func serveRaw(t *testing.T, answer func(conn net.Conn, n int32) bool) *rawServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	s := &rawServer{URL: "http://" + ln.Addr().String()}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go s.serve(conn, answer)
		}
	}()
	return s
}

func (s *rawServer) serve(conn net.Conn, answer func(net.Conn, int32) bool) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		if !answer(conn, s.Count.Add(1)) {
			return
		}
	}
}

// says answers with fixed bytes and closes.
func says(text string) func(net.Conn, int32) bool {
	return func(conn net.Conn, _ int32) bool {
		_, _ = io.WriteString(conn, text)
		return false
	}
}

// resets ends the connection with RST instead of FIN.
func resets(conn net.Conn, _ int32) bool {
	_ = conn.(*net.TCPConn).SetLinger(0)
	return false
}

// stalls answers nothing and keeps the connection.
func stalls(net.Conn, int32) bool { return true }

// quietServer is an unstarted server that does not complain to standard error
// about the handshakes and connections that the tests break.
func quietServer(h http.HandlerFunc) *httptest.Server {
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	return srv
}
