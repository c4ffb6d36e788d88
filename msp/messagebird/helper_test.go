package messagebird_test

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

const (
	accessKey  = "test_canary-access-key"
	signingKey = "canary-signing-key"
	hookURL    = "https://agency.example/webhooks/messagebird"
	kati       = "+37255500001"
	whatsApp   = "09c3a21d853b4bdbaa1a605ead17c981"
	messenger  = "1cf5b8c9f58b499fa3cdafaaaaaaaaaa"
	textLine   = "853eeb5348e541a595da93b48c61a1ae"
)

// noon is the time of all tests.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// config is an account with three lines, whose API is at base.
func config(base string) messagebird.Config {
	return messagebird.Config{
		AccessKey:   func() string { return accessKey },
		SigningKeys: func() []string { return []string{signingKey} },
		Lines: []messagebird.Line{
			{ID: "whatsapp", Kind: channels.WhatsApp, ChannelID: whatsApp, Namespace: "ns"},
			{ID: "messenger", Kind: channels.Messenger, ChannelID: messenger},
			{ID: "sms", Kind: channels.SMS, ChannelID: textLine},
		},
		Endpoints: messagebird.Endpoints{
			Conversations: base + "/v1", Files: base + "/v1", SMS: base + "/rest", Media: strings.TrimPrefix(base, "http://"),
		},
		Now:          noon,
		InsecureHTTP: true,
	}
}

func provider(t testing.TB, cfg messagebird.Config) *messagebird.Provider {
	t.Helper()
	p, err := messagebird.New(cfg)
	require.NoError(t, err)
	return p
}

// receiver is a provider that only receives.
func receiver(t testing.TB) *messagebird.Provider {
	return provider(t, config("http://127.0.0.1:1"))
}

// line returns a line by its id.
func line(t testing.TB, p *messagebird.Provider, id channels.ID) channels.Channel {
	t.Helper()
	for _, ch := range p.Channels() {
		if ch.Info().ID == id {
			return ch
		}
	}
	t.Fatalf("no line %q", id)
	return nil
}

// signed is a request as MessageBird sends it, at the time of all tests.
func signed(t testing.TB, body string) *channels.Request {
	t.Helper()
	token, err := messagebirdtest.NewClaims(hookURL, []byte(body), noon()).Token("HS256", signingKey)
	require.NoError(t, err)
	h := http.Header{}
	h.Set(messagebirdtest.HeaderToken, token)
	return &channels.Request{Method: http.MethodPost, PublicURL: hookURL, Header: h, Body: []byte(body), At: noon()}
}

// parse expects the one event of a body.
func parse(t testing.TB, p *messagebird.Provider, body string) channels.Event {
	t.Helper()
	events, err := p.Parse(context.Background(), signed(t, body))
	require.NoError(t, err)
	require.Len(t, events, 1)
	return events[0]
}

// simulator starts an account and returns it with a provider for it.
func simulator(t testing.TB, change func(*messagebirdtest.Config, *messagebird.Config)) (*messagebirdtest.Server, *messagebird.Provider) {
	t.Helper()
	sc := messagebirdtest.Config{
		AccessKeys: []string{accessKey},
		SigningKey: signingKey,
		Channels: []messagebirdtest.Channel{
			{ID: whatsApp, Platform: "whatsapp", Number: "+3726000000"},
			{ID: messenger, Platform: "facebook", Number: "page"},
			{ID: textLine, Platform: "sms", Number: "+3726000001"},
		},
		Webhooks: []messagebirdtest.Webhook{{URL: hookURL}},
		Now:      noon,
	}
	cfg := config("http://sim.invalid")
	if change != nil {
		change(&sc, &cfg)
	}
	sim, err := messagebirdtest.New(sc)
	require.NoError(t, err)
	base, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	cfg.Endpoints = config(base).Endpoints
	return sim, provider(t, cfg)
}

// take returns the events of all webhooks that wait, each verified and parsed.
func take(t testing.TB, sim *messagebirdtest.Server, p *messagebird.Provider) []channels.Event {
	t.Helper()
	var all []channels.Event
	for _, d := range sim.Take() {
		r := &channels.Request{Method: cmp.Or(d.Method, http.MethodPost), PublicURL: d.URL, Header: d.Header, Body: d.Body, At: noon()}
		require.NoError(t, p.Verify(context.Background(), r))
		events, err := p.Parse(context.Background(), r)
		require.NoError(t, err)
		all = append(all, events...)
	}
	return all
}

// only returns the events of one type.
func only[T channels.Event](events []channels.Event) []T {
	var some []T
	for _, e := range events {
		if e, ok := e.(T); ok {
			some = append(some, e)
		}
	}
	return some
}

// api answers calls from a script and records them.
type api struct {
	*httptest.Server
	mu    sync.Mutex
	calls []apiCall
}

type apiCall struct {
	Method, Path string
	Query        string
	Header       http.Header
	Body         string
}

// answers starts an API that gives these answers in turn, and the last one
// from then on.
func answers(t testing.TB, script ...http.HandlerFunc) *api {
	t.Helper()
	a := &api{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		next := script[min(len(a.calls), len(script)-1)]
		a.calls = append(a.calls, apiCall{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, string(body)})
		a.mu.Unlock()
		next(w, r)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *api) all() []apiCall {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]apiCall{}, a.calls...)
}

// says is an answer.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hangsUp cuts the connection.
func hangsUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// message is an outbound message on a line.
func message(line channels.ID, to channels.Peer, c channels.Content) channels.Outbound {
	return channels.Outbound{ID: "m-1", To: channels.Address{Channel: line, Peer: to}, Content: c, Author: channels.Bot, Parts: 1}
}

func hello() channels.Outbound { return message("whatsapp", kati, channels.Text{Body: "Tere!"}) }

// event is the body of a webhook about a message; fields replace those of the
// message, and null removes one.
func event(t testing.TB, kind string, fields map[string]any) string {
	t.Helper()
	m := map[string]any{
		"id": "48e710fef9d6453f80fcaaed88189e71", "conversationId": "0ea8f34d586544babaecc59bb5afcc11",
		"platform": "whatsapp", "to": "+3726000000", "from": kati, "channelId": whatsApp, "type": "text",
		"content": map[string]any{"text": "Tere! Soovin infot."}, "direction": "received", "status": "received",
		"createdDatetime": "2026-11-22T11:59:58Z", "updatedDatetime": "2026-11-22T11:59:59.072578638Z",
	}
	for k, v := range fields {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	b, err := json.Marshal(map[string]any{
		"type": kind, "message": m,
		"contact":      map[string]any{"id": "c4262f1054c249be971a756fd549ff01", "msisdn": 37255500001, "displayName": "Kati Karu"},
		"conversation": map[string]any{"id": "0ea8f34d586544babaecc59bb5afcc11", "contactId": "c4262f1054c249be971a756fd549ff01"},
	})
	require.NoError(t, err)
	return string(b)
}
