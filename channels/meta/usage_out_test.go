package meta_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestALineSlowsDownBeforeItsLimit(t *testing.T) {
	business := func(reading string) []string {
		return []string{"X-Business-Use-Case-Usage", `{"400000000000005":[{"type":"whatsapp","call_count":1},` + reading + `]}`}
	}
	for name, c := range map[string]struct {
		header  []string
		waits   time.Duration
		inquiry channels.ID // another line of the app
		others  time.Duration
	}{
		"no header":                       {nil, 0, "messenger", 0},
		"room enough":                     {[]string{"X-Page-Usage", `{"call_count":89,"total_time":1,"total_cputime":1}`}, 0, "messenger", 0},
		"a page with little room":         {[]string{"X-Page-Usage", `{"call_count":90,"total_time":1,"total_cputime":1}`}, 10 * time.Second, "messenger", 0},
		"the processor's time":            {[]string{"X-Page-Usage", `{"call_count":1,"total_time":1,"total_cputime":96}`}, 10 * time.Second, "messenger", 0},
		"a page with no room":             {[]string{"X-Page-Usage", `{"call_count":1,"total_time":97,"total_cputime":1}`}, time.Minute, "messenger", 0},
		"an app with no room":             {[]string{"X-App-Usage", `{"call_count":100,"total_time":1,"total_cputime":1}`}, time.Minute, "messenger", time.Minute},
		"a business account's estimate":   {business(`{"call_count":100,"estimated_time_to_regain_access":4}`), 4 * time.Minute, "messenger", 0},
		"an estimate that is very long":   {business(`{"call_count":100,"estimated_time_to_regain_access":900}`), 10 * time.Minute, "messenger", 0},
		"a header that is not understood": {[]string{"X-App-Usage", `<html>`, "X-Page-Usage", `7`}, 0, "messenger", 0},
	} {
		t.Run(name, func(t *testing.T) {
			now := outNoon()
			g := graphSays(t, func(w http.ResponseWriter, r *http.Request) {
				answer(http.StatusOK, `{"message_id":"m_1","messages":[{"id":"m_1"}]}`, c.header...)(w, r)
			})
			cfg := outConfig(g.URL)
			cfg.Now = func() time.Time { return now }
			app := outApp(t, cfg)
			try := func(id channels.ID) time.Duration {
				_, err := outLine(t, app, id).Send(context.Background(), letter(id, channels.Text{Body: "Tere"}))
				if err == nil {
					return 0
				}
				e := outFailure(t, err, channels.ErrRateLimited, channels.NotSent)
				require.Equal(t, "usage", e.Provider)
				require.False(t, e.Person, "it holds the whole line")
				return e.RetryAfter
			}
			require.Zero(t, try("whatsapp"))
			require.Equal(t, c.others, try(c.inquiry))
			calls := len(g.all())
			require.Equal(t, c.waits, try("whatsapp"))
			if c.waits == 0 {
				return
			}
			require.Len(t, g.all(), calls, "refused before the wire")

			now = now.Add(c.waits - time.Second)
			require.Equal(t, time.Second, try("whatsapp"))
			now = now.Add(time.Second)
			c.header = []string{"X-App-Usage", `{"call_count":1}`, "X-Page-Usage", `{"call_count":1}`}
			require.Zero(t, try("whatsapp"), "the time is over")
			require.Zero(t, try("whatsapp"), "and there is room again")
		})
	}
}

func TestARefusedCallTellsItsUsageToo(t *testing.T) {
	g := graphSays(t, answer(400, faultOf("613", 0, ""), "X-App-Usage", `{"call_count":100}`))
	app := outApp(t, outConfig(g.URL))
	for range 2 {
		_, err := outLine(t, app, "messenger").Send(context.Background(), letter("messenger", channels.Text{Body: "Tere"}))
		require.ErrorIs(t, err, channels.ErrRateLimited)
	}
	require.Len(t, g.all(), 1)
}
