package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// comings are the entries about who comes in, as act, actor and details.
func (w *world) comings() (list []string) {
	w.Helper()
	for _, e := range w.log("") {
		if !strings.HasPrefix(e.Act, "desk.") {
			continue
		}
		s := strings.TrimPrefix(e.Act, "desk.") + " " + e.Actor
		for _, k := range []string{"role", "operation", "omitted"} {
			if v := e.Detail[k]; v != "" {
				s += " " + v
			}
		}
		list = append(list, s)
	}
	return list
}

func TestSigningInAndOutIsWrittenDown(t *testing.T) {
	w := newWorld(t)
	b := &browser{w: w, host: "desk.example"}
	b.login("mari").ok(200)
	b.do("GET", "/v1/me", nil).ok(200)
	b.login("jaan").ok(200)
	b.do("DELETE", "/v1/session", nil, sameOrigin()).ok(204)
	b.do("DELETE", "/v1/session", nil, sameOrigin()).ok(204) // nobody's
	require.Equal(t, []string{"signed_in mari specialist", "signed_out mari specialist", "signed_in jaan specialist", "signed_out jaan specialist"}, w.comings())
	for _, e := range w.log("") {
		require.NotContains(t, fmt.Sprint(e), w.token["mari"])
	}
}

func TestAProgramsTokenIsWrittenDownOnceADay(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.do("mari", "GET", "/v1/me", nil).ok(200)
	}
	w.do("aune", "GET", "/v1/me", nil).ok(200)
	require.Equal(t, []string{"token_used mari specialist", "token_used aune auditor"}, w.comings())
	w.hs.Clock().Advance(23 * time.Hour)
	w.do("mari", "GET", "/v1/me", nil).ok(200)
	require.Len(t, w.comings(), 2)
	w.hs.Clock().Advance(time.Hour)
	w.do("mari", "GET", "/v1/me", nil).ok(200)
	require.Len(t, w.comings(), 3)
}

func TestWhatARoleDoesNotAllowIsWrittenDown(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "human")
	w.do("aune", "POST", "/v1/conversations/"+id+"/claim", nil).problem(403, "role")
	w.do("mari", "GET", "/v1/log", nil).problem(403, "role")
	require.Equal(t, []string{"token_used aune auditor", "forbidden aune auditor POST /v1/conversations/{id}/claim",
		"token_used mari specialist", "forbidden mari specialist GET /v1/log"}, w.comings())
}

func TestWrongTokensAreWrittenDownInEachLogAndCannotFillIt(t *testing.T) {
	w := newWorld(t)
	w.add("rein", desk.Specialist, "rik")
	wrong := strings.Repeat("x", 43)
	try := func(n int) {
		for i := range n {
			r := w.request("", "GET", "/v1/me", nil, header{"Authorization", "Bearer " + wrong})
			r.RemoteAddr = fmt.Sprintf("203.0.%d.%d:1", i/200, i%200)
			w.send(r, true).problem(401, "unauthenticated")
		}
	}
	try(1)
	require.Equal(t, []string{"refused stranger"}, w.comings())
	try(400)
	require.Len(t, w.comings(), 30, "not one for each of so many")
	w.hs.Clock().Advance(time.Minute)
	try(1)
	got := w.comings()
	require.Equal(t, "refused stranger 371", got[len(got)-1], "and the rest are counted")
	for _, e := range w.log("") {
		require.NotContains(t, fmt.Sprint(e), wrong)
	}
}
