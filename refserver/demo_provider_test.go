package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestDemoMarksAndPlaces(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		for _, line := range []channels.ID{"messenger", "whatsapp"} {
			t.Run("on "+string(line), func(t *testing.T) {
				p := startPlaygroundOn(t, provider, t.TempDir())
				p.post("/phone/"+string(line)+"/say", "/", "text", "inimene")
				p.arrives(line, "inimesele edasi")
				p.await("the mark on the person's own message", func() bool { return p.own(line).Status == channels.Delivered })

				chat := p.chatOf("waiting")
				p.post("/phone/"+string(line)+"/place", "/")
				p.await("the place at the desk", func() bool { return strings.Count(p.get("/?chat="+chat, "et"), "59.4339°") == 2 })
				p.act(chat, "claim")
				p.reply(chat, "Selge")
				p.arrives(line, "Selge")
				p.await("that all is read", func() bool {
					page := p.get("/?chat="+chat, "et") // where the phone is looked at too
					return strings.Contains(page, "✓✓ loetud") && !strings.Contains(page, "✓ saadetud")
				})
			})
		}
	})
}

func TestDemoFilesOnThePage(t *testing.T) {
	onEachProvider(t, func(t *testing.T, provider string) {
		p := startPlaygroundOn(t, provider, t.TempDir())
		_, _ = p.postFile("/phone/messenger/file", "/", pixel(), "pilt.png")
		p.arrives("messenger", "Sain selle kätte")
		p.post("/phone/messenger/say", "/", "text", "inimene")
		p.arrives("messenger", "inimesele edasi")
		chat := p.chatOf("waiting")
		p.act(chat, "claim")
		at := "/?chat=" + chat
		key := formKey.FindStringSubmatch(p.get(at, "et"))
		_, _ = p.postFile("/desk/chats/"+chat+"/reply", at, pixel(), "vastus.png", "key", key[1], "text", "")
		p.await("two pictures on either side", func() bool { return len(pictures.FindAllString(p.get(at, "et"), -1)) == 4 })
		for _, m := range pictures.FindAllStringSubmatch(p.get(at, "et"), -1) {
			require.Equal(t, string(pixel()), p.get(m[1], "et"), m[1])
		}
	})
}

// own is the first message on a phone, which is the person's.
func (p *playground) own(line channels.ID) bubble {
	i := slices.IndexFunc(p.phones, func(phone *demoPhone) bool { return phone.line == line })
	phone := p.phones[i]
	phone.mu.Lock()
	defer phone.mu.Unlock()
	return phone.screen[0]
}

func TestDemoGoesOnWithAnotherProvider(t *testing.T) {
	names := demoNames()
	for i, before := range names {
		after := names[(i+1)%len(names)]
		t.Run("from "+before+" to "+after, func(t *testing.T) {
			dir := t.TempDir()
			p := startPlaygroundOn(t, before, dir)
			for _, line := range []channels.ID{"messenger", "whatsapp"} {
				p.post("/phone/"+string(line)+"/say", "/", "text", "inimene")
				p.arrives(line, "inimesele edasi")
			}
			messenger, whatsapp := p.screen("messenger"), p.screen("whatsapp")
			p.stop()

			p = startPlaygroundOn(t, after, dir)
			require.Equal(t, messenger, p.screen("messenger"))
			require.Equal(t, whatsapp, p.screen("whatsapp"))
			// A number is known everywhere; a page knows the person again who writes to it.
			p.post("/phone/messenger/say", "/", "text", "Olen tagasi")
			p.await("the message at the desk", func() bool { return strings.Contains(p.get("/?list=waiting", "et"), "Olen tagasi") })
			for _, chat := range chatKey.FindAllStringSubmatch(p.get("/?list=waiting", "et"), -1) {
				p.act(chat[1], "claim")
				p.reply(chat[1], "Meie ka")
			}
			p.arrives("messenger", "Meie ka")
			p.arrives("whatsapp", "Meie ka")
		})
	}
}

// plainWire takes every POST for a send, whose answer is the id.
type plainWire struct{}

func (plainWire) sends(r *http.Request) bool             { return r.Method == http.MethodPost }
func (plainWire) lists(r *http.Request) bool             { return r.Method == http.MethodGet }
func (plainWire) receipt(answer []byte) string           { return string(answer) }
func (plainWire) hook(body []byte) (string, bool, error) { return string(body), true, nil }

func TestDemoGateLosesOneMessage(t *testing.T) {
	id, status := "", http.StatusTeapot
	now := time.Unix(0, 0)
	g := &demoGate{
		wire: plainWire{}, lost: make(map[string]bool), now: func() time.Time { return now }, blindFor: time.Minute,
		api: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Api", "1")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, id)
		}),
	}
	ask := func(method string) *http.Response {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		return w.Result()
	}
	g.lose()
	answer := ask(http.MethodPost)
	require.Equal(t, http.StatusTeapot, answer.StatusCode, "what is no message is answered")
	require.Equal(t, "1", answer.Header.Get("X-Api"))
	require.True(t, g.state().Losing, "and the loss is still to come")

	id, status = "m-1", http.StatusOK
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { ask(http.MethodPost) })
	require.False(t, g.state().Losing)
	require.Equal(t, http.StatusServiceUnavailable, ask(http.MethodGet).StatusCode, "nobody finds it")
	now = now.Add(time.Minute)
	require.Equal(t, http.StatusOK, ask(http.MethodGet).StatusCode)

	var posted []string
	g.posted = func(id string) { posted = append(posted, id) }
	g.post = roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	})
	for _, about := range []string{"m-1", "m-2"} {
		r, err := http.NewRequest(http.MethodPost, "http://127.0.0.1/", strings.NewReader(about))
		require.NoError(t, err)
		resp, err := g.RoundTrip(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
	require.Equal(t, []string{"m-2"}, posted, "no report of the lost one comes through")
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
