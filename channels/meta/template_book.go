package meta

import (
	"slices"
	"strings"
	"sync"

	"github.com/liidestuja/liidestuja/channels"
)

// TemplateBook is a TemplateSource in memory. Its zero value is empty and ready
// for use; all methods may be called concurrently. Fill it from App.Templates
// when the service starts, and keep it up to date with Apply for the events
// that Config.Operator gets, or by filling it again now and then.
type TemplateBook struct {
	mu    sync.RWMutex
	lines map[channels.ID]map[variant]Template
}

type variant struct{ name, language string }

// Replace sets all templates of a line.
func (b *TemplateBook) Replace(line channels.ID, templates []Template) {
	all := make(map[variant]Template, len(templates))
	for _, t := range templates {
		all[variant{t.Name, t.Language}] = t
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lines == nil {
		b.lines = map[channels.ID]map[variant]Template{}
	}
	b.lines[line] = all
}

// Apply takes in an event of a template's new state. False: it is another
// event, or the book does not have the template. An account with several
// numbers tells it of one of them; the book changes the template everywhere.
func (b *TemplateBook) Apply(e *channels.LineChanged) bool {
	name, language, ok := strings.Cut(e.Name, "/")
	if !ok || e.Subject != "template" {
		return false
	}
	state := TemplateState(strings.ToUpper(e.State))
	switch state {
	case "REINSTATED", "UNPAUSED": // events that are no states
		state = TemplateApproved
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	v := variant{name, language}
	told, ok := b.lines[e.Channel][v]
	if !ok {
		return false
	}
	for line, all := range b.lines {
		if t, ok := all[v]; ok && (line == e.Channel || t.ID != "" && t.ID == told.ID) {
			t.State = state
			all[v] = t
		}
	}
	return true
}

// Variants implements TemplateSource.
func (b *TemplateBook) Variants(line channels.ID, name string) []Template {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var found []Template
	for v, t := range b.lines[line] {
		if v.name == name {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, c Template) int { return strings.Compare(a.Language, c.Language) })
	return found
}
