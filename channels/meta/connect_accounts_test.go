package meta_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

func isA(err, target error) bool { return errors.Is(err, target) }

// requireTyped fails for an error that says nothing of class and outcome.
func requireTyped(t *testing.T, err error) {
	t.Helper()
	var typed *channels.Error
	require.ErrorAs(t, err, &typed)
}

// asked checks that calls were made like these, with token and proof beside the
// address, and returns their queries without what goes with every call.
func asked(t *testing.T, g *graph, want ...string) []url.Values {
	t.Helper()
	var got []string
	var queries []url.Values
	for _, call := range g.all() {
		got = append(got, call.Method+" "+call.Path)
		require.Equal(t, "Bearer "+outToken, call.Header.Get("Authorization"))
		require.NotContains(t, call.Query, outToken)
		query, err := url.ParseQuery(call.Query)
		require.NoError(t, err)
		if len(call.Body) == 0 {
			require.Equal(t, outProof, query.Get("appsecret_proof"))
		} else {
			require.Contains(t, string(call.Body), `"appsecret_proof":"`+outProof+`"`)
			require.Empty(t, query)
		}
		query.Del("appsecret_proof")
		query.Del("limit")
		queries = append(queries, query)
	}
	require.Equal(t, want, got)
	return queries
}

func TestPagesAreAllPagesOfThePerson(t *testing.T) {
	first := `{"data":[
		{"id":"1001","name":"Politsei","access_token":"EAAcanaryone","tasks":["ADVERTISE","MESSAGING"],"instagram_business_account":{"id":"2001","username":"politsei"}},
		{"id":"1002","name":"Arhiiv","access_token":"EAAcanarytwo","tasks":["MODERATE"]}],
		"paging":{"cursors":{"before":"B","after":"A1"},"next":"https://graph.facebook.com/v25.0/me/accounts?access_token=` + outToken + `&after=A1"}}`
	second := `{"data":[{"id":"1003","name":"Toll","tasks":["MESSAGING"]}],"paging":{"cursors":{"after":"A2"}}}`
	g := graphSays(t, answer(200, first), answer(200, second))
	pages, err := connector(t, connectConfig(g.URL)).Pages(t.Context(), outToken)
	require.NoError(t, err)
	noSecrets(t, pages)
	queries := asked(t, g, "GET /v25.0/me/accounts", "GET /v25.0/me/accounts")
	require.Equal(t, url.Values{"fields": {"id,name,access_token,tasks,instagram_business_account{id,username}"}}, queries[0])
	require.Equal(t, "A1", queries[1].Get("after"))

	require.Len(t, pages, 3)
	require.True(t, pages[0].MayConnect())
	require.Equal(t, "EAAcanaryone", string(pages[0].Token))
	require.Equal(t, meta.Account{Kind: channels.Messenger, ID: "1001", Token: "EAAcanaryone"}, pages[0].Messenger())
	insta, linked := pages[0].LinkedAccount()
	require.True(t, linked)
	require.Equal(t, meta.Account{Kind: channels.Instagram, ID: "2001", Page: "1001", Token: "EAAcanaryone"}, insta)
	require.Equal(t, "politsei", pages[0].Instagram.Username)

	require.False(t, pages[1].MayConnect(), "the task MESSAGING is missing")
	require.Equal(t, []string{"MODERATE"}, pages[1].Tasks)
	_, linked = pages[1].LinkedAccount()
	require.False(t, linked)
	require.False(t, pages[2].MayConnect(), "there is no token")
}

