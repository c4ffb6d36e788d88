package messagebirdtest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

const (
	key     = "test_key"
	secret  = "signing-key"
	wa      = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	fb      = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	tg      = "cccccccccccccccccccccccccccccccc"
	sms     = "dddddddddddddddddddddddddddddddd"
	person  = "+37255500001"
	friend  = "+37255500002"
	nowhere = "00000000000000000000000000000000"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock {
	return &clock{t: time.Date(2026, 3, 1, 8, 0, 0, 250_000_000, time.UTC)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// account is a simulator behind a real listener, with its clock and the service that gets its webhooks.
type account struct {
	*messagebirdtest.Server
	t     *testing.T
	url   string
	clock *clock
	hook  *receiver
}

// open starts an account with four channels and one webhook for everything.
func open(t *testing.T, change ...func(*messagebirdtest.Config)) *account {
	t.Helper()
	a := &account{t: t, clock: newClock(), hook: newReceiver(t)}
	cfg := messagebirdtest.Config{
		AccessKeys: []string{key, "next_key"},
		SigningKey: secret,
		Channels: []messagebirdtest.Channel{
			{ID: wa, Platform: "whatsapp", Name: "WhatsApp", Number: "+3726000000"},
			{ID: fb, Platform: "facebook", Name: "Page", Number: "1234567890"},
			{ID: tg, Platform: "telegram", Name: "Bot", Number: "bot"},
			{ID: sms, Platform: "sms", Name: "SMS", Number: "+3726000000"},
		},
		Webhooks: []messagebirdtest.Webhook{{URL: a.hook.url}},
		Now:      a.clock.Now,
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := messagebirdtest.New(cfg)
	require.NoError(t, err)
	a.Server = s
	a.url, err = s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return a
}

// call makes a request with the access key and returns status and body.
func (a *account) call(method, path string, body any) (int, map[string]any) {
	a.t.Helper()
	res, raw := a.do(method, path, body, "AccessKey "+key)
	var m map[string]any
	if len(raw) > 0 {
		require.NoError(a.t, json.Unmarshal(raw, &m), "%s", raw)
	}
	return res.StatusCode, m
}

func (a *account) do(method, path string, body any, authorization string) (*http.Response, []byte) {
	a.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = bytes.NewBufferString(b)
	default:
		raw, err := json.Marshal(b)
		require.NoError(a.t, err)
		r = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, r)
	require.NoError(a.t, err)
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	return res, raw
}

// send sends a text and returns the message's id.
func (a *account) send(channel, to, text string) string {
	a.t.Helper()
	status, body := a.call("POST", "/v1/send", textTo(channel, to, text))
	require.Equal(a.t, 202, status, "%v", body)
	return body["id"].(string)
}

// deliver posts what is due and expects all of it to be accepted.
func (a *account) deliver() int {
	a.t.Helper()
	n, err := a.Deliver(a.t.Context())
	require.NoError(a.t, err)
	return n
}

// events delivers and returns the bodies received since the last call.
func (a *account) events() []map[string]any {
	a.t.Helper()
	a.deliver()
	var events []map[string]any
	for _, p := range a.hook.take() {
		var m map[string]any
		require.NoError(a.t, json.Unmarshal(p.body, &m))
		events = append(events, m)
	}
	return events
}

func textTo(channel, to, text string) map[string]any {
	return map[string]any{"from": channel, "to": to, "type": "text", "content": map[string]any{"text": text}}
}

// posted is a webhook as it arrived.
type posted struct {
	method string
	header http.Header
	body   []byte
	path   string
}

// receiver is a service that accepts webhooks, or answers as it is told.
type receiver struct {
	url    string
	mu     sync.Mutex
	got    []posted
	status []int // of the next answers; then 200
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	ts := httptest.NewServer(r)
	t.Cleanup(ts.Close)
	r.url = ts.URL + "/hook"
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, posted{req.Method, req.Header.Clone(), body, req.URL.RequestURI()})
	if len(r.status) > 0 {
		w.Header().Set("Location", "/elsewhere") // for redirects
		w.WriteHeader(r.status[0])
		r.status = r.status[1:]
	}
}

func (r *receiver) answer(status ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) take() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// at follows keys into decoded JSON.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

// firstError is the first error of an error envelope.
func firstError(t *testing.T, body map[string]any) (code int, parameter any) {
	t.Helper()
	list, _ := body["errors"].([]any)
	require.Len(t, list, 1, "%v", body)
	e := list[0].(map[string]any)
	require.NotEmpty(t, e["description"])
	return int(e["code"].(float64)), e["parameter"]
}
