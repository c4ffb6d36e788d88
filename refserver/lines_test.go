package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// deliver posts all webhooks that wait, each of which must be accepted.
func (m *appWorld) deliver() {
	m.t.Helper()
	_, err := m.sim.Deliver(m.t.Context())
	require.NoError(m.t, err)
}

// answered waits until a person has so many messages.
func (m *appWorld) answered(p *metatest.Person, n int) []metatest.Message {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 20*time.Second)
	defer cancel()
	box, err := p.Wait(ctx, n)
	require.NoError(m.t, err)
	return box
}

// acts are those of the security log, in their order.
func (m *appWorld) acts() []string {
	m.t.Helper()
	status, v := m.api("anu", http.MethodGet, "/v1/log?limit=1000", "")
	require.Equal(m.t, http.StatusOK, status)
	var acts []string
	for _, e := range v["items"].([]any) {
		entry := e.(map[string]any)
		if act := entry["act"].(string); strings.HasPrefix(act, "line.") || strings.HasPrefix(act, "deletion.") {
			acts = append(acts, act+" "+entry["actor"].(string))
		}
	}
	return acts
}

func TestAPageIsAddedAnswersAndIsRemovedOnThePages(t *testing.T) {
	m := newAppWorld(t)
	srv := m.serve()
	s := m.surfer()
	status, page := s.get("/lines")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, page, `name="token"`)
	s.signIn("rein")
	_, page = s.get("/lines")
	require.Contains(t, page, "Ühtegi kanalit veel ei ole.")

	at := s.login()
	_, page = s.get(at)
	require.Contains(t, page, "Politsei")
	require.Contains(t, page, "@politsei")
	require.Contains(t, page, "Teil ei ole õigust selle konto nimel kirjutada", "a page without the task MESSAGING")
	require.Contains(t, page, "vajab registreerimist", "a number")
	status, page, _ = s.post(at+"/add", url.Values{"kind": {"messenger"}, "account": {appPage}, "line": {"Päris vale"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, page, "Name in the system: 1–64")
	require.Contains(t, page, "Päris vale", "what was typed stays")
	status, page, _ = s.post(at+"/add", url.Values{"kind": {"messenger"}, "account": {appPage}, "line": {"politsei"}, "name": {"Politsei leht"}})
	require.Equal(t, http.StatusSeeOther, status, page)

	person := m.sim.Person(appPage, "5005")
	person.Says("tere")
	m.deliver()
	require.Contains(t, m.answered(person, 1)[0].Text, "Ütlesite: tere")
	status, body, _ := srv.get(t, "/heartbeat.json")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"politsei"`)

	// A restart serves it on, with the token that only the store has.
	require.Equal(t, exitOK, srv.stop())
	require.NotContains(t, m.files(), appPageToken, "what is stored is sealed")
	srv = m.serve()
	person.Says("veel")
	m.deliver()
	require.Contains(t, m.answered(person, 2)[1].Text, "Ütlesite: veel")

	s = m.surfer()
	s.signIn("rein")
	status, page = s.get("/lines/remove/politsei")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "Seda ei saa tagasi võtta")
	status, page, _ = s.post("/lines/remove/politsei", url.Values{})
	require.Equal(t, http.StatusConflict, status, "it must be confirmed")
	require.Contains(t, page, "Look at it again")
	status, _, to := s.post("/lines/remove/politsei", url.Values{"confirm": {m.line("politsei")["confirm"].(string)}})
	require.Equal(t, http.StatusSeeOther, status)
	_, page = s.get(to.String())
	require.Contains(t, page, "Kanal on eemaldatud.")
	require.Contains(t, page, "Eemaldatud kanalid")

	// What Meta sends late is accepted, and neither answered nor stored.
	m.late(t, srv)
	require.Equal(t, exitOK, srv.stop())
	srv = m.serve()
	m.late(t, srv)
	code, letters, errs := m.command("dead-letters", "list", "-config", m.path("config.yaml"))
	require.Equal(t, exitOK, code, errs)
	require.NotContains(t, letters, "malformed")
	require.Equal(t, []string{"line.login rein", "line.added rein", "line.removed rein"}, m.acts())
}

// late posts what Meta had sent before it heard of the removal.
func (m *appWorld) late(t *testing.T, srv *running) {
	t.Helper()
	body := `{"object":"page","entry":[{"id":"` + appPage + `","time":1,"messaging":[{"sender":{"id":"5005"},"recipient":{"id":"` + appPage +
		`"},"timestamp":1,"message":{"mid":"m_late","text":"hiline kanaarilind"}}]}]}`
	status, _, _ := srv.call(t, http.MethodPost, "/webhooks/meta", body, m.sim.Sign([]byte(body)))
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, m.files(), "hiline kanaarilind")
}

func TestLoginsAreOfOneBrowserOncePersonAndTime(t *testing.T) {
	m := newAppWorld(t)
	m.serve()
	s := m.surfer()
	s.signIn("rein")
	_, _, dialog := s.post("/lines/login", url.Values{"provider": {"meta"}})
	back := s.dialog(dialog, "continue", url.Values{"page": {appPage}})

	other := m.surfer()
	other.signIn("rein")
	status, page := other.get(back.String())
	require.Equal(t, http.StatusConflict, status, "another browser")
	require.Contains(t, page, "Alustage uuesti")
	forged := *back
	q := forged.Query()
	q.Set("state", q.Get("state")[1:]+"A")
	forged.RawQuery = q.Encode()
	status, _ = s.get(forged.String())
	require.Equal(t, http.StatusConflict, status, "another state")
	status, _ = s.get(back.String())
	require.Equal(t, http.StatusOK, status)
	status, _ = s.get(back.String())
	require.Equal(t, http.StatusConflict, status, "the second time")

	_, _, dialog = s.post("/lines/login", url.Values{"provider": {"meta"}})
	status, page = s.get(s.dialog(dialog, "cancel", url.Values{}).String())
	require.Equal(t, http.StatusOK, status)
	at := refresh.FindStringSubmatch(page)[1]
	_, page = s.get(at)
	require.Contains(t, page, "Ühendamine katkestati")
	status, _ = other.get("/lines/login/nosuchlogin")
	require.Equal(t, http.StatusConflict, status)
	mari := m.surfer()
	mari.signIn("mari")
	status, page = mari.get(at)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, page, "Kanaleid muudab administraator")
	anu := m.surfer()
	anu.signIn("anu")
	status, page = anu.get("/lines")
	require.Equal(t, http.StatusOK, status)
	require.NotContains(t, page, "/lines/login", "an auditor looks")
	for _, path := range []string{"/lines/login", "/lines/remove/x"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.public+path, nil)
		require.NoError(t, err)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		status, _, _ := s.do(r)
		require.Equal(t, http.StatusForbidden, status, "a form of another site")
	}
}
