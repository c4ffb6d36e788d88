package meta_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// printed is everything that a value or an error prints.
func printed(v any) string { return fmt.Sprintf("%v %+v %#v %s", v, v, v, v) }

// wantedFields are the kinds of events of a page.
func wantedFields() []string {
	return strings.Fields(`messages messaging_postbacks messaging_optins message_deliveries message_reads message_edits
		message_reactions message_echoes messaging_referrals messaging_handovers standby messaging_policy_enforcement`)
}

// subscriptionOf is how a page names an app that gets these events.
func subscriptionOf(app string, fields []string) string {
	raw, _ := json.Marshal(fields)
	return `{"category":"Business","link":"https://example.com","name":"App","id":"` + app + `","subscribed_fields":` + string(raw) + `}`
}

func appList(apps ...string) http.HandlerFunc {
	return answer(200, `{"data":[`+strings.Join(apps, ",")+`]}`)
}

func waApp(app string) string {
	return `{"whatsapp_business_api_data":{"id":"` + app + `","name":"App","link":"https://example.com"}}`
}

func TestSubscribeNamesAllEventsAndReadsThemBack(t *testing.T) {
	for path, account := range accountsToConnect() {
		t.Run(string(account.Kind)+path, func(t *testing.T) {
			var sent struct {
				Fields string `json:"subscribed_fields"`
			}
			back := func(w http.ResponseWriter, r *http.Request) {
				fields := strings.Split(sent.Fields, ",")
				appList(subscriptionOf("77", []string{"feed"}), subscriptionOf(connectApp, append(fields, "feed")), waApp(connectApp))(w, r)
			}
			var g *graph
			g = graphSays(t, func(w http.ResponseWriter, r *http.Request) {
				_ = json.Unmarshal(g.calls[0].Body, &sent)
				answer(200, `{"success":true}`)(w, r)
			}, back)
			require.NoError(t, connector(t, connectConfig(g.URL)).Subscribe(t.Context(), account))
			asked(t, g, "POST "+path, "GET "+path)
			switch {
			case account.Kind == channels.WhatsApp:
				require.Empty(t, sent.Fields)
			case account.InstagramLogin:
				require.Contains(t, sent.Fields, "messages,")
				require.Contains(t, sent.Fields, "messaging_seen")
			default:
				require.Equal(t, sorted(wantedFields()), sorted(strings.Split(sent.Fields, ",")))
			}
		})
	}
}

func TestSubscribeRefuses(t *testing.T) {
	page := meta.Account{Kind: channels.Messenger, ID: outPage, Token: outToken}
	number := meta.Account{Kind: channels.WhatsApp, ID: outNumber, Business: outBusiness, Token: outToken}
	done := answer(200, `{"success":true}`)
	for name, tc := range map[string]struct {
		account meta.Account
		script  []http.HandlerFunc
		class   error
		absent  bool // ErrNotSubscribed
	}{
		"a page whose apps are others":      {page, []http.HandlerFunc{done, appList(subscriptionOf("77", wantedFields()))}, channels.ErrRejected, true},
		"a page with no app":                {page, []http.HandlerFunc{done, appList()}, channels.ErrRejected, true},
		"a page with one event too few":     {page, []http.HandlerFunc{done, appList(subscriptionOf(connectApp, wantedFields()[1:]))}, channels.ErrRejected, true},
		"a business whose apps are others":  {number, []http.HandlerFunc{done, appList(waApp("77"))}, channels.ErrRejected, true},
		"a business with no app":            {number, []http.HandlerFunc{done, appList()}, channels.ErrRejected, true},
		"Meta says no":                      {page, []http.HandlerFunc{answer(200, `{"success":false}`)}, channels.ErrRejected, false},
		"a missing permission":              {page, []http.HandlerFunc{answer(403, `{"error":{"code":200,"message":"pages_manage_metadata"}}`)}, channels.ErrCredentials, false},
		"a dead token":                      {number, []http.HandlerFunc{answer(401, `{"error":{"code":190}}`)}, channels.ErrCredentials, false},
		"reading back fails":                {page, []http.HandlerFunc{done, answer(500, "")}, channels.ErrUnavailable, false},
		"a page without an id":              {meta.Account{Kind: channels.Messenger, Token: outToken}, nil, channels.ErrMalformed, false},
		"an id that leads elsewhere":        {meta.Account{Kind: channels.Messenger, ID: "../me", Token: outToken}, nil, channels.ErrMalformed, false},
		"an Instagram account without page": {meta.Account{Kind: channels.Instagram, ID: outInsta, Token: outToken}, nil, channels.ErrMalformed, false},
		"a number without its business":     {meta.Account{Kind: channels.WhatsApp, ID: outNumber, Token: outToken}, nil, channels.ErrMalformed, false},
		"a login that is no Instagram's":    {meta.Account{Kind: channels.WhatsApp, ID: outNumber, InstagramLogin: true, Token: outToken}, nil, channels.ErrMalformed, false},
		"another product":                   {meta.Account{Kind: channels.Viber, ID: "1", Token: outToken}, nil, channels.ErrMalformed, false},
		"no token":                          {meta.Account{Kind: channels.Messenger, ID: outPage}, nil, channels.ErrCredentials, false},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, append(tc.script, answer(500, "not asked for"))...)
			err := connector(t, connectConfig(g.URL)).Subscribe(t.Context(), tc.account)
			require.ErrorIs(t, err, tc.class)
			requireTyped(t, err)
			require.Equal(t, tc.absent, isA(err, meta.ErrNotSubscribed))
			require.Len(t, g.all(), len(tc.script))
			noSecrets(t, err, tc.account)
		})
	}
}

