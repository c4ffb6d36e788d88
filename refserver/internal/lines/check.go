package lines

import (
	"context"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// checkEvery is how often the provider is asked for lines that wait for it.
const checkEvery = 30 * time.Minute

// system stands in the security log for what nobody did.
const system = "system"

// Run asks for waiting lines now and then, and for what other processes changed,
// until ctx ends.
func (m *Manager) Run(ctx context.Context) {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	var look <-chan time.Time
	if m.cfg.Spread > 0 {
		often := time.NewTicker(max(m.cfg.Spread/3, time.Millisecond))
		defer often.Stop()
		look = often.C
	}
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.CheckWaiting(ctx)
		case <-look:
			told = m.look(ctx, told)
		}
	}
}

// look refreshes, and tells a failure once.
func (m *Manager) look(ctx context.Context, told string) string {
	err := m.Refresh(ctx)
	if err == nil || ctx.Err() != nil {
		return ""
	}
	if err.Error() != told {
		m.cfg.Logger.ErrorContext(ctx, "lines of other processes not known", "error", err)
	}
	return err.Error()
}

// CheckWaiting asks the provider of each line that waits for it.
func (m *Manager) CheckWaiting(ctx context.Context) {
	list, err := m.stored(ctx)
	if err != nil {
		m.cfg.Logger.ErrorContext(ctx, "lines that wait cannot be read", "error", err)
		return
	}
	for _, l := range list {
		if l.State != alt.LinePending {
			continue
		}
		if _, err := m.Check(ctx, Who{system, l.Agency}, l.ID, ""); err != nil && ctx.Err() == nil {
			m.cfg.Logger.WarnContext(ctx, "line still waits", "line", l.ID, "error", AsProblem(err))
		}
	}
}

// Check asks the provider how far a line is that waits for its approval or was
// refused, and puts it into service when it may be. An account that must be registered
// needs the PIN for that. Of an active line nothing is asked: its health tells.
func (m *Manager) Check(ctx context.Context, who Who, id channels.ID, pin Secret) (View, error) {
	if err := m.may(who); err != nil {
		return View{}, err
	}
	if err := (Request{ID: id, PIN: pin}).check(); err != nil {
		return View{}, err
	}
	ctx, done := acting(ctx)
	defer done()
	change, err := m.begin(ctx)
	if err != nil {
		return View{}, err
	}
	defer change.end()
	l, err := m.find(ctx, who, id)
	if err != nil {
		return View{}, err
	}
	if p := m.providers[l.Provider]; p != nil && (l.State == alt.LinePending || l.State == alt.LineRejected) {
		err = m.advance(ctx, who, p, l, pin)
		m.found(keyOf(l), err)
	}
	if err != nil {
		return View{}, err
	}
	return m.view(l), nil
}

// found keeps what a check of a line came to, for who looks at it later.
func (m *Manager) found(line key, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.waits, line)
	if err != nil {
		m.waits[line] = AsProblem(err).Code
	}
}

// advance brings a line to where it is at the provider.
func (m *Manager) advance(ctx context.Context, who Who, p Provider, l *alt.StoredLine, pin Secret) error {
	token, err := m.open(l)
	if err != nil {
		return problem("internal").because(err)
	}
	a := Account{l.Kind, l.Account, l.Business, token}
	standing, reason, err := p.Standing(ctx, a)
	if err != nil {
		return err
	}
	if standing == StandingUnfinished {
		if pin == "" {
			return problem("choice_unfinished").in("pin")
		}
		if err := p.Register(ctx, a, pin); err != nil {
			return err
		}
		standing = StandingReady
	}
	state := map[Standing]alt.LineState{StandingReady: alt.LineActive, StandingPending: alt.LinePending}[standing]
	if state == "" {
		state = alt.LineRejected
	}
	if state == alt.LineActive {
		if err := p.Subscribe(ctx, a); err != nil { // it may have ended meanwhile
			return err
		}
	}
	return m.become(ctx, who, p, l, state, reason)
}

// become stores a line's new state and takes it into service, or out.
func (m *Manager) become(ctx context.Context, who Who, p Provider, l *alt.StoredLine, state alt.LineState, reason string) error {
	if l.State == state {
		return nil
	}
	detail := map[string]string{"from": string(l.State)}
	if reason != "" {
		detail["reason"] = reason
	}
	l.State, l.By = state, who.ID
	if err := m.cfg.Store.PutLine(ctx, l, m.entry(who, "line."+string(state), l.ID, detail)); err != nil {
		return err
	}
	m.cfg.Logger.WarnContext(ctx, "line changed", "line", l.ID, "state", string(state), "reason", reason)
	if err := m.serve(ctx, p); err != nil {
		return problem("not_served").because(err)
	}
	return nil
}

// Rekey seals every stored token with the newest key and returns of how many lines
// that is. It may be repeated, also after it was broken off: what has the newest key
// stays as it is. Lines that were changed meanwhile are tried again.
func (m *Manager) Rekey(ctx context.Context, actor string) (changed int, err error) {
	change, err := m.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer change.end()
	list, err := m.stored(ctx)
	if err != nil {
		return 0, err
	}
	for i := range list {
		l := &list[i]
		if l.State == alt.LineRemoved {
			continue
		}
		if _, err := m.open(l); err != nil {
			return changed, err
		}
		box, other, err := m.cfg.Ring.Reseal(l.Sealed, place(l))
		if err != nil {
			return changed, err
		}
		if !other {
			continue
		}
		who := Who{actor, l.Agency}
		from := l.KeyID
		l.Sealed, l.KeyID, l.By = box, m.cfg.Ring.Newest(), actor
		if err := m.cfg.Store.PutLine(ctx, l, m.entry(who, "line.rekeyed", l.ID, map[string]string{"from": from, "key": l.KeyID})); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}
