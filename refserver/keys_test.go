package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// signed posts a webhook of a person's message that is signed with key.
func (r *running) signed(t *testing.T, key string) int {
	t.Helper()
	r.w.sim.Person(waChannel, phone).Says("tere")
	status := 0
	for _, d := range r.w.sim.Take() {
		token, err := messagebirdtest.NewClaims(d.URL, d.Body, time.Now()).Token("HS256", key)
		require.NoError(t, err)
		status, _, _ = r.call(t, http.MethodPost, "/webhooks/messagebird", string(d.Body), http.Header{messagebirdtest.HeaderToken: {token}})
	}
	return status
}

func TestKeysAreReplacedWithoutARestart(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	require.Equal(t, http.StatusOK, srv.signed(t, signingKey))
	require.Equal(t, http.StatusForbidden, srv.signed(t, "another-signing-key"))

	w.write("signing.key", "another-signing-key")
	require.Eventually(t, func() bool { return srv.signed(t, "another-signing-key") == http.StatusOK }, 5*time.Second, 50*time.Millisecond)
	require.Equal(t, http.StatusForbidden, srv.signed(t, signingKey))

	// A file that is gone for a moment changes nothing.
	require.NoError(t, os.Remove(w.path("signing.key")))
	require.Eventually(t, func() bool {
		require.Equal(t, http.StatusOK, srv.signed(t, "another-signing-key"))
		return strings.Contains(srv.log.String(), "secret cannot be read, the last one stays in use")
	}, 5*time.Second, 50*time.Millisecond)
}

func TestASecretInAFileIsReadAgainOnceASecond(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	write := func(content string) { require.NoError(t, os.WriteFile(path, []byte(content), 0o600)) }
	now := time.Unix(0, 0)
	var log bytes.Buffer
	v := newVault(noEnv, func() time.Time { return now })
	v.setLogger(newLog(&log, slog.LevelInfo, &redactor{known: v.known}, build{Version: "v1"}))
	write("first-key\r\n")
	_, err := v.read(secret{File: path})
	require.NoError(t, err)
	key := v.source(secret{File: path})
	for i, step := range []struct {
		content string
		later   time.Duration
		want    string
	}{
		{"second-key\n", 0, "first-key"},
		{"second-key\n", rereadKeys, "second-key"},
		{"", rereadKeys, "second-key"}, // somebody is just writing it
		{strings.Repeat("k", maxSecret+1), rereadKeys, "second-key"},
		{"third-key", rereadKeys, "third-key"},
	} {
		write(step.content)
		now = now.Add(step.later)
		require.Equal(t, step.want, key(), "step %d", i)
	}
	require.Equal(t, []string{"first-key", "second-key", "third-key"}, v.known(), "what the log must not show")
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "told once while it lasts: %s", log.String())
}

func TestTokensOfTheDeskAreReplacedWithoutARestart(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	me := func(token string) int {
		status, _, _ := srv.call(t, http.MethodGet, "/v1/me", "", http.Header{"Authorization": {"Bearer " + token}})
		return status
	}
	require.Equal(t, http.StatusOK, me(w.token))
	token, hash := desk.NewToken()
	old, err := desk.HashToken(w.token)
	require.NoError(t, err)

	// A mistake anywhere in the file leaves everything as it was.
	w.change("config.yaml", "role: specialist", "role: boss")
	require.Eventually(t, func() bool {
		require.Equal(t, http.StatusOK, me(w.token))
		return strings.Contains(srv.log.String(), "configuration changed and has a mistake, the tokens stay as they were")
	}, 5*time.Second, 50*time.Millisecond)
	w.change("config.yaml", "role: boss, hash: "+old, "role: specialist, hash: "+hash)
	require.Eventually(t, func() bool { return me(w.token) == http.StatusUnauthorized }, 5*time.Second, 300*time.Millisecond)
	require.Equal(t, http.StatusOK, me(token))
}

func TestTheServerSpeaksTLSAndTakesANewCertificate(t *testing.T) {
	w := newWorld(t)
	writeCertificate(t, w.dir, "tls", "localhost")
	w.change("config.yaml", `addr: "127.0.0.1:0"`, `addr: "127.0.0.1:0", tls: {cert_file: `+w.path("tls.crt")+`, key_file: `+w.path("tls.key")+`}`)
	srv := w.serve()
	require.True(t, strings.HasPrefix(srv.url, "https://127.0.0.1:"), srv.url)
	pem, err := os.ReadFile(w.path("tls.crt"))
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	res, err := client.Get(srv.url + "/healthz")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "HTTP/2.0", res.Proto)
	require.Equal(t, "max-age=31536000", res.Header.Get("Strict-Transport-Security"))
	_, err = (&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}}}).Get(srv.url + "/healthz")
	require.Error(t, err)

	certs, err := newCertificates(tlsConf{w.path("tls.crt"), w.path("tls.key")}, newLog(srv.log, slog.LevelInfo, &redactor{}, build{Version: "v1"}))
	require.NoError(t, err)
	first := certs.at(t.Context(), time.Now())
	writeCertificate(t, w.dir, "tls", "localhost")
	require.Equal(t, first.Certificate, certs.at(t.Context(), time.Now()).Certificate, "not looked at each time")
	second := certs.at(t.Context(), time.Now().Add(rereadCertificate))
	require.NotEqual(t, first.Certificate, second.Certificate)
	w.write("tls.key", "half of a f")
	require.Equal(t, second.Certificate, certs.at(t.Context(), time.Now().Add(2*rereadCertificate)).Certificate, "the last good one stays")
}

func TestWhoCallsIsFoundBehindTrustedProxiesOnly(t *testing.T) {
	source := sourceBehind([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")})
	for name, c := range map[string]struct{ peer, forwarded, want string }{
		"nobody in between":          {"192.0.2.1:4711", "", "192.0.2.1"},
		"a stranger's header":        {"192.0.2.1:4711", "198.51.100.7", "192.0.2.1"},
		"one proxy":                  {"10.1.2.3:4711", "198.51.100.7", "198.51.100.7"},
		"a header that was there":    {"10.1.2.3:4711", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
		"two proxies":                {"10.1.2.3:4711", "203.0.113.9, 198.51.100.7, 10.1.9.9", "198.51.100.7"},
		"proxies all the way":        {"10.1.2.3:4711", "10.1.9.9", "10.1.9.9"},
		"what is no address":         {"10.1.2.3:4711", "unknown", "10.1.2.3"},
		"a network of IPv6 is one":   {"[2001:db8:1:2:3::4]:4711", "", "2001:db8:1:2::/64"},
		"a proxy on this machine":    {"127.0.0.1:4711", "198.51.100.7", "198.51.100.7"},
		"an address in another form": {"[::ffff:10.1.2.3]:4711", "198.51.100.7", "198.51.100.7"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
			if c.forwarded != "" {
				r.Header.Set("X-Forwarded-For", c.forwarded)
			}
			require.Equal(t, c.want, source(r))
		})
	}
}
