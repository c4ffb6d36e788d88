package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// newEgress returns the way out of this server for drivers, or nil for their
// own. The fields of a *fieldError are below "egress".
func newEgress(e egressConf, v *vault) (*http.Client, error) {
	t, err := egressTransport(e, v)
	if t == nil || err != nil {
		return nil, err
	}
	if len(e.AllowedHosts) == 0 {
		return &http.Client{Transport: t}, nil
	}
	hosts, err := httpx.NewHostList(e.AllowedHosts...)
	if err != nil {
		return nil, &fieldError{"allowed_hosts", err.Error()}
	}
	return &http.Client{Transport: httpx.AllowHosts(t, hosts)}, nil
}

// egressTransport is newEgress without the list of hosts.
func egressTransport(e egressConf, v *vault) (*http.Transport, error) {
	if e.Proxy == "" && e.CAFile == "" && len(e.AllowedHosts) == 0 {
		if !e.ProxyAuth.isZero() {
			return nil, &fieldError{"proxy_auth", "has no meaning without proxy"}
		}
		return nil, nil //nolint:nilnil // nil is the documented value of "a client of your own"
	}
	t := newTransport()
	if err := useProxy(t, e, v); err != nil {
		return nil, err
	}
	if e.CAFile != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, &fieldError{"ca_file", "the system's own authorities cannot be read"}
		}
		pem, err := os.ReadFile(e.CAFile)
		if err != nil {
			return nil, &fieldError{"ca_file", err.Error()}
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, &fieldError{"ca_file", "holds no certificate in PEM"}
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return t, nil
}

// newTransport returns a way out as drivers have it by themselves.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    64,
		IdleConnTimeout:        4 * time.Second, // before the other side gives the connection up
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// useProxy sends everything through the proxy. Its password is asked for at each
// connection, like any other secret.
func useProxy(t *http.Transport, e egressConf, v *vault) error {
	if e.Proxy == "" {
		return nil
	}
	u, err := url.Parse(e.Proxy)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return &fieldError{"proxy", `must be an address like "http://proxy.agency.ee:3128"`}
	case u.User != nil:
		return &fieldError{"proxy", "must not hold a password: that is proxy_auth"}
	}
	t.Proxy = http.ProxyURL(u)
	if e.ProxyAuth.isZero() {
		return nil
	}
	value, err := v.read(e.ProxyAuth)
	if err == nil && !strings.Contains(value, ":") {
		err = errors.New(`must hold "user:password"`)
	}
	if err != nil {
		return &fieldError{"proxy_auth", err.Error()}
	}
	t.Proxy = func(*http.Request) (*url.URL, error) {
		with := *u
		user, password, _ := strings.Cut(v.get(e.ProxyAuth), ":")
		with.User = url.UserPassword(user, password)
		return &with, nil
	}
	return nil
}

// decodeKey reads a key of 32 bytes in base64, as an environment variable holds
// it.
func decodeKey(value string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(value)
	if err != nil || len(key) != 32 {
		return nil, errors.New("must be 32 bytes in base64, as made by: head -c 32 /dev/urandom | base64")
	}
	return key, nil
}
