package lines

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Origins of lines.
const (
	OriginConfiguration = "configuration"
	OriginAdded         = "added"
)

// View is a line as it is shown. It holds no secret.
type View struct {
	ID       channels.ID   `json:"id"`
	Origin   string        `json:"origin"`
	Provider string        `json:"provider"`
	Kind     channels.Kind `json:"kind"`
	Name     string        `json:"name,omitempty"`
	Account  string        `json:"account,omitempty"`
	Above    string        `json:"above,omitempty"` // the account to which it belongs
	State    string        `json:"state"`           // of alt.LineState
	// Serving is whether messages go through it now.
	Serving bool      `json:"serving"`
	Health  Health    `json:"health"`
	KeyID   string    `json:"key_id,omitempty"` // that its token is sealed with
	Added   time.Time `json:"added,omitzero"`
	Removed time.Time `json:"removed,omitzero"`
	By      string    `json:"by,omitempty"`
	// Waits is the code of what the last look at a line that waits found, such as
	// "choice_unfinished": its PIN is needed now.
	Waits string `json:"waits,omitempty"`
	// Confirm is what a removal must be confirmed with; empty where there is nothing
	// to remove.
	Confirm string `json:"confirm,omitempty"`

	agency channels.Agency
}

// Agency owns the line.
func (v View) Agency() channels.Agency { return v.agency }

// Health is what is known of a line's health.
type Health struct {
	State   alt.HealthState `json:"state"`
	Since   time.Time       `json:"since,omitzero"`
	Code    string          `json:"code,omitempty"`
	Checked time.Time       `json:"checked,omitzero"`
}

// List returns the lines of the agency, those of the configuration too, by name;
// removed ones are at the end.
func (m *Manager) List(ctx context.Context, who Who) ([]View, error) {
	if err := m.may(who); err != nil {
		return nil, err
	}
	list, err := m.cfg.Store.Lines(ctx, who.Agency)
	if err != nil {
		return nil, err
	}
	var all []View
	for i := range list {
		all = append(all, m.view(&list[i]))
	}
	for _, i := range m.cfg.Service.Lines() {
		stored := slices.ContainsFunc(all, func(v View) bool { return v.ID == i.ID })
		if i.Agency == who.Agency && (!stored || m.fixed(i.ID)) {
			all = append(all, m.viewServed(i))
		}
	}
	slices.SortFunc(all, func(a, b View) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func rank(v View) int {
	if v.State == string(alt.LineRemoved) {
		return 1
	}
	return 0
}

// Line returns one line of the agency.
func (m *Manager) Line(ctx context.Context, who Who, id channels.ID) (View, error) {
	all, err := m.List(ctx, who)
	if err != nil {
		return View{}, err
	}
	i := slices.IndexFunc(all, func(v View) bool { return v.ID == id })
	if i < 0 {
		return View{}, problem("not_found")
	}
	return all[i], nil
}

func (m *Manager) view(l *alt.StoredLine) View {
	v := View{
		ID: l.ID, Origin: OriginAdded, Provider: l.Provider, Kind: l.Kind, Name: l.Name, Account: l.Account, Above: l.Business,
		State: string(l.State), KeyID: l.KeyID, Added: l.Added.UTC(), Removed: l.Removed.UTC(), By: l.By, agency: l.Agency,
		Health: Health{State: alt.HealthUnknown},
	}
	v.Serving = m.served(l.ID, l.Agency) && !m.fixed(l.ID)
	if l.State != alt.LineRemoved {
		v.Confirm = confirmation(l)
	}
	if l.State == alt.LinePending || l.State == alt.LineRejected {
		m.mu.Lock()
		v.Waits = m.waits[keyOf(l)]
		m.mu.Unlock()
	}
	if v.Serving {
		v.Health = m.health(l.ID)
	}
	return v
}

// viewServed shows a line that is not stored.
func (m *Manager) viewServed(i channels.Info) View {
	v := View{
		ID: i.ID, Origin: OriginConfiguration, Provider: i.Provider, Kind: i.Kind, Name: i.Name, State: string(alt.LineActive), Serving: true,
		Health: m.health(i.ID), agency: i.Agency,
	}
	for name, p := range m.providers {
		for _, f := range p.Fixed() {
			if f.ID == i.ID {
				v.Provider, v.Account, v.Above = name, f.Account.ID, f.Above
			}
		}
	}
	return v
}

func (m *Manager) health(id channels.ID) Health {
	h := m.cfg.Service.Health(id)
	v := Health{State: h.State, Code: h.Code}
	if !h.Since.IsZero() {
		v.Since = h.Since.UTC()
	}
	if !h.Checked.IsZero() {
		v.Checked = h.Checked.UTC()
	}
	return v
}

// fixed reports whether the configuration has a line of this name.
func (m *Manager) fixed(id channels.ID) bool {
	for _, p := range m.providers {
		if slices.ContainsFunc(p.Fixed(), func(f Fixed) bool { return f.ID == id }) {
			return true
		}
	}
	return false
}

func (m *Manager) served(id channels.ID, agency channels.Agency) bool {
	return slices.ContainsFunc(m.cfg.Service.Lines(), func(i channels.Info) bool { return i.ID == id && i.Agency == agency })
}

// confirmation names a line as it is now: who confirms has seen it, and one that
// changed since is not removed by mistake.
func confirmation(l *alt.StoredLine) string {
	return string(l.ID) + "/" + strconv.FormatInt(l.Version, 10)
}
