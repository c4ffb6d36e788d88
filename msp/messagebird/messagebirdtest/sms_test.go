package messagebirdtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

const ours = "+3726000010"

// openSMS is an account with one number, whose messages and reports go to the service.
func openSMS(t *testing.T, change ...func(*messagebirdtest.Config)) *account {
	return open(t, append([]func(*messagebirdtest.Config){func(c *messagebirdtest.Config) {
		c.Numbers = []messagebirdtest.Number{{Number: ours, Forward: c.Webhooks[0].URL}, {Number: "1345"}}
		c.StatusURL = c.Webhooks[0].URL
	}}, change...)...)
}

// order is a request to send, with changes as JSON members.
func order(changes string) string {
	m := map[string]any{"originator": ours, "recipients": []string{person}, "body": "Tere!"}
	if err := json.Unmarshal([]byte("{"+changes+"}"), &m); err != nil {
		panic(err)
	}
	raw, _ := json.Marshal(m)
	return string(raw)
}

func (a *account) sms(changes string) string {
	a.t.Helper()
	status, body := a.call("POST", "/rest/messages", order(changes))
	require.Equal(a.t, 201, status, "%v", body)
	return body["id"].(string)
}

func TestSMSThatTheAPIRefuses(t *testing.T) {
	a := openSMS(t)
	text := func(s string) string { return fmt.Sprintf(`"body":%q`, s) }
	for name, c := range map[string]struct {
		changes   string
		code      int
		parameter any
	}{
		"no originator":                  {`"originator":null`, 9, "originator"},
		"an empty originator":            {`"originator":""`, 9, "originator"},
		"an originator of 12 letters":    {`"originator":"PPA teenused"`, 10, "originator"},
		"an originator with an umlaut":   {`"originator":"Pääste"`, 10, "originator"},
		"a number of somebody else":      {`"originator":"3726999999"`, 10, "originator"},
		"an originator that is a number": {`"originator":3726000010`, 10, "originator"},
		"no body":                        {`"body":null`, 9, "body"},
		"a body of nothing":              {`"body":""`, 9, "body"},
		"no recipients":                  {`"recipients":null`, 9, "recipient"},
		"recipients that are no list":    {`"recipients":"37255500001"`, 9, "recipient"},
		"a list of no recipients":        {`"recipients":[]`, 9, "recipient"},
		"a recipient that is a word":     {`"recipients":["homme"]`, 9, "recipient"},
		"a recipient that is too short":  {`"recipients":["+372"]`, 9, "recipient"},
		"one of two recipients wrong":    {`"recipients":["37255500001","x"]`, 9, "recipient"},
		"51 recipients":                  {`"recipients":[` + strings.Repeat(`"37255500001",`, 50) + `"37255500001"]`, 10, "recipients"},
		"1,378 GSM letters":              {text(strings.Repeat("a", 1378)), 10, "body"},
		"603 units and one of UCS-2":     {text(strings.Repeat("õ", 604)) + `,"datacoding":"unicode"`, 10, "body"},
		"the same, found by itself":      {text(strings.Repeat("õ", 604)) + `,"datacoding":"auto"`, 10, "body"},
		"an unknown coding":              {`"datacoding":"utf-8"`, 10, "datacoding"},
		"a reportUrl that is no address": {`"reportUrl":"here"`, 10, "reportUrl"},
		"a binary message":               {`"type":"binary"`, 10, "type"},
		"a validity of nothing":          {`"validity":0`, 10, "validity"},
		"a validity in words":            {`"validity":"1h"`, 10, "validity"},
		"a time that is none":            {`"scheduledDatetime":"soon"`, 10, "scheduledDatetime"},
		"a class that is a word":         {`"mclass":"flash"`, 10, "mclass"},
		"a name of the other API":        {`"trackId":"1"`, 10, "trackId"},
		"a name in another case":         {`"reportURL":"https://a.example"`, 10, "reportURL"},
		"a reference that is a number":   {`"reference":1`, 10, "reference"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := a.call("POST", "/rest/messages", order(c.changes))
			require.Equal(t, http.StatusUnprocessableEntity, status, "%v", body)
			code, parameter := firstError(t, body)
			require.Equal(t, c.code, code)
			require.Equal(t, c.parameter, parameter)
		})
	}
	require.Zero(t, a.Totals().Accepted)
	for path, method := range map[string]string{"/rest/messages/": "GET", "/rest/messages/a/b": "GET", "/rest/messagesx": "GET", "/rest/hlr": "GET", "/rest/messages/" + nowhere: "GET"} {
		status, _ := a.call(method, path, nil)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	status, _ := a.call("PUT", "/rest/messages", order(""))
	require.Equal(t, http.StatusMethodNotAllowed, status)
	res, _ := a.do("POST", "/rest/messages", order(""), "AccessKey wrong")
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
}

