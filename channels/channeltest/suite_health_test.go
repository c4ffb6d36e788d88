package channeltest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// ail makes a Fake's provider answer questions about health.
func ail(f *channeltest.Fake) func(channeltest.Behaviour) bool {
	return func(b channeltest.Behaviour) bool {
		switch b {
		case channeltest.Denies:
			f.SetHealth(channels.ErrCredentials)
		case channeltest.Limits:
			f.SetHealth(channels.ErrRateLimited)
		case channeltest.Hangs:
			f.OnHealth(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		default:
			f.SetHealth(channels.ErrUnavailable)
		}
		return true
	}
}

// saying makes a driver answer with err whenever the Fake has a failure.
func saying(err error) func(d *driver, _ *channeltest.Fake) {
	return func(d *driver, _ *channeltest.Fake) {
		d.health = func(_ context.Context, was error) error {
			if was != nil {
				return err
			}
			return nil
		}
	}
}

func TestTheSuiteFindsDriversThatMisjudgeHealth(t *testing.T) {
	const nothing = "it says nothing of the line's health: "
	credentials := &channels.Error{Op: "health", Class: channels.ErrCredentials, Outcome: channels.NotSent}
	rejected := &channels.Error{Op: "health", Class: channels.ErrRejected, Outcome: channels.NotSent}
	unavailable := &channels.Error{Op: "health", Class: channels.ErrUnavailable, Outcome: channels.NotSent}
	findsAll(t, map[string]broken{
		"that never is ill":                        {saying(nil), "a line with dead credentials has to be connected again"},
		"that takes dead credentials for a pause":  {saying(unavailable), "a line with dead credentials has to be connected again"},
		"that takes an outage for the line's":      {saying(credentials), nothing + string(channeltest.Absent)},
		"that takes a fault for a refusal":         {saying(rejected), nothing + string(channeltest.Breaks)},
		"that takes a rate for a refusal":          {saying(rejected), nothing + string(channeltest.Limits)},
		"that is well although nobody answers":     {saying(nil), nothing + string(channeltest.Absent)},
		"whose error has no form":                  {saying(errors.New("no")), nothing + string(channeltest.Breaks)},
		"whose reason shows the secret":            {saying(&channels.Error{Op: "health", Class: channels.ErrCredentials, Provider: secret}), "a line with dead credentials has to be connected again"},
		"whose reason is of another line":          {saying(&channels.Error{Op: "health", Channel: "other", Class: channels.ErrCredentials}), "a line with dead credentials has to be connected again"},
		"that blames the line for its own context": {saying(credentials), "a question about health ends with its context"},
		"that is ill": {func(d *driver, _ *channeltest.Fake) {
			d.health = func(context.Context, error) error { return unavailable }
		}, "a line that works is healthy, and nothing is sent to know it"},
		"that sends to know it": {func(d *driver, f *channeltest.Fake) {
			d.health = func(ctx context.Context, was error) error {
				_, _ = f.Send(ctx, channels.Outbound{ID: "1", To: channels.Address{Channel: f.Info().ID, Peer: peer}, Content: channels.Text{Body: "?"}})
				return was
			}
		}, "a line that works is healthy, and nothing is sent to know it"},
		"that does not look at its context": {func(d *driver, _ *channeltest.Fake) {
			d.health = func(context.Context, error) error { return nil }
		}, "a question about health ends with its context"},
	})
}

func TestADriverThatCannotBeAskedIsNotAsked(t *testing.T) {
	var rec recorder
	channeltest.Run(&rec, channeltest.Subject{Peer: peer, New: func(channeltest.TB) *channeltest.Instance {
		f := newFake()
		return &channeltest.Instance{Line: struct{ channels.Channel }{f}, Ail: ail(f)}
	}})
	require.Empty(t, rec.failed)
	require.Contains(t, rec.skipped, "a line with dead credentials has to be connected again")
	require.Contains(t, rec.skipped, "a question about health ends with its context")
}

func TestTheHealthOfAFakeIsAsTold(t *testing.T) {
	_, can := channels.As[channels.HealthChecker](newFake())
	require.False(t, can, "most drivers cannot be asked")
	f := channeltest.New(channeltest.Config{Health: true})
	h, can := channels.As[channels.HealthChecker](f)
	require.True(t, can)
	ctx, id := t.Context(), f.Info().ID
	require.NoError(t, h.Health(ctx, id))
	require.ErrorIs(t, h.Health(ctx, "other"), channels.ErrUnsupported)

	f.SetHealth(channels.ErrCredentials)
	for range 2 {
		err := h.Health(ctx, id)
		require.ErrorIs(t, err, channels.ErrCredentials)
		require.EqualError(t, err, "health on "+string(id)+": credentials refused")
	}
	f.SetHealth(&channels.Error{Class: channels.ErrRejected, Provider: "status:banned"})
	require.ErrorContains(t, h.Health(ctx, id), "status:banned")
	f.OnHealth(func(context.Context) error { return errors.New("away") })
	require.ErrorIs(t, h.Health(ctx, id), channels.ErrUnavailable, "the hook is before what was set")
	f.OnHealth(nil)
	f.SetHealth(nil)
	f.FailNext(channels.ErrCredentials)
	require.NoError(t, h.Health(ctx, id), "what Send was told is Send's")
	require.Empty(t, f.Sent())

	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, h.Health(ended, id), channels.ErrUnavailable)
	require.Equal(t, 8, f.Asked())
}
