package channeltest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

const defaultProvider = "Fake"

// Config of a Fake. The zero value is a Messenger line.
type Config struct {
	ID       channels.ID     // default: the kind, e.g. "messenger"
	Kind     channels.Kind   // default: channels.Messenger
	Agency   channels.Agency // default: the service's own
	Name     string          // default: "Fake"
	Provider string          // default: "Fake"; another one is part of all ids that the Fake gives

	// PeerSpace is that of Info. Default: none.
	PeerSpace string
	// ReturnLink is that of Info; empty: people cannot be brought back.
	ReturnLink string

	// Capabilities replace those that the catalogue has for the kind. Send
	// refuses what they do not carry.
	Capabilities *channels.Capabilities

	// Idempotent makes Send recognise a Ref that it had before: it answers
	// with the same receipt and nothing goes out again.
	Idempotent bool

	// Health makes it a line that can be asked how it is; see SetHealth.
	Health bool

	// Secret signs requests. Default: a random one, so that nobody else can.
	Secret string

	// URL is the address that the provider would call; the signature covers
	// it. Default: https://agency.example/webhooks/{ID}.
	URL string

	// Horizon is how old, or how far in the future, a signed request may be
	// when it arrives. Default: 24 hours.
	Horizon time.Duration

	// MediaLimit is the size in bytes above which FetchMedia fails. Default:
	// 16 MB.
	MediaLimit int64

	// Now is the provider's clock. Default: time.Now.
	Now func() time.Time
}

// Fake is a line without a provider. It implements channels.Channel,
// channels.Webhook, channels.MediaFetcher, channels.Typer, channels.Finder and
// channels.Eraser; with Config.Health channels.As finds a channels.HealthChecker
// too. All methods may be called concurrently.
type Fake struct {
	cfg  Config
	caps channels.Capabilities

	mu       sync.Mutex
	hook     func(context.Context, channels.Outbound) error
	script   []outcome
	attempts int
	count    int // numbers events and receipts
	sent     []Sent
	typed    []channels.Address
	erased   []channels.Address
	files    map[string][]byte
	health   error // of every question
	onHealth func(context.Context) error
	asked    int
}

// Sent is a message that the Fake accepted.
type Sent struct {
	channels.Outbound
	Receipt channels.Receipt
	At      time.Time
	File    []byte // of a Media with Open
}

// outcome is what the script says of one Send.
type outcome struct {
	err     error
	accepts bool // although there is an error
}

// New returns a Fake for cfg.
func New(cfg Config) *Fake {
	if cfg.Kind == "" {
		cfg.Kind = channels.Messenger
	}
	if cfg.ID == "" {
		cfg.ID = channels.ID(cfg.Kind)
	}
	if cfg.Name == "" {
		cfg.Name = "Fake"
	}
	if cfg.Provider == "" {
		cfg.Provider = defaultProvider
	}
	if cfg.Secret == "" {
		cfg.Secret = rand.Text()
	}
	if cfg.URL == "" {
		cfg.URL = "https://agency.example/webhooks/" + string(cfg.ID)
	}
	if cfg.Horizon == 0 {
		cfg.Horizon = 24 * time.Hour
	}
	if cfg.MediaLimit == 0 {
		cfg.MediaLimit = 16_000_000
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	f := &Fake{cfg: cfg, files: map[string][]byte{}}
	f.caps, _ = channels.Catalogue(cfg.Kind)
	if cfg.Capabilities != nil {
		f.caps = *cfg.Capabilities
	}
	f.caps.Kind = cfg.Kind
	if cfg.Idempotent {
		f.caps.Idempotent = channels.Fact[bool]{Value: true, Source: "channeltest.Config", AsOf: cfg.Now().Format("2006-01")}
	}
	return f
}

// Info implements channels.Channel.
func (f *Fake) Info() channels.Info {
	return channels.Info{
		ID: f.cfg.ID, Kind: f.cfg.Kind, Agency: f.cfg.Agency, Name: f.cfg.Name, Provider: f.cfg.Provider,
		Capabilities: f.caps, Grade: channels.Signed, PeerSpace: f.cfg.PeerSpace, ReturnLink: f.cfg.ReturnLink,
	}
}

// FailNext makes the next Sends fail, one for each error; nil lets one pass. An
// *channels.Error is returned with Op and Channel filled in; a class, such as
// channels.ErrRateLimited, becomes an error of that class that certainly did
// not send; any other error becomes the cause of an ErrUnavailable of unknown
// outcome.
func (f *Fake) FailNext(errs ...error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, err := range errs {
		f.script = append(f.script, outcome{err: err})
	}
}

// UnknownNext makes the next Send accept its message and yet return an error of
// unknown outcome, as when the connection breaks before the answer.
func (f *Fake) UnknownNext() {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := &channels.Error{Class: channels.ErrUnavailable, Err: io.ErrUnexpectedEOF}
	f.script = append(f.script, outcome{err: err, accepts: true})
}

// OnSend makes every Send call hook before anything else, without a lock: it
// may wait, look at the message, or fail the Send with its error as FailNext
// says. Nil removes the hook.
func (f *Fake) OnSend(hook func(context.Context, channels.Outbound) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = hook
}

// Sent returns what was accepted, the oldest first.
func (f *Fake) Sent() []Sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

// Attempts returns how often Send was called, whatever came of it.
func (f *Fake) Attempts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.attempts
}

