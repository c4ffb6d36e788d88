package alt

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// What people wrote lies at the provider too. When a talk is over for
// Config.EraseAfter, the line is asked to erase it there, by an item of the
// inbox that stands in no person's lane.

const (
	dueErase  = "erase:" // begins the name of the item, before the conversation's id
	actErased = "conversation.erased"
	// erasing is how many are worked at in one process: a provider that is slow
	// with them must not take the workers that people wait for.
	erasing   = 4
	eraseBusy = 10 * time.Second
	// Between tries the wait doubles from a minute to a day; it ends after two
	// weeks.
	eraseAgain  = time.Minute
	eraseApart  = 24 * time.Hour
	eraseTrying = 14 * 24 * time.Hour
)

// EraseFailed is the result of an erasure that the provider refused, or that
// could not be had within two weeks; the other results are those of
// channels.Erasure.
const EraseFailed channels.Erasure = "failed"

// eraseLater has the conversation erased at the provider of each line it was on,
// if it is still over then.
func (t *Turn) eraseLater() {
	conv := t.d.Conversation
	if conv == nil || t.svc.cfg.EraseAfter == 0 {
		return
	}
	for _, a := range conv.addresses() {
		t.fx.later = append(t.fx.later, eraseAt(conv.ID, a, t.now.Add(t.svc.cfg.EraseAfter)))
	}
}

// eraseAt names no person: what a provider is asked for must hold nobody's
// messages up.
func eraseAt(conversation string, a channels.Address, at time.Time) Later {
	return Later{At: at, Event: &channels.Due{Name: dueErase + conversation, EventMeta: channels.EventMeta{
		Key: dueErase + conversation + "/" + strconv.FormatInt(at.UnixMicro(), 36), Channel: a.Channel, Agency: a.Agency, At: at}}}
}

// erasureOf returns the conversation that an event wants to be erased.
func erasureOf(e *channels.Due) (conversation string, ok bool) {
	if e.Peer != "" { // a handler's
		return "", false
	}
	return strings.CutPrefix(e.Name, dueErase)
}

// erase asks the provider to erase what it has of a conversation on this line.
func (s *Service) erase(ctx context.Context, l *line, it Item, conversation string) error {
	defer s.erasing.Add(-1)
	if s.erasing.Add(1) > erasing {
		return s.eraseAgain(ctx, it, eraseBusy, channels.ErrUnavailable)
	}
	m := it.Event.Meta()
	conv, err := s.cfg.Store.Conversation(ctx, m.Agency, conversation)
	if errors.Is(err, ErrNotFound) {
		return s.commit(ctx, it, Changes{})
	} else if err != nil {
		return err
	}
	var to channels.Address
	for _, a := range conv.addresses() {
		if a.Channel == m.Channel {
			to = a
		}
	}
	d, err := s.cfg.Store.Dossier(ctx, to)
	if err != nil {
		return err
	}
	switch at, over := s.erasable(conv, d); {
	case to.IsZero() || !over || s.cfg.EraseAfter == 0:
		return s.commit(ctx, it, Changes{})
	case s.cfg.Now().Before(at):
		return s.commit(ctx, it, Changes{Later: []Later{eraseAt(conversation, to, at)}})
	default:
		done, err := s.wasErased(ctx, conv, to.Channel, at.Add(-s.cfg.EraseAfter))
		if err != nil {
			return err
		} else if done {
			return s.commit(ctx, it, Changes{})
		}
	}
	result, failure := s.askToErase(ctx, l, it, to, threadOf(&l.info, d.Contact, conv))
	if failure != nil && passes(failure) && s.cfg.Now().Before(m.At.Add(eraseTrying)) {
		s.observe(Observation{Name: "erase.retry", Line: m.Channel, Code: channels.Code(failure), N: 1})
		wait := min(eraseAgain<<min(it.Attempt-1, 16), eraseApart)
		return s.eraseAgain(ctx, it, wait, failure)
	}
	detail := map[string]string{"result": string(result)}
	if failure != nil {
		detail["result"], detail["code"] = string(EraseFailed), channels.Code(failure)
	}
	s.observe(Observation{Name: "erase.done", Line: m.Channel, Code: detail["result"], N: 1})
	return s.commit(ctx, it, Changes{Log: []LogEntry{{Agency: m.Agency, At: s.cfg.Now(), Act: actErased, Actor: string(channels.System),
		Line: m.Channel, Conversation: conversation, Detail: detail}}})
}

// eraseAgain gives the item back.
func (s *Service) eraseAgain(ctx context.Context, it Item, wait time.Duration, cause error) error {
	return s.insist(ctx, func(ctx context.Context) error {
		return s.cfg.Store.Release(ctx, it, s.cfg.Now().Add(wait), cause)
	})
}

// erasable returns from when on a conversation may be erased; not over: the
// person's talk goes on, or a later one did, and the end of that erases both,
// because providers know one conversation with a person.
func (s *Service) erasable(conv *Conversation, d Dossier) (at time.Time, over bool) {
	latest := d.Conversation
	if latest == nil || latest.ID == conv.ID {
		latest = conv
	}
	switch {
	case s.Active(d.Session):
		return at, false
	case latest != conv && (latest.State == Open || latest.Ended.After(conv.Ended)):
		return at, false
	case conv.State == Open && conv.Holder.Kind == HeldByDesk: // people have not finished
		return at, false
	}
	at = conv.Opened
	times := []time.Time{conv.LastIn, conv.LastOut, conv.Ended}
	if d.Session != nil {
		times = append(times, d.Session.Ended)
	}
	for _, t := range times {
		if t.After(at) {
			at = t
		}
	}
	return at.Add(s.cfg.EraseAfter), true
}

// wasErased reports whether that was done since a time: two ends, of a session
// and of its conversation, ask for the same.
func (s *Service) wasErased(ctx context.Context, conv *Conversation, line channels.ID, since time.Time) (bool, error) {
	done := false
	err := s.eachEntry(ctx, LogQuery{Agency: conv.Address.Agency, Conversation: conv.ID, From: since}, func(e LogEntry) {
		done = done || e.Act == actErased && e.Line == line
	})
	return done, err
}

// threadOf returns the provider's name of a conversation, unless it is another
// provider's.
func threadOf(info *channels.Info, c *Contact, conv *Conversation) string {
	if c == nil {
		return conv.Thread
	}
	if c.Provider != "" && c.Provider != info.Provider {
		return ""
	}
	return c.Thread
}

// askToErase calls the driver; one that cannot erase is no error.
func (s *Service) askToErase(ctx context.Context, l *line, it Item, to channels.Address, thread string) (result channels.Erasure, err error) {
	eraser, ok := channels.As[channels.Eraser](l.Channel)
	if !ok {
		return channels.NotErasable, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.SendTimeout)
	defer cancel()
	err = s.guard(ctx, "driver", l.info.ID, it.ID, func() (err error) {
		result, err = eraser.Erase(ctx, to, thread)
		return err
	})
	return result, err
}

// passes reports whether waiting, or an operator, can help. What a driver does
// not say is tried again: to erase twice harms nobody.
func passes(err error) bool {
	return !errors.Is(err, channels.ErrRejected) && !errors.Is(err, channels.ErrUnsupported) && !errors.Is(err, channels.ErrUnreachable)
}
