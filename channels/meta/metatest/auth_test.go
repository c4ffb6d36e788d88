package metatest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

const hello = `{"recipient":{"id":"` + psid + `"},"message":{"text":"x"}}`

func TestCallsThatAreNotLetIn(t *testing.T) {
	proof := metatest.Proof(secret, pageToken)
	for _, c := range []struct {
		name, path, token string
		change            func(*metatest.Config)
		code, subcode     int
	}{
		{"the page's token", "/v25.0/" + page + "/messages", pageToken, nil, 0, 0},
		{"the token as a parameter", "/v25.0/me/messages?access_token=" + pageToken, "", nil, 0, 0},
		{"no version", "/" + page + "/messages", pageToken, nil, 2635, 0},
		{"a version that has ended", "/v20.0/" + page + "/messages", pageToken, nil, 2635, 0},
		{"a version to come", "/v99.0/" + page + "/messages", pageToken, nil, 2635, 0},
		{"a version that is not served", "/v25.0/" + page + "/messages", pageToken, func(c *metatest.Config) { c.Versions = []string{"v24.0"} }, 2635, 0},
		{"no token", "/v25.0/" + page + "/messages", "", nil, 190, 0},
		{"an unknown token", "/v25.0/" + page + "/messages", "EAAother", nil, 190, 0},
		{"another page's token", "/v25.0/" + page + "/messages", "EAApage2", nil, 100, 33},
		{"a WhatsApp token", "/v25.0/" + page + "/messages", waToken, nil, 100, 33},
		{"the app's token", "/v25.0/" + page + "/messages", appID + "|" + secret, nil, 100, 33},
		{"an app token with a wrong secret", "/v25.0/" + page + "/messages", appID + "|x", nil, 190, 0},
		{"an unknown page", "/v25.0/1/messages", pageToken, nil, 100, 33},
		{"an unknown edge", "/v25.0/" + page + "/letters", pageToken, nil, 100, 33},
		{"a proof", "/v25.0/me/messages?appsecret_proof=" + proof, pageToken, nil, 0, 0},
		{"a proof by the older secret", "/v25.0/me/messages?appsecret_proof=" + metatest.Proof("old-secret", pageToken), pageToken, nil, 0, 0},
		{"a wrong proof", "/v25.0/me/messages?appsecret_proof=" + metatest.Proof("other", pageToken), pageToken, nil, 100, 0},
		{"another token's proof", "/v25.0/me/messages?appsecret_proof=" + metatest.Proof(secret, waToken), pageToken, nil, 100, 0},
		{"no proof where one is asked for", "/v25.0/me/messages", pageToken, func(c *metatest.Config) { c.RequireProof = true }, 100, 0},
		{"a proof where one is asked for", "/v25.0/me/messages?appsecret_proof=" + proof, pageToken, func(c *metatest.Config) { c.RequireProof = true }, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t, func(cfg *metatest.Config) {
				if c.change != nil {
					c.change(cfg)
				}
			})
			a.Person(page, psid).Says("tere")
			_, raw := a.do("POST", c.path, c.token, hello)
			code, subcode := fault(decode(t, raw))
			require.Equal(t, c.code, code, "%s", raw)
			require.Equal(t, c.subcode, subcode)
			require.Len(t, a.Sent(), map[bool]int{true: 1}[c.code == 0])
		})
	}
}

func TestATokenDiesAndIsReplaced(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Says("tere")
	send := func(token string) []int {
		_, answer := a.call("POST", "/me/messages", token, hello)
		code, subcode := fault(answer)
		return []int{code, subcode}
	}
	require.Equal(t, []int{0, 0}, send(pageToken))
	a.KillToken(pageToken, metatest.TokenPassword)
	require.Equal(t, []int{190, 460}, send(pageToken))
	a.KillToken(pageToken, 0)
	require.Equal(t, []int{0, 0}, send(pageToken))
	a.ReplaceToken(pageToken, "EAAnew")
	require.Equal(t, []int{0, 0}, send("EAAnew"))
	require.Equal(t, []int{190, 467}, send(pageToken))
}

