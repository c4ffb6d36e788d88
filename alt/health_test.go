package alt_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// patient is a line that can be asked how it is.
type patient struct {
	*channeltest.Fake
	answer func(context.Context) error
	asked  int
}

func (p *patient) Health(ctx context.Context, line channels.ID) error {
	p.asked++
	if line != p.Info().ID {
		return errors.New("another line")
	}
	return p.answer(ctx)
}

// says makes every answer the same.
func (p *patient) says(err error) { p.answer = func(context.Context) error { return err } }

// with returns a harness with p in the place of its "sms" line.
func (p *patient) with(t *testing.T, h *heard) *alttest.Harness {
	t.Helper()
	return alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Lines: map[channels.ID]channels.Kind{"sms": channels.SMS},
		Change: func(c *alt.Config) {
			p.Fake = c.Channels[0].(*channeltest.Fake)
			c.Channels[0] = p
			h.listen(c)
		}})
}

func TestWhatAnAnswerSaysOfALine(t *testing.T) {
	for name, tt := range map[string]struct {
		answer func(context.Context) error
		state  alt.HealthState
		code   string
	}{
		"all is well": {func(context.Context) error { return nil }, alt.HealthUp, ""},
		"the token is dead": {func(context.Context) error { return sendError(channels.ErrCredentials, channels.NotSent, 0) },
			alt.HealthDown, "credentials"},
		"the provider holds the line back": {func(context.Context) error { return sendError(channels.ErrRejected, channels.NotSent, 0) },
			alt.HealthDown, "rejected"},
		"the provider is away": {func(context.Context) error { return sendError(channels.ErrUnavailable, channels.NotSent, 0) },
			alt.HealthUnknown, ""},
		"the provider wants to be left alone": {func(context.Context) error { return sendError(channels.ErrRateLimited, channels.NotSent, time.Hour) },
			alt.HealthUnknown, ""},
		"nobody can tell":             {func(context.Context) error { return sendError(channels.ErrUnsupported, channels.NotSent, 0) }, alt.HealthUnknown, ""},
		"a driver breaks the promise": {func(context.Context) error { return channels.ErrCredentials }, alt.HealthUnknown, ""},
		"an error points nowhere":     {func(context.Context) error { return (*channels.Error)(nil) }, alt.HealthUnknown, ""},
		"a driver panics":             {func(context.Context) error { boom(); return nil }, alt.HealthUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, h := &patient{answer: tt.answer}, &heard{}
			hs := p.with(t, h)
			require.Equal(t, alt.LineHealth{State: alt.HealthUnknown}, hs.Service().Health("sms"))
			hs.Advance(time.Minute)
			require.Equal(t, 1, p.asked)
			got := hs.Service().Health("sms")
			require.Equal(t, tt.state, got.State)
			require.Equal(t, tt.code, got.Code)
			require.False(t, got.Checked.IsZero())
			require.Equal(t, tt.state == alt.HealthUnknown, got.Since.IsZero())
			require.Equal(t, tt.state == alt.HealthUnknown, len(h.named("line.unclear")) == 1)
			require.Equal(t, tt.state == alt.HealthDown, len(healthLog(t, hs.Store(), "agency")) == 1)
		})
	}
	require.Equal(t, alt.LineHealth{State: alt.HealthUnknown}, alttest.New(t, alt.HandlerFunc(echo)).Service().Health("none"))
}

func TestAChangeIsToldOnce(t *testing.T) {
	p, h := &patient{}, &heard{}
	p.says(nil)
	hs := p.with(t, h)
	hs.Advance(2 * time.Hour)
	require.Empty(t, h.events, "that a line is well is no news")
	require.InDelta(t, 4, p.asked, 1)

	p.says(sendError(channels.ErrCredentials, channels.NotSent, 0))
	hs.Advance(5 * time.Hour)
	down := hs.Service().Health("sms")
	require.Equal(t, alt.HealthDown, down.State)
	require.WithinDuration(t, alttest.Start().Add(2*time.Hour), down.Since, time.Hour, "a dead token is known within the hour")
	require.WithinDuration(t, hs.Clock().Now(), down.Checked, time.Hour)
	p.says(nil)
	hs.Advance(time.Hour)
	require.Equal(t, alt.HealthUp, hs.Service().Health("sms").State)
	require.Empty(t, hs.Service().Health("sms").Code)

	require.Equal(t, []alt.Observation{{Name: "line.down", Line: "sms", Code: "credentials", N: 1}}, h.named("line.down"))
	require.Equal(t, []alt.Observation{{Name: "line.up", Line: "sms", N: 1}}, h.named("line.up"))
	require.Equal(t, []string{"line.down sms credentials", "line.up sms "}, healthLog(t, hs.Store(), "agency"))
	require.Len(t, h.events, 2)
	e := h.events[0]
	require.Equal(t, []string{"health", "down", "credentials"}, []string{e.Subject, e.State, e.Reason})
	require.Equal(t, channels.ID("sms"), e.Channel)
	require.Equal(t, channels.Agency("agency"), e.Agency)
	require.Equal(t, down.Since, e.At)
	require.NotEqual(t, e.Key, h.events[1].Key)
}

func TestAQuestionWithoutAnAnswerIsRepeatedSoon(t *testing.T) {
	p, h := &patient{}, &heard{}
	p.says(sendError(channels.ErrUnavailable, channels.NotSent, 0))
	hs := p.with(t, h)
	hs.Advance(time.Minute)
	require.Equal(t, 1, p.asked)
	hs.Advance(6 * time.Minute)
	require.Equal(t, 2, p.asked)
	p.says(sendError(channels.ErrRateLimited, channels.NotSent, 20*time.Minute))
	hs.Advance(6 * time.Minute)
	require.Equal(t, 3, p.asked)
	hs.Advance(17 * time.Minute)
	require.Equal(t, 3, p.asked, "not before the provider says")
	hs.Advance(5 * time.Minute)
	require.Equal(t, 4, p.asked)
}