func TestAnSMSIsAcceptedAtItsLimits(t *testing.T) {
	a := openSMS(t)
	for changes, want := range map[string]struct {
		text     string
		segments int
	}{
		`"body":"` + strings.Repeat("a", 1377) + `"`:                               {strings.Repeat("a", 1377), 9},
		`"body":"` + strings.Repeat("a", 160) + `"`:                                {strings.Repeat("a", 160), 1},
		`"body":"` + strings.Repeat("a", 161) + `"`:                                {strings.Repeat("a", 161), 2},
		`"body":"` + strings.Repeat("õ", 603) + `","datacoding":"auto"`:            {strings.Repeat("õ", 603), 9},
		`"body":"` + strings.Repeat("õ", 71) + `","datacoding":"unicode"`:          {strings.Repeat("õ", 71), 2},
		`"body":"` + strings.Repeat("a", 71) + `","datacoding":"unicode"`:          {strings.Repeat("a", 71), 2},
		`"body":"` + strings.Repeat("a", 152) + "€" + strings.Repeat("a", 9) + `"`: {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 9), 2},
		`"body":"Tõnu maksab 5 €"`:                                                 {"T?nu maksab 5 €", 1},
		`"originator":"PPA teade"`:                                                 {"Tere!", 1},
		`"recipients":[37255500001,"37255500002"]`:                                 {"Tere!", 1},
		`"type":"flash","mclass":0,"gateway":10,"validity":60`:                     {"Tere!", 1},
	} {
		id := a.sms(changes)
		box := a.Mobile(person).Inbox()
		got := box[len(box)-1]
		require.Equal(t, id, got.ID)
		require.Equal(t, want.text, got.Text)
		require.Equal(t, want.segments, got.Segments, changes)
	}
	require.Len(t, a.Mobile(friend).Inbox(), 1)
}

func TestAPersonsSMSIsForwardedInEachForm(t *testing.T) {
	for as, check := range map[string]func(t *testing.T, p posted) url.Values{
		"": func(t *testing.T, p posted) url.Values {
			require.Equal(t, "POST application/x-www-form-urlencoded", p.method+" "+p.header.Get("Content-Type"))
			v, err := url.ParseQuery(string(p.body))
			require.NoError(t, err)
			return v
		},
		messagebirdtest.AsJSON: func(t *testing.T, p posted) url.Values {
			require.Equal(t, "POST application/json", p.method+" "+p.header.Get("Content-Type"))
			var m map[string]string
			require.NoError(t, json.Unmarshal(p.body, &m))
			v := url.Values{}
			for name, value := range m {
				v.Set(name, value)
			}
			return v
		},
		messagebirdtest.AsQuery: func(t *testing.T, p posted) url.Values {
			require.Equal(t, "GET", p.method)
			require.Empty(t, p.body)
			u, err := url.Parse(p.path)
			require.NoError(t, err)
			return u.Query()
		},
	} {
		t.Run("as "+as, func(t *testing.T) {
			a := openSMS(t, func(c *messagebirdtest.Config) { c.Numbers[0].As = as })
			id := a.Mobile(person).Writes(ours, "tere <õ> & + %")
			a.Mobile(person).Writes("1345", "goes nowhere")
			require.Equal(t, 1, a.deliver())
			got := check(t, a.hook.take()[0])
			require.Equal(t, url.Values{"id": {id}, "recipient": {"3726000010"}, "originator": {"37255500001"}, "body": {"tere <õ> & + %"},
				"createdDatetime": {"2026-03-01T08:00:00+00:00"}}, got)
		})
	}
}

