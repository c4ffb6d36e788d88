package login

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxKnown bounds how many addresses are remembered; the oldest half is
// forgotten beyond it.
const maxKnown = 1 << 14

// limiter bounds what an address does. An IPv6 network counts as one.
type limiter struct {
	perMinute int
	now       func() time.Time

	mu          sync.Mutex
	recent, old map[netip.Prefix]*rate.Limiter
}

func newLimiter(perMinute int, now func() time.Time) *limiter {
	return &limiter{perMinute: perMinute, now: now, recent: make(map[netip.Prefix]*rate.Limiter)}
}

// allow reports whether the address may do one more thing now.
func (l *limiter) allow(ip netip.Addr) bool {
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.Prefix(bits) // the zero one, which is one network too, for no address
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.recent[network]
	if at == nil {
		if at = l.old[network]; at == nil {
			at = rate.NewLimiter(rate.Every(time.Minute/time.Duration(l.perMinute)), l.perMinute)
		}
		if len(l.recent) >= maxKnown/2 {
			l.recent, l.old = make(map[netip.Prefix]*rate.Limiter), l.recent
		}
		l.recent[network] = at
	}
	return at.AllowN(l.now(), 1)
}
