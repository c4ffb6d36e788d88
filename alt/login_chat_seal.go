package alt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// What a person says in a dialogue is taken out of the event before it is
// accepted, and kept in a flow of its own: sealed, and destroyed by the Commit
// that handles the event. So it is never in the inbox, where it would stay in
// letters, in files and in copies of them.

// overheard is what a person said in a dialogue. Without content it is the mark
// that is left of it: a later edit must not be kept either.
type overheard struct {
	Content json.RawMessage `json:"content,omitempty"`
}

const (
	flowOverheard = "overheard:"
	// markFor is how long it is known that a message was part of a dialogue, which
	// is longer than people can edit theirs, and how long an accepted one may wait
	// to be handled.
	markFor = 48 * time.Hour
	// echoFor is how long after a dialogue the provider may still echo what the
	// service said in it.
	echoFor = time.Minute
	// maxAside bounds the digits of what may be kept after all when the dialogue
	// was over; more of them may be a code or a number.
	maxAside = 6
)

// private reports whether content was said in a dialogue and is not here.
func private(c channels.Content) bool {
	u, ok := c.(channels.Unsupported)
	return ok && u.Type == channels.TypePrivate
}

// contentOf returns what an event says; nil when it says nothing.
func contentOf(e channels.Event) channels.Content {
	switch e := e.(type) {
	case *channels.Received:
		return e.Content
	case *channels.Edited:
		return e.Content
	case *channels.Echoed:
		return e.Content
	}
	return nil
}

// conceal takes what is said in dialogues out of events that are about to be
// accepted. It reports whether it did; an error says that nobody knows, so that
// the provider must come again.
func (s *Service) conceal(ctx context.Context, h *hook, evs []channels.Event) (concealed bool, err error) {
	if s.logins == nil {
		return false, nil
	}
	for i, e := range evs {
		m := e.Meta()
		if m.Peer == "" || !s.logins.policy(&h.lines[m.Channel].info).InChat {
			continue
		}
		if contentOf(e) == nil {
			// Some providers repeat in a report what the message said, and reports on
			// questions and control codes come long after the dialogue.
			m.Raw, concealed = nil, true
			continue
		}
		bare, err := s.bare(ctx, e)
		if err != nil {
			return concealed, err
		}
		if bare != nil {
			evs[i], concealed = bare, true
		}
	}
	return concealed, nil
}

// bare returns the event without what it says, whose content is in its flow
// then; nil when it is not part of a dialogue.
func (s *Service) bare(ctx context.Context, e channels.Event) (channels.Event, error) {
	d, err := s.cfg.Store.Dossier(ctx, e.Address())
	if err != nil {
		return nil, err
	}
	nothing := channels.Unsupported{Type: channels.TypePrivate}
	within := inDialogue(d) != nil
	switch e := e.(type) {
	case *channels.Received:
		if !within {
			return nil, nil //nolint:nilnil // an ordinary message
		}
		bare := *e
		bare.Content, bare.Raw = nothing, nil
		return &bare, s.withhold(ctx, e)
	case *channels.Edited:
		if !within {
			_, err := s.cfg.Store.Flow(ctx, e.Agency, overheardKey(&e.EventMeta, e.ID))
			if errors.Is(err, ErrNotFound) {
				return nil, nil //nolint:nilnil // an ordinary edit
			} else if err != nil {
				return nil, err
			}
		}
		bare := *e
		bare.Content, bare.Raw = nothing, nil
		return &bare, nil
	case *channels.Echoed:
		if c := d.Conversation; !within && (c == nil || c.Login == nil || !c.Login.InChat || s.cfg.Now().Sub(c.Login.Ended) > echoFor) {
			return nil, nil //nolint:nilnil // an ordinary echo
		}
		bare := *e
		bare.Content, bare.Raw = nothing, nil
		return &bare, nil
	}
	return nil, nil //nolint:nilnil // nothing that a person says
}

