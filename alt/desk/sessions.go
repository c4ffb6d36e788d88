package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

const (
	loginsEach = 20 // of one token; the one that would end first goes
	// countEvery is the part of the idle time after which a use is written down:
	// not every request needs to write.
	countEvery = 60
	beginTries = 5 // while others begin sessions of the same token
)

// logins are the browser sessions: a random id in a cookie stands for a token,
// which therefore is in no page. They are flows of the store, so that any replica
// knows them, and a session that was ended is ended at all of them.
type logins struct {
	store     alt.Store
	idle, max time.Duration
}

// login is what is kept of a session, sealed with a key that only its id gives.
type login struct {
	Token       []byte // its digest
	Begun, Seen time.Time
}

// sessionID takes the value of the cookie apart, AGENCY.ID: a store finds nothing
// without the agency.
func sessionID(value string) (agency channels.Agency, id string, ok bool) {
	i := strings.LastIndexByte(value, '.')
	if i < 0 || len(value) > 256 {
		return "", "", false
	}
	agency, id = channels.Agency(value[:i]), value[i+1:]
	return agency, id, agency.Valid() == nil && id != ""
}

// sessionKey is by what the store finds a session: the id itself is kept nowhere.
func sessionKey(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "desk.session." + hex.EncodeToString(sum[:])
}

// sessionsOf is by what the store finds the list of a token's sessions.
func sessionsOf(token digest) string {
	sum := sha256.Sum256(append([]byte("desk sessions of "), token[:]...))
	return "desk.sessions." + hex.EncodeToString(sum[:])
}

// box seals what is kept under a secret, at the place of a flow.
type box struct {
	ring  *sealed.Ring
	place sealed.Place
}

func newBox(agency channels.Agency, key, secret string) (box, error) {
	sum := sha256.Sum256([]byte("desk session key " + secret))
	ring, err := sealed.NewRing(sealed.Key{ID: "s", Secret: sum[:]})
	return box{ring, sealed.Place{Agency: string(agency), Name: key}}, err
}

func (b box) seal(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return b.ring.Seal(plain, b.place), nil
}

func (b box) open(cipher []byte, v any) error {
	plain, err := b.ring.Open(cipher, b.place)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}

// begin begins a session, with its entry in the log, and returns the value of its
// cookie.
func (s *logins) begin(ctx context.Context, agency channels.Agency, token digest, now time.Time, log alt.LogEntry) (value string, err error) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails: the runtime ends the program instead
	id := base64.RawURLEncoding.EncodeToString(raw[:])
	session, err := s.flow(agency, id, login{Token: token[:], Begun: now, Seen: now})
	if err != nil {
		return "", err
	}
	for range beginTries {
		var flows []alt.Flow
		if flows, err = s.listed(ctx, session, token, now); err != nil {
			return "", err
		}
		err = s.store.Commit(ctx, alt.Item{}, alt.Changes{Flows: append(flows, session), Log: []alt.LogEntry{log}})
		if !errors.Is(err, alt.ErrConflict) {
			break
		}
	}
	return string(agency) + "." + id, err
}

// flow is a session as it is stored.
func (s *logins) flow(agency channels.Agency, id string, l login) (alt.Flow, error) {
	f := alt.Flow{Agency: agency, Key: sessionKey(id), Expires: earlier(l.Seen.Add(s.idle), l.Begun.Add(s.max))}
	b, err := newBox(agency, f.Key, id)
	if err == nil {
		f.Sealed, err = b.seal(l)
	}
	return f, err
}

