package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// replica is another process's API over the same store.
func (w *world) replica() http.Handler {
	w.Helper()
	d, err := desk.New(desk.Config{Service: w.hs.Service(), Tokens: w.list.source, SessionIdle: 10 * time.Minute, SessionMax: time.Hour})
	require.NoError(w, err)
	return d.API()
}

func TestASessionIsKnownAtEveryReplica(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.desk.SessionIdle, s.desk.SessionMax = 10*time.Minute, time.Hour })
	here, there := w.api, w.replica()
	at := func(api http.Handler) *world { w.api = api; return w }
	b := &browser{w: at(here), host: "desk.example"}
	b.login("mari").ok(200)
	at(there)
	require.Equal(t, "mari", b.do("GET", "/v1/me", nil).ok(200)["id"])

	// A use at one counts at the other.
	for i := range 4 {
		w.hs.Clock().Advance(9 * time.Minute)
		at([]http.Handler{here, there}[i%2])
		b.do("GET", "/v1/me", nil).ok(200)
	}
	kept := *b.cookie
	at(there)
	b.do("DELETE", "/v1/session", nil, sameOrigin()).ok(204)
	at(here)
	(&browser{w: w, host: "desk.example", cookie: &kept}).do("GET", "/v1/me", nil).problem(401, "unauthenticated")

	// The number of a token's sessions is counted over all of them.
	first := &browser{w: w, host: "desk.example"}
	first.login("mari").ok(200)
	for i := range 20 {
		w.hs.Clock().Advance(time.Second)
		at([]http.Handler{here, there}[i%2])
		(&browser{w: w, host: "desk.example"}).login("mari").ok(200)
	}
	at(there)
	first.do("GET", "/v1/me", nil).problem(401, "unauthenticated")
}

func TestACookieThatWasMadeUpIsNobodys(t *testing.T) {
	w := newWorld(t)
	b := &browser{w: w, host: "desk.example"}
	b.login("mari").ok(200)
	agency, id, _ := strings.Cut(b.cookie.Value, ".")
	for name, value := range map[string]string{
		"no agency":      id,
		"another agency": "other." + id,
		"an odd agency":  "OTHER." + id,
		"no id":          agency + ".",
		"another id":     agency + "." + id[1:] + "A",
		"nothing":        ".",
		"a long one":     agency + "." + strings.Repeat("a", 300),
	} {
		t.Run(name, func(t *testing.T) {
			made := *b.cookie
			made.Value = value
			(&browser{w: w, host: "desk.example", cookie: &made}).do("GET", "/v1/me", nil).problem(401, "unauthenticated")
		})
	}
	b.do("GET", "/v1/me", nil).ok(200)
}
