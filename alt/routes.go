package alt

import (
	"fmt"
	"maps"
	"net/url"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// routing is which lines and webhooks there are at one time. It is not changed
// once it is in use: another one takes its place, and what began with the old
// one ends with it.
type routing struct {
	lines map[channels.ID]*line
	hooks map[string]*hook
}

// lineKey names a line's condition: a line that goes to another agency begins
// anew.
type lineKey struct {
	agency channels.Agency
	id     channels.ID
}

// line returns a line as it is now; nil when there is none.
func (s *Service) line(id channels.ID) *line { return s.routes.Load().lines[id] }

// lineOf returns the line of an item; nil when it was removed, or is another
// agency's now.
func (s *Service) lineOf(agency channels.Agency, id channels.ID) *line {
	if l := s.line(id); l != nil && l.info.Agency == agency {
		return l
	}
	return nil
}

// SetProvider adds a provider while the service runs, or puts it in the place
// of the one of the same name: with lines more or less, new tokens, other
// settings. The change is whole and at once. Requests and sends that began end
// with the old one, which nobody may close before; a line that stays keeps its
// rate, its pause and its state of health; messages of a line that is gone
// become letters, as if the service had started without it. Errors are those
// that New finds with Providers, and nothing was changed then.
//
// It remembers nothing: what must survive a restart is the caller's to store
// (see Lines), before this call.
func (s *Service) SetProvider(p msp.Provider) error {
	const place = "SetProvider"
	switch {
	case p == nil:
		return errAt(place, "the provider is nil")
	case s.cfg.PublicURL == "":
		return errAt(place, "Config.PublicURL is required")
	}
	return s.reroute(func(r *routing) error {
		r.removeProvider(p.Name())
		return s.addProvider(r, p, place)
	})
}

// RemoveProvider takes a provider and its lines away, as SetProvider does with
// lines that are gone. Its webhook answers 404 from then on. ErrNotFound when
// no provider is named so.
func (s *Service) RemoveProvider(name string) error {
	return s.reroute(func(r *routing) error {
		if !r.removeProvider(name) {
			return fmt.Errorf("%w: provider %.64q", ErrNotFound, name)
		}
		return nil
	})
}

// reroute replaces the routing by a changed copy.
func (s *Service) reroute(change func(r *routing) error) error {
	s.setting.Lock()
	defer s.setting.Unlock()
	old := s.routes.Load()
	r := &routing{lines: maps.Clone(old.lines), hooks: maps.Clone(old.hooks)}
	if err := change(r); err != nil {
		return err
	}
	s.use(r)
	s.kick(Outbox)
	wake(s.ask)
	return nil
}

// use puts a routing in place, and the conditions into its lines' hands.
func (s *Service) use(r *routing) {
	now := s.cfg.Now()
	old := s.routes.Swap(r)
	if old == nil {
		old = &routing{}
	}
	for id, l := range old.lines {
		if r.lines[id] != l {
			l.pass(nil, now)
		}
	}
	for id, l := range r.lines {
		if old.lines[id] != l {
			l.pass(l, now)
		}
	}
}

// firstRoutes are those of the configuration.
func (s *Service) firstRoutes() error {
	r := &routing{lines: make(map[channels.ID]*line), hooks: make(map[string]*hook)}
	for i, ch := range s.cfg.Channels {
		place := fmt.Sprintf("Config.Channels[%d]", i)
		l, err := s.addLine(r, ch, nil, place)
		if err != nil {
			return err
		}
		if w, ok := channels.As[channels.Webhook](ch); ok {
			if err := r.addHook(newHook(string(l.info.ID), w, ch, l), place); err != nil {
				return err
			}
		}
	}
	for i, p := range s.cfg.Providers {
		place := fmt.Sprintf("Config.Providers[%d]", i)
		if p == nil {
			return errAt(place, "is nil")
		}
		if err := s.addProvider(r, p, place); err != nil {
			return err
		}
	}
	s.use(r)
	return nil
}

func (s *Service) addProvider(r *routing, p msp.Provider, place string) error {
	var lines []*line
	for i, ch := range p.Channels() {
		l, err := s.addLine(r, ch, p, fmt.Sprintf("%s.Channels()[%d]", place, i))
		if err != nil {
			return err
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 && !s.cfg.LinesLater {
		return errAt(place, "has no lines")
	}
	h := newHook(p.Name(), p, p, lines...)
	h.provider = true
	return r.addHook(h, place)
}

// addLine adds a line; provider may be nil.
func (s *Service) addLine(r *routing, ch channels.Channel, provider any, place string) (*line, error) {
	if ch == nil {
		return nil, errAt(place, "is nil")
	}
	info := ch.Info()
	if info.Agency == "" {
		info.Agency = s.cfg.Agency
	}
	switch {
	case info.ID.Valid() != nil:
		return nil, errAt(place, "Info().ID must be 1-64 characters of a-z, 0-9, '-', '_', '.'")
	case info.Agency.Valid() != nil:
		return nil, errAt(place, "Info().Agency must be written like an id")
	case !returns(info.ReturnLink):
		return nil, errAt(place, `Info().ReturnLink must be an https or sms address with "{word}" in it`)
	case r.lines[info.ID] != nil:
		return nil, errAt(place, fmt.Sprintf("two lines are named %q", info.ID))
	}
	key := lineKey{info.Agency, info.ID}
	c := s.conditions[key]
	if c == nil {
		c = newCondition(info.ID, s.cfg.Rates[info.ID], s.cfg.Now)
		s.conditions[key] = c
	}
	l := &line{Channel: ch, info: info, condition: c}
	if asked, ok := channels.As[channels.HealthChecker](ch); ok {
		l.checker = asked
	} else if asked, ok := channels.As[channels.HealthChecker](provider); ok {
		l.checker = asked
	}
	r.lines[info.ID] = l
	return l, nil
}

// returns reports whether a line's ReturnLink is none, or can bring a word back.
func returns(link string) bool {
	if link == "" {
		return true
	}
	u, err := url.Parse(strings.ReplaceAll(link, "{word}", "id-a"))
	return err == nil && strings.Contains(link, "{word}") && (u.Scheme == "https" && u.Host != "" || u.Scheme == "sms" || u.Scheme == "http" && loopback(u.Hostname()))
}

func (r *routing) addHook(h *hook, place string) error {
	if channels.ID(h.name).Valid() != nil {
		return errAt(place, fmt.Sprintf("name %.64q must be 1-64 characters of a-z, 0-9, '-', '_', '.'", h.name))
	}
	if r.hooks[h.name] != nil {
		return errAt(place, fmt.Sprintf("two webhooks are named %q", h.name))
	}
	r.hooks[h.name] = h
	return nil
}

// removeProvider reports whether there was one of this name.
func (r *routing) removeProvider(name string) bool {
	h := r.hooks[name]
	if h == nil || !h.provider {
		return false
	}
	delete(r.hooks, name)
	for id := range h.lines {
		delete(r.lines, id)
	}
	return true
}