func TestAFileComesAsALink(t *testing.T) {
	a := openSMS(t)
	a.Mobile(person).Writes(ours, "pilt", messagebirdtest.File{ContentType: "image/png", Data: []byte("x")}, messagebirdtest.File{Data: []byte("y")})
	a.deliver()
	v, err := url.ParseQuery(string(a.hook.take()[0].body))
	require.NoError(t, err)
	require.Len(t, v["mediaUrls"], 2)
	res, err := http.Get(v["mediaUrls"][0])
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, "image/png", res.Header.Get("Content-Type"))
}

func TestReportsAreSentForMessagesWithAReferenceOnly(t *testing.T) {
	a := openSMS(t)
	marked, plain := a.sms(`"reference":"m-1","datacoding":"auto"`), a.sms(`"recipients":["`+friend+`"]`)
	phone := a.Mobile(person)
	require.NoError(t, phone.Reports(marked, "delivery_failed", 103))
	require.NoError(t, a.Mobile(friend).Reports(plain, "delivered", 0))
	require.Error(t, phone.Reports(plain, "delivered", 0), "not to this phone")
	require.Empty(t, phone.Inbox(), "it failed")
	require.Equal(t, "delivered", a.Mobile(friend).Inbox()[0].Status)
	require.Equal(t, 1, a.deliver())
	got := a.hook.take()[0]
	require.Equal(t, "GET", got.method)
	u, err := url.Parse(got.path)
	require.NoError(t, err)
	require.Contains(t, got.path, "statusDatetime=2026-03-01T08%3A00%3A00%2B00%3A00", "the plus is encoded")
	for name, want := range map[string]string{"id": marked, "reference": "m-1", "recipient": "37255500001", "status": "delivery_failed",
		"statusErrorCode": "103", "messagePartCount": "1", "messageLength": "5", "datacoding": "plain"} {
		require.Equal(t, want, u.Query().Get(name), name)
	}
}

func TestAReportGoesToTheMessagesOwnAddress(t *testing.T) {
	a := openSMS(t, func(c *messagebirdtest.Config) { c.Statuses = []string{"sent", "delivered"} })
	a.sms(`"reference":"m-1","reportUrl":"https://reports.example.ee?line=sms"`)
	waiting := a.Take()
	require.Len(t, waiting, 2)
	for i, status := range []string{"sent", "delivered"} {
		require.Equal(t, messagebirdtest.EventSMSStatus, waiting[i].Event)
		require.True(t, strings.HasPrefix(waiting[i].URL, "https://reports.example.ee/?line=sms&"), waiting[i].URL)
		require.Contains(t, waiting[i].URL, "&status="+status+"&")
		require.NotEmpty(t, waiting[i].Header.Get(messagebirdtest.HeaderToken))
		r, err := waiting[i].Request(t.Context())
		require.NoError(t, err)
		require.Equal(t, http.MethodGet, r.Method)
	}
}

func TestSMSAreListedNewestFirstAndFiltered(t *testing.T) {
	a := openSMS(t)
	first := a.sms(`"reference":"m-1"`)
	a.clock.Advance(time.Minute)
	in := a.Mobile(friend).Writes(ours, "tere")
	a.clock.Advance(time.Minute)
	second := a.sms(`"originator":"PPA","recipients":["` + friend + `"]`)
	require.NoError(t, a.Mobile(friend).Reports(second, "delivered", 0))
	for query, want := range map[string][]any{
		"":                           {second, in, first},
		"direction=mt":               {second, first},
		"direction=mo":               {in},
		"originator=PPA":             {second},
		"originator=%2B3726000010":   {first},
		"recipient=37255500002":      {second},
		"status=delivered":           {second},
		"type=flash":                 {},
		"limit=1&offset=1":           {in},
		"from=2026-03-01T08:01:00Z":  {second, in},
		"until=2026-03-01T08:00:30Z": {first},
	} {
		status, list := a.call("GET", "/rest/messages?"+query, nil)
		require.Equal(t, 200, status, "%s: %v", query, list)
		ids := []any{}
		for _, item := range list["items"].([]any) {
			ids = append(ids, at(item, "id"))
		}
		require.Equal(t, want, ids, query)
	}
	for _, query := range []string{"direction=out", "from=today", "limit=0", "trackId=1"} {
		status, _ := a.call("GET", "/rest/messages?"+query, nil)
		require.Equal(t, 422, status, query)
	}
	status, body := a.call("DELETE", "/rest/messages/"+first, nil)
	require.Equal(t, 204, status)
	require.Empty(t, body)
	status, body = a.call("DELETE", "/rest/messages/"+first, nil)
	require.Equal(t, 404, status)
	code, _ := firstError(t, body)
	require.Equal(t, 20, code)
}

