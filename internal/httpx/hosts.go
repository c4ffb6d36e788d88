package httpx

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// HostList is a set of destinations. The zero value is empty and allows nothing.
type HostList struct {
	entries map[string]struct{}
	below   []string // ".example.com"
}

// NewHostList takes hosts: "media.example.com" means the standard port of the
// scheme, "127.0.0.1:8090" that port alone, and "*.example.com" the standard port
// of all names below it, for delivery networks whose hosts cannot be listed. A
// name with other letters than ASCII is written in its "xn--" form.
func NewHostList(hosts ...string) (HostList, error) {
	l := HostList{entries: make(map[string]struct{}, len(hosts))}
	for _, entry := range hosts {
		if domain, ok := strings.CutPrefix(entry, "*"); ok {
			if !strings.HasPrefix(domain, ".") || strings.Count(domain, ".") < 2 || !validHost(domain[1:]) || strings.Contains(domain, ":") {
				return HostList{}, fmt.Errorf("host %q: not a name below which all are meant", entry)
			}
			l.below = append(l.below, strings.ToLower(domain))
			continue
		}
		host, port, err := net.SplitHostPort(entry)
		if err != nil {
			host, port = entry, ""
			if strings.HasPrefix(entry, "[") && strings.HasSuffix(entry, "]") {
				host = entry[1 : len(entry)-1]
			}
		} else if port == "" || strings.Trim(port, "0123456789") != "" {
			return HostList{}, fmt.Errorf("host %q: not a port number", entry)
		}
		if !validHost(host) {
			return HostList{}, fmt.Errorf("host %q: not a host name or address", entry)
		}
		l.entries[hostKey(host, port)] = struct{}{}
	}
	return l, nil
}

// Allows reports whether u points at a host and port of the list.
func (l HostList) Allows(u *url.URL) bool {
	standard := standardPort(u.Scheme)
	port := orDefault(u.Port(), standard)
	_, listed := l.entries[hostKey(u.Hostname(), port)]
	if !listed && port == standard {
		_, listed = l.entries[hostKey(u.Hostname(), "")]
		name := strings.ToLower(u.Hostname())
		for _, domain := range l.below {
			listed = listed || len(name) > len(domain) && strings.HasSuffix(name, domain)
		}
	}
	return listed
}

func validHost(host string) bool {
	if strings.Contains(host, ":") {
		_, err := netip.ParseAddr(host)
		return err == nil
	}
	return host != "" && !strings.ContainsFunc(host, func(r rune) bool {
		return !isAlnum(r) && r != '-' && r != '.' && r != '_'
	})
}

func hostKey(host, port string) string {
	return strings.ToLower(host) + "|" + port
}

func standardPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "http":
		return "80"
	}
	return ""
}

// AllowHosts is an egress policy: a RoundTripper that passes on only requests
// whose host is on the list and fails the others with ErrForbiddenHost before
// anything is sent. A nil next is our own transport.
func AllowHosts(next http.RoundTripper, hosts HostList) http.RoundTripper {
	if next == nil {
		next = newTransport()
	}
	return &egress{next: next, hosts: hosts}
}

type egress struct {
	next  http.RoundTripper
	hosts HostList
}

// RoundTrip implements http.RoundTripper.
func (e *egress) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil || !e.hosts.Allows(r.URL) {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, ErrForbiddenHost
	}
	return e.next.RoundTrip(r)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (e *egress) CloseIdleConnections() {
	if c, ok := e.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
