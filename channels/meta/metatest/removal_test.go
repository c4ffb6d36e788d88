package metatest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// callbacks is a service that gets signed requests and gives one answer.
func callbacks(t *testing.T, status int, body string) (address string, got func() []string) {
	t.Helper()
	var requests []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests = append(requests, r.Method+" "+r.Header.Get("Content-Type")+" "+r.PostFormValue("signed_request"))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string { return requests }
}

func TestWhoeverLoggedInRemovesTheApp(t *testing.T) {
	address, got := callbacks(t, 200, "")
	a := open(t, func(c *metatest.Config) { c.Deauthorize = address })
	user, _, _ := a.logIn(dialogAt(), url.Values{"page": {page}})
	a.Person(page, psid).Says("tere")

	require.NoError(t, a.RemoveApp(t.Context()))
	require.Equal(t, []string{"POST application/x-www-form-urlencoded " + a.SignedRequest("100000000000001")}, got())
	for _, token := range []string{user, pageToken} {
		_, refused := a.call("GET", "/me", token, nil)
		code, subcode := fault(refused)
		require.Equal(t, []int{190, 458}, []int{code, subcode})
		require.Equal(t, false, at(a.inspect(token), "is_valid"))
	}
	_, refused := a.call("POST", "/"+number+"/messages", waToken, waText(phone, "x"))
	code, _ := fault(refused)
	require.NotEqual(t, 190, code, "a token that no login gave lives on")

	user, _, _ = a.logIn(dialogAt(), url.Values{"page": {page}})
	_, pages := a.call("GET", "/me/accounts", user, nil)
	renewed := at(pages, "data", 0, "access_token").(string)
	require.NotEqual(t, pageToken, renewed, "another login gives another token")
	_, sent := a.call("POST", "/"+page+"/messages", renewed, hello)
	require.NotEmpty(t, sent["message_id"])
	_, refused = a.call("GET", "/me", pageToken, nil)
	code, subcode := fault(refused)
	require.Equal(t, []int{190, 458}, []int{code, subcode}, "the old one stays dead")
}

func TestARemovalThatTheServiceDoesNotTake(t *testing.T) {
	refusing, _ := callbacks(t, 500, "")
	for name, address := range map[string]string{"an error": refusing, "nobody there": "http://127.0.0.1:1/"} {
		a := open(t, func(c *metatest.Config) { c.Deauthorize = address })
		require.Error(t, a.RemoveApp(t.Context()), name)
	}
	require.NoError(t, open(t).RemoveApp(t.Context()), "without a callback it hears nothing")
}

func TestADeletionIsAnsweredAsMetaDemands(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   metatest.Deletion
	}{
		"as it should be":       {200, `{"url":"https://agency.example/deletion?id=1","confirmation_code":"abc123"}`, metatest.Deletion{URL: "https://agency.example/deletion?id=1", Code: "abc123"}},
		"another status":        {202, `{"url":"https://agency.example/","confirmation_code":"abc123"}`, metatest.Deletion{}},
		"not JSON":              {200, `{url:'https://agency.example/',confirmation_code:'abc123'}`, metatest.Deletion{}},
		"no address":            {200, `{"confirmation_code":"abc123"}`, metatest.Deletion{}},
		"a path":                {200, `{"url":"/deletion","confirmation_code":"abc123"}`, metatest.Deletion{}},
		"no code":               {200, `{"url":"https://agency.example/"}`, metatest.Deletion{}},
		"a code with a hyphen":  {200, `{"url":"https://agency.example/","confirmation_code":"a-1"}`, metatest.Deletion{}},
		"a code that is a word": {200, `{"url":"https://agency.example/","confirmation_code":"õ"}`, metatest.Deletion{}},
	} {
		t.Run(name, func(t *testing.T) {
			address, got := callbacks(t, c.status, c.body)
			a := open(t, func(cfg *metatest.Config) { cfg.DataDeletion, cfg.UserID = address, "218471" })
			answer, err := a.AskDeletion(t.Context())
			require.Equal(t, c.want, answer)
			require.Equal(t, c.want.Code == "", err != nil)
			require.Equal(t, []string{"POST application/x-www-form-urlencoded " + a.SignedRequest("218471")}, got())
		})
	}
	_, err := open(t).AskDeletion(t.Context())
	require.Error(t, err, "there is no callback")
}

func TestTheSettingsPageIsClickedThrough(t *testing.T) {
	deletion, _ := callbacks(t, 200, `{"url":"https://agency.example/deletion","confirmation_code":"abc123"}`)
	refusing, _ := callbacks(t, 500, "")
	a := open(t, func(c *metatest.Config) { c.Deauthorize, c.DataDeletion = refusing, deletion })
	a.logIn(dialogAt(), url.Values{"page": {page}})
	require.Contains(t, a.press(""), "Your accounts are connected with the app "+appID)
	said := a.press("delete")
	require.Contains(t, said, "https://agency.example/deletion Code of the request: abc123")
	said = a.press("remove")
	require.Contains(t, said, "The app was removed. The service did not hear of it")
	require.Contains(t, said, "Your accounts are not connected with the app "+appID)
}
