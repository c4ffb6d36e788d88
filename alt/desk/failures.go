package desk

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	failBurst   = 10              // wrong tokens at once
	failEvery   = 6 * time.Second // and then one more
	failSources = 10_000          // known by name; the rest share one budget
)

// failures slows down who guesses tokens, by source.
type failures struct {
	mu      sync.Mutex
	sources map[string]*rate.Limiter
}

func newFailures() *failures { return &failures{sources: make(map[string]*rate.Limiter)} }

// wait returns how long the source must not try; 0 when it may.
func (f *failures) wait(source string, now time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.sources[f.name(source)]
	if l == nil {
		return 0
	}
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(failEvery))
}

// failed counts a wrong token.
func (f *failures) failed(source string, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sources) >= failSources {
		for s, l := range f.sources {
			if l.TokensAt(now) >= failBurst {
				delete(f.sources, s) // has been quiet for long
			}
		}
	}
	name := f.name(source)
	l := f.sources[name]
	if l == nil {
		l = rate.NewLimiter(rate.Every(failEvery), failBurst)
		f.sources[name] = l
	}
	l.AllowN(now, 1)
}

// name is the source's own budget, or the common one when there are too many.
func (f *failures) name(source string) string {
	if f.sources[source] == nil && len(f.sources) >= failSources {
		return ""
	}
	return source
}

// sourceOf names where a request comes from: the peer's address, or, when the
// peer is a proxy on this machine, the address that the proxy saw. An IPv6
// network counts as one source.
func sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if addr.IsLoopback() {
		seen := r.Header.Values("X-Forwarded-For")
		if len(seen) > 0 {
			list := strings.Split(seen[len(seen)-1], ",")
			if by, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
				addr = by
			}
		}
	}
	addr = addr.Unmap()
	if addr.Is6() {
		if p, err := addr.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}
