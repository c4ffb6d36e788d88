package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// A visitor adds a page; after a restart the demo's simulator knows nothing of it,
// and the page is connected again.
func TestDemoLinesAreAddedAndSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	for _, created := range []bool{true, false} {
		p := startPlaygroundOn(t, "meta", dir)
		m, who := p.app.lines, lines.Who{ID: "rein", Agency: demoAgency}
		begun, err := m.Begin(t.Context(), who, "")
		require.NoError(t, err)
		cookie, dialog, err := m.Open(t.Context(), who, begun.ID)
		require.NoError(t, err)
		browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		form := url.Values{"answer": {"continue"}, "page": {demoPage, demoMetaPage, demoMetaOther}}
		res, err := browser.Post(dialog, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		back, err := res.Location()
		require.NoError(t, err)
		id, err := m.Return(t.Context(), "meta", cookie, back.Query())
		require.NoError(t, err)
		l, err := m.Login(t.Context(), who, id)
		require.NoError(t, err)
		var seen []any
		for _, c := range l.Choices {
			seen = append(seen, c.Account, c.Standing, c.Taken)
		}
		require.Equal(t, []any{demoPage, lines.StandingReady, true, demoMetaPage, lines.StandingReady, false, demoMetaOther, lines.StandingForbidden, false}, seen)
		v, is, err := m.Add(t.Context(), who, lines.Request{Login: id, Kind: channels.Messenger, Account: demoMetaPage, ID: "naidis"})
		require.NoError(t, err)
		require.Equal(t, created, is)
		require.True(t, v.Serving)
		p.stop()
	}
}

func TestDemosOfOtherProvidersAddNoLines(t *testing.T) {
	for _, provider := range []string{"messagebird", "bird"} {
		p := startPlaygroundOn(t, provider, t.TempDir())
		require.NotContains(t, p.get("/", "en"), "/demo/lines")
		res, err := p.client.Get(p.srv.URL + "/lines")
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusNotFound, res.StatusCode)
		p.stop()
	}
}
