package meta_test

import (
	"bytes"
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
	"github.com/liidestuja/liidestuja/channels/meta"
)

const (
	outToken  = "EAAcanarytoken"
	outSecret = "canary-app-secret"
	// outProof is HMAC-SHA256 of the token with the secret, reckoned elsewhere.
	outProof    = "adca38019dc9b10143fa42171412058a196b9ec3cfb0ad8544b62253c9a8a196"
	outPage     = "100000000000001"
	outInsta    = "200000000000002"
	outLogin    = "200000000000003"
	outNumber   = "300000000000004"
	outBusiness = "400000000000005"
	outKati     = "1254477777772919"
	outPhone    = "37255500001"
	outPicture  = "https://agency.example/a.png"
)

// outNoon is the time of the tests of sending.
func outNoon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// outConfig is an app with one line of each kind, whose API is at base.
func outConfig(base string) meta.Config {
	token := func() string { return outToken }
	return meta.Config{
		AppSecrets:  func() []string { return []string{outSecret} },
		VerifyToken: func() string { return "word" },
		Lines: []meta.Line{
			{ID: "messenger", Kind: channels.Messenger, Account: outPage, Token: token},
			{ID: "instagram", Kind: channels.Instagram, Account: outInsta, Token: token},
			{ID: "login", Kind: channels.Instagram, Account: outLogin, Token: token, InstagramLogin: true},
			{ID: "whatsapp", Kind: channels.WhatsApp, Account: outNumber, Business: outBusiness, Token: token},
		},
		Endpoints:    meta.Endpoints{Graph: base, Instagram: base},
		Now:          outNoon,
		InsecureHTTP: true,
	}
}

func outApp(t testing.TB, cfg meta.Config) *meta.App {
	t.Helper()
	app, err := meta.New(cfg)
	require.NoError(t, err)
	return app
}

// outLine returns a line by its id.
func outLine(t testing.TB, app *meta.App, id channels.ID) channels.Channel {
	t.Helper()
	for _, ch := range app.Channels() {
		if ch.Info().ID == id {
			return ch
		}
	}
	t.Fatalf("no line %q", id)
	return nil
}

// graph answers calls from a script and records them.
type graph struct {
	*httptest.Server
	mu    sync.Mutex
	calls []graphCall
}

type graphCall struct {
	Method, Path, Query string
	Header              http.Header
	Body                []byte
}

// graphSays starts an API that gives these answers in turn, and the last one
// from then on.
func graphSays(t testing.TB, script ...http.HandlerFunc) *graph {
	t.Helper()
	g := &graph{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		next := script[min(len(g.calls), len(script)-1)]
		g.calls = append(g.calls, graphCall{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header, body})
		g.mu.Unlock()
		next(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *graph) all() []graphCall {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]graphCall{}, g.calls...)
}

// answer is one answer of the API; header are names and values in turn.
func answer(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// accepts answers any message with success, whatever the product.
func accepts() http.HandlerFunc {
	return answer(http.StatusOK, `{"recipient_id":"1","message_id":"m_1","messaging_product":"whatsapp","messages":[{"id":"m_1"}],"success":true}`)
}

// letter is an outbound message on a line.
func letter(line channels.ID, c channels.Content) channels.Outbound {
	peer := channels.Peer(outKati)
	if line == "whatsapp" {
		peer = outPhone
	}
	return channels.Outbound{ID: "m-1", To: channels.Address{Channel: line, Peer: peer}, Content: c, Author: channels.Bot, Parts: 1}
}

// sent sends by an API that accepts it, and returns the receipt and the last
// request, without what is in every one.
func sent(t testing.TB, m channels.Outbound) (channels.Receipt, string) {
	t.Helper()
	g := graphSays(t, accepts())
	receipt, err := outLine(t, outApp(t, outConfig(g.URL)), m.To.Channel).Send(context.Background(), m)
	require.NoError(t, err)
	calls := g.all()
	return receipt, withoutProof(t, calls[len(calls)-1])
}

// withoutProof checks what every call has and returns the rest of its body.
func withoutProof(t testing.TB, c graphCall) string {
	t.Helper()
	require.Equal(t, "Bearer "+outToken, c.Header.Get("Authorization"))
	require.True(t, strings.HasPrefix(c.Path, "/v25.0/"), "the version is pinned")
	var body map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(c.Body, &body))
	require.Equal(t, `"`+outProof+`"`, string(body["appsecret_proof"]))
	require.Empty(t, c.Query, "what is secret stays out of addresses")
	delete(body, "appsecret_proof")
	b, err := json.Marshal(body)
	require.NoError(t, err)
	return string(b)
}

// outFailure expects an error of a class and an outcome, which tells nothing
// that is nobody else's business.
func outFailure(t testing.TB, err error, class error, outcome channels.Outcome) channels.Error {
	t.Helper()
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, e, class)
	require.Equal(t, outcome, e.Outcome, "outcome of %v", err)
	for _, secret := range []string{outToken, outSecret, outProof, outKati, outPhone, "Tere", "fbtrace"} {
		require.NotContains(t, err.Error(), secret)
	}
	return *e
}

// stored is a file of the agency's own store.
func stored(as channels.MediaKind, typ string, data []byte) channels.Media {
	return channels.Media{As: as, Blob: "b", Type: typ, Size: int64(len(data)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}

// says is a way out that answers by itself.
type says func(*http.Request) (*http.Response, error)

func (f says) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(r *http.Request, status int, h http.Header, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(bytes.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1}
}
