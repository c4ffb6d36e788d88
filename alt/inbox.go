package alt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// foreignAfter is how long an echo may be of a message whose receipt is still
// on its way to the store; later it is another application's.
const foreignAfter = time.Minute

// handle brings one event to its end: committed, or released.
func (s *Service) handle(ctx context.Context, it Item) {
	m := it.Event.Meta()
	l := s.lines[m.Channel]
	if l == nil { // the line was removed from the configuration
		s.release(ctx, it, m.Channel, time.Time{}, &channels.Error{Op: "handle", Channel: m.Channel, Class: channels.ErrUnreachable, Outcome: channels.NotSent}, "turn")
		return
	}
	start := time.Now()
	err := s.handleEvent(ctx, l, it)
	switch {
	case err == nil:
		s.observe(Observation{Name: "turn.done", Line: l.info.ID, N: 1, Duration: time.Since(start)})
	case errors.Is(err, ErrLeaseLost):
		s.cfg.Logger.WarnContext(ctx, "turn lost its lease", "item", it.ID, "line", l.info.ID, "trace", m.Trace)
	default:
		s.again(ctx, it, l, err)
	}
}

// again plans the next attempt, or gives up.
func (s *Service) again(ctx context.Context, it Item, l *line, err error) {
	now := s.cfg.Now()
	at := now.Add(delay(it.Attempt))
	if hopeless(err) || it.Attempt >= s.cfg.MaxAttempts || at.After(it.Accepted.Add(s.cfg.MaxHold)) {
		at = time.Time{}
	}
	s.release(ctx, it, l.info.ID, at, err, "turn")
}

// hopeless reports whether waiting cannot help.
func hopeless(err error) bool {
	var p permanent
	if errors.As(err, &p) || errors.Is(err, ErrNotMine) || errors.Is(err, errStale) {
		return true
	}
	var e *channels.Error
	return errors.As(err, &e) && e.Op == "fit"
}

// release gives an item back and tells the log why; the error's text is not
// written when it is a handler's own, because it may hold anything.
func (s *Service) release(ctx context.Context, it Item, line channels.ID, at time.Time, cause error, what string) {
	code, verb := channels.Code(cause), "retry"
	if at.IsZero() {
		verb = "dead"
	}
	s.observe(Observation{Name: what + "." + verb, Line: line, Code: code, N: 1})
	attrs := []any{"queue", what, "as", verb, "item", it.ID, "line", line, "attempt", it.Attempt, "code", code}
	if s.cfg.InsecureLogErrors {
		attrs = append(attrs, "error", cause)
	}
	s.cfg.Logger.WarnContext(ctx, "work given back", attrs...)
	if err := s.cfg.Store.Release(ctx, it, at, cause); err != nil && !errors.Is(err, ErrLeaseLost) {
		s.cfg.Logger.ErrorContext(ctx, "release failed", "item", it.ID, "error", err) // the lease will run out
	}
	s.changed()
}

