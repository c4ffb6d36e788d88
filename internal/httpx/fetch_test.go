package httpx_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

var png = append([]byte("\x89PNG\x0d\x0a\x1a\x0a"), bytes.Repeat([]byte{7}, 992)...) // 1000 bytes

// mediaServer serves png over TLS and counts requests.
func mediaServer(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	t.Helper()
	var count atomic.Int32
	srv := quietServer(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		if handler != nil {
			handler(w, r)
			return
		}
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(png)
	})
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv, &count
}

func hostOf(srv *httptest.Server) string { return srv.Listener.Addr().String() }

// trusting returns a client that trusts srv, without httptest's own dialer.
func trusting(srv *httptest.Server) *http.Client {
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
}

// simulated is the usual configuration against a simulator on loopback.
func simulated(srv *httptest.Server) httpx.FetcherConfig {
	return httpx.FetcherConfig{
		Client: trusting(srv), AllowHosts: []string{hostOf(srv)}, Types: []string{"image/*", "application/pdf"},
		InsecureLoopback: true,
	}
}

func open(t *testing.T, cfg httpx.FetcherConfig, rawURL string, h http.Header) ([]byte, httpx.Meta, error) {
	t.Helper()
	f, err := httpx.NewFetcher(cfg)
	require.NoError(t, err)
	body, meta, err := f.Open(t.Context(), rawURL, h)
	if err != nil {
		require.Nil(t, body)
		require.NotContains(t, err.Error(), canary)
		return nil, meta, err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	return data, meta, err
}

func TestFetchingMedia(t *testing.T) {
	srv, _ := mediaServer(t, nil)
	data, meta, err := open(t, simulated(srv), srv.URL+"/media/1?t="+canary+"#part", nil)
	require.NoError(t, err)
	require.Equal(t, png, data)
	require.Equal(t, httpx.Meta{ContentType: "image/png", Length: int64(len(png))}, meta)

	t.Run("over plain http from a simulator", func(t *testing.T) {
		srv := httptest.NewServer(srv.Config.Handler)
		defer srv.Close()
		data, _, err := open(t, httpx.FetcherConfig{AllowHosts: []string{hostOf(srv)}, Types: []string{"image/png"}, InsecureLoopback: true}, srv.URL, nil)
		require.NoError(t, err)
		require.Equal(t, png, data)
	})
	t.Run("through an egress policy", func(t *testing.T) {
		cfg := simulated(srv)
		list, err := httpx.NewHostList(hostOf(srv))
		require.NoError(t, err)
		cfg.Client.Transport = httpx.AllowHosts(cfg.Client.Transport, list)
		data, _, err := open(t, cfg, srv.URL, nil)
		require.NoError(t, err)
		require.Equal(t, png, data)

		cfg.Client.Transport = httpx.AllowHosts(cfg.Client.Transport, httpx.HostList{})
		_, _, err = open(t, cfg, srv.URL, nil)
		require.ErrorIs(t, err, httpx.ErrForbiddenHost)

	})
	t.Run("with the guard under an egress policy", func(t *testing.T) {
		byName := "localhost:" + srv.URL[strings.LastIndex(srv.URL, ":")+1:]
		list, err := httpx.NewHostList(byName)
		require.NoError(t, err)
		cfg := simulated(srv)
		cfg.InsecureLoopback, cfg.AllowHosts = false, []string{byName}
		cfg.Client.Transport = httpx.AllowHosts(cfg.Client.Transport, list)
		_, _, err = open(t, cfg, "https://"+byName, nil)
		require.ErrorIs(t, err, httpx.ErrForbiddenAddress)
	})
}

func TestARedirectOfMediaIsAnError(t *testing.T) {
	target, count := mediaServer(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		srv, _ := mediaServer(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target.URL, status)
		})
		cfg := simulated(srv)
		cfg.AllowHosts = append(cfg.AllowHosts, hostOf(target))
		_, _, err := open(t, cfg, srv.URL, nil)
		require.ErrorIs(t, err, httpx.ErrRedirect)
	}
	require.Zero(t, count.Load())
}

func TestAnotherStatusOfMediaIsAnError(t *testing.T) {
	for _, status := range []int{101, 204, 206, 401, 404, 410, 429, 500} {
		srv, _ := mediaServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
		})
		_, _, err := open(t, simulated(srv), srv.URL, nil)
		var se *httpx.StatusError
		require.ErrorAs(t, err, &se)
		require.Equal(t, status, se.Status)
		wait, ok := httpx.RetryAfter(se.Header, time.Now())
		require.True(t, ok)
		require.Equal(t, 7*time.Second, wait)
		require.NotErrorIs(t, err, httpx.ErrRedirect)
	}
}

