package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
)

// GuardedDialer connects to public addresses only. It looks at the very address
// that is dialled, after the name was resolved, so a name that changes its mind
// between check and use gains nothing. Put its DialContext into an http.Transport.
//
// Refused are loopback, private, shared (100.64/10), link-local, unique-local,
// multicast, unspecified, documentation, benchmarking and reserved networks, every
// IPv6 form that carries an IPv4 address (mapped, 6to4, Teredo, NAT64), and the
// metadata services of cloud providers. A host that reaches the Internet only
// through NAT64 therefore needs an egress proxy.
//
// Behind a proxy the name is resolved by the proxy, so the guard sees the proxy's
// address alone: the host list still holds, and addresses written as the host are
// still checked, but private addresses behind a public name are the proxy's to refuse.
type GuardedDialer struct {
	// InsecureLoopback allows 127/8 and ::1, for simulators.
	InsecureLoopback bool
	// Next connects instead of a net.Dialer. Its connection is checked afterwards,
	// before a byte is written, and must be TCP.
	Next func(ctx context.Context, network, address string) (net.Conn, error)
}

// DialContext connects, or fails with ErrForbiddenAddress in the error's chain.
func (g GuardedDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	isProxy := proxyFrom(ctx) != nil // then net/http dials nothing but the proxy
	if g.Next != nil {
		conn, err := g.Next(ctx, network, address)
		if err != nil || isProxy {
			return conn, err
		}
		if err := g.check(conn.RemoteAddr().Network(), conn.RemoteAddr().String()); err != nil {
			conn.Close()
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
		return conn, nil
	}
	d := net.Dialer{Timeout: dialTimeout}
	if !isProxy {
		d.Control = func(network, address string, _ syscall.RawConn) error { return g.check(network, address) }
	}
	return d.DialContext(ctx, network, address)
}

// Check returns ErrForbiddenAddress unless addr is a public unicast address.
func (g GuardedDialer) Check(addr netip.Addr) error {
	switch {
	case !addr.IsValid():
		return ErrForbiddenAddress
	case addr.IsLoopback() && !addr.Is4In6():
		if g.InsecureLoopback {
			return nil
		}
		return ErrForbiddenAddress
	case addr.Is6() && !netip.MustParsePrefix("2000::/3").Contains(addr):
		return ErrForbiddenAddress // mapped IPv4 and zones among others
	}
	if slices.ContainsFunc(reserved(), func(p netip.Prefix) bool { return p.Contains(addr) }) {
		return ErrForbiddenAddress
	}
	return nil
}

func (g GuardedDialer) check(network, address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp" && network != "tcp4" && network != "tcp6" {
		return ErrForbiddenAddress
	}
	return g.Check(ap.Addr())
}

// reserved lists the special-purpose networks of the IANA registries, and within
// 2000::/3 those that are not plain destinations.
func reserved() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("100.64.0.0/10"),
		netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("168.63.129.16/32"), // Azure's host services, on a public number
		netip.MustParsePrefix("169.254.0.0/16"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("192.0.2.0/24"),
		netip.MustParsePrefix("192.31.196.0/24"), // AS112
		netip.MustParsePrefix("192.52.193.0/24"), // AMT
		netip.MustParsePrefix("192.88.99.0/24"),  // 6to4 relays
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("192.175.48.0/24"), // AS112
		netip.MustParsePrefix("198.18.0.0/15"),   // benchmarking
		netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("203.0.113.0/24"),
		netip.MustParsePrefix("224.0.0.0/4"),
		netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("2001::/23"),         // protocol assignments, Teredo, ORCHID
		netip.MustParsePrefix("2001:db8::/32"),     // documentation
		netip.MustParsePrefix("2002::/16"),         // 6to4
		netip.MustParsePrefix("2620:4f:8000::/48"), // AS112
		netip.MustParsePrefix("3fff::/20"),         // documentation
	}
}

// guarded returns rt with the address guard in its dialer. Only transports whose
// dialer we can reach are taken; anything else could connect behind our back.
func guarded(rt http.RoundTripper, loopback bool) (http.RoundTripper, error) {
	base := newTransport()
	switch t := rt.(type) {
	case nil:
		base.DialContext = nil
	case *http.Transport:
		base = t.Clone()
	case *egress:
		next, err := guarded(t.next, loopback)
		return &egress{next: next, hosts: t.hosts}, err
	default:
		return nil, errors.New("the Transport must be an *http.Transport, or AllowHosts around one, to be guarded")
	}
	//nolint:staticcheck // a deprecated dialer is still a dialer, and would go round the guard
	if base.Dial != nil || base.DialTLS != nil || base.DialTLSContext != nil {
		return nil, errors.New("a Transport with Dial, DialTLS or DialTLSContext cannot be guarded")
	}
	g := &guardedTransport{base: base, proxy: base.Proxy}
	base.Proxy = func(r *http.Request) (*url.URL, error) { return proxyFrom(r.Context()), nil }
	base.DialContext = GuardedDialer{InsecureLoopback: loopback, Next: base.DialContext}.DialContext
	return g, nil
}

type proxyKey struct{}

// guardedTransport asks for the proxy once a request and tells the dialer, which
// has to know that an address is the operator's own proxy and not the target.
type guardedTransport struct {
	base  *http.Transport
	proxy func(*http.Request) (*url.URL, error)
}

// RoundTrip implements http.RoundTripper.
func (g *guardedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.proxy != nil {
		p, err := g.proxy(r)
		if err != nil {
			return nil, err
		}
		if p != nil {
			r = r.WithContext(context.WithValue(r.Context(), proxyKey{}, p))
		}
	}
	return g.base.RoundTrip(r)
}

func proxyFrom(ctx context.Context) *url.URL {
	p, _ := ctx.Value(proxyKey{}).(*url.URL)
	return p
}