// handleEvent decides by the kind of event.
func (s *Service) handleEvent(ctx context.Context, l *line, it Item) error {
	switch e := it.Event.(type) {
	case *channels.Received:
		if now := s.cfg.Now(); !e.At.IsZero() && now.Sub(e.At) > DedupeFor {
			return errStale
		}
		return s.turn(ctx, l, it, s.handler)
	case *channels.Due:
		return s.turn(ctx, l, it, s.handler)
	case *channels.StatusChanged:
		return s.status(ctx, it, e)
	case *channels.Echoed:
		return s.echo(ctx, l, it, e)
	case *channels.Malformed:
		s.operator(ctx, e)
		return Permanent(fmt.Errorf("alt: %w", channels.ErrMalformed)) // a letter: a person looks at it
	case *channels.LineChanged:
		s.operator(ctx, e)
		return s.commit(ctx, it, Changes{Log: []LogEntry{{Agency: e.Agency, At: s.cfg.Now(), Act: "line.changed", Actor: "provider", Line: e.Channel,
			Detail: map[string]string{"subject": e.Subject, "name": e.Name, "state": e.State}}}})
	default:
		if it.Event.Address().IsZero() {
			s.operator(ctx, it.Event)
			return s.commit(ctx, it, Changes{})
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
// changed meanwhile.
func (s *Service) turn(ctx context.Context, l *line, it Item, h Handler) error {
	var err error
	for range conflictTries {
		if err = s.turnOnce(ctx, l, it, h); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return err
}

func (s *Service) turnOnce(ctx context.Context, l *line, it Item, h Handler) error {
	a := it.Event.Address()
	d, err := s.cfg.Store.Dossier(ctx, a)
	if err != nil {
		return err
	}
	t := &Turn{svc: s, line: l, item: it, ev: it.Event, now: s.cfg.Now(), d: d, author: channels.Bot, actor: "bot"}
	var c Changes
	if r, ok := it.Event.(*channels.Received); ok {
		t.meet(r)
		c.Record = true
		t.fx.log = append(t.fx.log, LogEntry{Agency: a.Agency, At: t.now, Act: "message.received", Actor: "contact", Line: a.Channel,
			Conversation: t.d.Conversation.ID, Message: fmt.Sprintf("in-%d", it.ID)})
	} else {
		if t.d.Contact == nil {
			t.d.Contact = &Contact{Address: a}
		}
		if w, ok := it.Event.(*channels.Withdrawn); ok {
			if err := s.dropFile(ctx, t.d.Conversation, w.ID); err != nil {
				return err
			}
		}
		c.Redactions = t.notice(it.Event)
	}
	if h != nil {
		offer := t.d.Contact.Offer
		if err := s.call(ctx, h, t); err != nil {
			return err
		}
		if _, chose := t.Chosen(); chose && !t.fx.offered && len(offer) > 0 {
			t.d.Contact.Offer = nil // answered; a later "2" is just a text
		}
	}
	all := t.changes()
	all.Record, all.Redactions = c.Record, c.Redactions
	return s.commit(ctx, it, all)
}

// dropFile deletes the file of a message that was withdrawn, before its content
// is: then a crash in between cannot leave a file that nothing names.
func (s *Service) dropFile(ctx context.Context, c *Conversation, id channels.ProviderID) error {
	if c == nil {
		return nil
	}
	for before := ""; ; {
		page, earlier, err := s.cfg.Store.Messages(ctx, MessageQuery{Agency: c.Address.Agency, Conversation: c.ID, Limit: 500, Before: before})
		if err != nil {
			return err
		}
		for _, m := range page {
			if f, ok := m.Content.(channels.Media); ok && m.Provider == id && m.Direction == In && f.Blob != "" {
				return s.cfg.Store.DeleteBlob(ctx, c.Address.Agency, f.Blob)
			}
		}
		if before = earlier; before == "" {
			return nil
		}
	}
}

// notice applies what an event that is no message means by itself.
func (t *Turn) notice(e channels.Event) []Redaction {
	switch e := e.(type) {
	case *channels.Edited:
		t.note("message.edited", nil)
		return []Redaction{{Address: e.Address(), ID: e.ID, With: e.Content, At: t.now}}
	case *channels.Withdrawn:
		t.note("message.withdrawn", nil)
		return []Redaction{{Address: e.Address(), ID: e.ID, At: t.now}}
	case *channels.OptedOut:
		t.d.Contact.OptedOut = !e.In
		t.note("contact.opted_out", map[string]string{"in": fmt.Sprint(e.In)})
	case *channels.ThreadControl:
		if c := t.d.Conversation; c != nil {
			switch {
			case !e.Mine:
				c.Holder = Holder{Kind: HeldByDesk, By: "provider"}
			case c.Holder.By == "provider":
				c.Holder = Holder{}
			}
		}
	case *channels.SessionEnded:
		t.svc.observe(Observation{Name: "session.expired", Line: t.line.info.ID, Code: e.Reason, N: 1})
	}
	return nil
}

// status hands the provider's report to the store. A failure may also say
// something about the person.
func (s *Service) status(ctx context.Context, it Item, e *channels.StatusChanged) error {
	now := s.cfg.Now()
	rep := Report{Address: channels.Address{Agency: e.Agency, Channel: e.Channel, Peer: e.Peer}, ID: e.ID, Ref: e.Ref, Until: e.Until,
		Status: e.Status, At: e.At, Thread: e.Thread}
	c := Changes{}
	if e.Err != nil {
		rep.Code = channels.Code(e.Err)
		closed, out := errors.Is(e.Err, channels.ErrWindowClosed), errors.Is(e.Err, channels.ErrOptedOut)
		if (closed || out) && e.Peer != "" {
			d, err := s.cfg.Store.Dossier(ctx, e.Address())
			if err != nil {
				return err
			}
			if c.Contact = d.Contact; c.Contact != nil {
				c.Contact.OptedOut = c.Contact.OptedOut || out
				if closed {
					c.Contact.WindowClosed = now
				}
			}
		}
	}
	c.Reports = []Report{rep}
	if err := s.commit(ctx, it, c); err != nil {
		return err
	}
	s.observe(Observation{Name: "report.applied", Line: e.Channel, Code: string(e.Status), N: 1})
	return nil
}

// echo reconciles our own message, or records one that another application
// sent. It never becomes a turn.
func (s *Service) echo(ctx context.Context, l *line, it Item, e *channels.Echoed) error {
	now := s.cfg.Now()
	rep := Report{Address: e.Address(), ID: e.ID, Ref: e.Ref, Status: channels.Sent, At: e.At, Thread: e.Thread, Echo: e.Content}
	if e.Content == nil {
		rep.Echo = channels.Unsupported{Type: "echo"}
	}
	err := s.commit(ctx, it, Changes{Reports: []Report{rep}})
	if err == nil {
		s.observe(Observation{Name: "echo.matched", Line: l.info.ID, N: 1})
		return nil
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	if now.Before(it.Accepted.Add(foreignAfter)) {
		return s.cfg.Store.Release(ctx, it, now.Add(delay(it.Attempt)), err)
	}
	if e.Peer == "" {
		return s.commit(ctx, it, Changes{})
	}
	d, err := s.cfg.Store.Dossier(ctx, e.Address())
	if err != nil {
		return err
	}
	t := &Turn{svc: s, line: l, item: it, ev: e, now: now, d: d, actor: "provider"}
	if t.d.Contact == nil {
		t.d.Contact = &Contact{Address: e.Address()}
	}
	t.conversation().LastOut = now
	c := t.changes()
	c.Record = true
	s.observe(Observation{Name: "echo.foreign", Line: l.info.ID, N: 1})
	return s.commit(ctx, it, c)
}