// noRedirect stops where the dialog sends the browser.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func TestTheLoginDialogSendsTheBrowserBack(t *testing.T) {
	const back = "http://127.0.0.1:1/callback?line=1"
	query := func(change ...string) string {
		q := url.Values{"client_id": {appID}, "redirect_uri": {back}, "state": {"s-1+/= õ#"}, "response_type": {"code"}}
		for i := 0; i < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		return "/v25.0/dialog/oauth?" + q.Encode()
	}
	a := open(t)
	client := &http.Client{CheckRedirect: noRedirect}
	res, body := a.do("GET", query(), "", nil)
	require.Equal(t, "text/html; charset=utf-8", res.Header.Get("Content-Type"))
	require.Contains(t, string(body), page)

	post := func(form string) url.Values {
		res, err := client.Post(a.url+query(), "application/x-www-form-urlencoded", strings.NewReader(form))
		require.NoError(t, err)
		res.Body.Close()
		require.Equal(t, http.StatusFound, res.StatusCode)
		u, err := res.Location()
		require.NoError(t, err)
		require.Equal(t, "1", u.Query().Get("line"))
		require.Equal(t, "s-1+/= õ#", u.Query().Get("state"), "it is not touched")
		return u.Query()
	}
	require.Equal(t, "access_denied", post("answer=cancel").Get("error"))
	code := post("answer=continue&page=" + page).Get("code")

	exchange := func(change ...string) map[string]any {
		q := url.Values{"client_id": {appID}, "client_secret": {secret}, "redirect_uri": {back}, "code": {code}}
		for i := 0; i < len(change); i += 2 {
			q.Set(change[i], change[i+1])
		}
		_, raw := a.do("GET", "/v25.0/oauth/access_token?"+q.Encode(), "", nil)
		return decode(t, raw)
	}
	for name, change := range map[string][]string{"a wrong secret": {"client_secret", "x"}, "a wrong app": {"client_id", "1"},
		"another address": {"redirect_uri", "http://127.0.0.1:1/callback"}, "another code": {"code", "x"}, "an unknown grant": {"grant_type", "x"}} {
		require.NotNil(t, exchange(change...)["error"], name)
	}
	short := exchange()["access_token"].(string)
	require.NotNil(t, exchange()["error"], "a code is good for one exchange")
	long := exchange("grant_type", "fb_exchange_token", "fb_exchange_token", short)
	require.EqualValues(t, 60*24*3600, long["expires_in"])
	user := long["access_token"].(string)

	_, pages := a.call("GET", "/me/accounts?fields=name,access_token,tasks,instagram_business_account", user, nil)
	require.Len(t, pages["data"], 1, "the one that was chosen")
	require.Equal(t, pageToken, at(pages, "data", 0, "access_token"))
	require.Equal(t, ig, at(pages, "data", 0, "instagram_business_account", "id"))
	require.Contains(t, at(pages, "data", 0, "tasks"), "MESSAGING")
	_, answer := a.call("POST", "/"+page+"/messages", user, hello)
	codeOf, _ := fault(answer)
	require.Equal(t, 100, codeOf, "a person's token does not write for the page")

	_, info := a.call("GET", "/debug_token?input_token="+user, appID+"|"+secret, nil)
	require.Equal(t, true, at(info, "data", "is_valid"))
	require.Equal(t, "USER", at(info, "data", "type"))
	a.clock.Advance(60 * 24 * time.Hour)
	_, info = a.call("GET", "/debug_token?input_token="+user, appID+"|"+secret, nil)
	require.Equal(t, false, at(info, "data", "is_valid"))
	_, answer = a.call("GET", "/me/accounts", user, nil)
	codeOf, subcode := fault(answer)
	require.Equal(t, []int{190, 463}, []int{codeOf, subcode})

	for name, path := range map[string]string{"another app": query("client_id", "1"), "another response": query("response_type", "token"),
		"an address elsewhere": query("redirect_uri", "https://evil.example/"), "no version": strings.TrimPrefix(query(), "/v25.0")} {
		res, _ := a.do("GET", path, "", nil)
		require.Equal(t, 400, res.StatusCode, name)
	}
}

func TestLoggingInWithoutABrowserAndLeavingAgain(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.Redirects = []string{"https://linn.example/back"} })
	_, raw := a.do("GET", "/v25.0/oauth/access_token?client_id="+appID+"&client_secret="+secret+"&redirect_uri=https://linn.example/back&code="+a.Login("https://linn.example/back"), "", nil)
	user := decode(t, raw)["access_token"].(string)
	_, me := a.call("GET", "/me", user, nil)
	require.NotEmpty(t, me["name"])
	_, one := a.call("GET", "/"+page+"?fields=access_token", user, nil)
	require.Equal(t, map[string]any{"id": page, "access_token": pageToken}, one)
	status, _ := a.call("DELETE", "/me/permissions", user, nil)
	require.Equal(t, 200, status)
	_, answer := a.call("GET", "/me", user, nil)
	code, subcode := fault(answer)
	require.Equal(t, []int{190, 458}, []int{code, subcode})
}

func TestEventsComeOnlyWhileTheAppIsSubscribed(t *testing.T) {
	a := open(t, func(c *metatest.Config) {
		c.Pages[0].Unsubscribed, c.Instagram[0].Unsubscribed, c.Numbers[0].Unsubscribed, c.Numbers[1].Unsubscribed = true, true, true, true
	})
	everybody := func() int {
		a.Person(page, psid).Says("tere")
		a.Person(ig, igsid).Says("tere")
		a.Person(number, phone).Says("tere")
		return len(a.events())
	}
	require.Equal(t, 0, everybody())
	_, list := a.call("GET", "/"+page+"/subscribed_apps", pageToken, nil)
	require.Empty(t, list["data"])
	for _, wrong := range []string{`{}`, `{"subscribed_fields":"messages,letters"}`} {
		_, answer := a.call("POST", "/"+page+"/subscribed_apps", pageToken, wrong)
		code, _ := fault(answer)
		require.Equal(t, 100, code, wrong)
	}
	status, _ := a.call("POST", "/"+page+"/subscribed_apps?subscribed_fields=messages,messaging_postbacks", pageToken, nil)
	require.Equal(t, 200, status)
	status, _ = a.call("POST", "/"+waba+"/subscribed_apps", waToken, nil)
	require.Equal(t, 200, status)
	require.Equal(t, 3, everybody(), "the page stands for its Instagram account")
	a.text(page, pageToken, psid, "Tere!")
	require.Empty(t, a.events(), "echoes were not asked for")
	_, list = a.call("GET", "/"+page+"/subscribed_apps", pageToken, nil)
	require.Equal(t, []any{"messages", "messaging_postbacks"}, at(list, "data", 0, "subscribed_fields"))

	for account, token := range map[string]string{page: pageToken, waba: waToken} {
		status, _ := a.call("DELETE", "/"+account+"/subscribed_apps", token, nil)
		require.Equal(t, 200, status)
	}
	require.Equal(t, 0, everybody())
}

