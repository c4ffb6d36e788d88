package desk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// Texts in which no log, error or address may be found.
const (
	canaryName = "Kanaari Lind"
	canaryText = "salajane küsimus 4711"
)

// world is a service with a bot, a desk behind it, and everybody's tokens.
type world struct {
	*testing.T
	hs    *alttest.Harness
	desk  *desk.Desk
	api   http.Handler
	foe   *channeltest.Fake // a line of another agency
	logs  *logBook
	list  *tokenList
	token map[string]string // by id
	urls  []string
}

// setup changes the parts of a world before they are put together.
type setup struct {
	handler desk.HandlerConfig
	desk    desk.Config
	chain   func(people alt.Handler) alt.Handler
	change  func(c *alt.Config) // nil: nothing
}

func newWorld(t *testing.T, changes ...func(*setup)) *world {
	t.Helper()
	s := setup{chain: botFirst}
	for _, change := range changes {
		change(&s)
	}
	people, err := desk.NewHandler(s.handler)
	require.NoError(t, err)
	w := &world{T: t, logs: &logBook{}, list: &tokenList{}, token: make(map[string]string)}
	logger := slog.New(slog.NewJSONHandler(w.logs, nil))
	w.hs = alttest.NewWith(t, alttest.Config{Handler: s.chain(people), Change: func(c *alt.Config) {
		if s.change != nil {
			s.change(c)
		}
		c.Logger = logger
		w.foe = channeltest.New(channeltest.Config{ID: "foe", Kind: channels.WhatsApp, Agency: "other", PeerSpace: channels.PhonePeers, Now: c.Now})
		c.Channels = append(c.Channels, w.foe)
	}})
	for id, role := range map[string]desk.Role{
		"mari": desk.Specialist, "jaan": desk.Specialist, "aune": desk.Auditor, "anu": desk.Admin,
	} {
		w.add(id, role, "agency")
	}
	w.add("oskar", desk.Admin, "other")
	s.desk.Service, s.desk.Tokens, s.desk.Logger = w.hs.Service(), w.list.source, logger
	w.desk, err = desk.New(s.desk)
	require.NoError(t, err)
	w.api = w.desk.API()
	t.Cleanup(w.quiet)
	return w
}

// botFirst is a bot that hands over on "human".
func botFirst(people alt.Handler) alt.Handler {
	bot := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
		if strings.Contains(t.Text(), "human") {
			t.HandOver("desk")
			return nil
		}
		return t.ReplyText("bot: " + t.Text())
	})
	return alt.Chain(
		alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: bot},
		alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people},
	)
}

// deskOnly has no bot.
func deskOnly(s *setup) {
	s.chain = func(people alt.Handler) alt.Handler {
		return alt.Chain(alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people})
	}
}

// add lets somebody in.
func (w *world) add(id string, role desk.Role, agency channels.Agency) {
	token, hash := desk.NewToken()
	w.token[id] = token
	w.list.add(desk.Token{ID: id, Name: "Nimi " + id, Role: role, Agency: agency, Hash: hash})
}

// quiet checks that nothing secret came into a log or an address.
func (w *world) quiet() {
	seen := w.logs.String() + strings.Join(w.urls, "\n")
	for _, secret := range []string{canaryName, canaryText, "person-"} {
		require.NotContains(w, seen, secret)
	}
	for id, token := range w.token {
		require.NotContains(w, seen, token, id)
	}
}

// tokenList is a source that changes.
type tokenList struct {
	mu   sync.Mutex
	list []desk.Token
	err  error
}

func (l *tokenList) add(t desk.Token) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, t)
}

func (l *tokenList) change(f func(list []desk.Token) []desk.Token) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = f(append([]desk.Token(nil), l.list...))
}

func (l *tokenList) source(context.Context) ([]desk.Token, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list, l.err
}

// logBook is a log that may be written concurrently.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// talk lets a person of the canary's name say texts, and returns the
// conversation's id.
func (w *world) talk(line channels.ID, texts ...string) (*alttest.Chat, string) {
	w.Helper()
	chat := w.hs.Chat(line)
	for _, text := range texts {
		w.says(chat, line, text)
	}
	return chat, chat.Dossier().Conversation.ID
}

