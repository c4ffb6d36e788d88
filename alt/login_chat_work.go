package alt

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// The method of a dialogue is begun, and asked for its end, by an item of the
// inbox that stands in no person's lane: it goes back to the queue after each
// look, so that a restart goes on with it, and the person can write meanwhile.

const (
	dueDialogue = "dialogue:" // begins the name of the item, before the login's id
	// askPause is between two looks. A method waits at its service by itself, as
	// long as that allows.
	askPause = 2 * time.Second
	// askAgain is after a service that could not be asked.
	askAgain = 5 * time.Second
)

// work is the item that brings a dialogue to its end. It names no person, which
// gives it a lane of its own.
func (d *dialogue) work(at time.Time) Later {
	return Later{At: at, Event: &channels.Due{Name: dueDialogue + d.ID, EventMeta: channels.EventMeta{
		Key: dueDialogue + d.ID, Channel: d.To.Channel, Agency: d.To.Agency, At: at}}}
}

// dialogueOf returns the login whose work an event is.
func dialogueOf(e *channels.Due) (login string, ok bool) {
	if e.Peer != "" { // a handler's
		return "", false
	}
	return strings.CutPrefix(e.Name, dueDialogue)
}

// authenticate does what a dialogue waits for. It takes at most a quarter of the
// workers, because a service answers when the person does.
func (s *Service) authenticate(ctx context.Context, l *line, it Item, login string) error {
	if s.logins == nil {
		return s.commit(ctx, it, Changes{})
	}
	defer s.logins.asking.Add(-1)
	if n := int(s.logins.asking.Add(1)); n > max(1, s.cfg.TurnWorkers/4) {
		return s.lookAgain(ctx, it, askPause)
	}
	work, cancel := context.WithTimeout(ctx, s.cfg.HandlerTimeout)
	defer cancel()
	err := s.work(work, l, it, login)
	switch {
	case err == nil || errors.Is(err, ErrLeaseLost):
		return err
	case errors.Is(err, ErrConflict): // the person said something
		return s.lookAgain(ctx, it, 0)
	case errors.Is(err, eid.ErrPending):
		return s.lookAgain(ctx, it, askPause)
	}
	s.observe(Observation{Name: "login.unasked", Line: l.info.ID, N: 1})
	return s.lookAgain(ctx, it, askAgain)
}

// lookAgain gives the item back. However often, that is no failure.
func (s *Service) lookAgain(ctx context.Context, it Item, wait time.Duration) error {
	return s.insist(ctx, func(ctx context.Context) error {
		return s.cfg.Store.Release(ctx, it, s.cfg.Now().Add(wait), eid.ErrPending)
	})
}

func (s *Service) work(ctx context.Context, l *line, it Item, login string) error {
	agency := it.Event.Meta().Agency
	d, err := s.loadDialogue(ctx, agency, login)
	if errors.Is(err, ErrNotFound) {
		return s.commit(ctx, it, Changes{})
	} else if err != nil {
		return err
	}
	person, err := s.cfg.Store.Dossier(ctx, d.To)
	if err != nil {
		return err
	}
	method := s.logins.methods[eid.MobileID]
	switch state := inDialogue(person); {
	case state == nil || state.ID != d.ID || method == nil: // nobody waits for it any more
		d.flow.Spent = true
		return s.commit(ctx, it, Changes{Flows: []Flow{d.flow}})
	case d.Step == stepBegin:
		return s.begin(ctx, l, it, d, method)
	case d.Step == stepDecide:
		return s.resolve(ctx, l, it, d, method)
	}
	return s.commit(ctx, it, Changes{})
}