func TestSubscribedAsksOnly(t *testing.T) {
	for path, account := range accountsToConnect() {
		g := graphSays(t, appList(subscriptionOf(connectApp, append(wantedFields(), "messaging_seen", "messaging_referral", "messaging_handover")), waApp(connectApp)), appList())
		c := connector(t, connectConfig(g.URL))
		require.NoError(t, c.Subscribed(t.Context(), account), path)
		require.ErrorIs(t, c.Subscribed(t.Context(), account), meta.ErrNotSubscribed, path)
		asked(t, g, "GET "+path, "GET "+path)
	}
	require.ErrorIs(t, connector(t, connectConfig("http://127.0.0.1:1")).Subscribed(t.Context(), meta.Account{}), channels.ErrMalformed)
}

func TestUnsubscribe(t *testing.T) {
	for path, account := range accountsToConnect() {
		g := graphSays(t, answer(200, `{"success":true}`), answer(200, `{}`), answer(200, `{"success":false}`), answer(400, `{"error":{"code":190,"error_subcode":458}}`))
		c := connector(t, connectConfig(g.URL))
		require.NoError(t, c.Unsubscribe(t.Context(), account), path)
		require.NoError(t, c.Unsubscribe(t.Context(), account), "an answer that says nothing, with status 200")
		require.ErrorIs(t, c.Unsubscribe(t.Context(), account), channels.ErrRejected)
		require.ErrorIs(t, c.Unsubscribe(t.Context(), account), channels.ErrCredentials)
		asked(t, g, "DELETE "+path, "DELETE "+path, "DELETE "+path, "DELETE "+path)
	}
	require.ErrorIs(t, connector(t, connectConfig("http://127.0.0.1:1")).Unsubscribe(t.Context(), meta.Account{}), channels.ErrMalformed)
}

