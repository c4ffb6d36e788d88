package alt

import (
	"fmt"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/uuid"
	"github.com/liidestuja/liidestuja/session"
)

// mark is a point to which a turn can be taken back.
type mark struct {
	d  Dossier
	fx effects
}

func (t *Turn) mark() mark { return mark{d: cloneDossier(t.d), fx: t.fx} }

// rewind restores what there was in place: a middleware may hold on to the
// Session.
func (t *Turn) rewind(m mark) {
	t.fx = m.fx
	restore(t.d.Contact, m.d.Contact)
	restore(t.d.Conversation, m.d.Conversation)
	restore(t.d.Session, m.d.Session)
}

func restore[T any](v, old *T) {
	if old != nil {
		*v = *old
	}
}

func cloneDossier(d Dossier) Dossier {
	if d.Contact != nil {
		c := *d.Contact
		c.Offer = slices.Clone(c.Offer)
		d.Contact = &c
	}
	if d.Conversation != nil {
		c := *d.Conversation
		d.Conversation = &c
	}
	if d.Session != nil {
		d.Session = d.Session.Clone()
	}
	return d
}

// holder is who has the conversation now, hand-overs of this turn included.
func (t *Turn) holder() Holder {
	if t.d.Conversation == nil {
		return Holder{}
	}
	return t.d.Conversation.Holder
}

// enter makes l the one that answers.
func (t *Turn) enter(l Link) {
	t.author, t.actor = channels.Bot, "bot:"+l.Name
	if l.Kind == HeldByDesk {
		t.author, t.actor = channels.Person, "desk:"+l.Name
	}
	c := t.d.Conversation
	if c == nil || c.Holder.Name == l.Name && c.Holder.Kind == l.Kind {
		return
	}
	c.Holder = Holder{Kind: l.Kind, Name: l.Name}
	if l.Kind != HeldByDesk {
		c.Waiting, c.Unread = time.Time{}, 0
	}
}

func (t *Turn) takeHandOver() string {
	to := t.fx.handOver
	t.fx.handOver = ""
	if to != "" {
		t.fx.released = false
	}
	return to
}

// handedOver refuses a hand-over that no chain has carried out.
func (t *Turn) handedOver() error {
	if t.fx.handOver == "" {
		return nil
	}
	return Permanent(fmt.Errorf("%w: Turn.HandOver is for a link of a Chain", ErrInput))
}

// meet brings the dossier to the person's message r: contact, conversation and
// session are there afterwards.
func (t *Turn) meet(r *channels.Received) {
	a, now := r.Address(), t.now
	if t.d.Contact == nil {
		t.d.Contact = &Contact{Address: a}
	}
	c := t.d.Contact
	at := earlier(r.At, now) // a clock ahead of ours must not lengthen the window
	if at.After(c.LastInbound) {
		c.LastInbound = at
	}
	c.WindowClosed = time.Time{}
	if at.After(c.OptedOutAt) { // who writes wants an answer
		c.optOut(false, at)
	}
	c.Name, c.Language = or(r.From.Name, c.Name), or(c.Language, r.From.Language)
	c.Thread = or(r.Thread, c.Thread)
	c.Provider, c.PeerSpace = r.Provider, r.PeerSpace
	began := t.session()
	if conv := t.conversation(); conv.Where() != c.Address { // the person is back
		conv.arrive(c.Address)
		t.note("conversation.continued", nil)
	}
	if began { // in this conversation, which the log of a session is found by
		t.note("session.started", map[string]string{"session": t.d.Session.ID})
	}
	t.d.Conversation.LastIn = now
	t.d.Conversation.Name, t.d.Conversation.Language, t.d.Conversation.Thread = c.Name, t.Language(), c.Thread
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// conversation returns the open one, beginning it if need be.
func (t *Turn) conversation() *Conversation {
	if c := t.d.Conversation; c == nil || c.State != Open {
		a := t.d.Contact.Address
		t.d.Conversation = &Conversation{ID: uuid.New(t.now), Address: a, State: Open, Opened: t.now, Name: t.d.Contact.Name}
		t.note("conversation.opened", nil)
	}
	return t.d.Conversation
}

// session continues the active session or starts the next one, which it reports.
func (t *Turn) session() (began bool) {
	old := t.d.Session
	if old != nil {
		expired := t.svc.cfg.Session.Expire(old, t.now)
		if old.Active() {
			old.LastSeen = t.now
			return false
		}
		if expired { // the store's own expiry had not come to it yet
			a := old.Address
			t.note("session.ended", map[string]string{"reason": string(old.Reason), "session": old.ID})
			t.proofOver(old)
			t.fx.later = append(t.fx.later, Later{At: t.now, Event: &channels.SessionEnded{
				EventMeta: channels.EventMeta{Key: "session/" + old.ID, Channel: a.Channel, Agency: a.Agency, Peer: a.Peer, At: old.Ended},
				Session:   old.ID, Reason: string(old.Reason),
			}})
		}
	}
	s := session.New(t.d.Contact.Address, t.now)
	if old != nil {
		s.Version = old.Version
	}
	t.d.Session, t.level = s, eid.Undefined
	return true
}

func levelOf(d Dossier) eid.Level {
	if d.Session == nil {
		return eid.Undefined
	}
	return d.Session.Level
}

// proven writes down that more is known of who the person is than before the
// turn: how, and how surely, and never who.
func (t *Turn) proven() {
	s := t.d.Session
	if s == nil || s.Level <= t.level {
		return
	}
	detail := map[string]string{"level": s.Level.String()}
	if s.Identity != nil {
		detail["method"] = string(s.Identity.Method)
	}
	t.note("session.proven", detail)
}

// changes returns all that the turn commits.
func (t *Turn) changes() Changes {
	t.proven()
	c := Changes{Session: t.d.Session, Contact: t.d.Contact, Conversation: t.d.Conversation,
		Send: t.fx.send, Later: t.fx.later, Flows: t.fx.flows, Once: t.fx.once}
	if t.fx.cancel {
		c.CancelBot = t.Address()
	}
	if conv := t.d.Conversation; conv != nil {
		if t.fx.released {
			conv.Holder = Holder{}
		}
		if len(t.fx.send) > 0 {
			conv.LastOut = t.now
			if t.author == channels.Person && t.ev == nil {
				conv.Waiting = time.Time{} // a specialist has answered
			}
		}
	}
	for _, o := range t.fx.send {
		if o.Part > 0 {
			continue
		}
		e := LogEntry{Agency: o.To.Agency, At: t.now, Act: actQueued, Actor: t.actor, Line: o.To.Channel, Message: string(o.ID)}
		if t.d.Conversation != nil {
			e.Conversation = t.d.Conversation.ID
		}
		t.fx.log = append(t.fx.log, e)
	}
	c.Log = t.fx.log
	return c
}
