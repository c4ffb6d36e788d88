package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/uuid"
)

// desk calls the desk's API as a specialist does and decodes the answer.
func (r *running) desk(t *testing.T, method, path, body string) map[string]any {
	t.Helper()
	h := http.Header{"Authorization": {"Bearer " + r.w.token}, "Content-Type": {"application/json"}, "Idempotency-Key": {uuid.New(time.Now())}}
	if method == http.MethodGet {
		h = http.Header{"Authorization": {"Bearer " + r.w.token}}
	}
	status, answer, _ := r.call(t, method, path, body, h)
	require.Less(t, status, 300, "%s %s: %s", method, path, answer)
	var v map[string]any
	if strings.TrimSpace(answer) != "" {
		require.NoError(t, json.Unmarshal([]byte(answer), &v), answer)
	}
	return v
}

// conversation returns the id of the only one.
func (r *running) conversation(t *testing.T) string {
	t.Helper()
	page := r.desk(t, http.MethodGet, "/v1/conversations", "")
	list := page["items"].([]any)
	require.Len(t, list, 1)
	return list[0].(map[string]any)["id"].(string)
}

func TestAPersonIsAnsweredByTheBotAndThenByTheDesk(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)

	person.Says("tere")
	w.deliver()
	box := w.inbox(person, 1)
	require.Equal(t, "Siin vastab robot, mitte inimene. Kui soovite rääkida inimesega, kirjutage „inimene“.\n\nÜtlesite: tere", box[0].Text())

	person.Says("Palun INIMENE!")
	w.deliver()
	box = w.inbox(person, 2)
	require.Equal(t, "Annan teie küsimuse inimesele edasi. Vastame teile siinsamas esimesel võimalusel.", box[1].Text())

	id := srv.conversation(t)
	srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/claim", "{}")
	srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/replies", `{"text":"Tere, mina olen Mari."}`)
	box = w.inbox(person, 3)
	require.Equal(t, "Tere, mina olen Mari.", box[2].Text())

	// The bot stays silent; everything else still works after a restart.
	person.Says("aitäh")
	w.deliver()
	require.Equal(t, exitOK, srv.stop())
	srv = w.serve()
	require.Equal(t, id, srv.conversation(t))
	srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/replies", `{"text":"Palun."}`)
	box = w.inbox(person, 4)
	require.Equal(t, "Palun.", box[3].Text())

	srv.desk(t, http.MethodPost, "/v1/conversations/"+id+"/handback", "{}")
	person.Says("tere jälle")
	w.deliver()
	box = w.inbox(person, 5)
	require.Equal(t, "Ütlesite: tere jälle", box[4].Text(), "the session has gone on, so the bot is known")
	for track, n := range w.sim.Tracks() {
		require.Equal(t, 1, n, track)
	}
}

func TestManyLinesOfAnAgencyComeToOneDesk(t *testing.T) {
	w := newWorld(t)
	pages := ""
	for _, id := range []string{"page1", "page2", "page3"} {
		pages += ", {id: ppa-" + id + ", kind: messenger, channel_id: " + id + "}"
	}
	w.change("config.yaml", waChannel+"}", waChannel+"}"+pages)
	srv := w.serve()
	people := map[string]string{waChannel: phone, "page1": "1111111111111111", "page2": "1111111111111111", "page3": "2222222222222222"}
	for channel, peer := range people {
		w.sim.Person(channel, peer).Says("inimene")
	}
	w.deliver()
	for channel, peer := range people {
		w.inbox(w.sim.Person(channel, peer), 1)
	}
	lines := make(map[any]int)
	for _, c := range srv.desk(t, http.MethodGet, "/v1/conversations?waiting=true", "")["items"].([]any) {
		lines[c.(map[string]any)["line"]]++
	}
	require.Equal(t, map[any]int{"ppa-whatsapp": 1, "ppa-page1": 1, "ppa-page2": 1, "ppa-page3": 1}, lines)
}

func TestALiveStreamDoesNotHoldUpTheEnd(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.url+"/v1/events", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+w.token)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, exitOK, srv.stop())
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NotContains(t, srv.log.String(), "requests were cut off")
}

func TestAnAddressInUseIsTold(t *testing.T) {
	w := newWorld(t)
	srv := w.serve()
	code, stdout, stderr := w.command("-config", w.path("config.yaml"), "-data", w.path("other"), "-addr", strings.TrimPrefix(srv.url, "http://"))
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "cannot listen")
}

func TestTheFlagOfTheAddressOpensNothingThatTheConfigurationMayNot(t *testing.T) {
	w := newWorld(t)
	code, _, stderr := w.command("-config", w.path("config.yaml"), "-addr", "0.0.0.0:0")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "listen.addr: is open to others")
}
