package alt

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// Flow is something that was begun and has one end: a link that was sent, a
// login at another service, a word that must come back. A store sees whose it
// is and when it ends, and nothing else of it.
type Flow struct {
	Agency channels.Agency
	// Key is by what it is found: what kind it is, and a hash of the secret that
	// only its link holds. 1-128 visible ASCII characters, never the secret.
	Key string
	// Sealed is its content, encrypted by the caller: at most MaxFlow bytes.
	Sealed []byte
	// Version counts the saves; 0: never saved.
	Version int64
	Expires time.Time
	// Spent, in Changes, destroys it: whoever commits that has taken it, and
	// nobody else can.
	Spent bool
}

// MaxFlow bounds Flow.Sealed, in bytes.
const MaxFlow = 128 << 10

// Flows keeps what was begun. It is written with Changes.Flows, together with
// what comes of it.
//
// Duties: an agency sees nothing of another's. What was spent is gone for every
// caller. Remnants in files are the caller's encryption to guard.
type Flows interface {
	// Flow returns one; ErrNotFound. One whose time is over may still be returned
	// until ExpireFlows comes to it: the caller looks at Expires.
	Flow(ctx context.Context, agency channels.Agency, key string) (Flow, error)
	// ExpireFlows destroys at most max flows of all agencies that ended before a
	// time, and returns how many.
	ExpireFlows(ctx context.Context, before time.Time, max int) (int, error)
}

// Format prints the agency only, whatever the verb.
func (f Flow) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "flow of "+string(f.Agency)) }

// Valid returns ErrInput, with the field's name, unless Commit takes f.
func (f *Flow) Valid() error {
	no := func(field, why string) error { return fmt.Errorf("%w: Flow.%s: %s", ErrInput, field, why) }
	switch {
	case f.Agency.Valid() != nil:
		return no("Agency", "malformed")
	case !visible(f.Key, 128):
		return no("Key", "malformed")
	case f.Version < 0:
		return no("Version", "must not be negative")
	case f.Spent && f.Version == 0:
		return no("Spent", "it was never saved")
	case f.Spent:
		return nil
	case len(f.Sealed) == 0 || len(f.Sealed) > MaxFlow:
		return no("Sealed", "must be 1 byte to 128 KiB long")
	case f.Expires.IsZero():
		return no("Expires", "required")
	}
	return nil
}

// ValidFlows returns ErrInput unless a Commit takes the flows: each is valid, and no
// two are of one key. Stores ask it before they write.
func ValidFlows(flows []Flow) error {
	for i := range flows {
		if err := flows[i].Valid(); err != nil {
			return err
		}
		same := func(f Flow) bool { return f.Agency == flows[i].Agency && f.Key == flows[i].Key }
		if slices.ContainsFunc(flows[:i], same) {
			return fmt.Errorf("%w: Flow.Key: twice in one commit", ErrInput)
		}
	}
	return nil
}

// visible reports whether s is 1-max characters of visible ASCII.
func visible(s string, max int) bool {
	for _, b := range []byte(s) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return s != "" && len(s) <= max
}
