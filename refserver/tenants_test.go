package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/internal/uuid"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// inEachStore runs a test with a server on a folder and with one on a database.
func inEachStore(t *testing.T, run func(t *testing.T, w *world)) {
	t.Run("in a folder", func(t *testing.T) { run(t, newWorld(t)) })
	t.Run("in a database", func(t *testing.T) {
		dsn := newDatabase(t)
		w := newWorld(t)
		w.inDatabase(dsn)
		w.migrate()
		run(t, w)
	})
}

// withTenant adds another agency, with a line of its own, to the world's
// configuration, and an administrator for each. It returns their tokens.
func (w *world) withTenant() (ppa, other string) {
	w.t.Helper()
	ppa, ppaHash := desk.NewToken()
	other, otherHash := desk.NewToken()
	w.change("config.yaml", "channel_id: "+waChannel+"}]", "channel_id: "+waChannel+"}, {id: amet-messenger, kind: messenger, agency: amet, channel_id: page1}]")
	w.change("config.yaml", "  tokens: [", "  tokens: [{id: anu, role: admin, hash: "+ppaHash+"}, {id: oskar, role: admin, agency: amet, hash: "+otherHash+"}, ")
	return ppa, other
}

// as calls the desk's API with a token.
func (r *running) as(t *testing.T, token, method, path, body string) (int, string) {
	t.Helper()
	h := http.Header{"Authorization": {"Bearer " + token}}
	if method != http.MethodGet {
		h["Content-Type"], h["Idempotency-Key"] = []string{"application/json"}, []string{uuid.New(time.Now())}
	}
	status, answer, _ := r.call(t, method, path, body, h)
	return status, answer
}

// ids of a list that the API answers with.
func (r *running) ids(t *testing.T, token, path string) (ids []string) {
	t.Helper()
	status, answer := r.as(t, token, http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, status, answer)
	var page struct {
		Items []struct {
			ID any `json:"id"`
		} `json:"items"`
	}
	in := json.NewDecoder(strings.NewReader(answer))
	in.UseNumber()
	require.NoError(t, in.Decode(&page), answer)
	for _, item := range page.Items {
		ids = append(ids, fmt.Sprint(item.ID))
	}
	return ids
}

func TestTheSameServerWorksForOneAgencyAndForSeveral(t *testing.T) {
	inEachStore(t, func(t *testing.T, w *world) {
		srv := w.serve()
		first := w.sim.Person(waChannel, phone)
		first.Says("tere")
		w.deliver()
		require.Contains(t, w.inbox(first, 1)[0].Text(), "Ütlesite: tere")
		alone := srv.conversation(t)
		require.Equal(t, exitOK, srv.stop())

		// Another agency joins: the first one's people notice nothing.
		ppa, other := w.withTenant()
		srv = w.serve()
		second := w.sim.Person("page1", "4242424242")
		first.Says("jälle")
		second.Says("tere")
		w.deliver()
		require.Contains(t, w.inbox(first, 2)[1].Text(), "Ütlesite: jälle")
		require.Contains(t, w.inbox(second, 1)[0].Text(), "Ütlesite: tere")
		require.Equal(t, []string{alone}, srv.ids(t, ppa, "/v1/conversations"))
		theirs := srv.ids(t, other, "/v1/conversations")
		require.Len(t, theirs, 1)
		require.NotEqual(t, alone, theirs[0])
		require.Equal(t, []string{"ppa-whatsapp"}, srv.ids(t, ppa, "/v1/lines"))
		require.Equal(t, []string{"amet-messenger"}, srv.ids(t, other, "/v1/lines"))
	})
}

// belongings are ids of an agency's things.
type belongings struct{ conversation, message, file, upload, letter, line string }

