package alt

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// minTries is how many attempts an item has even when it waited for MaxHold
// before the first of them: the process, or its line, was down.
const minTries = 5

// handle brings one event to its end: committed, or released.
func (s *Service) handle(ctx context.Context, it Item) {
	m := it.Event.Meta()
	l := s.lineOf(m.Agency, m.Channel)
	if l == nil {
		s.noLine(ctx, it, m.Channel, "turn", "handle")
		return
	}
	err := s.guard(ctx, "turn", l.info.ID, it.ID, func() error { return s.handleEvent(ctx, l, it) })
	switch {
	case err == nil:
	case errors.Is(err, ErrLeaseLost):
		s.cfg.Logger.WarnContext(ctx, "turn lost its lease", "item", it.ID, "line", l.info.ID, "trace", m.Trace)
	default:
		s.again(ctx, it, l, err)
	}
}

// again plans the next attempt, or gives up.
func (s *Service) again(ctx context.Context, it Item, l *line, err error) {
	at := s.retry(it, delay(it.Attempt))
	switch {
	case ctx.Err() != nil: // the service was stopped, which says nothing about the event
		at = s.cfg.Now()
	case hopeless(err) || it.Attempt >= s.cfg.MaxAttempts:
		at = time.Time{}
	}
	s.release(ctx, it, l.info.ID, at, err, "turn")
}

// inboundID names the message that an event becomes.
func inboundID(it Item) string { return "in-" + strconv.FormatInt(it.ID, 10) }

// retry returns when an item is tried again that should wait so long; the zero
// time when it has held its lane for long enough.
func (s *Service) retry(it Item, wait time.Duration) time.Time {
	at := s.cfg.Now().Add(wait)
	if wait > s.cfg.MaxHold || it.Attempt >= minTries && at.After(it.Accepted.Add(s.cfg.MaxHold)) {
		return time.Time{}
	}
	return at
}

// hopeless reports whether waiting cannot help.
func hopeless(err error) bool {
	var p permanent
	if errors.As(err, &p) || errors.Is(err, ErrNotMine) || errors.Is(err, errStale) || errors.Is(err, errLost) {
		return true
	}
	var e *channels.Error
	return errors.As(err, &e) && e.Op == "fit"
}

// release gives an item back and tells the log why; the error's text is not
// written when it is a handler's own, because it may hold anything.
func (s *Service) release(ctx context.Context, it Item, line channels.ID, at time.Time, cause error, what string) {
	code, verb := channels.Code(cause), "retry"
	switch {
	case at.IsZero() && it.Work == Reconcile:
		verb = "uncertain" // nobody knows, which is not to be given up
	case at.IsZero():
		verb = "dead"
	}
	s.observe(Observation{Name: what + "." + verb, Line: line, Code: code, N: 1})
	attrs := []any{"queue", what, "as", verb, "item", it.ID, "line", line, "attempt", it.Attempt, "code", code}
	if s.cfg.InsecureLogErrors {
		attrs = append(attrs, "error", cause)
	}
	s.cfg.Logger.WarnContext(ctx, "work given back", attrs...)
	err := s.insist(ctx, func(ctx context.Context) error { return s.cfg.Store.Release(ctx, it, at, cause) })
	if err != nil && !errors.Is(err, ErrLeaseLost) {
		s.cfg.Logger.ErrorContext(ctx, "release failed", "item", it.ID, "error", err) // the lease will run out
	}
	s.changed()
}

