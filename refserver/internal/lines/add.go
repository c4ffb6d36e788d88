package lines

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Request says which account becomes which line.
type Request struct {
	Login   string        // of LoginView
	Kind    channels.Kind // of the ChoiceView
	Account string
	ID      channels.ID // of the line
	Name    string      // for people; empty: as it was, or the account's
	PIN     Secret      // for StandingUnfinished
}

const maxName = 128 // bytes

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

func (r Request) check() error {
	switch {
	case r.ID.Valid() != nil:
		return problem("malformed_id").in("id")
	case len(r.Name) > maxName || !utf8.ValidString(r.Name):
		return problem("malformed_name").in("name")
	case r.PIN != "" && !sixDigits.MatchString(string(r.PIN)):
		return problem("malformed_pin").in("pin")
	}
	return nil
}

// Add makes an account of a login a line of the agency, or gives a line of the same
// name and account the new token. It may be repeated: what was done already is
// done again and changes nothing. A line that waits for the provider's approval is
// stored and served later, see Check. created is false when the line was there.
//
// What an error leaves behind: nothing, unless it is "half_added": the provider may
// send messages of the account, which nobody answers.
func (m *Manager) Add(ctx context.Context, who Who, r Request) (v View, created bool, err error) {
	if err := r.check(); err != nil {
		return v, false, err
	}
	f, err := m.loginOf(ctx, who, r.Login)
	switch {
	case err != nil:
		return v, false, err
	case f.Step != StepReady:
		return v, false, problem("login_not_ready").in("login")
	}
	i := slices.IndexFunc(f.Choices, func(c Choice) bool { return c.Kind == r.Kind && c.Account.ID == r.Account })
	if i < 0 {
		return v, false, problem("not_chosen").in("account")
	}
	ctx, done := acting(ctx)
	defer done()
	change, err := m.begin(ctx)
	if err != nil {
		return v, false, err
	}
	defer change.end()
	known, err := m.stored(ctx)
	if err != nil {
		return v, false, err
	}
	a := adding{m: m, change: change, p: m.providers[f.Provider], who: who, choice: f.Choices[i], known: known}
	if err := a.find(r); err != nil {
		return v, false, err
	}
	if err := a.do(ctx, r.PIN); err != nil {
		return v, false, err
	}
	return m.view(&a.line), a.was == nil, nil
}

// adding is one line that is being added.
type adding struct {
	m      *Manager
	change *change
	p      Provider
	who    Who
	choice Choice
	known  []alt.StoredLine
	line   alt.StoredLine
	was    *alt.StoredLine // before; nil: there was none, or a tombstone
}

// find checks that name and account are free, or this very line's.
func (a *adding) find(r Request) error {
	a.line = alt.StoredLine{
		Agency: a.who.Agency, ID: r.ID, Provider: a.p.Name(), Kind: r.Kind, Account: r.Account, Business: a.choice.Above,
		Name: r.Name, Added: a.m.cfg.Now().UTC(), By: a.who.ID,
	}
	for i := range a.known {
		l := &a.known[i]
		same := keyOf(l) == keyOf(&a.line)
		sameAccount := l.Provider == a.line.Provider && l.Account == a.line.Account && l.Kind == a.line.Kind
		switch {
		case l.ID == a.line.ID && !(same && sameAccount):
			return problem("id_taken").in("id")
		case sameAccount && !same && l.State != alt.LineRemoved:
			return problem("account_taken").in("account")
		case same:
			a.line.Version = l.Version
			if l.State != alt.LineRemoved {
				a.was, a.line.Added = l, l.Added
			}
		}
	}
	for _, f := range a.p.Fixed() {
		if f.Account.ID == a.line.Account && f.Kind == a.line.Kind {
			return problem("account_taken").in("account")
		}
	}
	taken := func(i channels.Info) bool { return i.ID == a.line.ID && (a.was == nil || i.Agency != a.line.Agency) }
	if slices.ContainsFunc(a.m.cfg.Service.Lines(), taken) {
		return problem("id_taken").in("id")
	}
	switch {
	case a.line.Name != "":
	case a.was != nil:
		a.line.Name = a.was.Name
	default:
		a.line.Name = strings.ToValidUTF8(a.choice.Name[:min(len(a.choice.Name), maxName)], "")
	}
	return nil
}

