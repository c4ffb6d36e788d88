package bird_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

const (
	accessKey  = "canary-access-key"
	signingKey = "canary-signing-key"
	workspace  = "a1405560-c8d3-4b1a-877d-3f449ad95352"
	org        = "823fbfaf-f14e-4693-b55a-8ec1c17d649e"
	project    = "ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318"
	hookURL    = "https://agency.example/webhooks/bird"
	kati       = "+37255500001"
)

// channelID is Bird's id of the line with this id.
func channelID(line channels.ID) string {
	return map[channels.ID]string{
		"whatsapp": "22222222-0000-4000-8000-000000000001", "messenger": "22222222-0000-4000-8000-000000000002",
		"instagram": "22222222-0000-4000-8000-000000000003", "viber": "22222222-0000-4000-8000-000000000004",
		"telegram": "22222222-0000-4000-8000-000000000005", "sms": "22222222-0000-4000-8000-000000000006",
		"email": "22222222-0000-4000-8000-000000000007",
	}[line]
}

// noon is the time of all tests.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// kinds are the channels that Bird carries, which are also the ids of the lines.
func kinds() []channels.Kind {
	return []channels.Kind{channels.WhatsApp, channels.Messenger, channels.Instagram, channels.Viber, channels.Telegram, channels.SMS, channels.Email}
}

// config is a workspace with a line of each kind, whose API is at base.
func config(base string) bird.Config {
	cfg := bird.Config{
		AccessKey:   func() string { return accessKey },
		SigningKeys: func() []string { return []string{signingKey} },
		WorkspaceID: workspace, OrganizationID: org,
		Endpoints:    bird.Endpoints{API: base, Media: strings.TrimPrefix(base, "http://")},
		Now:          noon,
		InsecureHTTP: true,
	}
	for _, k := range kinds() {
		cfg.Lines = append(cfg.Lines, bird.Line{ID: channels.ID(k), Kind: k, ChannelID: channelID(channels.ID(k))})
	}
	cfg.Lines[0].Projects = map[string]bird.Project{"case_update": {ID: project}}
	return cfg
}

func provider(t testing.TB, cfg bird.Config) *bird.Provider {
	t.Helper()
	p, err := bird.New(cfg)
	require.NoError(t, err)
	return p
}

// receiver is a provider that only receives.
func receiver(t testing.TB) *bird.Provider { return provider(t, config("http://127.0.0.1:1")) }

// line returns a line by its id.
func line(t testing.TB, p *bird.Provider, id channels.ID) channels.Channel {
	t.Helper()
	for _, ch := range p.Channels() {
		if ch.Info().ID == id {
			return ch
		}
	}
	t.Fatalf("no line %q", id)
	return nil
}

// signed is a request as Bird sends it, at the time of all tests.
func signed(body string) *channels.Request {
	return &channels.Request{Method: http.MethodPost, PublicURL: hookURL, Header: birdtest.Sign(signingKey, hookURL, []byte(body), noon()),
		Body: []byte(body), At: noon()}
}

// parse returns the events of a body.
func parse(t testing.TB, p *bird.Provider, body string) []channels.Event {
	t.Helper()
	events, err := p.Parse(context.Background(), signed(body))
	require.NoError(t, err)
	return events
}

// simConfig is the workspace of config, with a subscription to all events.
func simConfig() birdtest.Config {
	sc := birdtest.Config{
		AccessKeys: []string{accessKey}, WorkspaceID: workspace, OrganizationID: org, Now: noon,
		Projects: []birdtest.Project{{ID: project, Locales: []string{"et", "en"}, Keys: []string{"1", "2"}}},
	}
	for _, k := range kinds() {
		platform := string(k)
		if k == channels.Messenger {
			platform = "facebook"
		}
		sc.Channels = append(sc.Channels, birdtest.Channel{ID: channelID(channels.ID(k)), Platform: platform, Address: "agency"})
		for _, word := range []string{"inbound", "outbound", "interaction"} {
			sc.Webhooks = append(sc.Webhooks, birdtest.Webhook{Event: platform + "." + word, URL: hookURL, SigningKey: signingKey})
		}
	}
	return sc
}

