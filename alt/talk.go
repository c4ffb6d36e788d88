package alt

import (
	"context"
	"fmt"

	"github.com/liidestuja/liidestuja/channels"
)

// Talk lets a specialist act on a conversation: do collects effects on a Turn
// as a handler does, and all of them are committed at once. It is called again
// when the conversation changed meanwhile. by names the specialist, an id of
// the agency's own system. ErrNotFound when the agency has no such
// conversation; do's error is returned as it is.
func (s *Service) Talk(ctx context.Context, agency channels.Agency, conversation, by string, do func(t *Turn) error) error {
	return decide(func() error { return s.talk(ctx, agency, conversation, by, do) })
}

func (s *Service) talk(ctx context.Context, agency channels.Agency, conversation, by string, do func(t *Turn) error) error {
	conv, err := s.cfg.Store.Conversation(ctx, agency, conversation)
	if err != nil {
		return err
	}
	at := conv.Where()
	l := s.lineOf(agency, at.Channel)
	if l == nil {
		return fmt.Errorf("%w: %.64q", ErrUnknownLine, at.Channel)
	}
	d, err := s.cfg.Store.Dossier(ctx, at)
	if err != nil {
		return err
	}
	d.Conversation = conv
	if d.Contact == nil {
		d.Contact = &Contact{Address: at}
	}
	t := &Turn{svc: s, line: l, now: s.cfg.Now(), d: d, level: levelOf(d), author: channels.Person, actor: by, by: by}
	if err := do(t); err != nil {
		return err
	}
	if err := s.approved(ctx, l, t.fx.send...); err != nil {
		return err
	}
	if err := t.handedOver(); err != nil {
		return err
	}
	return s.commit(ctx, Item{}, t.changes())
}

// Settle carries out a person's verdict on a letter; see Letters.
func (s *Service) Settle(ctx context.Context, agency channels.Agency, id int64, v Verdict, by string) error {
	err := s.cfg.Store.Settle(ctx, agency, id, v, LogEntry{Agency: agency, At: s.cfg.Now(), Act: "letter." + string(v), Actor: by,
		Detail: map[string]string{"letter": fmt.Sprint(id)}})
	if err != nil {
		return err
	}
	s.kick(Inbox)
	s.kick(Outbox)
	s.changed()
	return nil
}
