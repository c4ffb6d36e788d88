package lines

import (
	"slices"
	"strconv"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// choiceView shows an account with what may be done with it.
func (m *Manager) choiceView(f flow, c Choice, known []alt.StoredLine) ChoiceView {
	v := ChoiceView{Kind: c.Kind, Account: c.Account.ID, Above: c.Above, Name: c.Name, Standing: c.Standing, Reason: c.Reason}
	for _, l := range known {
		switch own := l.Agency == f.Who.Agency; {
		case l.Provider != f.Provider || l.Account != c.Account.ID || l.Kind != c.Kind:
		case own && l.State == alt.LineRemoved:
			v.ID = l.ID // it would be back
		case own:
			v.Line, v.ID = l.ID, l.ID
		case l.State != alt.LineRemoved:
			v.Taken = true
		}
	}
	for _, fixed := range m.providers[f.Provider].Fixed() {
		v.Taken = v.Taken || fixed.Account.ID == c.Account.ID && fixed.Kind == c.Kind
	}
	if v.ID == "" {
		v.ID = m.freeID(c.Kind, known)
	}
	return v
}

// freeID suggests a name: the kind, with a number where that is taken; "" when
// there are many.
func (m *Manager) freeID(kind channels.Kind, known []alt.StoredLine) channels.ID {
	id := channels.ID(kind)
	for n := 2; n < 100; n++ {
		stored := slices.ContainsFunc(known, func(l alt.StoredLine) bool { return l.ID == id })
		served := slices.ContainsFunc(m.cfg.Service.Lines(), func(i channels.Info) bool { return i.ID == id })
		if !stored && !served {
			return id
		}
		id = channels.ID(string(kind) + "-" + strconv.Itoa(n))
	}
	return ""
}
