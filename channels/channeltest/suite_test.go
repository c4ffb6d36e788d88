package channeltest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

const (
	peer   = channels.Peer("+37250000766")
	secret = "salasõna-mis-ei-tohi-paista"
)

// small makes the checks of limits cheap.
func small(c *channels.Capabilities) {
	c.Text.Value = channels.Limit{Max: 70, Unit: channels.UTF16}
}

// subject is a Fake for the suite; change may replace what is tested.
func subject(change func(f *channeltest.Fake, in *channeltest.Instance)) channeltest.Subject {
	return channeltest.Subject{
		Peer: peer, Secrets: []string{secret}, Horizon: 24 * time.Hour, MediaLimit: 1000,
		SignatureHeaders: []string{channeltest.TimeHeader, channeltest.SignatureHeader},
		New: func(t channeltest.TB) *channeltest.Instance {
			caps, _ := channels.Catalogue(channels.WhatsApp)
			small(&caps)
			now := epoch
			f := channeltest.New(channeltest.Config{Kind: channels.WhatsApp, Capabilities: &caps, Secret: secret, MediaLimit: 1000, Health: true,
				Now: func() time.Time { return now }})
			in := instance(f)
			in.Resign = func(r *channels.Request) *channels.Request {
				now = now.Add(time.Minute)
				return f.Sign(r.Body)
			}
			in.Handshake = handshake
			in.Line = &driver{Fake: f}
			if change != nil {
				change(f, in)
			}
			return in
		},
	}
}

// instance joins a Fake to what the suite needs of its provider.
func instance(f *channeltest.Fake) *channeltest.Instance {
	return &channeltest.Instance{
		Line:  f,
		Taken: func() int { return len(f.Sent()) },
		Ail:   ail(f),
		Logs:  func() string { return "" },
		Post: func(texts ...string) *channels.Request {
			var evs []channels.Event
			for _, s := range texts {
				evs = append(evs, f.Message(peer, s))
			}
			return f.Post(evs...)
		},
		File: func(size int64) channels.Media {
			return f.Media(peer, channels.Media{As: channels.File}, make([]byte, size)).Content.(channels.Media)
		},
		Behave: func(b channeltest.Behaviour) bool {
			no := channels.NotSent
			switch b {
			case channeltest.Limits:
				f.FailNext(&channels.Error{Class: channels.ErrRateLimited, Outcome: no, RetryAfter: channeltest.RetryAfter})
			case channeltest.Denies:
				f.FailNext(&channels.Error{Class: channels.ErrCredentials, Outcome: no})
			case channeltest.Absent, channeltest.Breaks:
				f.FailNext(&channels.Error{Class: channels.ErrUnavailable, Outcome: no})
			case channeltest.Swallow:
				f.UnknownNext()
			}
			return true
		},
	}
}

// handshake is a GET that carries the secret as its token.
func handshake(right bool) (*channels.Request, []byte) {
	r := &channels.Request{Method: "GET", PublicURL: "https://agency.example/?token=other&challenge=42"}
	if right {
		r.PublicURL = "https://agency.example/?token=" + secret + "&challenge=42"
	}
	return r, []byte("42")
}

// driver is a Fake of which parts can be replaced by broken ones.
type driver struct {
	*channeltest.Fake
	info      func(channels.Info) channels.Info
	verify    func(*channels.Request, error) error
	parse     func(*channels.Request, []channels.Event, error) ([]channels.Event, error)
	send      func(channels.Outbound, channels.Receipt, error) (channels.Receipt, error)
	challenge func(*channels.Request) ([]byte, error)
	fetch     func(channels.Media) (io.ReadCloser, error)
	find      func(channels.Receipt, bool) (channels.Receipt, bool)
	erase     func() channels.Erasure
	health    func(context.Context, error) error
}

func (d *driver) Info() channels.Info {
	if d.info != nil {
		return d.info(d.Fake.Info())
	}
	return d.Fake.Info()
}

func (d *driver) Verify(ctx context.Context, r *channels.Request) error {
	err := d.Fake.Verify(ctx, r)
	if d.verify != nil {
		return d.verify(r, err)
	}
	return err
}

func (d *driver) Parse(ctx context.Context, r *channels.Request) ([]channels.Event, error) {
	evs, err := d.Fake.Parse(ctx, r)
	if d.parse != nil {
		return d.parse(r, evs, err)
	}
	return evs, err
}

func (d *driver) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	r, err := d.Fake.Send(ctx, m)
	if d.send != nil {
		return d.send(m, r, err)
	}
	return r, err
}

