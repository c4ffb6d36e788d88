package birdtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

const (
	key     = "access-key"
	signing = "signing-key"
	ws      = "a1405560-c8d3-4b1a-877d-3f449ad95352"
	org     = "823fbfaf-f14e-4693-b55a-8ec1c17d649e"
	wa      = "22222222-0000-4000-8000-000000000001"
	page    = "22222222-0000-4000-8000-000000000002"
	sms     = "22222222-0000-4000-8000-000000000003"
	nowhere = "22222222-0000-4000-8000-00000000000f"
	person  = "+37255500001"
	project = "ce6a2fd6-b2fa-4f5a-a2cd-f3bd15883318"
	hookURL = "https://agency.example/webhooks/bird"

	channelsPath = "/workspaces/" + ws + "/channels/"
	sendPath     = channelsPath + wa + "/messages"
	hooksPath    = "/organizations/" + org + "/workspaces/" + ws + "/webhook-subscriptions" //nolint:misspell // Bird's word
)

// clock is the simulator's time, which the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// desk is a workspace and who talks to it over raw HTTP.
type desk struct {
	*birdtest.Server
	t     *testing.T
	base  string
	clock *clock
}

func open(t *testing.T, change func(*birdtest.Config)) *desk {
	t.Helper()
	d := &desk{t: t, clock: &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}}
	cfg := birdtest.Config{
		AccessKeys: []string{key}, WorkspaceID: ws, OrganizationID: org, Now: d.clock.now,
		Channels: []birdtest.Channel{{ID: wa, Platform: "whatsapp"}, {ID: page, Platform: "facebook"}, {ID: sms, Platform: "sms"}},
		Projects: []birdtest.Project{{ID: project, Locales: []string{"et"}, Keys: []string{"nimi"}}},
	}
	for _, event := range []string{"whatsapp.inbound", "whatsapp.outbound", "whatsapp.interaction"} {
		cfg.Webhooks = append(cfg.Webhooks, birdtest.Webhook{Event: event, URL: hookURL, SigningKey: signing})
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	d.Server, err = birdtest.New(cfg)
	require.NoError(t, err)
	d.base, err = d.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// call makes one request with the access key.
func (d *desk) call(method, path, body string) (int, map[string]any) {
	d.t.Helper()
	return d.callAs("AccessKey "+key, method, path, body)
}

func (d *desk) callAs(authorization, method, path, body string) (int, map[string]any) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.base+path, strings.NewReader(body))
	require.NoError(d.t, err)
	r.Header.Set("Authorization", authorization)
	res, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(d.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(d.t, err)
	var v map[string]any
	_ = json.Unmarshal(b, &v)
	return res.StatusCode, v
}

// text is a request to send a text, with more fields.
func text(said, more string) string {
	return `{"receiver":{"contacts":[{"identifierValue":"` + person + `"}]},"body":{"type":"text","text":{"text":"` + said + `"}}` + more + `}`
}

// with is a request to send this body.
func with(body string) string {
	return `{"receiver":{"contacts":[{"identifierValue":"` + person + `","identifierKey":"phonenumber"}]},"body":` + body + `}`
}

// sends expects a message to be taken, and returns its id.
func (d *desk) sends(body string) string {
	d.t.Helper()
	status, v := d.call("POST", sendPath, body)
	require.Equal(d.t, 202, status, v)
	return v["id"].(string)
}

// events are the payloads of the webhooks that wait.
func (d *desk) events() []map[string]any {
	d.t.Helper()
	var all []map[string]any
	for _, w := range d.Take() {
		var e map[string]any
		require.NoError(d.t, json.Unmarshal(w.Body, &e))
		require.Equal(d.t, "channels", e["service"])
		require.Equal(d.t, w.Event, e["event"])
		all = append(all, e["payload"].(map[string]any))
	}
	return all
}

// hook is a service that receives webhooks and answers them from a script.
type hook struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	got      []request
}

type request struct {
	header http.Header
	body   string
}

func listen(t *testing.T, statuses ...int) *hook {
	t.Helper()
	h := &hook{statuses: statuses}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		status := http.StatusOK
		if n := len(h.got); n < len(h.statuses) {
			status = h.statuses[n]
		}
		h.got = append(h.got, request{r.Header, string(b)})
		w.WriteHeader(status)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) all() []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]request{}, h.got...)
}