// gather makes one thing of each kind for the first agency.
func (w *world) gather(srv *running, token string) belongings {
	w.t.Helper()
	person := w.sim.Person(waChannel, phone)
	person.Says("salasõna on kapsas, inimene")
	w.deliver()
	w.inbox(person, 1)
	person.SendsImage(messagebirdtest.File{ContentType: "image/png", Data: pixel()})
	w.deliver()
	b := belongings{conversation: srv.ids(w.t, token, "/v1/conversations")[0], line: "ppa-whatsapp"}
	at := "/v1/conversations/" + b.conversation
	do := func(method, path, body string) string {
		status, answer := srv.as(w.t, token, method, path, body)
		require.Less(w.t, status, 300, "%s %s: %s", method, path, answer)
		return answer
	}
	do(http.MethodPost, at+"/claim", "{}")
	blob := regexp.MustCompile(`"file":"([^"]+)"`)
	require.Eventually(w.t, func() bool {
		found := blob.FindStringSubmatch(do(http.MethodGet, at+"/messages", ""))
		if found != nil {
			b.file = found[1]
		}
		return found != nil
	}, 20*time.Second, 50*time.Millisecond, "the picture")
	b.message = srv.ids(w.t, token, at+"/messages")[0]
	w.sim.FailNext(1, messagebirdtest.Failure{Method: http.MethodPost, Status: http.StatusUnauthorized, Code: 2})
	do(http.MethodPost, at+"/replies", `{"text":"kapsas"}`)
	require.Eventually(w.t, func() bool {
		ids := srv.ids(w.t, token, "/v1/letters")
		if len(ids) == 1 {
			b.letter = ids[0]
		}
		return len(ids) == 1
	}, 20*time.Second, 50*time.Millisecond, "the letter")
	status, answer, _ := srv.call(w.t, http.MethodPost, "/v1/files", string(pixel()), http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"image/png"}})
	require.Equal(w.t, http.StatusCreated, status, answer)
	b.upload = regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(answer)[1]
	return b
}

// fill puts ids into a path or body.
func (b belongings) fill(s string) string {
	return strings.NewReplacer("{c}", b.conversation, "{m}", b.message, "{f}", b.file, "{u}", b.upload, "{l}", b.letter, "{line}", b.line).Replace(s)
}

