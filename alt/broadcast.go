package alt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// MaxBroadcast is how many recipients one call of Service.Broadcast takes. A
// longer list comes in several calls with the same Broadcast.ID.
const MaxBroadcast = 1000

// broadcasting is how many recipients are queued at the same time: those that
// wait together share the store's transactions.
const broadcasting = 16

// Broadcast is one notice to many people on one line.
type Broadcast struct {
	// ID names the notice: 1-40 characters of a-z, A-Z, 0-9, '-' and '_'. The id of
	// a recipient's message is made of it and Recipient.Key, so a call that is
	// repeated, or goes on with the list after a crash, sends nothing twice.
	ID      string
	Line    channels.ID
	Content channels.Content // of those who have none of their own
	// NotAfter is when the notice is pointless. Optional.
	NotAfter   time.Time
	By         string // who at the agency, an id of its own system
	Recipients []Recipient
}

// Recipient is somebody who gets a Broadcast.
type Recipient struct {
	// Key names the recipient within the notice and says nothing of the person: a
	// row, a case. 1-23 characters of a-z, A-Z, 0-9 and '_'. It becomes part of a
	// message id, which logs show.
	Key     string
	Peer    channels.Peer
	Content channels.Content // e.g. a template with the person's own values; nil: the notice's
}

// Format prints the id and the line only, whatever the verb.
func (b Broadcast) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "broadcast "+b.ID+" on "+string(b.Line))
}

// LogValue gives the id and the line only.
func (b Broadcast) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(b)) }

// Format prints the key only, whatever the verb.
func (r Recipient) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "recipient "+r.Key) }

// LogValue gives the key only.
func (r Recipient) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// Refusal is a recipient to whom nothing was queued. Err is what Service.Send
// says: a *channels.Error with a class (channels.ErrOptedOut, ErrWindowClosed,
// ErrCannotInitiate, ErrUnreachable, …), ErrPolicy, or ErrIDReused when this key
// got something else before.
type Refusal struct {
	Key string
	Err error
}

// Broadcast queues a notice behind everything else on the line, with the
// priority channels.Bulk. Each recipient is looked at as Service.Send does: who
// wants no messages, has no open window and is sent no template, or never wrote
// to a line that needs that, is refused and returned, in the order of
// Recipients; the others are queued. On a line that is not known to allow mass
// notices the error is of class channels.ErrNoBroadcast, and nothing is queued.
// With any other error the rest was not tried: call again with the same ID.
func (s *Service) Broadcast(ctx context.Context, b Broadcast) ([]Refusal, error) {
	l := s.line(b.Line)
	if l == nil {
		return nil, fmt.Errorf("%w: %.64q", ErrUnknownLine, b.Line)
	}
	if may := l.info.Capabilities.Broadcast; !may.Known() || !may.Value {
		return nil, &channels.Error{Op: "broadcast", Channel: b.Line, Class: channels.ErrNoBroadcast, Outcome: channels.NotSent,
			Instead: []channels.Alternative{channels.UseOtherChannel}}
	}
	if err := b.valid(); err != nil {
		return nil, err
	}
	refused, err := s.queueAll(ctx, b)
	if err != nil {
		return nil, err
	}
	err = s.commit(ctx, Item{}, Changes{Log: []LogEntry{{Agency: l.info.Agency, At: s.cfg.Now(), Act: "broadcast.queued", Actor: or(b.By, string(channels.System)), Line: b.Line,
		Detail: map[string]string{"broadcast": b.ID, "queued": strconv.Itoa(len(b.Recipients) - len(refused)), "refused": strconv.Itoa(len(refused))}}}})
	return refused, err
}

// valid returns ErrInput, with the field's name, unless the notice can be sent
// as it stands. It names recipients by their place: their names are theirs.
func (b *Broadcast) valid() error {
	no := func(field, why string) error { return fmt.Errorf("%w: Broadcast.%s: %s", ErrInput, field, why) }
	switch {
	case !word(b.ID, 40, "-_") || strings.HasPrefix(b.ID, "in-"):
		return no("ID", "1-40 characters of a-z, A-Z, 0-9, '-', '_', not beginning with \"in-\"")
	case len(b.Recipients) == 0 || len(b.Recipients) > MaxBroadcast:
		return no("Recipients", fmt.Sprintf("1-%d of them", MaxBroadcast))
	}
	keys, peers := make(map[string]bool), make(map[channels.Peer]bool)
	for i, r := range b.Recipients {
		field := fmt.Sprintf("Recipients[%d]", i)
		switch {
		case !word(r.Key, 23, "_"):
			return no(field+".Key", "1-23 characters of a-z, A-Z, 0-9, '_'")
		case keys[r.Key]:
			return no(field+".Key", "there before")
		case r.Peer == "":
			return no(field+".Peer", "required")
		case peers[r.Peer]:
			return no(field+".Peer", "there before")
		case r.Content == nil && b.Content == nil:
			return no(field+".Content", "required, as the notice has none")
		}
		keys[r.Key], peers[r.Peer] = true, true
	}
	return nil
}

// word reports whether s is 1-max letters, digits and others.
func word(s string, max int, others string) bool {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(others, r)
	}
	return s != "" && len(s) <= max && strings.TrimLeftFunc(s, safe) == ""
}

// queueAll sends to each recipient, and returns who was refused.
func (s *Service) queueAll(ctx context.Context, b Broadcast) ([]Refusal, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs, places := make([]error, len(b.Recipients)), make(chan int)
	var wg sync.WaitGroup
	for range min(broadcasting, len(b.Recipients)) {
		wg.Go(func() {
			for i := range places {
				if errs[i] = s.queueOne(ctx, b, b.Recipients[i]); errs[i] != nil && !refusesOne(errs[i]) {
					stop()
				}
			}
		})
	}
	for i := range b.Recipients {
		if ctx.Err() != nil {
			errs[i] = ctx.Err()
			break
		}
		places <- i
	}
	close(places)
	wg.Wait()
	var refused []Refusal
	var failure error
	for i, err := range errs {
		switch {
		case err == nil:
		case refusesOne(err):
			refused = append(refused, Refusal{Key: b.Recipients[i].Key, Err: err})
		case failure == nil || errors.Is(failure, context.Canceled): // what stopped the others says more
			failure = err
		}
	}
	return refused, failure
}

func (s *Service) queueOne(ctx context.Context, b Broadcast, r Recipient) error {
	o := channels.Outbound{ID: channels.MessageID(b.ID + "-" + r.Key), To: channels.Address{Channel: b.Line, Peer: r.Peer}, Content: r.Content,
		Author: channels.System, By: b.By, Priority: channels.Bulk, NotAfter: b.NotAfter}
	if o.Content == nil {
		o.Content = b.Content
	}
	_, err := s.Send(ctx, o)
	return err
}

// refusesOne reports whether an error of Send is about this recipient, and says
// nothing of the next one.
func refusesOne(err error) bool {
	var e *channels.Error
	return errors.As(err, &e) || errors.Is(err, ErrIDReused) || errors.Is(err, ErrPolicy)
}