func TestSendsTellOfALine(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	for _, line := range []channels.ID{"sms", "messenger"} {
		hs.Fake(line).SetHealth(channels.ErrUnsupported) // it cannot be asked
	}
	svc, chat := hs.Service(), hs.Chat("sms")
	state := func() alt.HealthState { return svc.Health("sms").State }
	require.Equal(t, alt.HealthUnknown, state())
	chat.Says("1").Expect("You said: 1")
	require.Equal(t, alt.HealthUp, state())
	hs.Fake("sms").FailNext(sendError(channels.ErrUnavailable, channels.NotSent, 0), sendError(channels.ErrRejected, channels.NotSent, 0))
	chat.Says("2").ExpectNothing()
	hs.Advance(time.Minute)
	chat.ExpectNothing()
	require.Equal(t, alt.HealthUp, state(), "an outage, or a refused message, says nothing of the line")
	hs.Fake("sms").FailNext(sendError(channels.ErrCredentials, channels.NotSent, 0))
	chat.Says("3").ExpectNothing()
	require.Equal(t, alt.HealthDown, state())
	require.Equal(t, "credentials", svc.Health("sms").Code)
	require.Equal(t, alt.HealthUnknown, svc.Health("messenger").State)
	hs.Advance(time.Minute)
	chat.Says("4").Expect("You said: 4")
	require.Equal(t, alt.HealthUp, state())
	require.Equal(t, []string{"line.down sms credentials", "line.up sms "}, healthLog(t, hs.Store(), "agency"))
}

func TestASendDoesNotDisproveThatMessagesDoNotReachUs(t *testing.T) {
	p, h := &patient{}, &heard{}
	p.says(sendError(channels.ErrRejected, channels.NotSent, 0))
	hs := p.with(t, h)
	hs.Advance(time.Minute)
	hs.Chat("sms").Says("x").Expect("You said: x")
	require.Equal(t, alt.HealthDown, hs.Service().Health("sms").State)
}

func TestWhatBeganBeforeAChangeSaysNothingOfTheTimeAfterIt(t *testing.T) {
	p, h := &patient{}, &heard{}
	hs := p.with(t, h)
	p.answer = func(context.Context) error { // the answer is on its way while a send is refused
		p.answer = func(context.Context) error { return nil }
		p.Fake.FailNext(sendError(channels.ErrCredentials, channels.NotSent, 0))
		hs.Clock().Advance(time.Second)
		hs.Chat("sms").Says("x").ExpectNothing()
		return nil
	}
	hs.Advance(time.Minute)
	require.Equal(t, alt.HealthDown, hs.Service().Health("sms").State)
	hs.Advance(31 * time.Minute)
	require.Equal(t, alt.HealthUp, hs.Service().Health("sms").State)
}

func TestAnOperatorThatPanicsKeepsTheSecurityLogWhole(t *testing.T) {
	p, h := &patient{}, &heard{}
	p.says(sendError(channels.ErrCredentials, channels.NotSent, 0))
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Lines: map[channels.ID]channels.Kind{"sms": channels.SMS},
		Change: func(c *alt.Config) {
			p.Fake = c.Channels[0].(*channeltest.Fake)
			c.Channels[0] = p
			h.listen(c)
			c.Operator = func(context.Context, channels.Event) { boom() }
		}})
	hs.Advance(time.Minute)
	require.Len(t, h.named("operator.panic"), 1)
	require.Equal(t, []string{"line.down sms credentials"}, healthLog(t, hs.Store(), "agency"))
}

func TestALineThatDoesNotAnswerHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lines = 30
		var now, most, asked atomic.Int32
		a := account{name: "acme", ask: func(ctx context.Context, line channels.ID) error {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			asked.Add(1)
			if line == "line-7" {
				<-ctx.Done()
				return &channels.Error{Class: channels.ErrUnavailable, Err: ctx.Err()}
			}
			time.Sleep(3 * time.Second)
			return nil
		}}
		for i := range lines {
			a.fakes = append(a.fakes, lineAt("acme", channels.ID(fmt.Sprintf("line-%d", i))))
		}
		svc, _, stop := running(t, alt.HandlerFunc(echo), func(c *alt.Config) {
			later(c)
			c.Providers = append(c.Providers, a)
		})
		time.Sleep(10 * time.Second)
		require.Less(t, asked.Load(), int32(lines/2), "they are asked one after another")
		time.Sleep(2 * time.Minute)
		for _, f := range a.fakes {
			id := f.Info().ID
			want := alt.HealthUp
			if id == "line-7" {
				want = alt.HealthUnknown
			}
			require.Equal(t, want, svc.Health(id).State, "%s", id)
		}
		require.LessOrEqual(t, most.Load(), int32(4))
		stop()
	})
}

func TestAStopEndsAQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := make(chan struct{})
		a := account{name: "acme", fakes: []*channeltest.Fake{lineAt("acme", "sms")}, ask: func(ctx context.Context, _ channels.ID) error {
			close(asked)
			<-ctx.Done()
			return &channels.Error{Class: channels.ErrUnavailable, Err: ctx.Err()}
		}}
		_, _, stop := running(t, alt.HandlerFunc(echo), func(c *alt.Config) {
			later(c)
			c.Providers = append(c.Providers, a)
		})
		<-asked
		begun := time.Now()
		stop()
		require.Zero(t, time.Since(begun))
	})
}