func TestPagesRefuses(t *testing.T) {
	endless := `{"data":[],"paging":{"cursors":{"after":"`
	for name, tc := range map[string]struct {
		script []http.HandlerFunc
		class  error
		calls  int
	}{
		"a dead token":                 {[]http.HandlerFunc{answer(400, `{"error":{"code":190,"error_subcode":463}}`)}, channels.ErrCredentials, 1},
		"a missing permission":         {[]http.HandlerFunc{answer(403, `{"error":{"code":200}}`)}, channels.ErrCredentials, 1},
		"a page without an id":         {[]http.HandlerFunc{answer(200, `{"data":[{"name":"x"}]}`)}, channels.ErrMalformed, 1},
		"a page with a path for an id": {[]http.HandlerFunc{answer(200, `{"data":[{"id":"../me"}]}`)}, channels.ErrMalformed, 1},
		"an Instagram id that is none": {[]http.HandlerFunc{answer(200, `{"data":[{"id":"1","instagram_business_account":{"id":"x"}}]}`)}, channels.ErrMalformed, 1},
		"the second page fails":        {[]http.HandlerFunc{answer(200, `{"data":[{"id":"1"}],"paging":{"next":"x","cursors":{"after":"A"}}}`), answer(500, "")}, channels.ErrUnavailable, 2},
		"a list without an end": {[]http.HandlerFunc{func() http.HandlerFunc {
			n := 0
			return func(w http.ResponseWriter, r *http.Request) {
				n++
				answer(200, endless+string(rune('A'+n%2))+`"},"next":"x"}}`)(w, r)
			}
		}()}, channels.ErrTooLong, 100},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, tc.script...)
			pages, err := connector(t, connectConfig(g.URL)).Pages(t.Context(), outToken)
			require.ErrorIs(t, err, tc.class)
			requireTyped(t, err)
			require.Nil(t, pages)
			require.Len(t, g.all(), tc.calls)
			noSecrets(t, err)
		})
	}
	t.Run("a cursor that stands still ends the list", func(t *testing.T) {
		g := graphSays(t, answer(200, `{"data":[{"id":"1"}],"paging":{"next":"x","cursors":{"after":"A"}}}`))
		pages, err := connector(t, connectConfig(g.URL)).Pages(t.Context(), outToken)
		require.NoError(t, err)
		require.Len(t, pages, 2)
	})
	t.Run("nothing is asked without a token", func(t *testing.T) {
		g := graphSays(t, answer(200, "{}"))
		for _, token := range []meta.Secret{"", "a b", "a\nb"} {
			_, err := connector(t, connectConfig(g.URL)).Pages(t.Context(), token)
			require.ErrorIs(t, err, channels.ErrCredentials)
		}
		require.Empty(t, g.all())
	})
}

func TestNumbersSayHowFarTheyAre(t *testing.T) {
	for name, tc := range map[string]struct {
		review, name, status string
		state                meta.NumberState
		reason               string
		may                  bool
	}{
		"all is well":                         {"APPROVED", "APPROVED", "CONNECTED", meta.NumberReady, "", true},
		"a name that needed no review":        {"APPROVED", "AVAILABLE_WITHOUT_REVIEW", "LINKED", meta.NumberReady, "", true},
		"a warning":                           {"APPROVED", "APPROVED", "FLAGGED", meta.NumberReady, "", true},
		"not registered yet":                  {"APPROVED", "APPROVED", "DISCONNECTED", meta.NumberUnregistered, "status:disconnected", true},
		"the account is being reviewed":       {"PENDING", "APPROVED", "CONNECTED", meta.NumberPending, "account_review_status:pending", false},
		"the account was refused":             {"REJECTED", "PENDING_REVIEW", "CONNECTED", meta.NumberRejected, "account_review_status:rejected", false},
		"the name is being reviewed":          {"APPROVED", "PENDING_REVIEW", "CONNECTED", meta.NumberPending, "name_status:pending_review", false},
		"the name was refused":                {"APPROVED", "DECLINED", "CONNECTED", meta.NumberRejected, "name_status:declined", false},
		"the number is not confirmed":         {"APPROVED", "NONE", "UNVERIFIED", meta.NumberPending, "status:unverified", false},
		"held back":                           {"APPROVED", "APPROVED", "RESTRICTED", meta.NumberRestricted, "status:restricted", true},
		"banned":                              {"APPROVED", "APPROVED", "BANNED", meta.NumberRejected, "status:banned", false},
		"a status that nobody knows":          {"APPROVED", "APPROVED", "DREAMING", meta.NumberUnknown, "status:dreaming", false},
		"a status that is no word":            {"APPROVED", "APPROVED", "canary canary", meta.NumberUnknown, "status:other", false},
		"nothing is told":                     {"", "", "", meta.NumberUnknown, "status", false},
		"a refusal outweighs what is unknown": {"REJECTED", "", "", meta.NumberRejected, "account_review_status:rejected", false},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, answer(200, `{"id":"`+outBusiness+`","account_review_status":"`+tc.review+`"}`),
				answer(200, `{"data":[{"id":"`+outNumber+`","display_phone_number":"+371 5550 0001","verified_name":"Politsei","name_status":"`+tc.name+`","status":"`+tc.status+`"}]}`))
			numbers, err := connector(t, connectConfig(g.URL)).Numbers(t.Context(), outToken, outBusiness)
			require.NoError(t, err)
			require.Len(t, numbers, 1)
			n := numbers[0]
			require.Equal(t, meta.Number{ID: outNumber, Business: outBusiness, Display: "+371 5550 0001", Name: "Politsei", State: tc.state, Reason: tc.reason}, n)
			require.Equal(t, tc.may, n.MayConnect())
			require.Equal(t, meta.Account{Kind: channels.WhatsApp, ID: outNumber, Business: outBusiness, Token: outToken}, n.Account(outToken))
			n.Display = "canary"
			require.NotContains(t, printed(n), "canary")
			asked(t, g, "GET /v25.0/"+outBusiness, "GET /v25.0/"+outBusiness+"/phone_numbers")
		})
	}
	for name, tc := range map[string]struct {
		business string
		script   []http.HandlerFunc
		class    error
	}{
		"an account that is no number": {"../me", []http.HandlerFunc{answer(200, "{}")}, channels.ErrMalformed},
		"no permission":                {outBusiness, []http.HandlerFunc{answer(403, `{"error":{"code":10}}`)}, channels.ErrCredentials},
		"the list fails":               {outBusiness, []http.HandlerFunc{answer(200, "{}"), answer(400, `{"error":{"code":80008}}`)}, channels.ErrRateLimited},
		"a number without an id":       {outBusiness, []http.HandlerFunc{answer(200, "{}"), answer(200, `{"data":[{}]}`)}, channels.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connector(t, connectConfig(graphSays(t, tc.script...).URL)).Numbers(t.Context(), outToken, tc.business)
			require.ErrorIs(t, err, tc.class)
			noSecrets(t, err)
		})
	}
}