// listed returns the list of the token's sessions with one more, and the sessions
// that must go for it.
func (s *logins) listed(ctx context.Context, session alt.Flow, token digest, now time.Time) ([]alt.Flow, error) {
	key := sessionsOf(token)
	b, err := newBox(session.Agency, key, string(token[:]))
	if err != nil {
		return nil, err
	}
	var keys []string
	list, err := s.store.Flow(ctx, session.Agency, key)
	switch {
	case errors.Is(err, alt.ErrNotFound):
		list = alt.Flow{Agency: session.Agency, Key: key}
	case err != nil:
		return nil, err
	case b.open(list.Sealed, &keys) != nil:
		keys = nil
	}
	var gone []alt.Flow
	if len(keys) >= loginsEach {
		if keys, gone, err = s.shorten(ctx, session.Agency, keys, now); err != nil {
			return nil, err
		}
	}
	list.Expires = now.Add(s.max)
	if list.Sealed, err = b.seal(append(keys, session.Key)); err != nil {
		return nil, err
	}
	return append(gone, list), nil
}

// shorten leaves room for one session among those of a token.
func (s *logins) shorten(ctx context.Context, agency channels.Agency, keys []string, now time.Time) (left []string, gone []alt.Flow, err error) {
	var there []alt.Flow
	for _, key := range keys {
		f, err := s.store.Flow(ctx, agency, key)
		switch {
		case errors.Is(err, alt.ErrNotFound):
		case err != nil:
			return nil, nil, err
		case now.Before(f.Expires):
			there = append(there, f)
		}
	}
	slices.SortFunc(there, func(a, b alt.Flow) int { return a.Expires.Compare(b.Expires) })
	for len(there) >= loginsEach {
		there[0].Spent = true
		gone, there = append(gone, there[0]), there[1:]
	}
	for _, f := range there {
		left = append(left, f.Key)
	}
	return left, gone, nil
}

// use returns the token of a session; ok is false when there is none. counts says
// that it is a use: a stream that is merely open must not keep a session alive.
func (s *logins) use(ctx context.Context, value string, now time.Time, counts bool) (token digest, ok bool, err error) {
	agency, id, ok := sessionID(value)
	if !ok {
		return token, false, nil
	}
	f, err := s.store.Flow(ctx, agency, sessionKey(id))
	if errors.Is(err, alt.ErrNotFound) {
		return token, false, nil
	}
	if err != nil {
		return token, false, err
	}
	b, err := newBox(agency, f.Key, id)
	if err != nil {
		return token, false, err
	}
	var l login
	if b.open(f.Sealed, &l) != nil || len(l.Token) != len(token) || now.Sub(l.Seen) >= s.idle || now.Sub(l.Begun) >= s.max {
		return token, false, nil //nolint:nilerr // what does not open is nobody's session
	}
	copy(token[:], l.Token)
	if !counts || now.Sub(l.Seen) < s.idle/countEvery {
		return token, true, nil
	}
	l.Seen = now
	next, err := s.flow(agency, id, l)
	if err != nil {
		return token, false, err
	}
	next.Version = f.Version
	err = s.store.Commit(ctx, alt.Item{}, alt.Changes{Flows: []alt.Flow{next}})
	if errors.Is(err, alt.ErrConflict) { // another request counts, or has ended it: the next one sees that
		err = nil
	}
	return token, err == nil, err
}

// end ends a session, if there is one, with its entries in the log.
func (s *logins) end(ctx context.Context, value string, log ...alt.LogEntry) error {
	agency, id, ok := sessionID(value)
	if !ok {
		return nil
	}
	for {
		f, err := s.store.Flow(ctx, agency, sessionKey(id))
		if errors.Is(err, alt.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		f.Spent = true
		if err := s.store.Commit(ctx, alt.Item{}, alt.Changes{Flows: []alt.Flow{f}, Log: log}); !errors.Is(err, alt.ErrConflict) {
			return err
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// cookie returns the session's cookie. Without Secure only for an address of
// this machine, where browsers speak plain HTTP.
func cookie(r *http.Request, value string) *http.Cookie {
	//nolint:gosec // Secure everywhere but on this machine's own addresses
	c := &http.Cookie{Name: cookieName(r), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: !local(r)}
	if value == "" {
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

// cookieValue returns what stands for the session of a request, or "".
func cookieValue(r *http.Request) string {
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
