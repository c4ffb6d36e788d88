package meta

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/liidestuja/liidestuja/channels"
)

// TemplateBook is a TemplateSource in memory. Its zero value is empty and ready
// for use; all methods may be called concurrently. Fill it from App.Templates
// when the service starts, and keep it up to date from the LineChanged events
// of template states, or by filling it again now and then.
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

// Change sets the state of a template that the book has, as an event of Meta's
// tells it. False: the book does not have it.
func (b *TemplateBook) Change(line channels.ID, name, language string, state TemplateState) bool {
	switch state = TemplateState(strings.ToUpper(string(state))); state {
	case "REINSTATED", "UNPAUSED": // events that are no states
		state = TemplateApproved
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	v := variant{name, wireLanguage(language)}
	t, ok := b.lines[line][v]
	if !ok {
		return false
	}
	t.State = state
	b.lines[line][v] = t
	return true
}

// Variants implements TemplateSource.
func (b *TemplateBook) Variants(line channels.ID, name string) []Template {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var found []Template
	for v := range maps.Keys(b.lines[line]) {
		if v.name == name {
			found = append(found, b.lines[line][v])
		}
	}
	slices.SortFunc(found, func(a, c Template) int { return strings.Compare(a.Language, c.Language) })
	return found
}
