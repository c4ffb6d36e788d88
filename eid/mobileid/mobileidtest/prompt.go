package mobileidtest

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
)

// Prompt is what the phone shows to a person who is asked. It prints as "[prompt]".
type Prompt struct {
	// Party is the name of who asks.
	Party string
	// Kind is "authentication" or "signature".
	Kind string
	// Text is what the party lets the phone show; in GSM-7 with spaces for what that alphabet lacks.
	Text string
	// Language is EST, ENG, RUS or LIT.
	Language string
	// Code is the control code.
	Code string

	server  *Server
	session *session
}

// Prompts returns what waits on the phone with this number, oldest first.
func (s *Server) Prompts(phone string) []*Prompt {
	s.mu.Lock()
	defer s.mu.Unlock()
	var waiting []*session
	for _, n := range s.sessions {
		if n.account != nil && n.account.Phone == phone && !s.over(n, s.now()) && !n.busy && !n.forever {
			waiting = append(waiting, n)
		}
	}
	slices.SortFunc(waiting, func(a, b *session) int { return a.created.Compare(b.created) })
	out := make([]*Prompt, 0, len(waiting))
	for _, n := range waiting {
		out = append(out, &Prompt{Party: n.ask.party.Name, Kind: n.kind, Text: n.ask.text, Language: n.ask.language,
			Code: controlCode(n.ask.hash), server: s, session: n})
	}
	return out
}

// Approve is the PIN for the oldest prompt on this phone. ErrOver says that there is none.
func (s *Server) Approve(phone string) error {
	if list := s.Prompts(phone); len(list) > 0 {
		return list[0].Approve()
	}
	return ErrOver
}

// Refuse cancels the oldest prompt on this phone. ErrOver says that there is none.
func (s *Server) Refuse(phone string) error {
	if list := s.Prompts(phone); len(list) > 0 {
		return list[0].Refuse()
	}
	return ErrOver
}

// Approve is the PIN.
func (p *Prompt) Approve() error { return p.server.decide(p.session, resultOK) }

// Refuse cancels.
func (p *Prompt) Refuse() error { return p.server.decide(p.session, resultCancelled) }

// End ends the session with any result, such as "PHONE_ABSENT", "EXPIRED_TRANSACTION" or one that nobody knows. OK is
// an approval.
func (p *Prompt) End(result string) error { return p.server.decide(p.session, result) }

// Format prints a fixed text, whatever the verb.
func (*Prompt) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[prompt]") }

// LogValue returns the same fixed text for slog.
func (*Prompt) LogValue() slog.Value { return slog.StringValue("[prompt]") }
