package desk

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Acts of entries about who comes in.
const (
	actSignedIn  = "desk.signed_in"
	actSignedOut = "desk.signed_out"
	actTokenUsed = "desk.token_used" // by a program, without a session: once a day and process
	actRefused   = "desk.refused"    // a token, or something else in its place, that lets nobody in
	actForbidden = "desk.forbidden"  // an operation that the caller's role does not allow
)

const (
	// Entries about what strangers do are written so often at most; what was left
	// out is counted in the next one.
	noteBurst = 30
	noteEvery = 2 * time.Second
	usedAgain = 24 * time.Hour
)

// noting keeps who was written down, so that a caller cannot fill the log.
type noting struct {
	mu      sync.Mutex
	limit   *rate.Limiter
	omitted int
	used    map[digest]time.Time
}

func newNoting() *noting {
	return &noting{limit: rate.NewLimiter(rate.Every(noteEvery), noteBurst), used: make(map[digest]time.Time)}
}

// allow reports whether an entry may be written now, and how many were not before.
func (n *noting) allow(now time.Time) (omitted int, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.limit.AllowN(now, 1) {
		n.omitted++
		return 0, false
	}
	omitted, n.omitted = n.omitted, 0
	return omitted, true
}

// first reports whether a token was not used for a day.
func (n *noting) first(token digest, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at, ok := n.used[token]; ok && now.Sub(at) < usedAgain {
		return false
	}
	for t, at := range n.used {
		if now.Sub(at) >= usedAgain {
			delete(n.used, t)
		}
	}
	n.used[token] = now
	return true
}

// entry is one about what somebody did with their rights.
func (d *Desk) entry(who caller, act string) alt.LogEntry {
	return alt.LogEntry{Agency: who.Agency, At: d.svc.Now(), Act: act, Actor: who.ID, Detail: map[string]string{"role": string(who.Role)}}
}

// noteUse writes down that a program uses a token, before it gets anything.
func (d *Desk) noteUse(r *http.Request, who caller) error {
	if !d.noting.first(who.digest, d.svc.Now()) {
		return nil
	}
	return d.write(r.Context(), d.entry(who, actTokenUsed))
}

// noteRefused writes down that a token was refused. Nobody knows whose it was, so it
// is in the log of each agency that has tokens.
func (d *Desk) noteRefused(r *http.Request) {
	omitted, ok := d.noting.allow(d.svc.Now())
	if !ok {
		return
	}
	tokens, err := d.cfg.Tokens(r.Context())
	if err != nil {
		return
	}
	var agencies []channels.Agency
	for _, t := range tokens {
		if !slices.Contains(agencies, t.Agency) && t.Valid() == nil {
			agencies = append(agencies, t.Agency)
		}
	}
	for _, a := range agencies {
		e := alt.LogEntry{Agency: a, At: d.svc.Now(), Act: actRefused, Actor: "stranger"}
		if omitted > 0 {
			e.Detail = map[string]string{"omitted": strconv.Itoa(omitted)}
		}
		_ = d.write(r.Context(), e) // it is refused all the same
	}
}

// noteForbidden writes down that somebody tried what is not their work.
func (d *Desk) noteForbidden(r *http.Request, who caller, rt route) {
	if _, ok := d.noting.allow(d.svc.Now()); !ok {
		return
	}
	e := d.entry(who, actForbidden)
	e.Detail["operation"] = rt.method + " " + rt.path
	_ = d.write(r.Context(), e) // it is refused all the same
}

// write writes one entry, also when the caller hangs up meanwhile.
func (d *Desk) write(ctx context.Context, e alt.LogEntry) error {
	err := d.svc.Store().Commit(context.WithoutCancel(ctx), alt.Item{}, alt.Changes{Log: []alt.LogEntry{e}})
	if err != nil {
		d.cfg.Logger.ErrorContext(ctx, "desk: entry of the security log not written", "act", e.Act, "error", err)
	}
	return err
}