func (d *driver) Challenge(_ context.Context, r *channels.Request) ([]byte, error) {
	if d.challenge != nil {
		return d.challenge(r)
	}
	if !strings.Contains(r.PublicURL, "token="+secret+"&") {
		return nil, &channels.Error{Op: "challenge", Class: channels.ErrSignature, Outcome: channels.NotSent}
	}
	return []byte("42"), nil
}

func (d *driver) FetchMedia(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	if d.fetch != nil {
		return d.fetch(m)
	}
	return d.Fake.FetchMedia(ctx, m)
}

func (d *driver) Find(ctx context.Context, m channels.Outbound) (channels.Receipt, bool, error) {
	r, ok, err := d.Fake.Find(ctx, m)
	if d.find != nil {
		r, ok = d.find(r, ok)
	}
	return r, ok, err
}

func (d *driver) Erase(ctx context.Context, to channels.Address, thread string) (channels.Erasure, error) {
	if d.erase != nil {
		return d.erase(), nil
	}
	return d.Fake.Erase(ctx, to, thread)
}

func (d *driver) Health(ctx context.Context, line channels.ID) error {
	h, _ := channels.As[channels.HealthChecker](d.Fake)
	err := h.Health(ctx, line)
	if d.health != nil {
		return d.health(ctx, err)
	}
	return err
}

func TestTheFakePassesTheSuite(t *testing.T) {
	s := subject(nil)
	s.NewWithoutSecret = func() error { return errors.New("Config.Secret is empty") }
	channeltest.Run(t, s)
}

func TestALineThatOnlySendsPassesTheSuite(t *testing.T) {
	var rec recorder
	channeltest.Run(&rec, channeltest.Subject{Peer: peer, New: func(channeltest.TB) *channeltest.Instance {
		f := newFake()
		return &channeltest.Instance{Line: struct{ channels.Channel }{f}, Taken: func() int { return len(f.Sent()) }}
	}})
	require.Empty(t, rec.failed)
	require.Contains(t, rec.skipped, "each changed byte of the body is refused")
}

func TestTheSuiteAsksForWhatItNeeds(t *testing.T) {
	for _, s := range []channeltest.Subject{
		{}, {Peer: peer},
		{Peer: peer, New: func(channeltest.TB) *channeltest.Instance { return nil }},
		{Peer: peer, New: func(channeltest.TB) *channeltest.Instance { return &channeltest.Instance{} }},
	} {
		var rec recorder
		rec.Run("suite", func(t *recorder) { channeltest.Run(t, s) })
		require.NotEmpty(t, rec.failed)
	}
}

// recorder is a test that keeps what failed.
type recorder struct {
	failed, skipped map[string]string
	now             string // the check that runs
}

func (r *recorder) Cleanup(f func())         { f() }
func (r *recorder) Context() context.Context { return context.Background() }
func (r *recorder) Helper()                  {}
func (r *recorder) Logf(string, ...any)      {}
func (r *recorder) TempDir() string          { return "" }
func (r *recorder) FailNow()                 { runtime.Goexit() }

func (r *recorder) Errorf(format string, args ...any) {
	if r.failed == nil {
		r.failed = map[string]string{}
	}
	r.failed[r.now] += fmt.Sprintf(format, args...) + "\n"
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(format string, args ...any) {
	if r.skipped == nil {
		r.skipped = map[string]string{}
	}
	r.skipped[r.now] = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Run(name string, f func(*recorder)) bool {
	r.now = name
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.failed[name] == ""
}

// broken is a driver that keeps all duties but one, and the check of the suite
// that must say so.
type broken struct {
	change func(d *driver, f *channeltest.Fake)
	check  string
}

// findsAll runs the suite against each broken driver.
func findsAll(t *testing.T, drivers map[string]broken) {
	for name, b := range drivers {
		t.Run("a driver "+name, func(t *testing.T) {
			var rec recorder
			channeltest.Run(&rec, subject(func(f *channeltest.Fake, in *channeltest.Instance) {
				b.change(in.Line.(*driver), f)
			}))
			require.Contains(t, rec.failed, b.check)
		})
	}
}

func TestTheSuiteFindsWhatShowsSecrets(t *testing.T) {
	var rec recorder
	s := subject(func(_ *channeltest.Fake, in *channeltest.Instance) {
		in.Logs = func() string { return "sent to " + string(peer) }
	})
	s.NewWithoutSecret = func() error { return nil }
	channeltest.Run(&rec, s)
	require.Contains(t, rec.failed, "logs show no secret, no person and no text")
	require.Contains(t, rec.failed, "the constructor refuses an empty secret")
}