// do takes the acts in their order.
func (a *adding) do(ctx context.Context, pin Secret) error {
	account := a.choice.Account
	switch a.choice.Standing {
	case StandingReady:
		a.line.State = alt.LineActive
	case StandingPending:
		a.line.State = alt.LinePending
	case StandingUnfinished:
		if pin == "" {
			return problem("choice_unfinished").in("pin")
		}
		a.line.State = alt.LineActive
	case StandingForbidden:
		return problem("choice_forbidden").in("account")
	default:
		return problem("choice_rejected").in("account")
	}
	// Whatever the driver has to say against the line it says before anything is done.
	trial := &Added{a.line.ID, a.line.Agency, a.line.Name, account}
	with, err := a.m.build(ctx, a.p, key{}, trial)
	if err != nil {
		return problem("internal").because(err)
	}
	if a.choice.Standing == StandingUnfinished {
		if err := a.p.Register(ctx, account, pin); err != nil {
			return err
		}
	}
	// Served before the provider is told to send, so that the first message finds it.
	if a.line.State == alt.LineActive {
		if err := a.m.cfg.Service.SetProvider(with); err != nil {
			return problem("internal").because(err)
		}
		if a.was == nil || a.was.State != alt.LineActive {
			if err := a.change.announce(ctx, a.p.Name(), trial); err != nil {
				return a.unserve(ctx, err)
			}
		}
	}
	if err := a.p.Subscribe(ctx, account); err != nil {
		return a.unserve(ctx, err)
	}
	a.m.seal(&a.line, account.Token)
	switch err := a.store(ctx); {
	case err == nil:
		return nil
	case a.was != nil: // it goes on with the old token
		return a.unserve(ctx, err)
	default:
		return a.unserve(ctx, a.m.undo(ctx, a.p, account, keyOf(&a.line), err))
	}
}

// unserve goes back to what is stored, because of a failure, which it returns.
func (a *adding) unserve(ctx context.Context, failure error) error {
	if a.line.State == alt.LineActive {
		if err := a.m.serve(ctx, a.p); err != nil {
			a.m.cfg.Logger.ErrorContext(ctx, "line not added, and served until the next change", "line", a.line.ID, "error", err)
		}
	}
	return failure
}

// store writes the line, unless it is there already with this very token.
func (a *adding) store(ctx context.Context) error {
	act := "line.added"
	if a.was != nil {
		act = "line.renewed"
		if old, err := a.m.open(a.was); err == nil && old == a.choice.Token && a.was.State == a.line.State && a.was.Name == a.line.Name {
			a.line = *a.was
			return nil
		}
	}
	return a.m.cfg.Store.PutLine(ctx, &a.line, a.m.entry(a.who, act, a.line.ID, map[string]string{
		"provider": a.line.Provider, "kind": string(a.line.Kind), "account": a.line.Account, "state": string(a.line.State), "key": a.line.KeyID,
	}))
}

// undo ends a subscription that no line is to have, because of a failure. What it
// returns says whether the provider may still send messages of the account.
func (m *Manager) undo(ctx context.Context, p Provider, a Account, line key, failure error) error {
	shared, err := m.shared(ctx, p, a, line)
	switch {
	case err == nil && shared:
		return failure
	case err == nil:
		err = p.Unsubscribe(ctx, a)
	}
	if err != nil {
		m.cfg.Logger.ErrorContext(ctx, "line not stored, and its subscription not ended", "line", line.id, "error", failure, "subscription", err)
		return problem("half_added").because(failure)
	}
	return failure
}

// shared reports whether a further line hangs on the account's subscription.
func (m *Manager) shared(ctx context.Context, p Provider, a Account, but key) (bool, error) {
	own := p.Subscription(a)
	for _, f := range p.Fixed() {
		// Of a line that does not say what it hangs on, it is not known.
		number := f.Kind == channels.WhatsApp
		if s := p.Subscription(f.Account); s == own || s == "" && number == (a.Kind == channels.WhatsApp) {
			return true, nil
		}
	}
	list, err := m.stored(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list, func(l alt.StoredLine) bool {
		return keyOf(&l) != but && l.Provider == p.Name() && l.State != alt.LineRemoved &&
			p.Subscription(Account{Kind: l.Kind, ID: l.Account, Above: l.Business}) == own
	}), nil
}
