package metatest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestScriptedErrors(t *testing.T) {
	for _, c := range []struct {
		name           string
		failure        metatest.Failure
		status         int
		code, subcode  int
		sent           int
		typ, transient any
	}{
		{"a code", metatest.Failure{Code: 613}, 429, 613, 0, 0, "OAuthException", nil},
		{"a code with everything", metatest.Failure{Code: 2, Subcode: 1675030, Status: 503, Type: "IGApiException", Transient: true}, 503, 2, 1675030, 0, "IGApiException", true},
		{"an error within a success", metatest.Failure{Code: 1200, Status: 200}, 200, 1200, 0, 0, "OAuthException", nil},
		{"an error after the message was taken", metatest.Failure{Code: 2, AfterAccept: true}, 500, 2, 0, 1, "OAuthException", nil},
		{"lateness", metatest.Failure{Delay: time.Millisecond}, 200, 0, 0, 1, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			a.Person(page, psid).Says("tere")
			a.FailNext(1, c.failure)
			status, answer := a.call("POST", "/me/messages", pageToken, hello)
			require.Equal(t, c.status, status)
			code, subcode := fault(answer)
			require.Equal(t, []int{c.code, c.subcode}, []int{code, subcode})
			require.Equal(t, c.typ, at(answer, "error", "type"))
			require.Equal(t, c.transient, at(answer, "error", "is_transient"))
			require.Len(t, a.Sent(), c.sent)
			require.Equal(t, 1, a.Totals().Scripted)
			require.Len(t, a.Requests(), 1)
			a.text(page, pageToken, psid, "nüüd läheb")
		})
	}
}

func TestARawBodyIsSentAsItIs(t *testing.T) {
	a := open(t)
	a.FailNext(1, metatest.Failure{Status: 502, Body: []byte("<html>Bad Gateway</html>")})
	a.FailNext(1, metatest.Failure{Body: []byte(`{"error":`)})
	res, body := a.do("GET", "/v25.0/me", pageToken, nil)
	require.Equal(t, 502, res.StatusCode)
	require.Equal(t, "<html>Bad Gateway</html>", string(body))
	res, body = a.do("GET", "/v25.0/me", pageToken, nil)
	require.Equal(t, 200, res.StatusCode)
	require.Equal(t, `{"error":`, string(body))
}

func TestConnectionsThatAreCut(t *testing.T) {
	for name, c := range map[string]struct {
		failure metatest.Failure
		sent    int
	}{
		"before anything happened":    {metatest.Failure{HangUpBefore: true}, 0},
		"after the message was taken": {metatest.Failure{HangUpAfter: true}, 1},
		"instead of an error":         {metatest.Failure{HangUpAfter: true, Code: 2}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t)
			a.Person(page, psid).Says("tere")
			a.events()
			a.FailNext(1, c.failure)
			req, err := http.NewRequestWithContext(t.Context(), "POST", a.url+"/v25.0/me/messages", strings.NewReader(
				strings.Replace(hello, `"text":"x"`, `"text":"x","metadata":"m-1"`, 1)))
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+pageToken)
			_, err = http.DefaultClient.Do(req)
			require.Error(t, err)
			require.Len(t, a.Sent(), c.sent)
			require.Equal(t, c.sent, a.Marks()["m-1"])
			require.Len(t, a.events(), c.sent, "the echo tells what became of it")
			require.Equal(t, 0, a.Requests()[0].Status)
		})
	}
}

func TestFailuresMatchWhatTheyAreFor(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Says("tere")
	a.Person(page2, psid).Says("tere")
	a.FailNext(-1, metatest.Failure{Sends: true, Account: page, Code: 4})
	a.FailNext(1, metatest.Failure{Method: "GET", Path: "/*/subscribed_apps", Code: 10})
	ask := func(method, path, token, body string) int {
		_, answer := a.call(method, path, token, body)
		code, _ := fault(answer)
		return code
	}
	typing := `{"recipient":{"id":"` + psid + `"},"sender_action":"typing_on"}`
	require.Equal(t, 4, ask("POST", "/me/messages", pageToken, hello), "the account is the token's")
	require.Equal(t, 4, ask("POST", "/"+page+"/messages", pageToken, hello))
	require.Equal(t, 0, ask("POST", "/me/messages", pageToken, typing), "typing is no message")
	require.Equal(t, 0, ask("POST", "/me/messages", "EAApage2", hello), "another page")
	require.Equal(t, 10, ask("GET", "/"+page+"/subscribed_apps", pageToken, ""))
	require.Equal(t, 0, ask("GET", "/"+page+"/subscribed_apps", pageToken, ""), "it was for once")
	a.Heal()
	require.Equal(t, 0, ask("POST", "/me/messages", pageToken, hello))
}

func TestWhatsAppMayFailAMessageLater(t *testing.T) {
	a := open(t)
	p := a.Person(number, phone)
	p.Says("tere")
	a.events()
	a.FailNext(1, metatest.Failure{Sends: true, Late: true, Code: 130472, Details: "experiment"})
	id := a.text(number, waToken, phone, "Tere!")
	s := at(a.events()[0], "entry", 0, "changes", 0, "value", "statuses", 0)
	require.Equal(t, id, at(s, "id"))
	require.EqualValues(t, 130472, at(s, "errors", 0, "code"))
	require.Equal(t, "experiment", at(s, "errors", 0, "error_data", "details"))
	require.Empty(t, p.Inbox())
	require.Len(t, a.Sent(), 1)
}

func TestRateLimitsOfAccounts(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.Rate = metatest.Rate{PerSecond: 1, Burst: 2} })
	for _, c := range []struct {
		account, token string
		code           int
	}{{page, pageToken, 613}, {ig2, igToken, 4}, {number, waToken, 130429}} {
		ask := func() int {
			_, answer := a.call("GET", "/"+c.account, c.token, nil)
			code, _ := fault(answer)
			return code
		}
		require.Equal(t, []int{0, 0, c.code}, []int{ask(), ask(), ask()})
		a.clock.Advance(time.Second)
		require.Equal(t, []int{0, c.code}, []int{ask(), ask()})
	}
}

func TestUsageIsTold(t *testing.T) {
	a := open(t)
	a.SetUsage(page, metatest.Usage{Calls: 91, Time: 20, CPU: 10, Regain: 5 * time.Minute})
	a.SetUsage(number, metatest.Usage{Calls: 5})
	res, _ := a.do("GET", "/v25.0/"+page, pageToken, nil)
	require.JSONEq(t, `{"call_count":91,"total_time":20,"total_cputime":10}`, res.Header.Get("X-App-Usage"))
	require.JSONEq(t, `{"`+page+`":[{"type":"messenger","call_count":91,"total_time":20,"total_cputime":10,"estimated_time_to_regain_access":5}]}`,
		res.Header.Get("X-Business-Use-Case-Usage"))
	res, _ = a.do("POST", "/v25.0/"+number+"/messages", waToken, `{}`)
	require.Equal(t, 400, res.StatusCode)
	require.Contains(t, res.Header.Get("X-Business-Use-Case-Usage"), waba, "refusals tell too")
	res, _ = a.do("GET", "/v25.0/"+page2, "EAApage2", nil)
	require.Empty(t, res.Header.Get("X-App-Usage"))
}