func TestSMSHaveTheStructureOfTheReference(t *testing.T) {
	for file, produce := range map[string]func(a *account) (*http.Response, []byte){
		"sms/go_messageObject.json": func(a *account) (*http.Response, []byte) {
			return a.do("POST", "/rest/messages", order(""), "AccessKey "+key)
		},
		"sms/go_readMessageObject.json": func(a *account) (*http.Response, []byte) {
			return a.do("GET", "/rest/messages/"+a.sms(""), nil, "AccessKey "+key)
		},
		"sms/go_messageListObject.json": func(a *account) (*http.Response, []byte) {
			a.sms("")
			a.sms("")
			return a.do("GET", "/rest/messages?limit=20", nil, "AccessKey "+key)
		},
		"errors/openapi_401_incorrect_access_key.json": func(a *account) (*http.Response, []byte) {
			return a.do("POST", "/rest/messages", order(""), "AccessKey x")
		},
		"errors/openapi_422_no_correct_recipients.json": func(a *account) (*http.Response, []byte) {
			return a.do("POST", "/rest/messages", order(`"recipients":["x"]`), "AccessKey "+key)
		},
		"errors/go_404_messageNotFound.json": func(a *account) (*http.Response, []byte) {
			return a.do("GET", "/rest/messages/"+nowhere, nil, "AccessKey "+key)
		},
	} {
		t.Run(file, func(t *testing.T) {
			want, ok := messagebirdtest.Reference(t, file)
			if !ok {
				return
			}
			_, got := produce(openSMS(t))
			sameStructure(t, want, got)
		})
	}
}

func TestAnSMSIsCountedWithItsReference(t *testing.T) {
	a := openSMS(t)
	a.FailNext(1, messagebirdtest.Failure{Path: "/rest/messages", Status: 500, AfterAccept: true})
	status, _ := a.call("POST", "/rest/messages", order(`"reference":"m-1"`))
	require.Equal(t, 500, status)
	require.Equal(t, map[string]int{"m-1": 1}, a.Tracks())
	sent := a.Sent()
	require.Len(t, sent, 1)
	require.Equal(t, person, sent[0].To)
	require.Equal(t, "3726000010", sent[0].Originator)
	require.Equal(t, "m-1", at(jsonObject(t, sent[0].Content), "reference"))

	quiet := openSMS(t, func(c *messagebirdtest.Config) { c.CountOnly = true })
	quiet.sms(`"reference":"m-1"`)
	quiet.Mobile(person).Writes(ours, "tere")
	require.Empty(t, quiet.Mobile(person).Inbox())
	require.Empty(t, quiet.Sent())
	require.Equal(t, 1, quiet.Totals().Accepted)
	require.Equal(t, 1, quiet.Totals().Received)
}

func jsonObject(t *testing.T, raw []byte) (m map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(raw, &m))
	return m
}

func TestAMobileOrANumberThatCannotBeIsAMistake(t *testing.T) {
	a := openSMS(t)
	require.Panics(t, func() { a.Mobile("homme") })
	require.Panics(t, func() { a.Mobile(person).Writes("1346", "tere") })
}

func TestAnAccountMayHaveNumbersAlone(t *testing.T) {
	s, err := messagebirdtest.New(messagebirdtest.Config{AccessKeys: []string{key}, SigningKey: secret, Numbers: []messagebirdtest.Number{{Number: "1345"}}})
	require.NoError(t, err)
	s.Mobile(person).Writes("1345", "tere")
}
