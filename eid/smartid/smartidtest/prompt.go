package smartidtest

import (
	"fmt"
	"io"
	"log/slog"
)

// Prompt is what the app shows to a person who is asked. It prints as "[prompt]".
type Prompt struct {
	// Party is the name of who asks, as sent, and Brokered that of whom it asks for.
	Party, Brokered string
	// Kind is "auth", "sign" or "cert".
	Kind string
	// Flow is one of the Flow constants.
	Flow string
	// Interaction is the screen that is used, one of those that were offered, and Text its text. Both are empty where a
	// certificate is chosen.
	Interaction, Text string
	// Code is the control code, of notifications only.
	Code string
	// Choices are three codes of which one is Code, where the screen has the person choose.
	Choices []string
	// Language is that of the link, in three letters: "est".
	Language string
	// Document is the account that is asked; "" when anybody may answer.
	Document string

	server  *Server
	session *session
}

func (s *Server) prompt(n *session, flow, language string) *Prompt {
	p := &Prompt{Party: n.ask.name, Brokered: n.ask.party.Brokered, Kind: n.route.kind, Flow: flow, Language: language,
		Code: n.code, server: s, session: n}
	if len(n.ask.screens) > 0 {
		p.Interaction, p.Text = n.ask.screens[0].kind, n.ask.screens[0].text
	}
	if n.account != nil {
		p.Document = n.account.Document
	}
	if p.Interaction == ConfirmationMessageAndVerificationCodeChoice || p.Interaction == VerificationCodeChoice {
		p.Choices = choices(n)
	}
	return p
}

// choices are the control code among two others, always in the same places for a session.
func choices(n *session) []string {
	out := []string{n.code}
	for i := byte(0); len(out) < 3; i++ {
		if other := controlCode(append([]byte(n.id), i)); other != n.code && other != out[len(out)-1] {
			out = append(out, other)
		}
	}
	place := int(n.secret[0]) % 3
	out[0], out[place] = out[place], out[0]
	return out
}

// Approve is the PIN of the account with this document number; "" stands for the one that is asked. It returns the
// address that the app opens in the device's browser, after a link on the same device; "" otherwise. ErrPerson says that
// the account is unknown, another than the one that is asked, or of a lower level than the one that is needed.
func (p *Prompt) Approve(document string) (string, error) {
	a, err := p.holder(document)
	if err != nil {
		return "", err
	}
	return p.server.decide(p.session, decision{result: resultOK, account: a, flow: p.Flow})
}

// Refuse is a refusal before anything else was shown.
func (p *Prompt) Refuse() error {
	if p.Kind == kindCert {
		return p.End(resultRefusedCertificate)
	}
	return p.End(resultRefused)
}

// RefuseAt is a refusal on a screen: one of the interactions.
func (p *Prompt) RefuseAt(interaction string) error {
	_, err := p.server.decide(p.session, decision{result: resultRefusedInteraction, interaction: interaction, flow: p.Flow})
	return err
}

// WrongCode is the choice of a code that is not the one that the relying party shows.
func (p *Prompt) WrongCode() error { return p.End(resultWrongCode) }

// End ends the session with any result but OK, such as "TIMEOUT", "DOCUMENT_UNUSABLE" or one that nobody knows.
func (p *Prompt) End(result string) error {
	if result == resultOK {
		return ErrPerson
	}
	_, err := p.server.decide(p.session, decision{result: result, flow: p.Flow})
	return err
}

func (p *Prompt) holder(document string) (*account, error) {
	p.server.mu.Lock()
	defer p.server.mu.Unlock()
	if document == "" {
		document = p.Document
	}
	a := p.server.people.byDocument[document]
	if a == nil {
		return nil, ErrPerson
	}
	return a, nil
}

// Format prints a fixed text, whatever the verb.
func (*Prompt) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[prompt]") }

// LogValue returns the same fixed text for slog.
func (*Prompt) LogValue() slog.Value { return slog.StringValue("[prompt]") }