func TestTheWebhooksAddressIsCheckedBeforeItIsUsed(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.Webhook = "" })
	form := func(address, word string) string {
		return "/" + appID + "/subscriptions?" + url.Values{"object": {"page"}, "callback_url": {address}, "verify_token": {word},
			"fields": {"messages"}, "include_values": {"true"}}.Encode()
	}
	app := appID + "|" + secret
	require.Error(t, a.Handshake(t.Context()), "there is no address")
	_, answer := a.call("POST", form(a.hook.url, "wrong"), app, nil)
	code, _ := fault(answer)
	require.Equal(t, 2200, code)
	status, _ := a.call("POST", form(a.hook.url, verify), app, nil)
	require.Equal(t, 200, status)
	require.NoError(t, a.Handshake(t.Context()))
	a.Person(page, psid).Says("tere")
	require.Len(t, a.events(), 1)
	_, list := a.call("GET", "/"+appID+"/subscriptions", app, nil)
	require.Equal(t, a.hook.url, at(list, "data", 0, "callback_url"))

	a.Enforce(page, "warning", "SPAM")
	require.Empty(t, a.events(), "the app's own subscription does not name it, though the page's does")

	other := newReceiver(t)
	status, _ = a.call("POST", "/"+waba+"/subscribed_apps", waToken, `{"override_callback_uri":"`+other.url+`","verify_token":"`+verify+`"}`)
	require.Equal(t, 200, status)
	a.Person(number, phone).Says("tere")
	require.Empty(t, a.events())
	require.Len(t, other.take(), 1)
	status, _ = a.call("POST", "/"+number, waToken, `{"webhook_configuration":{"override_callback_uri":""}}`)
	require.Equal(t, 200, status)
	a.Person(number, phone).Says("tere")
	require.Len(t, a.events(), 1)
}

func TestASignedRequestReachesTheService(t *testing.T) {
	var got string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.PostFormValue("signed_request")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer service.Close()
	a := open(t)
	status, _, err := a.Callback(t.Context(), service.URL, "218471")
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
	require.Equal(t, a.SignedRequest("218471"), got)
}

func TestAccountsTellAboutThemselves(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Named("Mari Maasikas").Says("tere")
	for path, want := range map[string]map[string]any{
		"/" + page:                               {"id": page, "name": "Linn"},
		"/" + psid + "?fields=first_name":        {"id": psid, "first_name": "Mari"},
		"/" + ig + "?fields=username":            {"id": ig, "username": "linn"},
		"/" + page + "?fields=access_token,name": {"id": page, "name": "Linn", "access_token": pageToken},
	} {
		_, got := a.call("GET", path, pageToken, nil)
		require.Equal(t, want, got, path)
	}
	_, got := a.call("GET", "/42", pageToken, nil)
	code, subcode := fault(got)
	require.Equal(t, []int{100, 33}, []int{code, subcode}, "somebody who never wrote")
	_, list := a.call("GET", "/"+waba+"/phone_numbers", waToken, nil)
	require.Equal(t, "15550783881", at(list, "data", 0, "display_phone_number"))
	require.Len(t, list["data"], 2)

	for _, c := range []struct {
		body string
		code int
	}{{`{"messaging_product":"whatsapp","pin":"12345"}`, 100}, {`{"pin":"123456"}`, 100}, {`{"messaging_product":"whatsapp","pin":"123456"}`, 0},
		{`{"messaging_product":"whatsapp","pin":"654321"}`, 133005}} {
		_, got := a.call("POST", "/"+number+"/register", waToken, c.body)
		code, _ := fault(got)
		require.Equal(t, c.code, code, c.body)
	}
	status, _ := a.call("POST", "/"+number+"/deregister", waToken, nil)
	require.Equal(t, 200, status)
	_, got = a.call("GET", "/"+number+"?fields=status", waToken, nil)
	require.Equal(t, "DISCONNECTED", got["status"])

	status, _ = a.call("POST", "/me/messenger_profile", pageToken, `{"greeting":[{"locale":"default","text":"Tere"}]}`)
	require.Equal(t, 200, status)
	_, got = a.call("GET", "/me/messenger_profile?fields=greeting", pageToken, nil)
	require.Equal(t, "Tere", at(got, "data", 0, "greeting", 0, "text"))
}
