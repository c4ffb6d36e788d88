package alt

import (
	"context"
	"errors"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// foreignAfter is how long an echo may be of a message whose receipt is still
// on its way to the store; later it is another application's. A longer lease
// makes it longer, because only its end tells that the receipt was lost.
const foreignAfter = time.Minute

// status hands the provider's report to the store. A failure may also say
// something about the person.
func (s *Service) status(ctx context.Context, l *line, it Item, e *channels.StatusChanged) error {
	c := Changes{Reports: []Report{{Address: channels.Address{Agency: e.Agency, Channel: e.Channel, Peer: e.Peer}, ID: e.ID, Ref: e.Ref,
		Until: e.Until, Status: e.Status, At: e.At, Thread: e.Thread}}}
	if e.Err != nil {
		c.Reports[0].Code = channels.Code(e.Err)
	}
	err := decide(func() (err error) {
		if c.Log, c.Flows, err = s.charge(ctx, l, e); err != nil {
			return err
		}
		if e.Peer != "" && personal(e.Err) {
			d, err := s.cfg.Store.Dossier(ctx, e.Address())
			if err != nil {
				return err
			}
			if c.Contact = nil; d.Contact != nil && d.Contact.learn(e.Err, earlier(e.At, s.cfg.Now())) {
				c.Contact = d.Contact
			}
		}
		return s.commit(ctx, it, c)
	})
	if err == nil {
		s.observe(Observation{Name: "report.applied", Line: e.Channel, Code: string(e.Status), N: 1})
		s.charged(e)
	}
	return err
}

// charged counts what is paid for, by the provider's own category.
func (s *Service) charged(e *channels.StatusChanged) {
	if e.Charge == nil {
		return
	}
	name := "message.free"
	if e.Charge.Billable {
		name = "message.charged"
	}
	s.observe(Observation{Name: name, Line: e.Channel, Code: e.Charge.Category, N: 1})
}

// refused keeps what the refusal of a send says about the person.
func (s *Service) refused(ctx context.Context, to channels.Address, e *channels.Error) {
	if !personal(e) {
		return
	}
	at := s.cfg.Now()
	err := decide(func() error {
		d, err := s.cfg.Store.Dossier(ctx, to)
		if err != nil || d.Contact == nil || !d.Contact.learn(e, at) {
			return err
		}
		return s.commit(ctx, Item{}, Changes{Contact: d.Contact})
	})
	if err != nil {
		s.cfg.Logger.WarnContext(ctx, "refusal not kept with the contact", "line", to.Channel, "error", err)
	}
}

// personal reports whether a failure speaks of the person rather than of the
// message or the line.
func personal(e *channels.Error) bool {
	return e != nil && (errors.Is(e, channels.ErrWindowClosed) || errors.Is(e, channels.ErrOptedOut))
}

// learn keeps what a refusal says that was spoken at the given time, and
// reports whether it still says anything: what the person wrote since counts
// more.
func (c *Contact) learn(e *channels.Error, at time.Time) bool {
	if at.Before(c.LastInbound) {
		return false
	}
	if errors.Is(e, channels.ErrOptedOut) {
		c.optOut(true, at)
	}
	// Providers tell times in whole seconds: within one second nobody knows what
	// came first, and a window that is wrongly open costs a refusal only.
	if errors.Is(e, channels.ErrWindowClosed) && at.Truncate(time.Second).After(c.LastInbound) {
		c.WindowClosed = at
	}
	return true
}

func (c *Contact) optOut(out bool, at time.Time) {
	c.OptedOut, c.OptedOutAt = out, time.Time{}
	if out {
		c.OptedOutAt = at
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// echo reconciles our own message, or records one that another application
// sent. It never becomes a turn.
func (s *Service) echo(ctx context.Context, l *line, it Item, e *channels.Echoed) error {
	rep := Report{Address: e.Address(), ID: e.ID, Ref: e.Ref, Status: channels.Sent, At: e.At, Thread: e.Thread, Echo: e.Content}
	if e.Content == nil {
		rep.Echo = channels.Unsupported{Type: "echo"}
	}
	err := s.commit(ctx, it, Changes{Reports: []Report{rep}})
	switch {
	case err == nil:
		s.observe(Observation{Name: "echo.matched", Line: l.info.ID, N: 1})
		return nil
	case !errors.Is(err, ErrNotFound):
		return err
	case s.cfg.Now().Before(it.Accepted.Add(max(foreignAfter, s.cfg.Lease))):
		return s.cfg.Store.Release(ctx, it, s.cfg.Now().Add(delay(it.Attempt)), err)
	case e.Peer == "":
		return s.commit(ctx, it, Changes{})
	}
	err = decide(func() error {
		d, err := s.cfg.Store.Dossier(ctx, e.Address())
		if err != nil {
			return err
		}
		if err := s.goesOn(ctx, &d); err != nil {
			return err
		}
		t := &Turn{svc: s, line: l, item: it, ev: e, now: s.cfg.Now(), d: d, actor: "provider"}
		if t.d.Contact == nil {
			t.d.Contact = &Contact{Address: e.Address()}
		}
		t.conversation().LastOut = t.now
		t.note(actEchoed, nil)
		t.fx.log[len(t.fx.log)-1].Message = inboundID(it)
		c := t.changes()
		c.Record = true
		return s.commit(ctx, it, c)
	})
	if err == nil {
		s.observe(Observation{Name: "echo.foreign", Line: l.info.ID, N: 1})
	}
	return err
}
