package alt

import (
	"context"
	"errors"

	"github.com/liidestuja/liidestuja/channels"
)

// dialogue returns the one that the conversation is in; nil when it is over.
func (t *Turn) dialogue(ctx context.Context) (*dialogue, error) {
	state := inDialogue(t.d)
	if state == nil {
		return nil, nil //nolint:nilnil // no dialogue, which is no error
	}
	d, err := t.svc.loadDialogue(ctx, t.Address().Agency, state.ID)
	if errors.Is(err, ErrNotFound) { // its end is on its way
		return nil, nil //nolint:nilnil // the same
	}
	return d, err
}

// answered applies what the person says in a dialogue.
func (t *Turn) answered(d *dialogue, content channels.Content) error {
	answer := wordsOf(content)
	if givesUp(answer) {
		return t.dialogueEnds(d, LoginRefused)
	}
	var err error
	switch d.Step {
	case stepCode:
		if d.Code, err = codeIn(answer); err != nil {
			return t.mistaken(d)
		}
		return t.goesOn(d, stepPhone, textAskPhone)
	case stepPhone:
		if d.Phone, err = phoneIn(answer); err != nil {
			return t.mistaken(d)
		}
		t.fx.later = append(t.fx.later, d.work(t.now))
		return t.goesOn(d, stepBegin, textWait)
	case stepBegin, stepDecide:
		return t.whisper(loginSay(d.Language, textWait), d.flow.Expires)
	}
	return nil // proven: the session gets the identity next
}

// goesOn saves the dialogue at its next step, whose time begins now, and says so.
func (t *Turn) goesOn(d *dialogue, step dialogueStep, text loginText) error {
	t.note("login.answered", map[string]string{"login": d.ID, "step": string(d.Step)})
	d.Step, d.flow.Expires = step, t.now.Add(t.svc.logins.For)
	return t.keep(d, text)
}

// mistaken asks for the same once more. The text does not say what is wrong, and
// neither does the log.
func (t *Turn) mistaken(d *dialogue) error {
	t.note("login.mistaken", map[string]string{"login": d.ID, "step": string(d.Step)})
	if d.Mistakes++; d.Mistakes >= maxMistakes {
		return t.dialogueEnds(d, LoginMistaken)
	}
	return t.keep(d, textMistaken)
}

func (t *Turn) keep(d *dialogue, text loginText) error {
	f, err := t.svc.logins.sealed(d)
	if err != nil {
		return err
	}
	t.fx.flows = append(t.fx.flows, f)
	return t.whisper(loginSay(d.Language, text), f.Expires)
}

// dialogueEnds destroys the dialogue. What follows is the turn of the event that
// says so, which handlers see.
func (t *Turn) dialogueEnds(d *dialogue, reason string) error {
	d.flow.Spent = true
	t.fx.flows = append(t.fx.flows, d.flow)
	t.fx.later = append(t.fx.later, loginEnds(d.ID, d.To, t.now, reason))
	return nil
}

// provenInChat gives the session what a dialogue has proven. The event alone
// proves nothing: the identity is in the dialogue's flow.
func (t *Turn) provenInChat(ctx context.Context) (bool, error) {
	if t.svc.logins == nil {
		return false, nil
	}
	d, err := t.dialogue(ctx)
	if err != nil || d == nil || d.Identity == nil || d.To != t.Address() || d.Conversation != t.d.Conversation.ID {
		return false, err
	}
	d.flow.Spent = true
	t.fx.flows = append(t.fx.flows, d.flow)
	return t.identified(ctx, *d.Identity)
}