// Whatever an administrator of one agency asks with ids of another, the answer is
// the one to ids that nobody has.
func TestAnotherAgencysThingsAreNowhere(t *testing.T) {
	inEachStore(t, func(t *testing.T, w *world) {
		ppa, other := w.withTenant()
		w.write("line.key", lineKey('a'))
		w.change("config.yaml", "bot: {kind: echo}", "bot: {kind: echo}\nline_keys: [{id: k1, key: {file: "+w.path("line.key")+"}}]")
		srv := w.serve()
		theirs := w.gather(srv, ppa)
		nobodys := belongings{
			conversation: uuid.New(time.Now()), message: "in-999999999", file: strings.Repeat("0", len(theirs.file)), upload: strings.Repeat("0", len(theirs.upload)),
			letter: "999999999", line: "nobody-whatsapp",
		}
		person := w.sim.Person("page1", "4242424242")
		person.Says("inimene")
		w.deliver()
		w.inbox(person, 1)
		own := srv.ids(t, other, "/v1/conversations")[0]

		known := make(map[string]bool)
		for _, a := range []struct{ method, path, body string }{
			{"GET", "/v1/conversations/{c}", ""},
			{"GET", "/v1/conversations/{c}/messages", ""},
			{"GET", "/v1/conversations/{c}/files/{f}", ""},
			{"GET", "/v1/conversations/" + own + "/files/{f}", ""},
			{"POST", "/v1/conversations/{c}/read", "{}"},
			{"POST", "/v1/conversations/{c}/claim", `{"force":true,"reason":"x"}`},
			{"POST", "/v1/conversations/{c}/release", "{}"},
			{"POST", "/v1/conversations/{c}/handback", "{}"},
			{"POST", "/v1/conversations/{c}/end", "{}"},
			{"POST", "/v1/conversations/{c}/restrict", `{"restricted":true}`},
			{"POST", "/v1/conversations/{c}/authentication", `{"purpose":"x"}`},
			{"GET", "/v1/conversations/{c}/identity", ""},
			{"POST", "/v1/conversations/{c}/identity/reveal", `{"reason":"x"}`},
			{"GET", "/v1/conversations/{c}/accounts", ""},
			{"POST", "/v1/conversations/{c}/accounts/take-apart", `{"line":"amet-messenger"}`},
			{"POST", "/v1/conversations/{c}/continue", `{"line":"amet-messenger"}`},
			{"POST", "/v1/conversations/" + own + "/continue", `{"line":"{line}"}`},
			{"POST", "/v1/conversations/{c}/forward", `{"line":"amet-messenger","note":"x"}`},
			{"POST", "/v1/conversations/{c}/replies", `{"text":"x"}`},
			{"POST", "/v1/conversations/" + own + "/replies", `{"file":{"id":"{u}"}}`},
			{"POST", "/v1/conversations/" + own + "/replies", `{"text":"x","reply_to":"{m}"}`},
			{"GET", "/v1/messages/{m}", ""},
			{"POST", "/v1/letters/{l}/retry", ""},
			{"POST", "/v1/letters/{l}/drop", ""},
			{"POST", "/v1/letters/{l}/confirm", ""},
			{"GET", "/v1/log?conversation={c}", ""},
			{"GET", "/v1/log?message={m}", ""},
			{"GET", "/v1/conversations?line={line}", ""},
			{"GET", "/v1/letters?line={line}", ""},
			{"GET", "/v1/admin/lines/{line}", ""},
			{"DELETE", "/v1/admin/lines/{line}?confirm={line}/1&force=true", ""},
			{"POST", "/v1/admin/lines/{line}/check", "{}"},
		} {
			known[strings.NewReplacer("{c}", "{id}", "{f}", "{blob}", "{m}", "{id}", "{l}/retry", "{id}/{verdict}", "{line}", "{id}", own, "{id}").Replace(strings.Split(a.path, "?")[0])] = true
			ask := func(b belongings) string {
				status, answer := srv.as(t, other, a.method, b.fill(a.path), b.fill(a.body))
				require.NotEqual(t, http.StatusForbidden, status, "the caller may do all, with what there is")
				for _, id := range []string{b.conversation, b.message, b.file, b.upload, b.line} {
					answer = strings.ReplaceAll(answer, id, "ID")
				}
				return fmt.Sprint(status, " ", regexp.MustCompile(`"position":\d+`).ReplaceAllString(answer, ""))
			}
			require.Equal(t, ask(nobodys), ask(theirs), "%s %s", a.method, a.path)
		}
		// What names no thing shows none of another agency.
		for _, path := range []string{"/v1/conversations?limit=200", "/v1/letters", "/v1/log?limit=200", "/v1/lines", "/v1/admin/lines"} {
			known[strings.Split(path, "?")[0]] = true
			_, answer := srv.as(t, other, http.MethodGet, path, "")
			for _, text := range []string{theirs.conversation, theirs.message, theirs.line, "kapsas", "anu"} {
				require.NotContains(t, answer, `"`+text, path)
			}
		}
		status, answer := srv.as(t, other, http.MethodPost, "/v1/conversations/search", `{"text":"kapsas"}`)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, answer, `"items":[]`)
		live := srv.stream(t, http.DefaultClient, srv.url+"/v1/events?after=0", http.Header{"Authorization": {"Bearer " + other}})
		live.until(own)
		live.never(theirs.conversation)

		// Nothing has come of it, and every operation with an id was tried.
		require.Equal(t, []string{theirs.letter}, srv.ids(t, ppa, "/v1/letters"))
		_, conversation := srv.as(t, ppa, http.MethodGet, "/v1/conversations/"+theirs.conversation, "")
		require.Contains(t, conversation, `"by":"anu"`)
		_, log := srv.as(t, ppa, http.MethodGet, "/v1/log?limit=200", "")
		require.NotContains(t, log, "oskar")
		_, document, _ := srv.get(t, "/v1/openapi.yaml")
		for _, m := range regexp.MustCompile(`(?m)^  (/v1/\S*\{\S*):$`).FindAllStringSubmatch(document, -1) {
			require.True(t, known[m[1]], "%s was not tried", m[1])
		}
	})
}

// never requires that none of what came so far, and comes in a moment, holds a
// text.
func (s *stream) never(text string) {
	s.t.Helper()
	for end := time.After(time.Second); ; {
		select {
		case line, ok := <-s.lines:
			require.True(s.t, ok)
			require.NotContains(s.t, line, text)
		case <-end:
			return
		}
	}
}
