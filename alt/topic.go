package alt

import (
	"context"
	"errors"

	"github.com/liidestuja/liidestuja/channels"
)

// onTopic asks Config.Topic whether a machine may say this to a person who may
// be answered only because they asked. Nothing else needs it: what people of the
// agency write is theirs to answer for, a template's text was approved, lines
// without a window ask for no topic, and links and questions of an
// authentication are the service's own.
func (s *Service) onTopic(ctx context.Context, l *line, conv Conversation, messages []channels.Outbound) error {
	if s.cfg.Topic == nil || !windowOf(&l.info.Capabilities.Window, nil).Limited {
		return nil
	}
	for _, o := range messages {
		if _, approved := o.Content.(channels.Template); approved || o.Author == channels.Person || o.Private || len(o.Secret) > 0 {
			continue
		}
		if err := s.guard(ctx, "turn", l.info.ID, 0, func() error { return s.cfg.Topic(ctx, conv, o) }); err != nil {
			return err
		}
	}
	return nil
}

// answersOnTopic is onTopic of a handler's answers. A refusal does not pass by
// waiting: the person's message becomes a letter, for people to answer.
func (s *Service) answersOnTopic(ctx context.Context, t *Turn) error {
	err := s.onTopic(ctx, t.line, t.Conversation(), t.fx.send)
	if errors.Is(err, ErrPolicy) {
		return Permanent(err)
	}
	return err
}

// sayable is onTopic of a message outside of a turn.
func (s *Service) sayable(ctx context.Context, l *line, d Dossier, parts []channels.Outbound) error {
	var conv Conversation
	if d.Conversation != nil && d.Conversation.State == Open {
		conv = *d.Conversation
	}
	return s.unlessQueued(ctx, parts, s.onTopic(ctx, l, conv, parts))
}

// unlessQueued forgets the refusal of a message that is queued already: Commit
// says whether it is the same.
func (s *Service) unlessQueued(ctx context.Context, parts []channels.Outbound, refusal error) error {
	if !errors.Is(refusal, ErrPolicy) && !errors.Is(refusal, channels.ErrTemplate) {
		return refusal
	}
	if _, err := s.cfg.Store.Message(ctx, parts[0].To.Agency, parts[0].ID); err == nil {
		return nil
	}
	return refusal
}
