package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// traces follows a message from a provider's webhook to the provider's call that
// answers it: one trace a message, whichever queue, process or replica it passes.
// The id of the trace is the one that the event and its answers carry (and that
// the log shows), and the id of its first span is made of it, so nothing more has
// to be stored. Spans hold names of lines, kinds and codes, nothing personal. A nil
// *traces follows nothing.
type traces struct {
	sdk    *sdktrace.TracerProvider
	tracer trace.Tracer
}

// newTraces sends the share (0-1] of all traces to an exporter, in the background.
func newTraces(to sdktrace.SpanExporter, share float64, b build) *traces {
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(to), sdktrace.WithIDGenerator(traceIDs{}),
		sdktrace.WithSampler(sampler{share}), sdktrace.WithResource(resourceOf(b)))
	return &traces{sdk: p, tracer: p.Tracer(serviceName)}
}

// around sends what waits when run has ended.
func (t *traces) around(run func(ctx context.Context) error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		defer t.close(ctx)
		return run(ctx)
	}
}

// close sends what waits, for a short time. What is lost is no failure of the server.
func (t *traces) close(ctx context.Context) {
	if t == nil {
		return
	}
	const most = 5 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), most)
	defer cancel()
	_ = t.sdk.Shutdown(ctx)
}

// Names of spans, and of the attributes that are no convention of OpenTelemetry's.
const (
	spanWebhook = "webhook"
	spanTurn    = "turn"
	spanSend    = "send"

	attrLine  = attribute.Key("liidestuja.line")
	attrKind  = attribute.Key("liidestuja.kind")
	attrEvent = attribute.Key("liidestuja.event")
	attrPart  = attribute.Key("liidestuja.part")
	attrCode  = attribute.Key("error.type")
)

// under returns a context in which a span belongs to the trace of a message; what
// has no trace begins one.
func under(ctx context.Context, of string) context.Context {
	id, ok := traceOf(of)
	if !ok {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: firstSpan(id), Remote: true}))
}

// outcome gives a span the class of an error, never its text.
func outcome(span trace.Span, err error) {
	if err != nil {
		code := channels.Code(err)
		span.SetAttributes(attrCode.String(code))
		span.SetStatus(codes.Error, code)
	}
}

// turns is an alt.Middleware.
func (t *traces) turns(next alt.Handler) alt.Handler {
	return alt.HandlerFunc(func(ctx context.Context, turn *alt.Turn) (err error) {
		line, e := turn.Line(), turn.Event()
		ctx, span := t.tracer.Start(under(ctx, e.Meta().Trace), spanTurn, trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(attrLine.String(string(line.ID)), attrKind.String(string(line.Kind)), attrEvent.String(e.Type())))
		err = errUnfinished // of a panic, which goes on upwards
		defer func() {
			outcome(span, err)
			span.End() // deferred by itself it would take the panic's value into the span
		}()
		err = next.Handle(ctx, turn)
		return err
	})
}

var errUnfinished = fmt.Errorf("%w: ended by a panic", channels.ErrUnavailable)

// provider follows what a provider's driver does.
func (t *traces) provider(p msp.Provider) msp.Provider {
	if t == nil {
		return p
	}
	f := &followed{Provider: p, t: t}
	for _, ch := range p.Channels() {
		f.lines = append(f.lines, &followedLine{ch, t})
	}
	return f
}

// followed is a provider whose messages are followed. What else it can do is found
// by Unwrap.
type followed struct {
	msp.Provider
	t     *traces
	lines []channels.Channel
}

// Unwrap returns the driver, for channels.As.
func (f *followed) Unwrap() any { return f.Provider }

// Channels implements msp.Provider.
func (f *followed) Channels() []channels.Channel { return f.lines }

// Parse names a trace for each event, and tells the request of them.
func (f *followed) Parse(ctx context.Context, r *channels.Request) ([]channels.Event, error) {
	evs, err := f.Provider.Parse(ctx, r)
	arrived, _ := ctx.Value(arrivedKey{}).(*arrivals)
	for _, e := range evs {
		if e == nil {
			continue // the service says what it thinks of that
		}
		m := e.Meta()
		if m.Trace == "" {
			m.Trace = newTraceID().String()
		}
		if arrived != nil {
			arrived.add(arrival{m.Trace, m.Channel, e.Type()})
		}
	}
	return evs, err
}

