package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// oddProvider has a line that panics and can find messages, and returns events as a
// bad driver does.
type oddProvider struct{}

func (oddProvider) Name() string                                    { return "odd" }
func (oddProvider) Channels() []channels.Channel                    { return []channels.Channel{oddLine{}} }
func (oddProvider) Verify(context.Context, *channels.Request) error { return nil }
func (oddProvider) Answers() channels.Answers                       { return channels.Answers{Accepted: 299} }
func (oddProvider) Parse(context.Context, *channels.Request) ([]channels.Event, error) {
	own := &channels.Received{EventMeta: channels.EventMeta{Key: "2", Trace: "named by the driver"}}
	return []channels.Event{&channels.Received{EventMeta: channels.EventMeta{Key: "1"}}, nil, own}, nil
}

type oddLine struct{}

func (oddLine) Info() channels.Info { return channels.Info{ID: "odd-line", Kind: channels.SMS} }
func (oddLine) Send(context.Context, channels.Outbound) (channels.Receipt, error) {
	panic("what a person wrote")
}
func (oddLine) Find(context.Context, channels.Outbound) (channels.Receipt, bool, error) {
	return channels.Receipt{ID: "found"}, true, nil
}

func tracesInMemory(t *testing.T) (*traces, *tracetest.InMemoryExporter) {
	t.Helper()
	to := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(to), sdktrace.WithIDGenerator(traceIDs{}), sdktrace.WithSampler(sampler{1}))
	return &traces{sdk: p, tracer: p.Tracer(serviceName)}, to
}

func TestAFollowedProviderCanDoWhatItCouldBefore(t *testing.T) {
	follow, _ := tracesInMemory(t)
	p := follow.provider(oddProvider{})
	require.Equal(t, "odd", p.Name())
	a, ok := channels.As[channels.Answerer](p)
	require.True(t, ok)
	require.Equal(t, 299, a.Answers().Accepted)
	f, ok := channels.As[channels.Finder](p.Channels()[0])
	require.True(t, ok)
	r, found, err := f.Find(t.Context(), channels.Outbound{})
	require.NoError(t, err)
	require.True(t, found)
	require.EqualValues(t, "found", r.ID)
	_, ok = channels.As[channels.MediaFetcher](p.Channels()[0])
	require.False(t, ok, "and nothing more")

	evs, err := p.Parse(t.Context(), &channels.Request{})
	require.NoError(t, err)
	require.Len(t, evs, 3)
	_, ok = traceOf(evs[0].Meta().Trace)
	require.True(t, ok)
	require.Nil(t, evs[1])
	require.Equal(t, "named by the driver", evs[2].Meta().Trace)

	var none *traces
	require.Equal(t, msp.Provider(oddProvider{}), none.provider(oddProvider{}), "without traces nothing is between")
}

func TestASendThatPanicsEndsItsSpanAndSaysNothing(t *testing.T) {
	follow, to := tracesInMemory(t)
	line := follow.provider(oddProvider{}).Channels()[0]
	require.Panics(t, func() { _, _ = line.Send(t.Context(), channels.Outbound{Trace: "0193516e7c5a7cc18f3e2f4c5d6e7f80"}) })
	require.Len(t, to.GetSpans(), 1)
	span := to.GetSpans()[0]
	require.Equal(t, "0193516e7c5a7cc18f3e2f4c5d6e7f80", span.SpanContext.TraceID().String())
	require.Equal(t, codes.Error, span.Status.Code)
	require.Equal(t, "unavailable", span.Status.Description)
	require.Empty(t, span.Events)
}
