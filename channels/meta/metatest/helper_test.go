package metatest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

const (
	appID   = "700000000000001"
	secret  = "app-secret"
	verify  = "verify-word"
	page    = "682498302938465"
	page2   = "999999999999999"
	ig      = "17841400000000000"
	ig2     = "17841400000000001"
	number  = "106540352242922"
	number2 = "106540352242923"
	waba    = "102290129340398"
	psid    = "1254477777772919"
	igsid   = "1535148674800000"
	phone   = "37255500001"
	bsuid   = "EE.13491208655302741918"

	pageToken = "EAApage"
	igToken   = "IGtoken"
	waToken   = "EAAwa"
)

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
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

// app is a simulator behind a real listener, with its clock and the service that gets its webhooks.
type app struct {
	*metatest.Server
	t     *testing.T
	url   string
	clock *clock
	hook  *receiver
}

// open starts an app with two pages, two Instagram accounts and two WhatsApp numbers.
func open(t *testing.T, change ...func(*metatest.Config)) *app {
	t.Helper()
	a := &app{t: t, clock: &clock{t: time.Date(2026, 11, 2, 8, 0, 0, 250_000_000, time.UTC)}, hook: newReceiver(t)}
	cfg := metatest.Config{
		AppID: appID, AppSecrets: []string{secret, "old-secret"}, VerifyToken: verify,
		Pages:     []metatest.Page{{ID: page, Token: pageToken, Name: "Linn"}, {ID: page2, Token: "EAApage2"}},
		Instagram: []metatest.Instagram{{ID: ig, Page: page, Username: "linn"}, {ID: ig2, Token: igToken}},
		Numbers: []metatest.Number{
			{ID: number, WABA: waba, Token: waToken, Display: "15550783881", Name: "Linn", Templates: templates()},
			{ID: number2, WABA: waba, Token: waToken, Display: "15550783882"},
		},
		Webhook: a.hook.url, Now: a.clock.Now,
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := metatest.New(cfg)
	require.NoError(t, err)
	a.Server = s
	a.url, err = s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return a
}

func templates() []metatest.Template {
	return []metatest.Template{
		{Name: "plain", Language: "et", Body: "Tere tulemast."},
		{Name: "booking", Language: "et", Body: "Tere {{1}}, teie aeg on {{2}}.", Footer: "Linn",
			Buttons: []metatest.TemplateButton{{Type: "QUICK_REPLY", Text: "Sobib"}, {Type: "QUICK_REPLY", Text: "Ei sobi"}}},
		{Name: "named", Language: "et", Body: "Tere {{eesnimi}}, head päeva.", Header: "TEXT", HeaderText: "Linn {{osakond}}"},
		{Name: "picture", Language: "et", Body: "Vaata pilti.", Header: "IMAGE"},
		{Name: "link", Language: "et", Body: "Ava leht.", Buttons: []metatest.TemplateButton{{Type: "URL", Text: "Ava", URL: "https://linn.example/{{1}}"}}},
		{Name: "paused", Language: "et", Body: "Tere.", Status: metatest.TemplatePaused},
		{Name: "disabled", Language: "et", Body: "Tere.", Status: metatest.TemplateDisabled},
		{Name: "pending", Language: "et", Body: "Tere.", Status: metatest.TemplatePending},
		{Name: "code", Language: "et", Category: "AUTHENTICATION", Body: "Kood on {{1}}.", Buttons: []metatest.TemplateButton{{Type: "OTP", Text: "Kopeeri"}}},
	}
}

// call makes a request below v25.0 and returns status and body.
func (a *app) call(method, path, token string, body any) (int, map[string]any) {
	a.t.Helper()
	res, raw := a.do(method, "/v25.0"+path, token, body)
	var m map[string]any
	if len(raw) > 0 {
		require.NoError(a.t, json.Unmarshal(raw, &m), "%s", raw)
	}
	return res.StatusCode, m
}

func (a *app) do(method, path, token string, body any) (*http.Response, []byte) {
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
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	return res, raw
}

// text sends a text on any account and returns its id.
func (a *app) text(account, token, to, text string) string {
	a.t.Helper()
	body := map[string]any{"recipient": map[string]any{"id": to}, "messaging_type": "RESPONSE", "message": map[string]any{"text": text}}
	if account == number {
		body = waText(to, text)
	}
	status, answer := a.call("POST", "/"+account+"/messages", token, body)
	require.Equal(a.t, 200, status, "%v", answer)
	if account == number {
		return at(answer, "messages", 0, "id").(string)
	}
	return answer["message_id"].(string)
}

func waText(to, text string) map[string]any {
	return map[string]any{"messaging_product": "whatsapp", "recipient_type": "individual", "to": to, "type": "text",
		"text": map[string]any{"body": text}}
}

// deliver posts what is due and expects all of it to be accepted.
func (a *app) deliver() int {
	a.t.Helper()
	n, err := a.Deliver(a.t.Context())
	require.NoError(a.t, err)
	return n
}

// events delivers and returns the bodies received since the last call.
func (a *app) events() []map[string]any {
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

// posted is a webhook as it arrived.
type posted struct {
	header http.Header
	body   []byte
}

// receiver is a service that accepts webhooks, or answers as it is told, and knows the word of the handshake.
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
	if req.Method == http.MethodGet {
		if req.FormValue("hub.verify_token") != verify {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, req.FormValue("hub.challenge"))
		return
	}
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, posted{req.Header.Clone(), body})
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

// at follows keys and positions into decoded JSON.
func at(v any, keys ...any) any {
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[k]
		case int:
			list, _ := v.([]any)
			if k >= len(list) {
				return nil
			}
			v = list[k]
		}
	}
	return v
}

// fault reads an error envelope.
func fault(body map[string]any) (code, subcode int) {
	c, _ := at(body, "error", "code").(float64)
	sub, _ := at(body, "error", "error_subcode").(float64)
	return int(c), int(sub)
}

// upload posts a multipart form with one file and returns the answer.
func (a *app) upload(path, token string, form map[string]string, field, contentType string, data []byte) map[string]any {
	a.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range form {
		require.NoError(a.t, w.WriteField(name, value))
	}
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + field + `"; filename="f"`}, "Content-Type": {contentType}})
	require.NoError(a.t, err)
	_, err = part.Write(data)
	require.NoError(a.t, err)
	require.NoError(a.t, w.Close())
	req, err := http.NewRequestWithContext(a.t.Context(), "POST", a.url+"/v25.0"+path, &body)
	require.NoError(a.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", w.FormDataContentType())
	res, err := http.DefaultClient.Do(req)
	require.NoError(a.t, err)
	defer res.Body.Close()
	var m map[string]any
	require.NoError(a.t, json.NewDecoder(res.Body).Decode(&m))
	return m
}

// keys are the names of an object, sorted.
func keys(v any) []string {
	m, _ := v.(map[string]any)
	return slices.Sorted(maps.Keys(m))
}

func decode(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var m map[string]any
	require.NoError(t, json.Unmarshal(raw, &m), "%s", raw)
	return m
}
