package main

import (
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func testVault(env map[string]string) *vault {
	return newVault(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, time.Now)
}

func TestTheWayOutIsTheDriversOwnUnlessSomethingIsSaid(t *testing.T) {
	c, err := newEgress(egressConf{}, testVault(nil))
	require.NoError(t, err)
	require.Nil(t, c)
}

func TestTheWayOutLeadsThroughTheProxyWithItsPassword(t *testing.T) {
	var asked, user string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, user = r.URL.String(), r.Header.Get("Proxy-Authorization")
	}))
	defer proxy.Close()
	env := map[string]string{"PROXY": "agency:first"}
	c, err := newEgress(egressConf{Proxy: proxy.URL, ProxyAuth: secret{Env: "PROXY"}}, testVault(env))
	require.NoError(t, err)
	for _, password := range []string{"first", "second"} { // asked for at each call
		env["PROXY"] = "agency:" + password
		res, err := c.Get("http://provider.example/x")
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, "http://provider.example/x", asked)
		require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("agency:"+password)), user)
	}
}

func TestTheWayOutLeadsToListedHostsOnly(t *testing.T) {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	defer srv.Close()
	c, err := newEgress(egressConf{AllowedHosts: []string{strings.TrimPrefix(srv.URL, "http://")}}, testVault(nil))
	require.NoError(t, err)
	res, err := c.Get(srv.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	_, err = c.Get(strings.Replace(srv.URL, "127.0.0.1", "localhost", 1))
	require.ErrorIs(t, err, httpx.ErrForbiddenHost)
	require.Equal(t, 1, calls)
}

func TestTheWayOutTrustsTheAgencysAuthority(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600))
	c, err := newEgress(egressConf{CAFile: file}, testVault(nil))
	require.NoError(t, err)
	res, err := c.Get(srv.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	c, err = newEgress(egressConf{AllowedHosts: []string{"127.0.0.1"}}, testVault(nil))
	require.NoError(t, err)
	_, err = c.Get(srv.URL)
	require.Error(t, err)
}

func TestAWayOutThatIsNoneIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "no.pem")
	require.NoError(t, os.WriteFile(file, []byte("hello"), 0o600))
	for name, c := range map[string]struct {
		conf  egressConf
		field string
	}{
		"a password without a proxy": {egressConf{ProxyAuth: secret{Env: "PROXY"}}, "proxy_auth"},
		"a password of one word":     {egressConf{Proxy: "http://p:1", ProxyAuth: secret{Env: "PROXY"}}, "proxy_auth"},
		"a password that is missing": {egressConf{Proxy: "http://p:1", ProxyAuth: secret{Env: "NO"}}, "proxy_auth"},
		"a proxy of another kind":    {egressConf{Proxy: "socks5://p:1"}, "proxy"},
		"no certificate":             {egressConf{CAFile: file}, "ca_file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newEgress(c.conf, testVault(map[string]string{"PROXY": "canary-password"}))
			var f *fieldError
			require.ErrorAs(t, err, &f)
			require.Equal(t, c.field, f.field)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}
