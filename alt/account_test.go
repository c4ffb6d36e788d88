package alt_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/msp"
)

// account is a provider of fakes, which can be asked how its lines are.
type account struct {
	name  string
	fakes []*channeltest.Fake
	ask   func(context.Context, channels.ID) error // nil: all is well
}

var (
	_ msp.Provider           = account{}
	_ channels.HealthChecker = account{}
)

// lineAt is a fake line of an account of that name.
func lineAt(name string, id channels.ID, change ...func(*channeltest.Config)) *channeltest.Fake {
	c := channeltest.Config{ID: id, Kind: channels.SMS, URL: "https://agency.example/webhooks/" + name}
	for _, f := range change {
		f(&c)
	}
	return channeltest.New(c)
}

func (a account) Name() string { return a.name }

func (a account) Channels() []channels.Channel {
	var out []channels.Channel
	for _, f := range a.fakes {
		if a.ask != nil { // a line is asked before its account
			f.OnHealth(func(ctx context.Context) error { return a.ask(ctx, f.Info().ID) })
		}
		out = append(out, f)
	}
	return out
}

func (a account) Health(ctx context.Context, line channels.ID) error {
	if a.ask == nil {
		return nil
	}
	return a.ask(ctx, line)
}

// of returns the line of a request: each fake has a secret of its own.
func (a account) of(ctx context.Context, r *channels.Request) (*channeltest.Fake, error) {
	err := error(&channels.Error{Op: "verify", Class: channels.ErrSignature})
	for _, f := range a.fakes {
		if err = f.Verify(ctx, r); err == nil {
			return f, nil
		}
	}
	return nil, err
}

func (a account) Verify(ctx context.Context, r *channels.Request) error {
	_, err := a.of(ctx, r)
	return err
}

func (a account) Parse(ctx context.Context, r *channels.Request) ([]channels.Event, error) {
	f, err := a.of(ctx, r)
	if err != nil {
		return nil, err
	}
	return f.Parse(ctx, r)
}

// later is a configuration to which lines come with SetProvider only.
func later(c *alt.Config) { c.Channels, c.LinesLater = nil, true }

// heard collects what is told of lines. It may be used concurrently.
type heard struct {
	mu     sync.Mutex
	counts []alt.Observation
	events []*channels.LineChanged
}

func (h *heard) listen(c *alt.Config) {
	c.Observe = func(o alt.Observation) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.counts = append(h.counts, o)
	}
	c.Operator = func(_ context.Context, e channels.Event) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.events = append(h.events, e.(*channels.LineChanged))
	}
}

// named returns the observations of a name.
func (h *heard) named(name string) []alt.Observation {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []alt.Observation
	for _, o := range h.counts {
		if o.Name == name {
			out = append(out, o)
		}
	}
	return out
}

// healthLog returns what the security log of an agency tells of lines.
func healthLog(t *testing.T, st alt.Store, agency channels.Agency) []string {
	t.Helper()
	page, _, err := st.Log(t.Context(), alt.LogQuery{Agency: agency, Limit: 1000})
	require.NoError(t, err)
	out := []string{}
	for _, e := range page {
		if e.Act == "line.up" || e.Act == "line.down" {
			require.Equal(t, "system", e.Actor)
			out = append(out, e.Act+" "+string(e.Line)+" "+e.Detail["code"])
		}
	}
	return out
}