func (w *world) says(chat *alttest.Chat, line channels.ID, text string) {
	w.Helper()
	m := w.hs.Fake(line).Message(chat.Address().Peer, text)
	m.From = channels.Profile{Name: canaryName, Language: "et"}
	chat.Happens(m)
}

// answer is what came back.
type answer struct {
	w      *world
	status int
	header http.Header
	body   []byte
}

// header is a name and a value for do.
type header struct{ name, value string }

func key(k string) header     { return header{"Idempotency-Key", k} }
func because(s string) header { return header{"Access-Reason", s} }

const reason = "kaebuse%20lahendamine%20nr%2012"

// request makes a request of who, "" for nobody. A body that is no []byte is
// sent as JSON.
func (w *world) request(who, method, url string, body any, headers ...header) *http.Request {
	w.Helper()
	var r io.Reader
	typ := "application/json"
	switch b := body.(type) {
	case nil:
		typ = ""
	case []byte:
		r = bytes.NewReader(b)
	default:
		enc, err := json.Marshal(body)
		require.NoError(w, err)
		r = bytes.NewReader(enc)
	}
	req := httptest.NewRequestWithContext(w.Context(), method, "https://desk.example"+url, r)
	if typ != "" {
		req.Header.Set("Content-Type", typ)
	}
	if who != "" {
		req.Header.Set("Authorization", "Bearer "+w.token[who])
	}
	for _, h := range headers {
		req.Header.Set(h.name, h.value)
	}
	return req
}

// do makes a request that keeps to the description of the API, and checks that
// the answer does.
func (w *world) do(who, method, url string, body any, headers ...header) answer {
	w.Helper()
	return w.send(w.request(who, method, url, body, headers...), true)
}

// abuse is do for a request that does not keep to it.
func (w *world) abuse(who, method, url string, body any, headers ...header) answer {
	w.Helper()
	return w.send(w.request(who, method, url, body, headers...), false)
}

func (w *world) send(r *http.Request, keeps bool) answer {
	w.Helper()
	w.urls = append(w.urls, r.URL.String())
	check := contract().request(w.T, r, keeps)
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	a := answer{w: w, status: rec.Code, header: rec.Header(), body: rec.Body.Bytes()}
	check(a)
	require.Equal(w, "no-store", a.header.Get("Cache-Control"))
	require.Equal(w, "nosniff", a.header.Get("X-Content-Type-Options"))
	require.Contains(w, a.header.Get("Content-Security-Policy"), "sandbox")
	return a
}

// ok checks the status and decodes the body.
func (a answer) ok(status int) map[string]any {
	a.w.Helper()
	require.Equal(a.w, status, a.status, "%s", a.body)
	if len(a.body) == 0 {
		return nil
	}
	var v map[string]any
	require.NoError(a.w, json.Unmarshal(a.body, &v))
	return v
}

// problem checks that the answer is this problem.
func (a answer) problem(status int, code string) map[string]any {
	a.w.Helper()
	v := a.ok(status)
	require.Equal(a.w, "application/problem+json", a.header.Get("Content-Type"))
	require.Equal(a.w, code, v["code"])
	require.EqualValues(a.w, status, v["status"])
	return v
}

// items returns the list of an answer.
func (a answer) items() []map[string]any {
	a.w.Helper()
	var out []map[string]any
	for _, x := range a.ok(200)["items"].([]any) {
		out = append(out, x.(map[string]any))
	}
	return out
}

// ids returns the ids of the list of an answer.
func (a answer) ids() []string {
	a.w.Helper()
	out := []string{}
	for _, x := range a.items() {
		out = append(out, x["id"].(string))
	}
	return out
}

// log returns the acts in the security log of a conversation.
func (w *world) log(conversation string) []alt.LogEntry {
	w.Helper()
	page, _, err := w.hs.Store().Log(context.Background(), alt.LogQuery{Agency: "agency", Conversation: conversation, Limit: 1000})
	require.NoError(w, err)
	return page
}

// acts returns the names of the acts of an actor.
func (w *world) acts(conversation, actor string) []string {
	w.Helper()
	out := []string{}
	for _, e := range w.log(conversation) {
		if e.Actor == actor {
			out = append(out, e.Act)
		}
	}
	return out
}

func (w *world) now() string { return w.hs.Clock().Now().UTC().Format(time.RFC3339) }

type object = map[string]any

// serve answers a request without looking at it: for use by several goroutines.
func serve(w *world, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	return rec
}