func TestRegister(t *testing.T) {
	g := graphSays(t, answer(200, `{"success":true}`), answer(200, `{"success":false}`), answer(400, `{"error":{"code":133016,"message":"123456"}}`))
	c := connector(t, connectConfig(g.URL))
	require.NoError(t, c.Register(t.Context(), outToken, outNumber, "123456"))
	asked(t, g, "POST /v25.0/"+outNumber+"/register")
	require.JSONEq(t, `{"messaging_product":"whatsapp","pin":"123456","appsecret_proof":"`+outProof+`"}`, string(g.all()[0].Body))
	require.ErrorIs(t, c.Register(t.Context(), outToken, outNumber, "123456"), channels.ErrRejected)
	err := c.Register(t.Context(), outToken, outNumber, "123456")
	require.ErrorIs(t, err, channels.ErrUnavailable)
	require.NotContains(t, printed(err), "123456")
	for _, pin := range []meta.Secret{"", "12345", "1234567", "12345a", "１２３４５６"} {
		require.ErrorIs(t, c.Register(t.Context(), outToken, outNumber, pin), channels.ErrMalformed)
	}
	require.ErrorIs(t, c.Register(t.Context(), outToken, "x/y", "123456"), channels.ErrMalformed)
	require.Len(t, g.all(), 3)
}