// simulator starts a workspace and returns it with a provider for it.
func simulator(t testing.TB, change func(*birdtest.Config, *bird.Config)) (*birdtest.Server, *bird.Provider) {
	t.Helper()
	sc, cfg := simConfig(), config("http://sim.invalid")
	if change != nil {
		change(&sc, &cfg)
	}
	sim, err := birdtest.New(sc)
	require.NoError(t, err)
	base, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	cfg.Endpoints = config(base).Endpoints
	return sim, provider(t, cfg)
}

// take returns the events of all webhooks that wait, each verified and parsed.
func take(t testing.TB, sim *birdtest.Server, p *bird.Provider) []channels.Event {
	t.Helper()
	var all []channels.Event
	for _, d := range sim.Take() {
		r := &channels.Request{Method: http.MethodPost, PublicURL: d.URL, Header: d.Header, Body: d.Body, At: noon()}
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
	Method, Path, Query string
	Header              http.Header
	Body                string
}

// answers starts an API that gives these answers in turn, and the last one from
// then on.
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

// accepted is the answer to a message that was taken.
func accepted() http.HandlerFunc {
	return says(202, `{"id":"m-bird","status":"accepted","createdAt":"2026-11-22T11:59:59.5Z","receiver":{"contacts":[{"id":"c-bird"}]}}`)
}

// message is an outbound message on a line.
func message(line channels.ID, to channels.Peer, c channels.Content) channels.Outbound {
	return channels.Outbound{ID: "m-1", To: channels.Address{Channel: line, Peer: to}, Content: c, Author: channels.Bot, Parts: 1}
}

func hello() channels.Outbound { return message("whatsapp", kati, channels.Text{Body: "Tere!"}) }

func send(t testing.TB, p *bird.Provider, m channels.Outbound) (channels.Receipt, error) {
	t.Helper()
	return line(t, p, m.To.Channel).Send(context.Background(), m)
}

// failure checks class and outcome of an error and returns it.
func failure(t testing.TB, err error, class error, outcome channels.Outcome) *channels.Error {
	t.Helper()
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, class)
	require.Equal(t, outcome, e.Outcome, "the outcome")
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v", err, err, err)} {
		for _, canary := range []string{accessKey, signingKey, kati, "Tere!", "Kati"} {
			require.NotContains(t, text, canary)
		}
	}
	return e
}

// fails is failure for those who want no more of the error.
func fails(t testing.TB, err error, class error, outcome channels.Outcome) {
	t.Helper()
	_ = failure(t, err, class, outcome)
}

// subscriptions is the path of webhook subscriptions.
const subscriptions = "/organizations/" + org + "/workspaces/" + workspace + "/webhook-subscriptions" //nolint:misspell // Bird's word

// event is the body of a webhook about a message; fields replace those of the
// payload, and nil removes one.
func event(t testing.TB, name string, fields map[string]any) string {
	t.Helper()
	person := map[string]any{"id": "c-1", "identifierKey": "phonenumber", "identifierValue": kati, "annotations": map[string]any{"name": "Kati Karu"}}
	m := map[string]any{
		"id": "m-9", "channelId": channelID("whatsapp"), "reference": "", "status": "delivered",
		"body":         map[string]any{"type": "text", "text": map[string]any{"text": "Tere! Soovin infot."}},
		"lastStatusAt": "2026-11-22T11:59:59.858Z", "createdAt": "2026-11-22T11:59:58Z", "updatedAt": "2026-11-22T11:59:59.9Z",
	}
	if strings.HasSuffix(name, ".inbound") {
		m["direction"], m["sender"] = "incoming", map[string]any{"contact": person}
	} else {
		m["direction"], m["receiver"] = "outgoing", map[string]any{"contacts": []any{person}}
	}
	for k, v := range fields {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	b, err := json.Marshal(map[string]any{"service": "channels", "event": name, "payload": m})
	require.NoError(t, err)
	return string(b)
}

func errorOf(err error) *channels.Error {
	var e *channels.Error
	_ = errors.As(err, &e)
	return e
}
