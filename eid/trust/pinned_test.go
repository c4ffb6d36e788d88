package trust_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestPinned(t *testing.T) {
	var asked atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	sum := sha256.Sum256(srv.Certificate().RawSubjectPublicKeyInfo)
	right := base64.StdEncoding.EncodeToString(sum[:])
	other := base64.StdEncoding.EncodeToString(make([]byte, 32))
	trusting := func() *http.Client {
		pool := x509.NewCertPool()
		pool.AddCert(srv.Certificate())
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
	}
	get := func(t *testing.T, base *http.Client, url string, pins ...string) error {
		client, err := trust.Pinned(base, pins)
		require.NoError(t, err)
		defer client.CloseIdleConnections()
		res, err := client.Get(url)
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	t.Run("the key is on the list", func(t *testing.T) {
		require.NoError(t, get(t, trusting(), srv.URL, right))
		require.NoError(t, get(t, trusting(), srv.URL, other, right))
	})
	t.Run("another key: nothing is sent", func(t *testing.T) {
		before := asked.Load()
		err := get(t, trusting(), srv.URL, other)
		require.ErrorIs(t, err, trust.ErrPin)
		require.Equal(t, before, asked.Load())
	})
	t.Run("a pin does not stand for the chain", func(t *testing.T) {
		var unknown x509.UnknownAuthorityError
		require.ErrorAs(t, get(t, nil, srv.URL, right), &unknown)
	})
	t.Run("nor for the name", func(t *testing.T) {
		var wrong x509.HostnameError
		base := trusting()
		base.Transport.(*http.Transport).TLSClientConfig.ServerName = "other.test"
		require.ErrorAs(t, get(t, base, srv.URL, right), &wrong)
	})
	t.Run("resumed sessions too", func(t *testing.T) {
		cache, resumed := tls.NewLRUClientSessionCache(4), false
		client := func() *http.Client {
			base := trusting()
			config := base.Transport.(*http.Transport).TLSClientConfig
			config.ClientSessionCache = cache
			config.VerifyConnection = func(s tls.ConnectionState) error { resumed = s.DidResume; return nil }
			return base
		}
		require.NoError(t, get(t, client(), srv.URL, right))
		require.NoError(t, get(t, client(), srv.URL, right))
		require.True(t, resumed)
		require.ErrorIs(t, get(t, client(), srv.URL, other), trust.ErrPin)
		require.True(t, resumed)
	})
	t.Run("what the caller verifies is verified too", func(t *testing.T) {
		no := errors.New("no")
		base := trusting()
		base.Transport.(*http.Transport).TLSClientConfig.VerifyConnection = func(tls.ConnectionState) error { return no }
		require.ErrorIs(t, get(t, base, srv.URL, right), no)
	})
	t.Run("the base stays as it was", func(t *testing.T) {
		base := trusting()
		require.ErrorIs(t, get(t, base, srv.URL, other), trust.ErrPin)
		res, err := base.Get(srv.URL)
		require.NoError(t, err)
		res.Body.Close()
		base.CloseIdleConnections()
	})
	t.Run("TLS is 1.2 or later, whatever the base allows", func(t *testing.T) {
		old := httptest.NewUnstartedServer(http.NotFoundHandler())
		old.Config.ErrorLog = log.New(io.Discard, "", 0)
		old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		old.StartTLS()
		defer old.Close()
		base := trusting()
		base.Transport.(*http.Transport).TLSClientConfig.MinVersion = tls.VersionTLS10
		require.ErrorContains(t, get(t, base, old.URL, right), "protocol version")
	})
	t.Run("without TLS nobody has a key", func(t *testing.T) {
		plain := httptest.NewServer(http.NotFoundHandler())
		defer plain.Close()
		require.ErrorContains(t, get(t, trusting(), plain.URL, right), "https only")
	})
	t.Run("where a redirect leads is held to the same", func(t *testing.T) {
		elsewhere := httptest.NewServer(http.NotFoundHandler())
		defer elsewhere.Close()
		moved := httptest.NewTLSServer(http.RedirectHandler(elsewhere.URL, http.StatusFound))
		defer moved.Close()
		require.ErrorContains(t, get(t, trusting(), moved.URL, right), "https only")
	})
}

type roundTripper struct{ http.RoundTripper }

func TestPinnedConfig(t *testing.T) {
	pin := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for says, tc := range map[string]struct {
		transport http.RoundTripper
		pins      []string
	}{
		"pins are required": {nil, nil},
		"pins[1]":           {nil, []string{pin, strings.TrimSuffix(pin, "=")}},
		"pins[0]":           {nil, []string{base64.StdEncoding.EncodeToString([]byte("short"))}},
		"only an":           {roundTripper{}, []string{pin}},
		"does not verify":   {&http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, []string{pin}},
		"with DialTLS or":   {&http.Transport{DialTLS: func(string, string) (net.Conn, error) { return nil, nil }}, []string{pin}}, //nolint:staticcheck // what is refused
	} {
		_, err := trust.Pinned(&http.Client{Transport: tc.transport}, tc.pins)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), pin)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS10}}}
	client, err := trust.Pinned(old, []string{pin})
	require.NoError(t, err)
	require.NotSame(t, old, client)
	require.Equal(t, uint16(tls.VersionTLS10), old.Transport.(*http.Transport).TLSClientConfig.MinVersion)
}
