package lines

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
	"github.com/liidestuja/liidestuja/msp"
)

// Service is what is needed of an *alt.Service.
type Service interface {
	SetProvider(p msp.Provider) error
	Lines() []channels.Info
	Health(id channels.ID) alt.LineHealth
}

// Store is what is needed of an alt.Store.
type Store interface {
	alt.Lines
	Flow(ctx context.Context, agency channels.Agency, key string) (alt.Flow, error)
	Commit(ctx context.Context, it alt.Item, c alt.Changes) error
	Log(ctx context.Context, q alt.LogQuery) (entries []alt.LogEntry, next string, err error)
}

// Config of a Manager. All fields but Home, Spread, Secret, Now and Logger are
// required.
type Config struct {
	Service   Service
	Store     Store
	Providers []Provider
	// Agencies are all whose lines are stored: key{} else may add one, because a
	// start would not find it.
	Agencies []channels.Agency
	// Home is the agency under which the store keeps what is under way; the same in
	// all processes. Default: the first of Agencies.
	Home channels.Agency
	// Spread is how long other processes over the same store may take to notice a
	// change; each looks three times in it, while Run runs. Zero: there are none.
	Spread time.Duration
	// Ring seals the tokens.
	Ring *sealed.Ring
	// Secret is told each token that is used, for the redaction of the log. Default:
	// key{} is.
	Secret func(value string)
	// Now is the clock. Default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Manager adds and removes lines. All methods may be called concurrently.
type Manager struct {
	cfg       Config
	providers map[string]Provider
	flows     *flows

	// changing is held by whoever changes lines here, see begin.
	changing sync.Mutex
	serves   map[string]string // by provider: stateOf what is served

	mu    sync.Mutex
	waits map[key]string // by line: the code of what its last check found
}

// New checks cfg and makes a Manager. It does no I/O; Load follows.
func New(cfg Config) (*Manager, error) {
	switch {
	case cfg.Service == nil:
		return nil, errors.New("lines: Config.Service is required")
	case cfg.Store == nil:
		return nil, errors.New("lines: Config.Store is required")
	case cfg.Ring == nil:
		return nil, errors.New("lines: Config.Ring is required")
	case len(cfg.Agencies) == 0:
		return nil, errors.New("lines: Config.Agencies is required")
	}
	if cfg.Secret == nil {
		cfg.Secret = func(string) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Home == "" {
		cfg.Home = cfg.Agencies[0]
	}
	m := &Manager{
		cfg: cfg, providers: make(map[string]Provider), flows: &flows{cfg.Store, cfg.Home, cfg.Now},
		serves: make(map[string]string), waits: make(map[key]string),
	}
	for _, p := range cfg.Providers {
		m.providers[p.Name()] = p
	}
	return m, nil
}

// Providers are those to which lines can be added, by name.
func (m *Manager) Providers() []string {
	var names []string
	for name := range m.providers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Load puts the stored lines into service, at the start. Its error says what an
// operator must mend: a server that left lines out would leave people without an
// answer.
func (m *Manager) Load(ctx context.Context) error {
	m.changing.Lock()
	defer m.changing.Unlock()
	list, err := m.stored(ctx)
	if err != nil {
		return err
	}
	for _, name := range m.Providers() {
		if err := m.serve(ctx, m.providers[name]); err != nil {
			return err
		}
		m.serves[name] = stateOf(name, list, nil)
	}
	for _, l := range list {
		if l.State == alt.LineRemoved {
			continue
		}
		if _, err := m.open(&l); err != nil { // of one that waits it would be noticed too late
			return err
		}
		if m.providers[l.Provider] == nil {
			m.cfg.Logger.WarnContext(ctx, "line is stored and not served: its provider is not configured", "line", l.ID, "provider", l.Provider)
		}
	}
	return nil
}

// key names a line in the store.
type key struct {
	agency channels.Agency
	id     channels.ID
}

func keyOf(l *alt.StoredLine) key { return key{l.Agency, l.ID} }

// stored returns all lines of all agencies, tombstones among them.
func (m *Manager) stored(ctx context.Context) ([]alt.StoredLine, error) {
	var all []alt.StoredLine
	for _, agency := range m.cfg.Agencies {
		list, err := m.cfg.Store.Lines(ctx, agency)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// build makes the provider with the lines that are stored as active. In place of a
// stored line stands changed, when it has the same key; without is left out.
func (m *Manager) build(ctx context.Context, p Provider, without key, changed *Added) (msp.Provider, error) {
	list, err := m.stored(ctx)
	if err != nil {
		return nil, err
	}
	var added []Added
	if changed != nil {
		without = key{changed.Agency, changed.ID}
		added = append(added, *changed)
	}
	var gone []string
	for i := range list {
		l := &list[i]
		switch {
		case l.Provider != p.Name() || keyOf(l) == without:
		case l.State == alt.LineRemoved:
			gone = append(gone, l.Account)
		case l.State == alt.LineActive && doubled(p, l):
			return nil, fmt.Errorf("the line %q of %s was added while the server ran, and its name or account stands in the configuration too: "+
				"take it out of there, or remove the line before it is put there", l.ID, l.Agency)
		case l.State == alt.LineActive:
			token, err := m.open(l)
			if err != nil {
				return nil, err
			}
			added = append(added, Added{l.ID, l.Agency, l.Name, Account{l.Kind, l.Account, l.Business, token}})
		}
	}
	slices.SortFunc(added, func(a, b Added) int { return cmp.Compare(a.ID, b.ID) })
	served := func(account string) bool {
		return slices.ContainsFunc(added, func(a Added) bool { return a.Account.ID == account }) ||
			slices.ContainsFunc(p.Fixed(), func(f Fixed) bool { return f.Account.ID == account })
	}
	return p.Build(added, slices.DeleteFunc(gone, served))
}

// doubled reports whether the configuration has the name or the account of a stored
// line.
func doubled(p Provider, l *alt.StoredLine) bool {
	return slices.ContainsFunc(p.Fixed(), func(f Fixed) bool {
		return f.ID == l.ID || f.Account.ID == l.Account && f.Kind == l.Kind
	})
}

// serve puts the provider with its stored lines into service.
func (m *Manager) serve(ctx context.Context, p Provider) error {
	built, err := m.build(ctx, p, key{}, nil)
	if err != nil {
		return err
	}
	return m.cfg.Service.SetProvider(built)
}

// Who makes a change, as the security log names them.
type Who struct {
	ID     string
	Agency channels.Agency
}

// may reports whether lines of the agency can be managed.
func (m *Manager) may(who Who) error {
	if !slices.Contains(m.cfg.Agencies, who.Agency) {
		return problem("agency")
	}
	return nil
}

// entry is a line of the security log about a line.
func (m *Manager) entry(who Who, act string, id channels.ID, detail map[string]string) alt.LogEntry {
	return alt.LogEntry{Agency: who.Agency, At: m.cfg.Now().UTC(), Act: act, Actor: who.ID, Line: id, Detail: detail}
}

// note writes to the security log what changes no line.
func (m *Manager) note(ctx context.Context, e alt.LogEntry) error {
	return m.cfg.Store.Commit(ctx, alt.Item{}, alt.Changes{Log: []alt.LogEntry{e}})
}

// actFor bounds an act, which a browser that hangs up does not break off.
const actFor = 45 * time.Second

func acting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), actFor)
}