func TestHealth(t *testing.T) {
	messages := subscriptionOf(connectApp, []string{"messages"})
	connected := answer(200, `{"id":"`+outNumber+`","status":"CONNECTED"}`)
	for name, tc := range map[string]struct {
		line     channels.ID
		script   []http.HandlerFunc
		calls    []string
		class    error
		is       error
		provider string
	}{
		"a page that works":                {"messenger", []http.HandlerFunc{appList(messages)}, []string{"GET /v25.0/" + outPage + "/subscribed_apps"}, nil, nil, ""},
		"an Instagram account of a page":   {"instagram", []http.HandlerFunc{appList(messages)}, []string{"GET /v25.0/me/subscribed_apps"}, nil, nil, ""},
		"an Instagram account with login":  {"login", []http.HandlerFunc{appList(subscriptionOf("77", []string{"messages"}))}, []string{"GET /v25.0/" + outLogin + "/subscribed_apps"}, nil, nil, ""},
		"a number that works":              {"whatsapp", []http.HandlerFunc{connected, appList(waApp(connectApp))}, []string{"GET /v25.0/" + outNumber, "GET /v25.0/" + outBusiness + "/subscribed_apps"}, nil, nil, ""},
		"a number of an unknown status":    {"whatsapp", []http.HandlerFunc{answer(200, `{"id":"1"}`), appList(waApp(connectApp))}, []string{"GET /v25.0/" + outNumber, "GET /v25.0/" + outBusiness + "/subscribed_apps"}, nil, nil, ""},
		"a dead token":                     {"messenger", []http.HandlerFunc{answer(400, `{"error":{"code":190,"error_subcode":460}}`)}, nil, channels.ErrCredentials, nil, "190/460"},
		"a dead token of a number":         {"whatsapp", []http.HandlerFunc{answer(401, `{"error":{"code":190}}`)}, nil, channels.ErrCredentials, nil, "190"},
		"a missing permission":             {"instagram", []http.HandlerFunc{answer(403, `{"error":{"code":200}}`)}, nil, channels.ErrCredentials, nil, "200"},
		"a page that lost its app":         {"messenger", []http.HandlerFunc{appList()}, nil, channels.ErrRejected, meta.ErrNotSubscribed, "not_subscribed"},
		"a page with another app":          {"messenger", []http.HandlerFunc{appList(subscriptionOf("77", wantedFields()))}, nil, channels.ErrRejected, meta.ErrNotSubscribed, "not_subscribed"},
		"a page whose messages go missing": {"messenger", []http.HandlerFunc{appList(subscriptionOf(connectApp, []string{"feed"}))}, nil, channels.ErrRejected, meta.ErrNotSubscribed, "not_subscribed"},
		"a business that lost its app":     {"whatsapp", []http.HandlerFunc{connected, appList()}, nil, channels.ErrRejected, meta.ErrNotSubscribed, "not_subscribed"},
		"a page that may not send":         {"messenger", []http.HandlerFunc{answer(400, `{"error":{"code":10,"error_subcode":1893063}}`)}, nil, channels.ErrRejected, nil, "10/1893063"},
		"a number that was banned":         {"whatsapp", []http.HandlerFunc{answer(200, `{"status":"BANNED"}`)}, nil, channels.ErrRejected, meta.ErrRestricted, "status:banned"},
		"a number that is not registered":  {"whatsapp", []http.HandlerFunc{answer(200, `{"status":"DISCONNECTED"}`)}, nil, channels.ErrRejected, meta.ErrRestricted, "status:disconnected"},
		"Meta is away":                     {"whatsapp", []http.HandlerFunc{answer(503, "canary")}, nil, channels.ErrUnavailable, nil, "http_503"},
		"asked too often":                  {"messenger", []http.HandlerFunc{answer(400, `{"error":{"code":32}}`)}, nil, channels.ErrRateLimited, nil, "32"},
		"no such line":                     {"viber", []http.HandlerFunc{}, []string{}, channels.ErrUnsupported, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, append(tc.script, answer(500, "not asked for"))...)
			cfg := outConfig(g.URL)
			cfg.AppID = connectApp
			err := outApp(t, cfg).Health(t.Context(), tc.line)
			require.Len(t, g.all(), len(tc.script))
			if len(tc.calls) > 0 {
				asked(t, g, tc.calls...)
			}
			if tc.class == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.class)
			if tc.is != nil {
				require.ErrorIs(t, err, tc.is)
			}
			var e *channels.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tc.provider, e.Provider)
			require.Equal(t, tc.line, e.Channel)
			require.Equal(t, channels.NotSent, e.Outcome, "nothing is sent by asking")
			noSecrets(t, err)
		})
	}
	t.Run("without the app's id any app counts", func(t *testing.T) {
		g := graphSays(t, appList(subscriptionOf("77", []string{"messages"})), appList(subscriptionOf("77", []string{"feed"})))
		app := outApp(t, outConfig(g.URL))
		require.NoError(t, app.Health(t.Context(), "messenger"))
		require.ErrorIs(t, app.Health(t.Context(), "messenger"), meta.ErrNotSubscribed)
	})
	t.Run("a number without its business is asked for its own state only", func(t *testing.T) {
		g := graphSays(t, connected)
		cfg := outConfig(g.URL)
		cfg.Lines[3].Business = ""
		require.NoError(t, outApp(t, cfg).Health(t.Context(), "whatsapp"))
		asked(t, g, "GET /v25.0/"+outNumber)
	})
}
