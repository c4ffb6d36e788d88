package alt

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// byContinue is why a conversation ended that goes on within another one.
const byContinue = "continued"

// Where returns where a conversation is held now: answers go there.
func (c *Conversation) Where() channels.Address {
	if n := len(c.Trail); n > 0 {
		return c.Trail[n-1]
	}
	return c.Address
}

// addresses returns every address at which a conversation was held.
func (c *Conversation) addresses() []channels.Address {
	if slices.Contains(c.Trail, c.Address) {
		return c.Trail
	}
	return append([]channels.Address{c.Address}, c.Trail...)
}

// arrive makes a the place where the conversation is held now.
func (c *Conversation) arrive(a channels.Address) {
	c.Trail = append(slices.DeleteFunc(slices.Clone(c.addresses()), func(b channels.Address) bool { return b == a }), a)
}

// leave forgets that the conversation was held at a, which is not its Address.
func (c *Conversation) leave(a channels.Address) {
	c.Trail = slices.DeleteFunc(slices.Clone(c.Trail), func(b channels.Address) bool { return b == a })
}

// Continue lets an open conversation go on at another account of the same
// person, under its id, so that its transcript shows both: what is answered goes
// there from now on, and what the person writes there belongs to it. It goes
// where the person writes, so when they write at the old account again, answers
// go there again. An open conversation at the new account ends with the reason
// "continued".
//
// That both are one person must be proven: the session of the conversation has an
// identity, and to is among Accounts of it; or the conversation was held at to
// before. Otherwise the error is ErrPolicy. ErrHeld when people other than by have
// the conversation that is open there, or somebody waits for them in it;
// ErrNotFound, ErrUnknownLine, and ErrInput when the conversation has ended.
// Whether the line lets the agency write first is decided by the message that is
// sent.
func (s *Service) Continue(ctx context.Context, agency channels.Agency, conversation string, to channels.Address, by string) error {
	if to.Agency == "" {
		to.Agency = agency
	}
	return decide(func() error { return s.continueAt(ctx, agency, conversation, to, by) })
}

func (s *Service) continueAt(ctx context.Context, agency channels.Agency, conversation string, to channels.Address, by string) error {
	conv, err := s.cfg.Store.Conversation(ctx, agency, conversation)
	switch {
	case err != nil:
		return err
	case to.Agency != agency || s.lineOf(agency, to.Channel) == nil:
		return fmt.Errorf("%w: %.64q", ErrUnknownLine, to.Channel)
	case conv.State != Open:
		return fmt.Errorf("%w: the conversation has ended", ErrInput)
	case conv.Where() == to:
		return nil
	}
	if err := s.samePerson(ctx, conv, to); err != nil {
		return err
	}
	d, err := s.cfg.Store.Dossier(ctx, to)
	if err != nil {
		return err
	}
	if err := s.makeWay(ctx, d, conv, by); err != nil {
		return err
	}
	c := Changes{Conversation: conv}
	if to != conv.Address {
		if c.Contact = d.Contact; c.Contact == nil {
			c.Contact = &Contact{Address: to}
		}
		c.Contact.Continues = conv.ID
	}
	from := conv.Where()
	conv.arrive(to)
	c.Log = []LogEntry{{Agency: agency, At: s.cfg.Now(), Act: "conversation.continued", Actor: by, Line: to.Channel, Conversation: conv.ID,
		Detail: map[string]string{"from": string(from.Channel)}}}
	return s.commit(ctx, Item{}, c)
}

// samePerson returns ErrPolicy unless it is proven that who holds an account is
// whom the conversation is with.
func (s *Service) samePerson(ctx context.Context, conv *Conversation, to channels.Address) error {
	if slices.Contains(conv.addresses(), to) {
		return nil
	}
	d, err := s.cfg.Store.Dossier(ctx, conv.Where())
	if err != nil {
		return err
	}
	if !s.Active(d.Session) || d.Session.Identity == nil {
		return fmt.Errorf("%w: nobody is proven in the conversation", ErrPolicy)
	}
	known, err := s.Accounts(ctx, to.Agency, d.Session.Identity.Code)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(known, func(a Account) bool { return a.Address == to }) {
		return fmt.Errorf("%w: the account on line %.64q is not known as the person's", ErrPolicy, to.Channel)
	}
	return nil
}

// makeWay ends the conversation that is open at the other account.
func (s *Service) makeWay(ctx context.Context, d Dossier, conv *Conversation, by string) error {
	other := d.Conversation
	if other == nil || other.State != Open || other.ID == conv.ID {
		return nil
	}
	if other.Holder.Kind == HeldByDesk && other.Holder.By != by {
		return fmt.Errorf("%w: the person writes there to somebody else", ErrHeld)
	}
	now := s.cfg.Now()
	other.State, other.Ended, other.Reason, other.Unread = Ended, now, byContinue, 0
	return s.commit(ctx, Item{}, Changes{Conversation: other, Log: []LogEntry{{Agency: conv.Address.Agency, At: now, Act: "conversation.ended", Actor: by,
		Line: other.Address.Channel, Conversation: other.ID, Detail: map[string]string{"reason": byContinue, "in": conv.ID}}}})
}

// goesOn puts the conversation that goes on at an account in the place of its
// own one.
func (s *Service) goesOn(ctx context.Context, d *Dossier) error {
	if d.Contact == nil || d.Contact.Continues == "" {
		return nil
	}
	conv, err := s.cfg.Store.Conversation(ctx, d.Contact.Address.Agency, d.Contact.Continues)
	switch {
	case err == nil && conv.State == Open:
		d.Conversation = conv
	case err == nil || errors.Is(err, ErrNotFound):
		d.Contact.Continues = "" // kept with whatever changes next
	default:
		return err
	}
	return nil
}

// goesBack ends that at an account a conversation goes on which began at another
// one: it may be somebody else's now.
func (d *Dossier) goesBack() {
	if d.Contact == nil || d.Contact.Continues == "" {
		return
	}
	if c := d.Conversation; c != nil && c.ID == d.Contact.Continues {
		c.leave(d.Contact.Address)
	}
	d.Contact.Continues = ""
}
