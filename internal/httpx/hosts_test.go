package httpx_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestHostListAllows(t *testing.T) {
	list, err := httpx.NewHostList("Media.Example.com", "api.example.com:8443", "127.0.0.1:8090", "[::1]:8090", "2001:db8::1", "plain.example.com:80", "*.Cdn.example")
	require.NoError(t, err)
	for raw, want := range map[string]bool{
		"https://media.example.com/x":              true,
		"https://a.cdn.example/x":                  true,
		"https://A.b.CDN.example:443/x":            true,
		"https://a.cdn.example:8443/x":             false,
		"https://cdn.example/x":                    false,
		"https://.cdn.example/x":                   false,
		"https://xcdn.example/x":                   false,
		"https://a.cdn.example.evil.example/x":     false,
		"https://MEDIA.example.COM:443/x":          true,
		"http://media.example.com/x":               true,
		"http://media.example.com:80/x":            true,
		"https://media.example.com:8443/x":         false,
		"https://media.example.com:80/x":           false,
		"http://media.example.com:443/x":           false,
		"https://media.example.com./x":             false,
		"https://media.example.com:0443/x":         false,
		"https://xmedia.example.com/x":             false,
		"https://media.example.com.evil.example/x": false,
		"https://evil.example/media.example.com":   false,
		"https://media.example.com@evil.example/x": false,
		"https://evil.example#media.example.com":   false,
		"https://example.com/x":                    false,
		"https://api.example.com:8443/x":           true,
		"https://api.example.com/x":                false,
		"http://127.0.0.1:8090/x":                  true,
		"http://127.0.0.1/x":                       false,
		"http://[::1]:8090/x":                      true,
		"https://[2001:db8::1]/x":                  true,
		"https://[2001:db8::2]/x":                  false,
		"http://plain.example.com/x":               true,
		"https://plain.example.com/x":              false,
		"ftp://media.example.com/x":                true, // the scheme is somebody else's question
		"https:///x":                               false,
		"https://mediа.example.com/x":              false, // a Cyrillic letter
	} {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, want, list.Allows(u), raw)
		require.False(t, httpx.HostList{}.Allows(u), "the empty list allows nothing")
	}
}

func TestNewHostListRefuses(t *testing.T) {
	for _, entry := range []string{
		"", "*", "*.", "*.com", "*example.com", "*.example.com:443", "a.*.example.com", "*.*.example.com", "https://example.com", "example.com/x", "example.com:", "example.com:https",
		":443", "exa mple.com", "õ.example.com", "u@example.com", "[::1", "1::2::3", "example.com?", "example.com:-1",
	} {
		_, err := httpx.NewHostList("good.example.com", entry)
		require.Error(t, err, "%q", entry)
	}
}

type closeCounter struct {
	io.Reader
	closed int
}

func (c *closeCounter) Close() error { c.closed++; return nil }

func TestAllowHostsLetsNothingElseOut(t *testing.T) {
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(httpmock.NewStringResponder(200, "ok"))
	list, err := httpx.NewHostList("api.example.com")
	require.NoError(t, err)
	hc := &http.Client{Transport: httpx.AllowHosts(mock, list)}

	res, err := hc.Get("https://api.example.com/x")
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, 1, mock.GetTotalCallCount())

	body := &closeCounter{Reader: strings.NewReader("x")}
	_, err = hc.Post("https://other.example.com/x", "text/plain", body)
	require.ErrorIs(t, err, httpx.ErrForbiddenHost)
	require.Equal(t, 1, body.closed, "a RoundTripper closes the body also when it fails")
	require.Equal(t, 1, mock.GetTotalCallCount())

	_, err = httpx.AllowHosts(mock, list).RoundTrip(&http.Request{})
	require.ErrorIs(t, err, httpx.ErrForbiddenHost)
	hc.CloseIdleConnections()
}
