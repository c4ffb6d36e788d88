package lines

import (
	"context"
	"errors"
	"maps"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Remove takes a line away for good: the provider is told to send no more, the token
// is destroyed, nobody is answered there any more, and what arrives late is accepted
// and dropped. confirm is View.Confirm. With force the line is removed though the
// provider cannot be told. A line that was removed is removed.
//
// Until the store has let it go the line is served, whatever fails: what people
// write meanwhile must not be lost, and what waits to be sent must not be given up.
// So with every error but "not_served" it is served on.
func (m *Manager) Remove(ctx context.Context, who Who, id channels.ID, confirm string, force bool) error {
	if err := m.may(who); err != nil {
		return err
	}
	ctx, done := acting(ctx)
	defer done()
	change, err := m.begin(ctx)
	if err != nil {
		return err
	}
	defer change.end()
	l, err := m.find(ctx, who, id)
	switch {
	case err != nil:
		return err
	case l.State == alt.LineRemoved:
		return nil
	case confirm != confirmation(l):
		p := problem("confirm")
		p.Confirm = confirmation(l)
		return p
	}
	p := m.providers[l.Provider]
	if p == nil { // its provider is no longer configured: there is nobody to tell
		return m.destroy(ctx, who, l, map[string]string{"subscription": subscriptionLeft})
	}
	if _, err := m.build(ctx, p, keyOf(l), nil); err != nil { // so that the last act cannot fail
		return problem("unavailable").because(err)
	}
	left, err := m.unsubscribe(ctx, p, l)
	if err != nil && !force {
		return providerProblem("not_unsubscribed", err)
	}
	if err := m.destroy(ctx, who, l, map[string]string{"subscription": left}); err != nil {
		return m.resume(ctx, p, l, left, err)
	}
	if err := m.serve(ctx, p); err != nil {
		return problem("not_served").because(err)
	}
	return nil
}

// find returns the stored line of a name.
func (m *Manager) find(ctx context.Context, who Who, id channels.ID) (*alt.StoredLine, error) {
	list, err := m.cfg.Store.Lines(ctx, who.Agency)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if l := &list[i]; l.ID == id && !(l.State == alt.LineRemoved && m.fixed(id)) {
			return l, nil
		}
	}
	if m.served(id, who.Agency) {
		return nil, problem("configured")
	}
	return nil, problem("not_found")
}

// unsubscribe ends the line's subscription unless another line needs it, and says
// for the security log what became of it.
func (m *Manager) unsubscribe(ctx context.Context, p Provider, l *alt.StoredLine) (left string, err error) {
	token, err := m.open(l)
	if err != nil {
		return subscriptionLeft, err
	}
	a := Account{l.Kind, l.Account, l.Business, token}
	shared, err := m.shared(ctx, p, a, keyOf(l))
	if err != nil {
		return subscriptionLeft, err
	}
	if shared {
		return subscriptionShared, nil
	}
	err = p.Unsubscribe(ctx, a)
	switch {
	case err == nil:
		return subscriptionEnded, nil
	case errors.Is(err, channels.ErrCredentials):
		return subscriptionDead, nil
	}
	return subscriptionLeft, err
}

// destroy removes the line from the store.
func (m *Manager) destroy(ctx context.Context, who Who, l *alt.StoredLine, detail map[string]string) error {
	maps.Copy(detail, map[string]string{"provider": l.Provider, "kind": string(l.Kind), "account": l.Account})
	return m.cfg.Store.RemoveLine(ctx, who.Agency, l.ID, m.entry(who, "line.removed", l.ID, detail))
}

// resume subscribes again to a line that could not be removed.
func (m *Manager) resume(ctx context.Context, p Provider, l *alt.StoredLine, left string, failure error) error {
	if left != subscriptionEnded || l.State != alt.LineActive {
		return failure
	}
	token, err := m.open(l)
	if err == nil {
		err = p.Subscribe(ctx, Account{l.Kind, l.Account, l.Business, token})
	}
	if err != nil { // the health of the line shows it too
		m.cfg.Logger.ErrorContext(ctx, "removal of a line failed, and its messages do not come any more", "line", l.ID, "error", failure, "subscription", err)
	}
	return failure
}

// What became of a line's subscription, for the security log.
const (
	subscriptionEnded  = "ended"
	subscriptionShared = "shared"     // another line needs it
	subscriptionDead   = "token dead" // there is nothing to end it with
	subscriptionLeft   = "left"       // the provider goes on sending
)

// providerProblem is a problem of our own code with the provider's reason.
func providerProblem(code string, err error) *Problem {
	p := problem(code).because(err)
	if e := (*channels.Error)(nil); errors.As(err, &e) {
		p.Reason = e.Provider
	}
	return p
}