// followedLine is a line whose sends are followed.
type followedLine struct {
	channels.Channel
	t *traces
}

// Unwrap returns the driver's line, for channels.As.
func (l *followedLine) Unwrap() any { return l.Channel }

// Send implements channels.Channel.
func (l *followedLine) Send(ctx context.Context, m channels.Outbound) (r channels.Receipt, err error) {
	info := l.Info()
	ctx, span := l.t.tracer.Start(under(ctx, m.Trace), spanSend, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attrLine.String(string(info.ID)), attrKind.String(string(info.Kind)), attrPart.Int(m.Part+1)))
	err = errUnfinished
	defer func() {
		outcome(span, err)
		span.End() // as above
	}()
	r, err = l.Channel.Send(ctx, m)
	return r, err
}

type arrivedKey struct{}

// arrivals are the events of one request.
type arrivals struct {
	mu  sync.Mutex
	all []arrival
}

type arrival struct {
	trace string
	line  channels.ID
	event string
}

func (a *arrivals) add(e arrival) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, e)
}

// webhooks makes the first span of each event's trace, once the request that
// brought it has its answer.
func (t *traces) webhooks(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, arrived, out := time.Now(), new(arrivals), &answered{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(out, r.WithContext(context.WithValue(r.Context(), arrivedKey{}, arrived)))
		for _, e := range arrived.all {
			id, ok := traceOf(e.trace)
			if !ok {
				continue
			}
			_, span := t.tracer.Start(context.WithValue(context.WithoutCancel(r.Context()), firstOfKey{}, id), spanWebhook,
				trace.WithNewRoot(), trace.WithTimestamp(start), trace.WithSpanKind(trace.SpanKindServer),
				trace.WithAttributes(attrLine.String(string(e.line)), attrEvent.String(e.event), attribute.Int("http.response.status_code", out.status)))
			if out.status >= http.StatusInternalServerError {
				span.SetStatus(codes.Error, "not accepted")
			}
			span.End()
		}
	})
}

type firstOfKey struct{}

// traceIDs makes ids: the first span of a known trace has the one that everybody
// can work out.
type traceIDs struct{}

// NewIDs implements sdktrace.IDGenerator.
func (traceIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if id, ok := ctx.Value(firstOfKey{}).(trace.TraceID); ok {
		return id, firstSpan(id)
	}
	id := newTraceID()
	return id, firstSpan(id)
}

// NewSpanID implements sdktrace.IDGenerator.
func (traceIDs) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	_, _ = rand.Read(id[:]) // never fails: the runtime ends the program instead
	return id
}

func newTraceID() (id trace.TraceID) {
	_, _ = rand.Read(id[:]) // as above
	return id
}

// firstSpan returns the id of a trace's first span.
func firstSpan(id trace.TraceID) (span trace.SpanID) {
	sum := sha256.Sum256(id[:])
	copy(span[:], sum[:])
	return span
}

// traceOf reads the trace of an event: 32 hex digits, or a UUID.
func traceOf(s string) (id trace.TraceID, ok bool) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(id) {
		return id, false
	}
	copy(id[:], b)
	return id, id.IsValid()
}

// sampler takes a share of all traces, whole ones: who knows the id decides the
// same. It looks at a hash, because some bits of a UUID are no chance.
type sampler struct{ share float64 }

// ShouldSample implements sdktrace.Sampler.
func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	sum := sha256.Sum256(p.TraceID[:])
	const all = 1 << 53
	decision := sdktrace.Drop
	if float64(binary.BigEndian.Uint64(sum[8:])>>11) < s.share*all {
		decision = sdktrace.RecordAndSample
	}
	return sdktrace.SamplingResult{Decision: decision, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
}

// Description implements sdktrace.Sampler.
func (s sampler) Description() string { return fmt.Sprintf("share of %g", s.share) }
