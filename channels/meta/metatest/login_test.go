package metatest_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

const backURL = "http://127.0.0.1:1/back"

// dialogAt is the path of the login dialog with these parameters besides the usual ones.
func dialogAt(more ...string) string {
	q := url.Values{"client_id": {appID}, "redirect_uri": {backURL}, "state": {"s"}, "response_type": {"code"}}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/v25.0/dialog/oauth?" + q.Encode()
}

// logIn answers the dialog like a browser and returns the token that its code is good for, with what debug_token says of it.
func (a *app) logIn(path string, form url.Values) (token string, answer map[string]any, info any) {
	a.t.Helper()
	form.Set("answer", "continue")
	res, err := (&http.Client{CheckRedirect: noRedirect}).PostForm(a.url+path, form)
	require.NoError(a.t, err)
	defer res.Body.Close()
	require.Equal(a.t, http.StatusFound, res.StatusCode)
	back, err := res.Location()
	require.NoError(a.t, err)
	_, raw := a.do("GET", "/v25.0/oauth/access_token?"+url.Values{"client_id": {appID}, "client_secret": {secret},
		"redirect_uri": {backURL}, "code": back.Query()["code"]}.Encode(), "", nil)
	answer = decode(a.t, raw)
	token, _ = answer["access_token"].(string)
	require.NotEmpty(a.t, token)
	return token, answer, a.inspect(token)
}

func (a *app) inspect(token string) any {
	_, info := a.call("GET", "/debug_token?input_token="+token, appID+"|"+secret, nil)
	return info["data"]
}

// granted is what granular_scopes says: targets by scope.
func granted(info any) map[string]any {
	all := map[string]any{}
	list, _ := at(info, "granular_scopes").([]any)
	for _, one := range list {
		all[at(one, "scope").(string)] = at(one, "target_ids")
	}
	return all
}

func TestTheDialogSpeaksThreeLanguagesAndNeedsNoScript(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.Pages[1].Tasks = []string{"MODERATE"} })
	texts := metatest.PageTexts()
	require.Len(t, texts, 3)
	for lang, words := range texts {
		for field, word := range words {
			require.NotEmpty(t, word, "%s of %s", field, lang)
		}
	}
	for _, c := range []struct{ locale, browser, lang string }{
		{"", "", "et"}, {"en_US", "ru", "en"}, {"ru", "", "ru"}, {"", "de-DE, ru;q=0.8, en;q=0.5", "ru"}, {"fr_FR", "", "et"}, {"x", "é", "et"},
	} {
		for path, words := range map[string][]string{
			dialogAt("locale", c.locale):                  {"Login", "Asks", "Pages", "Mute", "Businesses", "Continue", "Cancel"},
			metatest.SettingsPath + "?locale=" + c.locale: {"Settings", "NotConnected", "Remove", "Delete"},
		} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+path, nil)
			require.NoError(t, err)
			r.Header.Set("Accept-Language", c.browser)
			res, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			raw, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			res.Body.Close()
			page := string(raw)
			require.Contains(t, page, `<html lang="`+c.lang+`">`)
			for _, field := range words {
				require.Contains(t, page, texts[c.lang][field], path)
			}
			require.NotContains(t, page, "<script")
			require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
			links := regexp.MustCompile(`hreflang="(..)"`).FindAllStringSubmatch(page, -1)
			require.Len(t, links, 2, "to the other languages")
		}
	}
}

