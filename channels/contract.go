package channels

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Channel is one citizen-facing line.
//
// Duties: methods may be called concurrently. Info does no I/O and always
// returns the same value. Send makes ONE attempt for ONE part, never retries,
// does not keep m, and every error is an *Error whose Outcome is NotSent only
// when the message certainly did not go out.
type Channel interface {
	Info() Info
	Send(ctx context.Context, m Outbound) (Receipt, error)
}

// Webhook receives a provider's requests for one line or many.
//
// Duties: Verify checks authenticity and freshness only and returns an error
// of class ErrSignature without detail of what was wrong. Parse is pure: no
// I/O, no clock; it is called only after Verify, returns one event for each
// thing that happened, in order, and nothing of a batch is dropped: what is
// authentic but not understood becomes one *Malformed, not an error. An error
// of Parse (class ErrMalformed) means that the whole body is not understood.
type Webhook interface {
	Verify(ctx context.Context, r *Request) error
	Parse(ctx context.Context, r *Request) ([]Event, error)
}

// Request is a provider's request, read once and within a limit.
type Request struct {
	Method    string
	PublicURL string // as the provider called it: the configured base, the path, the raw query
	Header    http.Header
	Body      []byte
	At        time.Time // when it arrived, by the service's clock
}

// Format prints the method and the size only: the rest may hold secrets.
func (r Request) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "%s request of %d bytes", r.Method, len(r.Body))
}

// LogValue returns the method and the size only.
func (r Request) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

// Grade says what protects a webhook's body.
type Grade string

// Grades of authenticity.
const (
	Signed       Grade = "signed"        // the body is covered by a signature
	SharedSecret Grade = "shared_secret" // a secret travels beside the body
	Open         Grade = "open"          // nothing: only with an Insecure... field
)

// Info describes a line.
type Info struct {
	ID           ID
	Kind         Kind
	Agency       Agency // empty: the service's own
	Name         string // for people, e.g. "PPA Messenger"
	Provider     string // for people, e.g. "MessageBird"
	Capabilities Capabilities
	Grade        Grade

	// PeerSpace names where the line's peers are known, e.g. PhonePeers or the
	// page whose ids they are: with an equal one, at whatever provider, the same
	// Peer is the same person, and messages that wait carry over when the line
	// moves there. Empty: not said. Then, as with a peer of a foreign form, it is
	// the driver's to refuse with ErrUnreachable.
	PeerSpace string

	// ReturnLink is an https address that opens the conversation with this line in
	// the person's own app and brings a word along, which arrives as a Referred or
	// in a text; "{word}" stands for it, as in "https://wa.me/3725550000?text={word}".
	// A word is 3-64 characters of a-z, 0-9 and '-'. Empty: the line has none.
	ReturnLink string
}

// PhonePeers is the PeerSpace of lines whose peers are phone numbers, written
// "+" and digits.
const PhonePeers = "phone"

// Optional operations, found with [As].
type (
	// Challenger answers a provider's GET handshake; any other GET is verified
	// and parsed like a POST. The answer is sent as text/plain.
	Challenger interface {
		Challenge(ctx context.Context, r *Request) (answer []byte, err error)
	}
	// MediaFetcher opens the bytes of an inbound file. The reader ends with an
	// error, never early and silently, when the file is over the limit.
	MediaFetcher interface {
		FetchMedia(ctx context.Context, m Media) (io.ReadCloser, error)
	}
	// Typer shows that an answer is being written.
	Typer interface {
		Typing(ctx context.Context, to Address) error
	}
	// Finder looks for a message of unknown outcome at the provider. False
	// means: not found now, which is no proof that it was not sent.
	Finder interface {
		Find(ctx context.Context, m Outbound) (Receipt, bool, error)
	}
	// Eraser removes a conversation at the provider, as far as that is possible.
	Eraser interface {
		Erase(ctx context.Context, to Address, thread string) (Erasure, error)
	}
	// Router has further callbacks that answer a body, by path below the
	// webhook's own.
	Router interface {
		Routes() map[string]http.Handler
	}
	// HealthChecker asks the provider whether one of its lines works, by the
	// cheapest reads that show it and with the line's own credentials; nothing is
	// sent or changed. It is called for each line every half hour or so. Nil: all is
	// well. Otherwise an *Error: ErrCredentials (the account must be connected
	// again) and ErrRejected (the provider holds the line back, or our settings
	// there are wrong) say something of the line; ErrUnavailable, ErrRateLimited
	// and any other class are about the asking and say nothing of it.
	HealthChecker interface {
		Health(ctx context.Context, line ID) error
	}
	// Answerer has answers of its own for the provider.
	Answerer interface {
		Answers() Answers
	}
)

// Answers are the HTTP statuses with which a webhook answers. Zero fields mean
// 200, 403 and 503.
type Answers struct {
	Accepted int // stored, or known already
	Refused  int // not authentic
	TryAgain int // could not be stored
}

// Erasure is what came of an Erase.
type Erasure string

// Results of Erase.
const (
	Erased        Erasure = "erased"
	Archived      Erasure = "archived" // hidden, not erased
	NotErasable   Erasure = "impossible"
	NothingStored Erasure = "nothing_stored"
)

// As finds an optional interface on a driver, following Unwrap() any of
// wrappers.
func As[T any](x any) (T, bool) {
	const deepest = 32 // wrappers; one that unwraps to itself must not hang us
	for range deepest {
		if t, ok := x.(T); ok {
			return t, true
		}
		u, ok := x.(interface{ Unwrap() any })
		if !ok {
			break
		}
		x = u.Unwrap()
	}
	var zero T
	return zero, false
}
