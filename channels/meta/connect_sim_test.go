package meta_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// connectSim is a simulated app with accounts that nobody has connected yet, and
// a connector to it.
func connectSim(t *testing.T) (*metatest.Server, meta.ConnectorConfig, string) {
	t.Helper()
	sim, err := metatest.New(metatest.Config{
		AppID: connectApp, AppSecrets: []string{outSecret}, VerifyToken: "word", RequireProof: true, Now: outNoon,
		Redirects: []string{"https://agency.example/connect/return"},
		Pages: []metatest.Page{
			{ID: "1001", Token: "EAAcanaryone", Name: "Politsei", Unsubscribed: true},
			{ID: "1002", Token: "EAAcanarytwo", Name: "Arhiiv", Tasks: []string{"MODERATE"}, Unsubscribed: true},
		},
		Instagram: []metatest.Instagram{{ID: "2001", Page: "1001", Username: "politsei", Unsubscribed: true}},
		Numbers: []metatest.Number{
			{ID: "3001", WABA: "4001", Token: "EAAcanarythree", Display: "37155500001", Name: "Politsei", Unregistered: true, Unsubscribed: true},
		},
	})
	require.NoError(t, err)
	base, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	cfg := connectConfig(base)
	cfg.Dialog = base
	return sim, cfg, base
}

// logIn goes through the dialog as a browser does, and returns the query that it
// came back with.
func logIn(t *testing.T, at, answer string, pages ...string) url.Values {
	t.Helper()
	return logInWith(t, at, url.Values{"answer": {answer}, "page": pages})
}

// logInWith is logIn with any form.
func logInWith(t *testing.T, at string, form url.Values) url.Values {
	t.Helper()
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.PostForm(at, form)
	require.NoError(t, err)
	defer res.Body.Close()
	back, err := res.Location()
	require.NoError(t, err)
	require.Equal(t, "https://agency.example/connect/return", back.Scheme+"://"+back.Host+back.Path)
	return back.Query()
}

func TestAPageIsConnectedServedAndTakenAway(t *testing.T) {
	sim, cfg, base := connectSim(t)
	c, ctx := connector(t, cfg), t.Context()
	state, err := c.NewState(connectSession)
	require.NoError(t, err)

	_, err = c.Returned(logIn(t, c.LoginURL(state), "cancel"), connectSession)
	require.Equal(t, meta.ErrLoginDenied, err)
	login, err := c.Returned(logIn(t, c.LoginURL(state), "continue", "1001", "1002"), connectSession)
	require.NoError(t, err)
	user, err := c.Exchange(ctx, login.Code)
	require.NoError(t, err)
	require.Equal(t, outNoon().Add(60*24*time.Hour), user.Expires)
	_, err = c.Exchange(ctx, login.Code)
	require.ErrorIs(t, err, meta.ErrLoginCode, "a code is good for once")
	noSecrets(t, err)

	pages, err := c.Pages(ctx, user.Token)
	require.NoError(t, err)
	require.Len(t, pages, 2)
	require.True(t, pages[0].MayConnect())
	require.False(t, pages[1].MayConnect())
	page := pages[0].Messenger()
	insta, ok := pages[0].LinkedAccount()
	require.True(t, ok)

	state2, err := c.Inspect(ctx, page)
	require.NoError(t, err)
	require.True(t, state2.Valid)
	require.Empty(t, state2.Missing)

	config := outConfig(base)
	config.AppID = connectApp
	token := func() string { return string(page.Token) }
	config.Lines = []meta.Line{
		{ID: "messenger", Kind: channels.Messenger, Account: page.ID, Token: token},
		{ID: "instagram", Kind: channels.Instagram, Account: insta.ID, Token: token},
	}
	app := outApp(t, config)
	for _, line := range []channels.ID{"messenger", "instagram"} {
		require.ErrorIs(t, app.Health(ctx, line), meta.ErrNotSubscribed, line)
	}
	require.ErrorIs(t, c.Subscribed(ctx, page), meta.ErrNotSubscribed)
	require.NoError(t, c.Subscribe(ctx, page))
	require.NoError(t, c.Subscribe(ctx, insta), "it is the page's subscription, and may be repeated")
	for _, line := range []channels.ID{"messenger", "instagram"} {
		require.NoError(t, app.Health(ctx, line), line)
	}

	require.NoError(t, c.Unsubscribe(ctx, page))
	require.ErrorIs(t, app.Health(ctx, "messenger"), meta.ErrNotSubscribed)
	sim.KillToken(string(page.Token), metatest.TokenPassword)
	err = app.Health(ctx, "messenger")
	require.ErrorIs(t, err, channels.ErrCredentials)
	require.Contains(t, err.Error(), "190/460")
	noSecrets(t, err)
	dead, err := c.Inspect(ctx, page)
	require.NoError(t, err)
	require.False(t, dead.Valid)
	require.Equal(t, "190/460", dead.Reason)
	require.ErrorIs(t, c.Unsubscribe(ctx, page), channels.ErrCredentials)
}