func TestALoginIsForWhatWasChosen(t *testing.T) {
	a := open(t)
	token, answer, info := a.logIn(dialogAt("config_id", "42"), url.Values{"page": {page}, "business": {waba}})
	require.EqualValues(t, 90*60, answer["expires_in"])
	require.Equal(t, "USER", at(info, "type"))
	require.Equal(t, "100000000000001", at(info, "user_id"))
	require.Equal(t, map[string]any{
		"pages_messaging": []any{page}, "pages_manage_metadata": []any{page}, "pages_show_list": []any{page},
		"instagram_basic": []any{ig}, "instagram_manage_messages": []any{ig},
		"whatsapp_business_messaging": []any{waba}, "whatsapp_business_management": []any{waba},
	}, granted(info))
	_, list := a.call("GET", "/"+waba+"/phone_numbers", token, nil)
	require.Len(t, list["data"], 2)
	require.Equal(t, "100000000000001", at(a.inspect(pageToken), "user_id"), "the page's token is the person's")
	require.Equal(t, page, at(a.inspect(pageToken), "profile_id"))

	token, _, info = a.logIn(dialogAt(), url.Values{"page": {page2}})
	require.NotContains(t, granted(info), "whatsapp_business_management", "no account was chosen")
	require.NotContains(t, granted(info), "instagram_basic")
	_, refused := a.call("GET", "/"+waba+"/phone_numbers", token, nil)
	code, _ := fault(refused)
	require.Equal(t, 100, code)
}

func TestALoginConfigurationSaysWhatIsAskedFor(t *testing.T) {
	a := open(t, func(c *metatest.Config) {
		c.Logins = []metatest.LoginConfig{{ID: "42", SystemUser: true}, {ID: "43", Scopes: []string{"pages_show_list"}}}
	})
	token, answer, info := a.logIn(dialogAt("config_id", "42"), url.Values{"page": {page}, "business": {waba}})
	require.NotContains(t, answer, "expires_in", "the system user's token has no end")
	require.Equal(t, "SYSTEM_USER", at(info, "type"))
	require.EqualValues(t, 0, at(info, "expires_at"))
	_, pages := a.call("GET", "/me/accounts", token, nil)
	require.Len(t, pages["data"], 1)

	_, _, info = a.logIn(dialogAt("config_id", "43", "scope", "pages_messaging"), url.Values{"page": {page}})
	require.Equal(t, []any{"pages_show_list"}, at(info, "scopes"), "it takes the place of scope")
	for path, want := range map[string]int{"/" + page + "/messages": 230, "/" + page + "/subscribed_apps": 200} {
		_, refused := a.call("POST", path, pageToken, hello)
		code, _ := fault(refused)
		require.Equal(t, want, code, path)
	}
	_, _, info = a.logIn(dialogAt("scope", "pages_messaging,pages_manage_metadata"), url.Values{"page": {page}})
	require.Equal(t, []any{"pages_messaging", "pages_manage_metadata"}, at(info, "scopes"), "the older way")
	status, _ := a.call("POST", "/"+page+"/subscribed_apps?subscribed_fields=messages", pageToken, nil)
	require.Equal(t, 200, status)

	for name, path := range map[string]string{"an unknown configuration": dialogAt("config_id", "44"), "an unknown permission": dialogAt("scope", "email")} {
		res, _ := a.do("GET", path, "", nil)
		require.Equal(t, 400, res.StatusCode, name)
	}
}

func TestPermissionsOfWhatsAppAreAskedForToo(t *testing.T) {
	a := open(t)
	token, _, _ := a.logIn(dialogAt("scope", "whatsapp_business_management"), url.Values{"business": {waba}})
	a.Person(number, phone).Says("tere")
	_, refused := a.call("POST", "/"+number+"/messages", token, waText(phone, "Tere"))
	code, _ := fault(refused)
	require.Equal(t, 131005, code)
	token, _, _ = a.logIn(dialogAt("scope", "whatsapp_business_messaging"), url.Values{"business": {waba}})
	status, _ := a.call("POST", "/"+number+"/messages", token, waText(phone, "Tere"))
	require.Equal(t, 200, status)
	_, refused = a.call("POST", "/"+waba+"/subscribed_apps", token, nil)
	code, _ = fault(refused)
	require.Equal(t, 200, code)
	_, refused = a.call("GET", "/me/accounts", token, nil)
	code, _ = fault(refused)
	require.Equal(t, 200, code)
}

// press posts a button of the settings page and returns what it says.
func (a *app) press(act string) string {
	a.t.Helper()
	res, err := http.PostForm(a.url+metatest.SettingsPath+"?locale=en", url.Values{"act": {act}})
	require.NoError(a.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	return strings.Join(strings.Fields(regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`).ReplaceAllString(string(raw), " ")), " ")
}