// handleEvent decides by the kind of event.
func (s *Service) handleEvent(ctx context.Context, l *line, it Item) error {
	switch e := it.Event.(type) {
	case *channels.Received:
		if it.Accepted.Sub(e.At) > DedupeFor { // it may have been handled, and forgotten since
			return errStale
		}
		return s.turn(ctx, l, it, s.handler)
	case *channels.Due:
		if conversation, ok := erasureOf(e); ok {
			return s.erase(ctx, l, it, conversation)
		}
		if login, ok := dialogueOf(e); ok {
			return s.authenticate(ctx, l, it, login)
		}
		return s.turn(ctx, l, it, s.handler)
	case *channels.AuthDecided:
		return s.turn(ctx, l, it, s.handler)
	case *channels.StatusChanged:
		return s.status(ctx, l, it, e)
	case *channels.Echoed:
		return s.echo(ctx, l, it, e)
	case *channels.Malformed:
		s.operator(ctx, e)
		return Permanent(fmt.Errorf("alt: %w", channels.ErrMalformed)) // a letter: a person looks at it
	case *channels.LineChanged:
		s.operator(ctx, e)
		if e.Subject == channels.SubjectPerson && !e.Address().IsZero() {
			return s.turn(ctx, l, it, s.cfg.Notices)
		}
		return s.commit(ctx, it, Changes{Log: []LogEntry{{Agency: e.Agency, At: s.cfg.Now(), Act: "line.changed", Actor: "provider", Line: e.Channel,
			Detail: map[string]string{"subject": e.Subject, "name": e.Name, "state": e.State}}}})
	default:
		if it.Event.Address().IsZero() {
			s.operator(ctx, it.Event)
			return s.commit(ctx, it, Changes{Redactions: redactions(it.Event, s.cfg.Now())})
		}
		return s.turn(ctx, l, it, s.cfg.Notices)
	}
}

func (s *Service) operator(ctx context.Context, e channels.Event) {
	if s.cfg.Operator != nil {
		s.cfg.Operator(ctx, e)
	}
}

// turn loads the dossier, lets h decide, and commits; again when the dossier
// changed meanwhile. However often, the handler has HandlerTimeout in all, so
// that it ends before the lease does.
func (s *Service) turn(ctx context.Context, l *line, it Item, h Handler) error {
	if it.Attempt > s.cfg.MaxAttempts { // the others ended with a crash, or too late to say so
		return errLost
	}
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, s.cfg.HandlerTimeout)
	defer cancel()
	err := decide(func() error { return s.turnOnce(ctx, limited, l, it, h) })
	if err == nil {
		s.observe(Observation{Name: "turn.done", Line: l.info.ID, N: 1, Duration: time.Since(start)})
	}
	return err
}

func (s *Service) turnOnce(ctx, limited context.Context, l *line, it Item, h Handler) error {
	a := it.Event.Address()
	d, err := s.cfg.Store.Dossier(ctx, a)
	if err != nil {
		return err
	}
	if err := s.goesOn(ctx, &d); err != nil {
		return err
	}
	t := &Turn{svc: s, line: l, item: it, ev: it.Event, now: s.cfg.Now(), d: d, level: levelOf(d), author: channels.Bot, actor: "bot"}
	received, isMessage := it.Event.(*channels.Received)
	if isMessage {
		t.meet(received)
		t.fx.log = append(t.fx.log, LogEntry{Agency: a.Agency, At: t.now, Act: actReceived, Actor: "contact", Line: a.Channel,
			Conversation: t.d.Conversation.ID, Message: inboundID(it)})
	} else {
		if t.d.Contact == nil {
			t.d.Contact = &Contact{Address: a}
		}
		t.notice(it.Event)
	}
	h, err = t.authenticated(limited, h)
	if err != nil {
		return err
	}
	if h != nil && (!isMessage || !received.Standby) {
		offer := t.d.Contact.Offer
		if err := s.call(limited, h, t); err != nil {
			return err
		}
		if _, chose := t.Chosen(); chose && !t.fx.offered && len(offer) > 0 {
			t.d.Contact.Offer = nil // answered; a later "2" is just a text
		}
	}
	c := t.changes()
	c.Record, c.RecordAs, c.Redactions = isMessage && !t.fx.private, t.fx.recordAs, redactions(it.Event, t.now)
	return s.commit(ctx, it, c)
}
