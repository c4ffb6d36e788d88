package meta_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// loggedIn is the token of a login that agreed to these accounts.
func loggedIn(t *testing.T, c *meta.Connector, chosen url.Values) meta.Secret {
	t.Helper()
	state, err := c.NewState(connectSession)
	require.NoError(t, err)
	chosen.Set("answer", "continue")
	login, err := c.Returned(logInWith(t, c.LoginURL(state), chosen), connectSession)
	require.NoError(t, err)
	user, err := c.Exchange(t.Context(), login.Code)
	require.NoError(t, err)
	return user.Token
}

func TestALoginNamesTheBusinessAccountsAndWhoTheyAreOf(t *testing.T) {
	sim, cfg, _ := connectSim(t)
	c, ctx := connector(t, cfg), t.Context()
	user := loggedIn(t, c, url.Values{"page": {"1001"}, "business": {"4001"}})
	state, err := c.Inspect(ctx, meta.Account{Kind: channels.WhatsApp, Token: user})
	require.NoError(t, err)
	require.True(t, state.Valid)
	require.Empty(t, state.Missing)
	require.Equal(t, []string{"4001"}, state.Businesses)
	numbers, err := c.Numbers(ctx, user, "4001")
	require.NoError(t, err)
	require.Len(t, numbers, 1)
	require.Equal(t, meta.NumberUnregistered, numbers[0].State)

	pages, err := c.Pages(ctx, user)
	require.NoError(t, err)
	page, err := c.Inspect(ctx, pages[0].Messenger())
	require.NoError(t, err)
	request, err := receiverOf(t, connectReceiver()).SignedRequest(sim.SignedRequest(page.User))
	require.NoError(t, err)
	require.Equal(t, state.User, request.User, "who takes the login back is who logged in")

	user = loggedIn(t, c, url.Values{"page": {"1002"}})
	state, err = c.Inspect(ctx, meta.Account{Kind: channels.WhatsApp, Token: user})
	require.NoError(t, err)
	require.Empty(t, state.Businesses, "none was chosen")
}

// connectReceiver is an app without lines that the simulator signs for.
func connectReceiver() meta.Config {
	return meta.Config{
		AppSecrets: func() []string { return []string{outSecret} }, VerifyToken: func() string { return "word" },
		LinesLater: true, Now: outNoon,
	}
}

func TestANumberSaysHowFarItIs(t *testing.T) {
	for name, tc := range map[string]struct {
		is     metatest.NumberState
		state  meta.NumberState
		reason string
		may    bool
	}{
		"all is well":                {metatest.NumberState{Status: "CONNECTED"}, meta.NumberReady, "", true},
		"not registered":             {metatest.NumberState{}, meta.NumberUnregistered, "status:disconnected", true},
		"the account is in review":   {metatest.NumberState{Review: "PENDING"}, meta.NumberPending, "account_review_status:pending", false},
		"the account was refused":    {metatest.NumberState{Status: "CONNECTED", Review: "REJECTED"}, meta.NumberRejected, "account_review_status:rejected", false},
		"the name is in review":      {metatest.NumberState{Name: "PENDING_REVIEW"}, meta.NumberPending, "name_status:pending_review", false},
		"the name was declined":      {metatest.NumberState{Status: "CONNECTED", Name: "DECLINED"}, meta.NumberRejected, "name_status:declined", false},
		"the number is not verified": {metatest.NumberState{Status: "PENDING"}, meta.NumberPending, "status:pending", false},
		"it is held back":            {metatest.NumberState{Status: "RESTRICTED"}, meta.NumberRestricted, "status:restricted", true},
		"it is banned":               {metatest.NumberState{Status: "BANNED"}, meta.NumberRejected, "status:banned", false},
	} {
		t.Run(name, func(t *testing.T) {
			sim, cfg, _ := connectSim(t)
			sim.SetNumber("3001", tc.is)
			numbers, err := connector(t, cfg).Numbers(t.Context(), "EAAcanarythree", "4001")
			require.NoError(t, err)
			require.Equal(t, tc.state, numbers[0].State)
			require.Equal(t, tc.reason, numbers[0].Reason)
			require.Equal(t, tc.may, numbers[0].MayConnect())
		})
	}
}

func TestAnAppThatWasRemovedIsConnectedAgain(t *testing.T) {
	sim, cfg, base := connectSim(t)
	c, ctx := connector(t, cfg), t.Context()
	connect := func() *meta.App {
		pages, err := c.Pages(ctx, loggedIn(t, c, url.Values{"page": {"1001"}}))
		require.NoError(t, err)
		require.NoError(t, c.Subscribe(ctx, pages[0].Messenger()))
		config := outConfig(base)
		config.AppID = connectApp
		config.Lines = []meta.Line{{ID: "messenger", Kind: channels.Messenger, Account: "1001", Token: func() string { return string(pages[0].Token) }}}
		return outApp(t, config)
	}
	app := connect()
	require.NoError(t, app.Health(ctx, "messenger"))
	require.NoError(t, sim.RemoveApp(ctx))
	err := app.Health(ctx, "messenger")
	require.ErrorIs(t, err, channels.ErrCredentials)
	require.Contains(t, err.Error(), "190/458")
	require.NoError(t, connect().Health(ctx, "messenger"), "with the token of another login")
	require.ErrorIs(t, app.Health(ctx, "messenger"), channels.ErrCredentials, "which the old one does not become")
}

func TestALoginWithoutAPermissionSaysWhichIsMissing(t *testing.T) {
	_, cfg, base := connectSim(t)
	c := connector(t, cfg)
	state, err := c.NewState(connectSession)
	require.NoError(t, err)
	address, err := url.Parse(c.LoginURL(state))
	require.NoError(t, err)
	q := address.Query()
	q.Del("config_id")
	q.Set("scope", "pages_show_list,pages_messaging")
	came := logInWith(t, base+address.Path+"?"+q.Encode(), url.Values{"answer": {"continue"}, "page": {"1001"}})
	user, err := c.Exchange(t.Context(), meta.Secret(came.Get("code")))
	require.NoError(t, err)
	pages, err := c.Pages(t.Context(), user.Token)
	require.NoError(t, err)
	says, err := c.Inspect(t.Context(), pages[0].Messenger())
	require.NoError(t, err)
	require.Equal(t, []string{"pages_manage_metadata"}, says.Missing)
	require.ErrorIs(t, c.Subscribe(t.Context(), pages[0].Messenger()), channels.ErrCredentials)
}
