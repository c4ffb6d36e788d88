package alt

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// login is what is kept of an authentication from the link to the word. Its
// flow is named by the hash of the secret in the link.
type login struct {
	ID           string           `json:"id"`
	To           channels.Address `json:"to"`
	Conversation string           `json:"conversation"`
	Level        eid.Level        `json:"level"`
	Purpose      string           `json:"purpose,omitempty"`
	Language     string           `json:"language"`
	Asked        time.Time        `json:"asked"`

	Browser []byte     `json:"browser,omitempty"` // hash of what its cookie holds; nil: not opened
	Begun   int        `json:"begun,omitempty"`   // how often a method was begun
	Failed  string     `json:"failed,omitempty"`  // why the last one failed
	Method  eid.Method `json:"method,omitempty"`  // the one that is under way
	State   eid.State  `json:"state,omitempty"`
	Code    string     `json:"code,omitempty"`
	Link    string     `json:"link,omitempty"`
	Until   time.Time  `json:"until,omitzero"`
	Word    string     `json:"word,omitempty"` // proven, and to be brought back

	flow Flow
}

// proof waits for the word that names its flow.
type proof struct {
	Login        string           `json:"login"`
	To           channels.Address `json:"to"`
	Conversation string           `json:"conversation"`
	Identity     eid.Identity     `json:"identity"`
}

// Kinds of flows, which are the beginning of their keys.
const (
	flowLogin = "login:"
	flowWord  = "word:"
	flowCount = "count:"
)

// seal puts v into a flow, which opens nowhere but at its own key.
func (l *logins) seal(f *Flow, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("alt: encode a flow: %w", err)
	}
	ring, err := l.ring()
	if err != nil {
		return err
	}
	f.Sealed = ring.Seal(b, placeOf(*f))
	return nil
}

func placeOf(f Flow) sealed.Place { return sealed.Place{Agency: string(f.Agency), Name: f.Key} }

// load reads a flow into v; ErrNotFound, too, when its time is over.
func (s *Service) load(ctx context.Context, agency channels.Agency, key string, v any) (Flow, error) {
	f, err := s.cfg.Store.Flow(ctx, agency, key)
	if err != nil {
		return Flow{}, err
	}
	if !s.cfg.Now().Before(f.Expires) {
		return Flow{}, ErrNotFound
	}
	ring, err := s.logins.ring()
	if err != nil {
		return Flow{}, err
	}
	b, err := ring.Open(f.Sealed, placeOf(f))
	if err != nil {
		return Flow{}, fmt.Errorf("alt: flow: %w", err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return Flow{}, errors.New("alt: flow: malformed")
	}
	return f, nil
}

// loadLogin finds a login by its id; ErrNotFound.
func (s *Service) loadLogin(ctx context.Context, agency channels.Agency, id string) (*login, error) {
	v := &login{}
	f, err := s.load(ctx, agency, flowLogin+id, v)
	v.flow = f
	return v, err
}

// saved returns the login's flow as it is to be saved.
func (l *logins) saved(v *login) (Flow, error) {
	f := v.flow
	err := l.seal(&f, v)
	return f, err
}

// secret returns n random bytes as a text for links and cookies.
func secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// nameOf is under what a secret's flow is found.
func nameOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:16])
}

// wordMark begins every word, so that nothing a person writes is taken for one.
const wordMark = "id-"

func wordCode() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}

const wordBytes = 16

func newWord() string {
	b := make([]byte, wordBytes)
	_, _ = rand.Read(b)
	return wordMark + wordCode().EncodeToString(b)
}

// wordIn returns the word that an event brings back, or "". A text may hold
// more: some applications add to what a link gives them.
func wordIn(e channels.Event) string {
	var said string
	switch e := e.(type) {
	case *channels.Referred:
		said = e.Word
	case *channels.Received:
		if t, ok := e.Content.(channels.Text); ok {
			said = t.Body
		}
	}
	const maxSaid = 512
	if len(said) > maxSaid || !strings.Contains(said, wordMark) {
		return ""
	}
	for _, field := range strings.Fields(said) {
		code, marked := strings.CutPrefix(field, wordMark)
		if b, err := wordCode().DecodeString(code); marked && err == nil && len(b) == wordBytes {
			return field
		}
	}
	return ""
}
