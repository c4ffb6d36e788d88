package httpx_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestNothingIsFetchedFrom(t *testing.T) {
	srv, count := mediaServer(t, nil)
	_, port, err := net.SplitHostPort(hostOf(srv))
	require.NoError(t, err)
	hosts := []string{
		hostOf(srv), "localhost:" + port, "[::ffff:127.0.0.1]:" + port, "169.254.169.254", "[::1]:" + port, "media.example.com",
	}
	for name, tc := range map[string]struct {
		url      string
		loopback bool
		is       error
	}{
		"a host that is not listed":          {"https://other.example.com/x", true, httpx.ErrForbiddenHost},
		"another port of a listed host":      {"https://media.example.com:8443/x", true, httpx.ErrForbiddenHost},
		"plain http":                         {"http://media.example.com/x", true, httpx.ErrURL},
		"plain http to loopback":             {"http://" + hostOf(srv), false, httpx.ErrURL},
		"a URL with user info":               {"https://u:" + canary + "@" + hostOf(srv), true, httpx.ErrURL},
		"a relative URL":                     {"/etc/passwd", true, httpx.ErrURL},
		"a file":                             {"file:///etc/passwd", true, httpx.ErrURL},
		"data in the URL":                    {"data:image/png;base64,AA==", true, httpx.ErrURL},
		"no host":                            {"https:///x", true, httpx.ErrURL},
		"nothing":                            {"", true, httpx.ErrURL},
		"a URL that is none":                 {"https://exa mple/" + canary, true, httpx.ErrURL},
		"a URL with a line break":            {srv.URL + "/\r\nX: y", true, httpx.ErrURL},
		"loopback":                           {srv.URL, false, httpx.ErrForbiddenAddress},
		"a name of loopback":                 {"https://localhost:" + port, false, httpx.ErrForbiddenAddress},
		"loopback in IPv6":                   {"https://[::1]:" + port, false, httpx.ErrForbiddenAddress},
		"loopback in disguise":               {"https://[::ffff:127.0.0.1]:" + port, false, httpx.ErrForbiddenAddress},
		"loopback in disguise, though local": {"https://[::ffff:127.0.0.1]:" + port, true, httpx.ErrForbiddenAddress},
		"a metadata service":                 {"https://169.254.169.254/", true, httpx.ErrForbiddenAddress},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := simulated(srv)
			cfg.AllowHosts, cfg.InsecureLoopback = hosts, tc.loopback
			_, _, err := open(t, cfg, tc.url, nil)
			require.ErrorIs(t, err, tc.is)
		})
	}
	t.Run("anywhere with an empty list", func(t *testing.T) {
		cfg := simulated(srv)
		cfg.AllowHosts = nil
		_, _, err := open(t, cfg, srv.URL, nil)
		require.ErrorIs(t, err, httpx.ErrForbiddenHost)
	})
	t.Run("a name that the client's own dialer leads to loopback", func(t *testing.T) {
		cfg := simulated(srv)
		cfg.Client = srv.Client() // dials the server for the name example.com
		cfg.AllowHosts, cfg.InsecureLoopback = []string{"example.com"}, false
		_, _, err := open(t, cfg, "https://example.com/", nil)
		require.ErrorIs(t, err, httpx.ErrForbiddenAddress)
	})
	require.Zero(t, count.Load())
}

func TestTheGuardLetsTheOperatorsProxyThrough(t *testing.T) {
	srv, count := mediaServer(t, nil)
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		up, err := net.Dial("tcp", hostOf(srv)) // as if it were example.com
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(up, buf); up.Close() }()
		_, _ = io.Copy(conn, up)
		conn.Close()
	}))
	defer proxy.Close()
	proxyURL, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	for name, dial := range map[string]func(context.Context, string, string) (net.Conn, error){
		"with our dialer": nil, "with the client's": (&net.Dialer{}).DialContext,
	} {
		t.Run(name, func(t *testing.T) {
			asked = nil
			count.Store(0)
			cfg := simulated(srv)
			cfg.InsecureLoopback = false // proxy and server are on loopback all the same
			cfg.AllowHosts = []string{"example.com", "10.0.0.1"}
			tr := cfg.Client.Transport.(*http.Transport)
			tr.Proxy, tr.DialContext = http.ProxyURL(proxyURL), dial
			data, _, err := open(t, cfg, "https://example.com/x", nil)
			require.NoError(t, err)
			require.Equal(t, png, data)
			require.Equal(t, []string{"CONNECT example.com:443"}, asked)
			require.EqualValues(t, 1, count.Load())

			_, _, err = open(t, cfg, "https://10.0.0.1/x", nil)
			require.ErrorIs(t, err, httpx.ErrForbiddenAddress, "an address in the URL is ours to refuse")
			_, _, err = open(t, cfg, "https://other.example.com/x", nil)
			require.ErrorIs(t, err, httpx.ErrForbiddenHost)
			require.Len(t, asked, 1)
		})
	}
}

func TestNewFetcherRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg   httpx.FetcherConfig
		field string
	}{
		"a wildcard too wide":           {httpx.FetcherConfig{AllowHosts: []string{"*.com"}}, "AllowHosts"},
		"a secret for a wildcard":       {httpx.FetcherConfig{AllowHosts: []string{"*.example.com"}, SecretHosts: []string{"*.example.com"}}, "SecretHosts"},
		"a bad secret host":             {httpx.FetcherConfig{SecretHosts: []string{"x/y"}}, "SecretHosts"},
		"a secret host nobody may call": {httpx.FetcherConfig{AllowHosts: []string{"a.example"}, SecretHosts: []string{"b.example"}}, "SecretHosts"},
		"a negative size":               {httpx.FetcherConfig{MaxBytes: -1}, "MaxBytes"},
		"a negative time":               {httpx.FetcherConfig{Timeout: -1}, "Timeout"},
		"a type that is none":           {httpx.FetcherConfig{Types: []string{"image"}}, "Types"},
		"all types at once":             {httpx.FetcherConfig{Types: []string{"*/*"}}, "Types"},
		"part of a type":                {httpx.FetcherConfig{Types: []string{"image/p*"}}, "Types"},
		"a type with parameters":        {httpx.FetcherConfig{Types: []string{"text/plain; charset=utf-8"}}, "Types"},
		"a transport we cannot guard":   {httpx.FetcherConfig{Client: &http.Client{Transport: httpmock.NewMockTransport()}}, "Client"},
		"the same under a policy": {
			httpx.FetcherConfig{Client: &http.Client{Transport: httpx.AllowHosts(httpmock.NewMockTransport(), httpx.HostList{})}}, "Client",
		},
		"a dialer that goes round the guard": {
			httpx.FetcherConfig{Client: &http.Client{Transport: &http.Transport{
				DialTLSContext: func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF },
			}}}, "Client",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := httpx.NewFetcher(tc.cfg)
			require.ErrorContains(t, err, "FetcherConfig."+tc.field)
		})
	}
}