// begin begins the method, and sends the control code. It counts before it
// costs anything: a beginning that a crash cut off is one, and the telephone may
// ask once more, with a code that is in the chat then.
func (s *Service) begin(ctx context.Context, l *line, it Item, d *dialogue, method eid.Authenticator) error {
	if d.Begun >= maxBegun {
		return s.dialogueFailed(ctx, it, d, LoginExpired)
	}
	name, err := s.LoginPages().personal(d.Code)
	if err != nil {
		return err
	}
	count, few, err := s.count(ctx, d.To.Agency, name)
	if err != nil {
		return err
	}
	if !few { // somebody may be pestered with requests that are not theirs
		return s.dialogueFailed(ctx, it, d, LoginTooOften)
	}
	d.Begun++
	if err := s.saveDialogue(ctx, Item{}, d, "login.chosen", nil, Changes{Flows: []Flow{count}}); err != nil {
		return err
	}
	agency := s.logins.name(d.To.Agency, d.Language)
	c, err := method.Begin(ctx, eid.Request{Level: d.Level, Language: d.Language, Code: d.Code, Phone: d.Phone,
		Text: loginSay(d.Language, textDevice, "{agency}", agency, "{channel}", kindName(l.info.Kind))})
	switch reason := failure(err); {
	case errors.Is(err, eid.ErrRequest): // such a code or number has no Mobile-ID
		return s.dialogueFailed(ctx, it, d, LoginNoAccount)
	case reason != "":
		return s.dialogueFailed(ctx, it, d, reason)
	case err != nil:
		return err
	}
	d.Step, d.State, d.Code, d.Phone, d.flow.Expires = stepDecide, c.State, "", "", s.cfg.Now().Add(s.logins.For)
	ctx = context.WithoutCancel(ctx) // to be told to stop would make the telephone ask again
	text := loginSay(d.Language, textControl, "{code}", c.Code)
	if err := decide(func() error { return s.control(ctx, l, d, text, c.Expires) }); err != nil {
		return err
	}
	return eid.ErrPending
}

// control commits that the method was begun, with the message that tells the
// control code.
func (s *Service) control(ctx context.Context, l *line, d *dialogue, text string, until time.Time) error {
	person, err := s.cfg.Store.Dossier(ctx, d.To)
	if err != nil {
		return err
	}
	if state := inDialogue(person); state == nil || state.ID != d.ID || person.Contact == nil {
		return ErrConflict
	}
	t := &Turn{svc: s, line: l, now: s.cfg.Now(), d: person, level: levelOf(person), author: channels.System, actor: "system"}
	f, err := s.logins.sealed(d)
	if err != nil {
		return err
	}
	t.fx.flows = append(t.fx.flows, f)
	t.note("login.begun", map[string]string{"login": d.ID, "method": string(eid.MobileID)})
	if err := t.whisper(text, until); err != nil {
		return err
	}
	return s.commit(ctx, Item{}, t.changes())
}

// resolve asks the method for its end.
func (s *Service) resolve(ctx context.Context, l *line, it Item, d *dialogue, method eid.Authenticator) error {
	id, err := method.Resolve(ctx, d.State, nil)
	if err == nil {
		id.Level = min(id.Level, s.logins.policy(&l.info).most())
		if err = id.Valid(); err == nil && !id.Level.AtLeast(d.Level) {
			err = eid.ErrTooWeak
		}
	}
	switch reason := failure(err); {
	case reason != "" && ctx.Err() == nil:
		return s.dialogueFailed(ctx, it, d, reason)
	case err != nil:
		return err
	}
	ctx = context.WithoutCancel(ctx) // the service may not say it again
	d.Step, d.State, d.Identity, d.flow.Expires = stepProven, nil, &id, s.cfg.Now().Add(s.logins.For)
	return s.saveDialogue(ctx, it, d, "login.proven", map[string]string{"level": id.Level.String()},
		Changes{Later: []Later{loginEnds(d.ID, d.To, s.cfg.Now(), "")}})
}

// dialogueFailed ends a dialogue, and lets the person and the handler know.
func (s *Service) dialogueFailed(ctx context.Context, it Item, d *dialogue, reason string) error {
	d.flow.Spent = true
	return s.saveDialogue(ctx, it, d, "login.ended", map[string]string{"reason": reason},
		Changes{Later: []Later{loginEnds(d.ID, d.To, s.cfg.Now(), reason)}})
}

// saveDialogue commits a dialogue with more, and a line of the security log.
func (s *Service) saveDialogue(ctx context.Context, it Item, d *dialogue, act string, detail map[string]string, c Changes) error {
	f, err := s.logins.sealed(d)
	if err != nil {
		return err
	}
	e := LogEntry{Agency: d.To.Agency, At: s.cfg.Now(), Act: act, Actor: "system", Line: d.To.Channel, Conversation: d.Conversation,
		Detail: map[string]string{"login": d.ID, "method": string(eid.MobileID)}}
	for k, v := range detail {
		e.Detail[k] = v
	}
	c.Flows, c.Log = append([]Flow{f}, c.Flows...), []LogEntry{e}
	if err := s.commit(ctx, it, c); err != nil {
		return err
	}
	d.flow = c.Flows[0]
	s.observe(Observation{Name: act, Line: d.To.Channel, Code: detail["reason"], N: 1})
	return nil
}
