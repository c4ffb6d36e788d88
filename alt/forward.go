package alt

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// byForward is why a conversation ended that another agency has now.
const byForward session.Reason = "forwarded"

// MaxNote is the length of Forwarding.Note, in characters.
const MaxNote = 4000

// Forwarding hands a person over to another agency of the same service.
type Forwarding struct {
	Line channels.ID // of the other agency, where the person is known by the same Peer
	// Note is all that the other agency gets to know of the conversation: what a
	// specialist wrote for it, 1 to MaxNote characters.
	Note string
	By   string // who forwards, an id of the agency's own system
}

// Forwarded is what a conversation came with from another agency.
type Forwarded struct {
	From      channels.Agency `json:"from"`
	Reference string          `json:"reference"` // of the conversation there, for questions between people
	Note      string          `json:"note"`
	At        time.Time       `json:"at"`
}

// Format prints the line only, whatever the verb.
func (f Forwarding) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "forwarding to "+string(f.Line))
}

// LogValue gives the line only.
func (f Forwarding) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(f)) }

// Format prints the reference only, whatever the verb.
func (f Forwarded) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "forwarded "+f.Reference)
}

// LogValue gives the reference only.
func (f Forwarded) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(f)) }

// Forward ends a conversation with the reason "forwarded" and opens one at
// another agency, where it waits for people; it returns that one's id. When the
// person talks with that agency already, it is that conversation, and people of
// the agency find the note in it. Only the note crosses, and a reference by which
// the two agencies can speak of it: no message, file, identity or name. It is
// written to the security logs of both.
//
// The person must be known by the same name on both lines (Info.PeerSpace);
// elsewhere the error is of class channels.ErrUnreachable, and the specialist
// tells the person where to write. The other agency is bound by its line's
// window: see Initiation. ErrNotFound, ErrUnknownLine, and ErrInput when the
// conversation has ended, the line is the agency's own or the note is missing or
// too long. A call that is repeated within OnceFor after a crash opens nothing
// twice.
func (s *Service) Forward(ctx context.Context, agency channels.Agency, conversation string, f Forwarding) (string, error) {
	conv, err := s.cfg.Store.Conversation(ctx, agency, conversation)
	if err != nil {
		return "", err
	}
	l, err := s.forwardable(conv, f)
	if err != nil {
		return "", err
	}
	to := channels.Address{Agency: l.info.Agency, Channel: l.info.ID, Peer: conv.Where().Peer}
	if err := decide(func() error { return s.takeOver(ctx, l, to, conv, f) }); err != nil {
		return "", err
	}
	d, err := s.cfg.Store.Dossier(ctx, to)
	if err != nil {
		return "", err
	}
	if err := s.goesOn(ctx, &d); err != nil {
		return "", err
	}
	id := ""
	if d.Conversation != nil {
		id = d.Conversation.ID
	}
	return id, s.Talk(ctx, agency, conversation, f.By, func(t *Turn) error {
		t.Note("conversation.forwarded", map[string]string{"to": string(to.Agency), "line": string(to.Channel), "as": id})
		t.End(byForward)
		return nil
	})
}

// forwardable returns the other agency's line.
func (s *Service) forwardable(conv *Conversation, f Forwarding) (*line, error) {
	here, there := s.lineOf(conv.Address.Agency, conv.Where().Channel), s.line(f.Line)
	switch n := utf8.RuneCountInString(f.Note); {
	case here == nil:
		return nil, fmt.Errorf("%w: %.64q", ErrUnknownLine, conv.Where().Channel)
	case there == nil:
		return nil, fmt.Errorf("%w: %.64q", ErrUnknownLine, f.Line)
	case there.info.Agency == conv.Address.Agency:
		return nil, fmt.Errorf("%w: Forwarding.Line is the agency's own", ErrInput)
	case n == 0 || n > MaxNote:
		return nil, fmt.Errorf("%w: Forwarding.Note: 1-%d characters", ErrInput, MaxNote)
	case conv.State != Open:
		return nil, fmt.Errorf("%w: the conversation has ended", ErrInput)
	case here.info.PeerSpace == "" || here.info.PeerSpace != there.info.PeerSpace:
		return nil, &channels.Error{Op: "forward", Channel: f.Line, Class: channels.ErrUnreachable, Outcome: channels.NotSent,
			Instead: []channels.Alternative{channels.UseOtherChannel}}
	}
	return there, nil
}

// takeOver opens the conversation at the other agency, or adds the note to the
// one that is open.
func (s *Service) takeOver(ctx context.Context, l *line, to channels.Address, from *Conversation, f Forwarding) error {
	d, err := s.cfg.Store.Dossier(ctx, to)
	if err != nil {
		return err
	}
	if err := s.goesOn(ctx, &d); err != nil {
		return err
	}
	if d.Contact == nil {
		d.Contact = &Contact{Address: to, PeerSpace: l.info.PeerSpace}
	}
	t := &Turn{svc: s, line: l, now: s.cfg.Now(), d: d, level: levelOf(d), author: channels.System, actor: string(channels.System)}
	conv := t.conversation()
	if conv.Language == "" {
		conv.Language = t.Language()
	}
	if conv.Holder.Kind != HeldByDesk {
		t.Hold("")
		t.fx.cancel = true
	}
	t.Await()
	conv.Forwarded = append(conv.Forwarded[:len(conv.Forwarded):len(conv.Forwarded)],
		Forwarded{From: from.Address.Agency, Reference: from.ID, Note: f.Note, At: t.now})
	t.note("conversation.received", map[string]string{"from": string(from.Address.Agency), "reference": from.ID})
	t.Once("forward/"+from.ID, sha256.Sum256([]byte(string(to.Channel)+"\x00"+f.Note)))
	return s.commit(ctx, Item{}, t.changes())
}
