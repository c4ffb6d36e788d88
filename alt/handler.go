package alt

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Handler answers a turn: a bot, a desk, an application's own code.
//
// Duties: Handle may be called again for the same event, after a crash or an
// error, so what it does outside the Turn must be safe to repeat (Turn.Key
// helps); what it does through the Turn takes effect once, when Handle returned
// nil and the store committed. Turns of different people run at the same time,
// turns of one person one after another. ctx ends before another worker could
// take the event.
//
// An error means that the event is handled again later; after
// Config.MaxAttempts or Config.MaxHold it becomes a dead letter. An error that
// cannot pass by waiting (wrapped by Permanent, or a refusal of content by
// Fit) makes it one at once.
type Handler interface {
	Handle(ctx context.Context, t *Turn) error
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, t *Turn) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, t *Turn) error { return f(ctx, t) }

// Middleware wraps a handler.
type Middleware func(Handler) Handler

// Permanent marks an error that does not pass by waiting.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanent{err}
}

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Link is a named handler of a Chain. Kind says what it is: messages of a
// HeldByDesk link count as written by people.
type Link struct {
	Name    string
	Kind    HolderKind
	Handler Handler
}

// Chain hands a message to the first of its links, or to the one that holds
// the conversation. A link that returns ErrNotMine leaves the message to the
// next one, and what it did to the Turn is forgotten; Turn.HandOver names
// another link, which gets the same message at once. Who answered last holds
// the conversation, so a bot stays silent after a hand-over until
// Turn.HandBack. While people hold it, by Turn.Hold or at the provider, no bot
// is asked. New checks that names are there and different.
func Chain(links ...Link) Handler { return &chain{links: links} }

type chain struct{ links []Link }

func (c *chain) check() error {
	seen := make(map[string]bool)
	if len(c.links) == 0 {
		return errors.New("a chain needs a link")
	}
	for i, l := range c.links {
		switch {
		case l.Name == "" || l.Handler == nil:
			return fmt.Errorf("link %d of the chain needs a name and a handler", i)
		case l.Kind != HeldByBot && l.Kind != HeldByDesk:
			return fmt.Errorf("link %q of the chain: Kind must be HeldByBot or HeldByDesk", l.Name)
		case seen[l.Name]:
			return fmt.Errorf("two links of the chain are named %q", l.Name)
		}
		seen[l.Name] = true
	}
	return nil
}

func (c *chain) find(name string) int {
	return slices.IndexFunc(c.links, func(l Link) bool { return l.Name == name })
}

// first returns the link that a message begins with.
func (c *chain) first(t *Turn) int {
	h := t.holder()
	at := c.find(h.Name)
	if h.Kind != HeldByDesk {
		return max(0, at)
	}
	if at < 0 || c.links[at].Kind != HeldByDesk { // they took it from outside of the chain
		at = slices.IndexFunc(c.links, func(l Link) bool { return l.Kind == HeldByDesk })
	}
	if at >= 0 {
		t.d.Conversation.Holder.Name = c.links[at].Name // By stays
	}
	return at
}

func (c *chain) Handle(ctx context.Context, t *Turn) error {
	at := c.first(t)
	if at < 0 { // people have it, and no link is theirs
		t.Await()
		return nil
	}
	// Each hand-over goes to another link; more of them than links is a loop.
	for range 2 * len(c.links) {
		if at >= len(c.links) {
			return ErrNotMine
		}
		l := c.links[at]
		mark := t.mark()
		t.enter(l)
		err := l.Handler.Handle(ctx, t)
		switch {
		case errors.Is(err, ErrNotMine):
			t.rewind(mark)
			at++
			continue
		case err != nil:
			return err
		}
		to := t.takeHandOver()
		if to == "" {
			return nil
		}
		if at = c.find(to); at < 0 {
			return Permanent(fmt.Errorf("%w: no link of the chain is named %q", ErrInput, to))
		}
	}
	return Permanent(fmt.Errorf("%w: the links hand the message over in a circle", ErrInput))
}

// call runs a handler. Whatever it has left undone that only a Chain or a Talk
// can do is an error, not silence.
func (s *Service) call(ctx context.Context, h Handler, t *Turn) error {
	err := s.guard(ctx, "turn", t.line.info.ID, t.item.ID, func() error { return h.Handle(ctx, t) })
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errTimeout
	case err != nil:
		return err
	case t.fx.once != nil:
		return Permanent(fmt.Errorf("%w: Turn.Once is for a Talk", ErrInput))
	}
	if err := s.answersOnTopic(ctx, t); err != nil {
		return err
	}
	if err := s.approved(ctx, t.line, t.fx.send...); err != nil {
		return err
	}
	return t.handedOver()
}
