package desk

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	loginsEach = 20     // of one token; the longest unused one goes
	loginsAll  = 10_000 // of all
)

// logins are the browser sessions: a random id in a cookie stands for a token,
// which therefore is in no page. They live in memory and end with the process.
type logins struct {
	idle, max time.Duration

	mu   sync.Mutex
	byID map[digest]*login // by the hash of the id: the id itself is kept nowhere
}

type login struct {
	token       digest
	begun, seen time.Time
}

func newLogins(idle, max time.Duration) *logins {
	return &logins{idle: idle, max: max, byID: make(map[digest]*login)}
}

// begin returns the id of a new session, or "" when there are too many.
func (s *logins) begin(token digest, now time.Time) string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: the runtime ends the program instead
	id := base64.RawURLEncoding.EncodeToString(raw[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	var oldest digest
	same := 0
	for key, l := range s.byID {
		switch {
		case s.over(l, now):
			delete(s.byID, key)
		case l.token == token:
			if o := s.byID[oldest]; o == nil || l.seen.Before(o.seen) {
				oldest = key
			}
			same++
		}
	}
	if same >= loginsEach {
		delete(s.byID, oldest)
	}
	if len(s.byID) >= loginsAll {
		return ""
	}
	s.byID[sha256.Sum256([]byte(id))] = &login{token: token, begun: now, seen: now}
	return id
}

// use returns the token of a session and counts the use.
func (s *logins) use(id string, now time.Time) (digest, bool) {
	key := digest(sha256.Sum256([]byte(id)))
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.byID[key]
	if l == nil {
		return digest{}, false
	}
	if s.over(l, now) {
		delete(s.byID, key)
		return digest{}, false
	}
	l.seen = now
	return l.token, true
}

// good is use that counts as none: a stream that is merely open must not keep
// a session alive.
func (s *logins) good(id string, now time.Time) (digest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.byID[sha256.Sum256([]byte(id))]
	if l == nil || s.over(l, now) {
		return digest{}, false
	}
	return l.token, true
}

func (s *logins) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, sha256.Sum256([]byte(id)))
}

func (s *logins) over(l *login, now time.Time) bool {
	return now.Sub(l.seen) >= s.idle || now.Sub(l.begun) >= s.max
}

// cookie returns the session's cookie. Without Secure only for an address of
// this machine, where browsers speak plain HTTP.
func cookie(r *http.Request, id string) *http.Cookie {
	//nolint:gosec // Secure everywhere but on this machine's own addresses
	c := &http.Cookie{Name: cookieName(r), Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: !local(r)}
	if id == "" {
		c.MaxAge = -1
	}
	return c
}

// cookieName has the prefix by which browsers refuse a cookie that another host
// or a plain connection set.
func cookieName(r *http.Request) string {
	if local(r) {
		return "desk-session"
	}
	return "__Host-desk-session"
}

// cookieID returns the session id of a request, or "".
func cookieID(r *http.Request) string {
	found := r.CookiesNamed(cookieName(r))
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// local reports whether the browser's address bar names this machine.
func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.IsLoopback()
}
