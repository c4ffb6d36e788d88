package main

import (
	"encoding/json"
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
	require.Equal(t, "Siin vastab robot, mitte inimene. Kui soovite rääkida inimesega, kirjutage „inimene“.\n\nÜtlesid: tere", box[0].Text())

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
	require.Equal(t, "Ütlesid: tere jälle", box[4].Text(), "the session has gone on, so the bot is known")
	for track, n := range w.sim.Tracks() {
		require.Equal(t, 1, n, track)
	}
}