// Send implements channels.Channel.
func (f *Fake) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	f.mu.Lock()
	hook := f.hook
	f.attempts++
	f.mu.Unlock()
	if hook != nil {
		if err := hook(ctx, m); err != nil {
			return channels.Receipt{}, f.failure("send", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return channels.Receipt{}, f.refuse("send", channels.ErrUnavailable, err)
	}
	if err := f.carries(m); err != nil {
		return channels.Receipt{}, err
	}
	file, err := f.read(ctx, m.Content)
	if err != nil {
		return channels.Receipt{}, err
	}
	return f.accept(m, file)
}

// accept follows the script and records the message.
func (f *Fake) accept(m channels.Outbound, file []byte) (channels.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var next outcome
	if len(f.script) > 0 {
		next, f.script = f.script[0], f.script[1:]
	}
	if next.err != nil && !next.accepts {
		return channels.Receipt{}, f.failure("send", next.err)
	}
	receipt, known := channels.Receipt{}, false
	if f.cfg.Idempotent {
		receipt, known = f.find(m.Ref())
	}
	if !known {
		receipt = channels.Receipt{ID: channels.ProviderID(f.number("out")), Status: channels.Sent, At: f.cfg.Now(), Thread: m.Thread}
		f.sent = append(f.sent, Sent{Outbound: m, Receipt: receipt, At: receipt.At, File: file})
	}
	if next.err != nil {
		return channels.Receipt{}, f.failure("send", next.err)
	}
	return receipt, nil
}

// carries refuses what Fit would have parted, changed or refused.
func (f *Fake) carries(m channels.Outbound) error {
	if m.To.Channel != f.cfg.ID || m.To.Peer == "" {
		return f.refuse("send", channels.ErrUnreachable, errors.New("not a person on this line"))
	}
	parts, err := channels.Fit(f.caps, m.Content)
	var e *channels.Error
	switch {
	case errors.As(err, &e):
		return f.refuse("send", e.Class, err)
	case len(parts) > 1:
		return f.refuse("send", channels.ErrTooLong, nil)
	case parts[0].Kind() != m.Content.Kind():
		return f.refuse("send", channels.ErrUnsupported, nil)
	}
	return nil
}

// read takes the bytes of a file from where the service put them.
func (f *Fake) read(ctx context.Context, c channels.Content) ([]byte, error) {
	m, ok := c.(channels.Media)
	if !ok || m.Blob == "" {
		return nil, nil
	}
	if m.Open == nil {
		return nil, f.refuse("send", channels.ErrMalformed, errors.New("a blob without Open"))
	}
	r, err := m.Open(ctx)
	if err != nil {
		return nil, f.refuse("send", channels.ErrUnavailable, err)
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, f.refuse("send", channels.ErrUnavailable, err)
	}
	return b.Bytes(), nil
}

// failure gives a scripted error the form that a driver must return.
func (f *Fake) failure(op string, err error) error {
	var e *channels.Error
	if errors.As(err, &e) {
		filled := *e
		filled.Op, filled.Channel = op, f.cfg.ID
		return &filled
	}
	if class := channels.ClassByCode(channels.Code(err)); class != nil {
		return f.refuse(op, class, err)
	}
	return &channels.Error{Op: op, Channel: f.cfg.ID, Class: channels.ErrUnavailable, Err: err}
}

// refuse returns an error after which certainly nothing was sent.
func (f *Fake) refuse(op string, class, cause error) error {
	return &channels.Error{Op: op, Channel: f.cfg.ID, Class: class, Outcome: channels.NotSent, Err: cause}
}

// number returns a name that is unique on the line. The lock is held.
func (f *Fake) number(kind string) string {
	f.count++
	name := string(f.cfg.ID) + "-" + kind + "-" + strconv.Itoa(f.count)
	if f.cfg.Provider != defaultProvider {
		name = f.cfg.Provider + "-" + name
	}
	return name
}
