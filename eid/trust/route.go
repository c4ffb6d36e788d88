package trust

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// route is our own way to responders: through the proxy of the environment, or
// directly and then to public addresses only.
type route struct{ direct, proxied *http.Transport }

func newRoute() *route {
	r := &route{direct: &http.Transport{
		DialContext:            httpx.GuardedDialer{}.DialContext,
		TLSHandshakeTimeout:    5 * time.Second,
		IdleConnTimeout:        4 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}}
	r.proxied = r.direct.Clone()
	r.proxied.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	r.proxied.Proxy = http.ProxyFromEnvironment
	return r
}

// RoundTrip implements http.RoundTripper.
func (r *route) RoundTrip(req *http.Request) (*http.Response, error) {
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil {
		return nil, err
	}
	if proxy != nil {
		return r.proxied.RoundTrip(req)
	}
	return r.direct.RoundTrip(req)
}

// call makes one request to an address of a certificate and returns the body of
// a successful answer.
func (r *Revocation) call(ctx context.Context, address string, limit int64, call httpx.Call) ([]byte, error) {
	client, err := httpx.New(httpx.Config{
		BaseURL: address, Client: r.http, Timeout: r.cfg.Timeout, MaxResponse: limit, InsecureHTTP: true,
	})
	if err != nil {
		return nil, fmt.Errorf("address: %w", err)
	}
	reply, err := client.Do(ctx, call)
	if err != nil {
		return nil, err
	}
	if reply.Status != http.StatusOK {
		return nil, fmt.Errorf("status %d", reply.Status)
	}
	return reply.Body, nil
}
