package alt_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
)

// loopback is a line that costs nothing: a request's body is "peer key", and a
// send tells whoever waits for that peer.
type loopback struct {
	waiting sync.Map // of chan struct{}, by peer
	sent    atomic.Int64
}

func (*loopback) Info() channels.Info {
	return channels.Info{ID: "line", Kind: channels.SMS, Capabilities: channels.Capabilities{Kind: channels.SMS}}
}

func (l *loopback) Send(_ context.Context, o channels.Outbound) (channels.Receipt, error) {
	if ch, ok := l.waiting.Load(o.To.Peer); ok {
		ch.(chan struct{}) <- struct{}{}
	}
	return channels.Receipt{ID: channels.ProviderID("out-" + strconv.FormatInt(l.sent.Add(1), 10))}, nil
}

func (*loopback) Verify(context.Context, *channels.Request) error { return nil }

func (*loopback) Parse(_ context.Context, r *channels.Request) ([]channels.Event, error) {
	peer, key, _ := strings.Cut(string(r.Body), " ")
	return []channels.Event{&channels.Received{EventMeta: channels.EventMeta{Key: key, Channel: "line", Peer: channels.Peer(peer), At: r.At},
		ID: channels.ProviderID(key), Content: channels.Text{Body: "tere"}}}, nil
}

func looped(b *testing.B) (*alt.Service, *loopback) {
	b.Helper()
	line := &loopback{}
	svc, err := alt.New(alt.Config{Store: memstore.New(memstore.Config{}), Channels: []channels.Channel{line},
		PublicURL: "https://agency.example/webhooks", Handler: alt.HandlerFunc(echo)})
	require.NoError(b, err)
	return svc, line
}

// BenchmarkTurn is a whole turn, from webhook to receipt, of 64 people at once.
func BenchmarkTurn(b *testing.B) {
	svc, line := looped(b)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- svc.Run(ctx) }()
	hooks := svc.Webhooks()
	var people atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		peer := "person-" + strconv.FormatInt(people.Add(1), 10)
		answered := make(chan struct{}, 1)
		line.waiting.Store(channels.Peer(peer), answered)
		for n := 0; pb.Next(); n++ {
			hooks.ServeHTTP(httptest.NewRecorder(), hook(b, peer+" "+peer+"/"+strconv.Itoa(n)))
			<-answered
		}
	})
	b.StopTimer()
	cancel()
	require.NoError(b, <-done)
}

// BenchmarkWebhook is a message that is accepted, and nothing more.
func BenchmarkWebhook(b *testing.B) {
	svc, _ := looped(b)
	hooks := svc.Webhooks()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		hooks.ServeHTTP(httptest.NewRecorder(), hook(b, "p "+strconv.Itoa(n)))
	}
}

func hook(b *testing.B, body string) *http.Request {
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: "/line"}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	return r.WithContext(b.Context())
}