func TestMediaIsNeverCutInSilence(t *testing.T) {
	for name, announced := range map[string]bool{"with its length announced": true, "without": false} {
		srv, _ := mediaServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			if !announced {
				w.(http.Flusher).Flush()
			}
			_, _ = w.Write(png)
		})
		for _, limit := range []int64{1, 511, 512, 999, 1000, 1001} {
			t.Run(name, func(t *testing.T) {
				cfg := simulated(srv)
				cfg.MaxBytes = limit
				data, meta, err := open(t, cfg, srv.URL, nil)
				if limit >= 1000 {
					require.NoError(t, err)
					require.Equal(t, png, data)
					require.Equal(t, announced, meta.Length == 1000)
					return
				}
				require.ErrorIs(t, err, httpx.ErrTooLarge)
				require.LessOrEqual(t, int64(len(data)), limit)
				if announced {
					require.Nil(t, data, "not even begun")
				}
			})
		}
	}
	t.Run("when the connection breaks", func(t *testing.T) {
		for _, sent := range []int{100, 600} { // within and after the first bytes
			srv, _ := mediaServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "image/png")
				w.Header().Set("Content-Length", "1000")
				_, _ = w.Write(png[:sent])
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			})
			_, _, err := open(t, simulated(srv), srv.URL, nil)
			failure := requireFailure(t, err)
			require.Equal(t, httpx.StageBody, failure.Stage)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		}
	})
}

func TestADownloadEndsInTime(t *testing.T) {
	release := make(chan struct{})
	srv, _ := mediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Header().Set("Content-Length", "1000")
		if r.URL.Path != "/silent" {
			_, _ = w.Write(png[:600])
			w.(http.Flusher).Flush()
		}
		<-release
	})
	defer close(release)
	for _, path := range []string{"/silent", "/half"} {
		cfg := simulated(srv)
		cfg.Timeout = 300 * time.Millisecond
		_, _, err := open(t, cfg, srv.URL+path, nil)
		require.True(t, requireFailure(t, err).Timeout)
	}
	t.Run("or when the caller closes it", func(t *testing.T) {
		f, err := httpx.NewFetcher(simulated(srv))
		require.NoError(t, err)
		body, _, err := f.Open(t.Context(), srv.URL+"/half", nil)
		require.NoError(t, err)
		require.NoError(t, body.Close())
		_, err = io.ReadAll(body)
		require.Error(t, err)
	})
	t.Run("or when the caller's context ends", func(t *testing.T) {
		f, err := httpx.NewFetcher(simulated(srv))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		body, _, err := f.Open(ctx, srv.URL+"/half", nil)
		require.NoError(t, err)
		defer body.Close()
		cancel()
		_, err = io.ReadAll(body)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestSecretsGoOnlyToTheirHost(t *testing.T) {
	var seen http.Header
	srv, _ := mediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		_, _ = w.Write(png)
	})
	h := http.Header{"authorization": {"AccessKey " + canary}, "Cookie": {"a=" + canary}, "X-Trace": {"1"}}
	cfg := simulated(srv)
	cfg.AllowHosts = append(cfg.AllowHosts, "media.example.com")
	cfg.SecretHosts = []string{"media.example.com"}
	_, _, err := open(t, cfg, srv.URL, h)
	require.NoError(t, err)
	require.Empty(t, seen.Get("Authorization"))
	require.Empty(t, seen.Get("Cookie"))
	require.Equal(t, "1", seen.Get("X-Trace"))
	require.Equal(t, "identity", seen.Get("Accept-Encoding"))

	cfg.SecretHosts = []string{hostOf(srv)}
	_, _, err = open(t, cfg, srv.URL, h)
	require.NoError(t, err)
	require.Equal(t, "AccessKey "+canary, seen.Get("Authorization"))

	_, _, err = open(t, cfg, srv.URL, http.Header{"X": {canary + "\n"}})
	require.Equal(t, httpx.StagePrepare, requireFailure(t, err).Stage)
}

func TestMediaMustBeOfAnAllowedType(t *testing.T) {
	for name, tc := range map[string]struct {
		declared string
		encoding string
		body     string
	}{
		"a type that is not listed":       {"text/plain", "", "hello"},
		"a page that says it is an image": {"image/png", "", "<html><script>"},
		"a type that is not one":          {"image", "", string(png)},
		"compressed, though not asked":    {"image/png", "gzip", string(png)},
		"nothing at all":                  {"image/png", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv, _ := mediaServer(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tc.declared)
				if tc.encoding != "" {
					w.Header().Set("Content-Encoding", tc.encoding)
				}
				_, _ = io.WriteString(w, tc.body)
			})
			_, _, err := open(t, simulated(srv), srv.URL, nil)
			require.ErrorIs(t, err, httpx.ErrType)
		})
	}
	t.Run("and with no list none is", func(t *testing.T) {
		srv, _ := mediaServer(t, nil)
		cfg := simulated(srv)
		cfg.Types = nil
		_, _, err := open(t, cfg, srv.URL, nil)
		require.ErrorIs(t, err, httpx.ErrType)
	})
}