func TestInspect(t *testing.T) {
	pageScopes := `"scopes":["pages_messaging","pages_manage_metadata","pages_show_list"]`
	for name, tc := range map[string]struct {
		account meta.Account
		data    string
		want    meta.TokenState
	}{
		"a page's token without an end": {
			meta.Account{Kind: channels.Messenger}, `{"app_id":"` + connectApp + `","is_valid":true,"expires_at":0,"data_access_expires_at":1790000000,` + pageScopes + `}`,
			meta.TokenState{Valid: true, DataUntil: time.Unix(1790000000, 0).UTC(), Scopes: []string{"pages_messaging", "pages_manage_metadata", "pages_show_list"}},
		},
		"one with an end and too little": {
			meta.Account{Kind: channels.Messenger}, `{"app_id":` + connectApp + `,"is_valid":true,"expires_at":1790000000,"scopes":["pages_show_list"]}`,
			meta.TokenState{
				Valid: true, Expires: time.Unix(1790000000, 0).UTC(), Scopes: []string{"pages_show_list"},
				Missing: []string{"pages_manage_metadata", "pages_messaging"},
			},
		},
		"Instagram needs other permissions": {
			meta.Account{Kind: channels.Instagram}, `{"app_id":"` + connectApp + `","is_valid":true,"scopes":["instagram_basic","pages_manage_metadata","pages_show_list"]}`,
			meta.TokenState{Valid: true, Scopes: []string{"instagram_basic", "pages_manage_metadata", "pages_show_list"}, Missing: []string{"instagram_manage_messages"}},
		},
		"WhatsApp names its business accounts": {
			meta.Account{Kind: channels.WhatsApp}, `{"app_id":"` + connectApp + `","is_valid":true,"scopes":["whatsapp_business_messaging"],
				"granular_scopes":[{"scope":"whatsapp_business_management","target_ids":["` + outBusiness + `","../x"]},{"scope":"whatsapp_business_messaging"}]}`,
			meta.TokenState{Valid: true, Scopes: []string{"whatsapp_business_messaging", "whatsapp_business_management"}, Businesses: []string{outBusiness}},
		},
		"a dead token": {
			meta.Account{Kind: channels.Messenger}, `{"app_id":"` + connectApp + `","is_valid":false,"error":{"code":190,"message":"canary","subcode":460},` + pageScopes + `}`,
			meta.TokenState{Reason: "190/460", Scopes: []string{"pages_messaging", "pages_manage_metadata", "pages_show_list"}},
		},
		"a token that Meta cannot read": {
			meta.Account{Kind: channels.WhatsApp}, `{"is_valid":false,"error":{"code":190,"message":"canary"}}`,
			meta.TokenState{Reason: "190", Missing: []string{"whatsapp_business_management", "whatsapp_business_messaging"}},
		},
		"another app's token": {
			meta.Account{Kind: channels.Messenger}, `{"app_id":"77","is_valid":true,` + pageScopes + `}`,
			meta.TokenState{Reason: "other_app", Scopes: []string{"pages_messaging", "pages_manage_metadata", "pages_show_list"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, answer(200, `{"data":`+tc.data+`}`))
			tc.account.Token = connectLong
			state, err := connector(t, connectConfig(g.URL)).Inspect(t.Context(), tc.account)
			require.NoError(t, err)
			require.Equal(t, tc.want, state)
			noSecrets(t, state)
			call := g.all()[0]
			require.Equal(t, "GET /v25.0/debug_token", call.Method+" "+call.Path)
			require.Equal(t, "Bearer "+connectApp+"|"+outSecret, call.Header.Get("Authorization"))
			require.NotContains(t, call.Query, outSecret)
			query, err := url.ParseQuery(call.Query)
			require.NoError(t, err)
			require.Equal(t, connectLong, query.Get("input_token"))
		})
	}
	for name, tc := range map[string]struct {
		account meta.Account
		handler http.HandlerFunc
		class   error
	}{
		"no token":               {meta.Account{Kind: channels.Messenger}, answer(200, "{}"), channels.ErrMalformed},
		"Instagram's own login":  {meta.Account{Kind: channels.Instagram, InstagramLogin: true, Token: connectLong}, answer(200, "{}"), channels.ErrUnsupported},
		"no data":                {meta.Account{Kind: channels.Messenger, Token: connectLong}, answer(200, "{}"), channels.ErrMalformed},
		"our own secret is dead": {meta.Account{Kind: channels.Messenger, Token: connectLong}, answer(401, `{"error":{"code":190}}`), channels.ErrCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connector(t, connectConfig(graphSays(t, tc.handler).URL)).Inspect(t.Context(), tc.account)
			require.ErrorIs(t, err, tc.class)
			noSecrets(t, err)
		})
	}
}

// accountsToConnect are one account of each kind, with the path of its subscriptions.
func accountsToConnect() map[string]meta.Account {
	return map[string]meta.Account{
		"/v25.0/" + outPage + "/subscribed_apps":        {Kind: channels.Messenger, ID: outPage, Token: outToken},
		"/v25.0/1001/subscribed_apps":                   {Kind: channels.Instagram, ID: outInsta, Page: "1001", Token: outToken},
		"/insta/v25.0/" + outLogin + "/subscribed_apps": {Kind: channels.Instagram, ID: outLogin, InstagramLogin: true, Token: outToken},
		"/v25.0/" + outBusiness + "/subscribed_apps":    {Kind: channels.WhatsApp, ID: outNumber, Business: outBusiness, Token: outToken},
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }
