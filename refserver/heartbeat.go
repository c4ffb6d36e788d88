package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// heartbeat is what /heartbeat.json says. It holds nothing secret and nothing
// personal, and may be shown to anybody.
type heartbeat struct {
	Name    string    `json:"name"`
	Version string    `json:"version"`
	Build   build     `json:"build"`
	State   string    `json:"state"` // "ready", or as /readyz says
	Started time.Time `json:"started"`
	Time    time.Time `json:"time"` // of the server
	Systems []system  `json:"external_systems"`
	// Expiring are certificates that logins are judged by and that have to be
	// replaced soon.
	Expiring []expiring `json:"expiring_certificates,omitempty"`
}

// system is an external system as this server has met it last.
type system struct {
	Name  string       `json:"name"`
	State string       `json:"state"`          // "up", "down" or "unknown": nothing was sent yet
	Since time.Time    `json:"since,omitzero"` // of the state, where there are no lines
	Lines []lineHealth `json:"lines"`
}

type lineHealth struct {
	ID    channels.ID `json:"id"`
	State string      `json:"state"`
	Since time.Time   `json:"since,omitzero"` // of the state
	Code  string      `json:"code,omitempty"` // why it is down, see channels.Code
}

func (a *app) heartbeat(ctx context.Context) heartbeat {
	return heartbeat{
		Version: a.build.Version, Build: a.build, State: or(a.notReady(ctx), "ready"),
		Started: a.started.UTC(), Time: a.svc.Now().UTC(), Systems: append(a.monitor.systems(a.svc.Health), a.login.systems()...),
		Expiring: a.login.expiringAt(a.svc.Now()),
	}
}

// States of a system.
const (
	stateUp      = "up"
	stateDown    = "down"
	stateUnknown = "unknown"
)

// monitor learns from what happens how the external systems are; it never calls
// them.
type monitor struct {
	now func() time.Time

	mu        sync.Mutex
	providers []monitored
	lines     map[channels.ID]lineHealth
}

type monitored struct {
	name  string
	lines []channels.ID
}

func newMonitor(now func() time.Time) *monitor {
	if now == nil {
		now = time.Now
	}
	return &monitor{now: now, lines: make(map[channels.ID]lineHealth)}
}

// provider watches a provider, in place of the one of the same name.
func (m *monitor) provider(p msp.Provider) {
	m.mu.Lock()
	defer m.mu.Unlock()
	watch := monitored{name: p.Name()}
	for _, ch := range p.Channels() {
		id := ch.Info().ID
		watch.lines = append(watch.lines, id)
		if _, known := m.lines[id]; !known {
			m.lines[id] = lineHealth{ID: id, State: stateUnknown}
		}
	}
	slices.Sort(watch.lines)
	m.providers = slices.DeleteFunc(m.providers, func(old monitored) bool {
		if old.name != watch.name {
			return false
		}
		for _, id := range old.lines {
			if !slices.Contains(watch.lines, id) {
				delete(m.lines, id)
			}
		}
		return true
	})
	m.providers = append(m.providers, watch)
}

// observe implements alt.Config.Observe.
func (m *monitor) observe(o alt.Observation) {
	state := stateUp // a refusal of one message is an answer too
	switch o.Name {
	case "send.unknown":
		state = stateDown
	case "send.retry", "send.dead":
		class := channels.ClassByCode(o.Code)
		if class == nil || errors.Is(class, channels.ErrUnavailable) || errors.Is(class, channels.ErrCredentials) {
			state = stateDown
		}
	case "send.sent":
	default:
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.lines[o.Line]
	if !ok {
		return
	}
	if l.State != state {
		l.State, l.Since = state, m.now().UTC()
	}
	if l.Code = ""; state == stateDown {
		l.Code = o.Code
	}
	m.lines[o.Line] = l
}

// systems returns all of them, by name. One is down when a line of it is. The
// service asks drivers how their lines are, and what it knows last holds.
func (m *monitor) systems(asked func(channels.ID) alt.LineHealth) []system {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []system{}
	for _, p := range m.providers {
		s := system{Name: p.name, State: stateUnknown, Lines: []lineHealth{}}
		for _, id := range p.lines {
			l := m.lines[id]
			if h := asked(id); h.State != alt.HealthUnknown && (h.State == alt.HealthDown || h.Since.After(l.Since)) {
				l = lineHealth{ID: id, State: string(h.State), Since: h.Since.UTC(), Code: h.Code}
			}
			s.Lines = append(s.Lines, l)
			if l.State == stateDown || l.State == stateUp && s.State == stateUnknown {
				s.State = l.State
			}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b system) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