// overheardKey names the flow of a message, which edits name by its id.
func overheardKey(m *channels.EventMeta, id channels.ProviderID) string {
	name := "id\x00" + string(id)
	if id == "" {
		name = "key\x00" + m.Key
	}
	sum := sha256.Sum256([]byte(string(m.Channel) + "\x00" + name))
	return flowOverheard + hex.EncodeToString(sum[:])
}

// withhold keeps what a message says until it is handled. A message that comes
// again is kept already, or was. What cannot be kept would come again for ever,
// and is no answer: of that nothing is kept.
func (s *Service) withhold(ctx context.Context, e *channels.Received) error {
	key, now := overheardKey(&e.EventMeta, e.ID), s.cfg.Now()
	f, err := s.cfg.Store.Flow(ctx, e.Agency, key)
	switch {
	case errors.Is(err, ErrNotFound):
		f = Flow{Agency: e.Agency, Key: key}
	case err != nil:
		return err
	case now.Before(f.Expires):
		return nil
	}
	var said overheard
	if b, no := channels.MarshalContent(e.Content); no == nil && len(b) <= MaxFlow/2 {
		said.Content = b
	}
	f.Expires = now.Add(markFor)
	if err := s.logins.seal(&f, said); err != nil {
		return err
	}
	err = s.commit(ctx, Item{}, Changes{Flows: []Flow{f}})
	if errors.Is(err, ErrConflict) { // another delivery of it was quicker
		return nil
	}
	return err
}

// overhear handles an event whose content was taken out. The content is
// destroyed with the turn, and with a turn that fails nothing is.
func (t *Turn) overhear(ctx context.Context) error {
	r, message := t.ev.(*channels.Received)
	if !message || t.svc.logins == nil {
		return nil
	}
	var said overheard
	f, err := t.svc.load(ctx, r.Agency, overheardKey(&r.EventMeta, r.ID), &said)
	switch {
	case errors.Is(err, ErrNotFound): // kept for longer than it may be: that something was said is shown
		return nil
	case err != nil:
		return err
	case len(said.Content) == 0:
		return nil
	}
	content, err := channels.UnmarshalContent(said.Content)
	if err != nil {
		return fmt.Errorf("alt: dialogue: %w", err)
	}
	d, err := t.dialogue(ctx)
	if err != nil {
		return err
	}
	if d == nil && !late(content) {
		f.Spent, t.fx.private = true, true
		t.fx.flows, t.fx.later = append(t.fx.flows, f), append(t.fx.later, aside(r, content, t.now))
		return nil
	}
	f.Expires = t.now.Add(markFor)
	if err := t.svc.logins.seal(&f, overheard{}); err != nil {
		return err
	}
	t.fx.flows = append(t.fx.flows, f)
	switch {
	case d == nil:
		if l := t.d.Conversation.Login; l != nil && l.Status == LoginFailed {
			t.tell(textFailed)
		}
		return nil
	case r.Standby: // another application has the conversation, and answers
		return nil
	}
	t.fx.private = true
	return t.answered(d, content)
}

// late reports whether what was said when a dialogue was over may be an answer
// all the same.
func late(c channels.Content) bool {
	_, card := c.(channels.ContactCard)
	return card || digitsIn(wordsOf(c)) > maxAside
}

// aside brings what was said in a dialogue that was over by then into the inbox
// again, as the message that it is, behind what has come since.
func aside(r *channels.Received, content channels.Content, now time.Time) Later {
	again := *r
	sum := sha256.Sum256([]byte(r.Key))
	again.Key, again.Content = "aside/"+hex.EncodeToString(sum[:]), content
	return Later{At: now, Event: &again}
}

// wordsOf returns what somebody wrote, or tapped.
func wordsOf(c channels.Content) string {
	switch c := c.(type) {
	case channels.Text:
		return c.Body
	case channels.Chosen:
		return c.Title
	case channels.Media:
		return c.Caption
	}
	return ""
}