func TestANumberIsConnected(t *testing.T) {
	_, cfg, base := connectSim(t)
	c, ctx := connector(t, cfg), t.Context()
	const token = "EAAcanarythree"
	numbers, err := c.Numbers(ctx, token, "4001")
	require.NoError(t, err)
	require.Len(t, numbers, 1)
	require.Equal(t, meta.NumberUnregistered, numbers[0].State)
	account := numbers[0].Account(token)

	config := outConfig(base)
	config.AppID = connectApp
	config.Lines = []meta.Line{{ID: "whatsapp", Kind: channels.WhatsApp, Account: account.ID, Business: account.Business, Token: func() string { return token }}}
	app := outApp(t, config)
	require.ErrorIs(t, app.Health(ctx, "whatsapp"), meta.ErrRestricted)
	require.NoError(t, c.Register(ctx, token, account.ID, "123456"))
	require.Error(t, c.Register(ctx, token, account.ID, "654321"), "the PIN is another one")
	require.ErrorIs(t, app.Health(ctx, "whatsapp"), meta.ErrNotSubscribed)
	require.NoError(t, c.Subscribe(ctx, account))
	require.NoError(t, app.Health(ctx, "whatsapp"))
	require.NoError(t, c.Unsubscribe(ctx, account))
	require.ErrorIs(t, app.Health(ctx, "whatsapp"), meta.ErrNotSubscribed)
}

func TestManyPagesAreReadToTheEnd(t *testing.T) {
	cfg := metatest.Config{AppID: connectApp, AppSecrets: []string{outSecret}, VerifyToken: "word", Now: outNoon}
	cfg.Redirects = []string{"https://agency.example/connect/return"}
	var chosen []string
	for i := range 230 {
		id := strconv.Itoa(5000 + i)
		chosen = append(chosen, id)
		cfg.Pages = append(cfg.Pages, metatest.Page{ID: id, Token: "EAAcanary" + id, Name: "Page " + id})
	}
	sim, err := metatest.New(cfg)
	require.NoError(t, err)
	base, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = sim.Close() })
	config := connectConfig(base)
	config.Dialog = base
	c := connector(t, config)
	came := logIn(t, c.LoginURL("any"), "continue", chosen...)
	user, err := c.Exchange(t.Context(), meta.Secret(came.Get("code")))
	require.NoError(t, err)
	pages, err := c.Pages(t.Context(), user.Token)
	require.NoError(t, err)
	require.Len(t, pages, 230)
	require.Equal(t, "5229", pages[229].ID)
}

func TestTheOwnerOfANumberMayGoOnUsingItsApp(t *testing.T) {
	sim, cfg, _ := connectSim(t)
	c, ctx := connector(t, cfg), t.Context()
	app := receiverOf(t, lineless(new([]string)))
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := app.Challenge(r.Context(), &channels.Request{Method: r.Method, PublicURL: hookURL + "?" + r.URL.RawQuery})
		if err == nil {
			_, _ = w.Write(answer)
		}
	}))
	defer hook.Close()
	require.NoError(t, c.SetWebhook(ctx, channels.WhatsApp, hook.URL, verifyToken), "an app without lines answers Meta")
	require.NoError(t, c.Subscribe(ctx, meta.Account{Kind: channels.WhatsApp, ID: "3001", Business: "4001", Token: "EAAcanarythree"}))
	sim.Person("3001", mari).AnsweredBy("", "Tere, siin Jaan telefonist")
	require.Len(t, sim.Pending(), 1, "what the owner wrote is told")
}
