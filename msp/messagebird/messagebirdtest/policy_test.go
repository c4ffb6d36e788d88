package messagebirdtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

const template = `{"hsm":{"namespace":"ns","templateName":"case_update","language":{"policy":"deterministic","code":"et"},
	"components":[{"type":"body","parameters":[{"type":"text","text":"A-123"}]}]}}`

// lateStatus sends and returns the status and error code that the webhooks report for it; "" and 0 when none.
func lateStatus(a *account, request map[string]any) (status string, code float64) {
	a.t.Helper()
	answer, body := a.call("POST", "/v1/send", request)
	require.Equal(a.t, http.StatusAccepted, answer, "%v", body)
	for _, e := range a.events() {
		if e["type"] == "message.updated" {
			status = at(e, "message", "status").(string)
			code, _ = at(e, "message", "error", "code").(float64)
		}
	}
	return status, code
}

func hsm(content string) map[string]any {
	return map[string]any{"from": wa, "to": person, "type": "hsm", "content": json.RawMessage(content)}
}

func TestFreeTextIsCarriedInsideTheWindowOnly(t *testing.T) {
	a := open(t)
	status, code := lateStatus(a, textTo(wa, person, "too early"))
	require.Equal(t, "failed", status, "nobody has written yet")
	require.EqualValues(t, 470, code)

	phone := a.Person(wa, person)
	require.Empty(t, phone.Inbox(), "what failed does not arrive")
	phone.Says("tere")
	a.clock.Advance(24*time.Hour - time.Nanosecond)
	status, _ = lateStatus(a, textTo(wa, person, "in time"))
	require.Empty(t, status)
	require.Len(t, phone.Inbox(), 1)

	a.clock.Advance(time.Nanosecond)
	status, _ = lateStatus(a, textTo(wa, person, "too late"))
	require.Equal(t, "failed", status, "an own message does not open the window")
	status, _ = lateStatus(a, hsm(template))
	require.Empty(t, status, "a template needs no window")
	status, _ = lateStatus(a, textTo(wa, person, "still too late"))
	require.Equal(t, "failed", status, "nor does a template open it")
	status, _ = lateStatus(a, textTo(sms, person, "any time"))
	require.Empty(t, status)
	require.Len(t, a.Sent(), 6, "all of them were accepted")
}

func TestTheWindowBelongsToTheChannelThatThePersonWroteOn(t *testing.T) {
	a := open(t)
	a.Person(sms, person).Says("tere")
	status, _ := lateStatus(a, textTo(wa, person, "Tere!"))
	require.Equal(t, "failed", status)
}

func TestRefusalsMayComeAtOnce(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.Refusals = messagebirdtest.RefuseAtOnce })
	status, body := a.call("POST", "/v1/send", textTo(wa, person, "too early"))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	code, _ := firstError(t, body)
	require.Equal(t, 470, code)
	require.Empty(t, a.Sent())
	require.Empty(t, a.Pending(), "nothing happened")
}

func TestALateRefusalMayBeCalledRejected(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.LateStatus = "rejected" })
	status, _ := lateStatus(a, textTo(wa, person, "too early"))
	require.Equal(t, "rejected", status)
}

func TestAWindowCanBeSetOrSwitchedOff(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) {
		c.Channels[0].Window = -1
		c.Channels[1].Window = time.Hour
	})
	status, _ := lateStatus(a, textTo(wa, person, "Tere!"))
	require.Empty(t, status)
	a.Person(fb, "77").Says("tere")
	a.clock.Advance(time.Hour)
	status, _ = lateStatus(a, textTo(fb, "77", "Tere!"))
	require.Equal(t, "failed", status)
}

func TestOnMessengerAHumanAgentHasSevenDays(t *testing.T) {
	a := open(t)
	a.Person(fb, "77").Says("tere")
	a.clock.Advance(7*24*time.Hour - time.Second)
	for tag, want := range map[string]string{"human_agent": "", "event.update": "failed", "": "failed"} {
		request := textTo(fb, "77", "Tere!")
		if tag != "" {
			request["tag"] = tag
		}
		status, _ := lateStatus(a, request)
		require.Equal(t, want, status, tag)
	}
	a.clock.Advance(time.Second)
	request := textTo(fb, "77", "Tere!")
	request["tag"] = "human_agent"
	status, _ := lateStatus(a, request)
	require.Equal(t, "failed", status)
}

func TestNobodyIsWrittenToFirstOnTelegram(t *testing.T) {
	a := open(t)
	status, code := lateStatus(a, textTo(tg, "4711", "Tere!"))
	require.Equal(t, "failed", status)
	require.EqualValues(t, 301, code)
	a.Person(tg, "4711").Says("/start")
	a.clock.Advance(365 * 24 * time.Hour)
	status, _ = lateStatus(a, textTo(tg, "4711", "Tere!"))
	require.Empty(t, status, "there is no window")
}

func TestTemplatesAreCheckedForTheirForm(t *testing.T) {
	a := open(t)
	language := `"language":{"policy":"deterministic","code":"et"}`
	named := `"namespace":"ns","templateName":"t",` + language
	component := func(s string) string { return `{"hsm":{` + named + `,"components":[` + s + `]}}` }
	for _, c := range []struct {
		name, content string
		parameter     any
	}{
		{"nothing to fill in", `{"hsm":{` + named + `}}`, nil},
		{"no namespace", `{"hsm":{"templateName":"t",` + language + `}}`, "content.hsm.namespace"},
		{"no name", `{"hsm":{"namespace":"ns",` + language + `}}`, "content.hsm.templateName"},
		{"no language", `{"hsm":{"namespace":"ns","templateName":"t"}}`, "content.hsm.language"},
		{"no language code", `{"hsm":{"namespace":"ns","templateName":"t","language":{"policy":"fallback"}}}`, "content.hsm.language.code"},
		{"an unknown policy", `{"hsm":{"namespace":"ns","templateName":"t","language":{"policy":"any","code":"et"}}}`, "content.hsm.language.policy"},
		{"params and components", `{"hsm":{` + named + `,"params":[],"components":[]}}`, "content.hsm.components"},
		{"params", `{"hsm":{` + named + `,"params":[{"default":"12,34","currency":{"currencyCode":"EUR","amount":12340}}]}}`, nil},
		{"params without a default", `{"hsm":{` + named + `,"params":[{"dateTime":"2026-03-01T08:00:00Z"}]}}`, "content.hsm.params[0].default"},
		{"a currency called code", `{"hsm":{` + named + `,"params":[{"default":"x","currency":{"code":"EUR","amount":1}}]}}`, "content.hsm.params[0].currency.code"},
		{"an amount with a fraction", `{"hsm":{` + named + `,"params":[{"default":"x","currency":{"currencyCode":"EUR","amount":12.34}}]}}`, "content.hsm.params[0].currency.amount"},
		{"an unknown component", component(`{"type":"side"}`), "content.hsm.components[0].type"},
		{"a button without a kind", component(`{"type":"button","index":0}`), "content.hsm.components[0].sub_type"},
		{"a button without a position", component(`{"type":"button","sub_type":"url"}`), "content.hsm.components[0].index"},
		{"a parameter of another type", component(`{"type":"body","parameters":[{"type":"text","payload":"x"}]}`), "content.hsm.components[0].parameters[0]"},
		{"a moment called date_time", component(`{"type":"body","parameters":[{"type":"date_time","dateTime":"2026-03-01T08:00:00Z"}]}`), nil},
		{"a moment called dateTime", component(`{"type":"body","parameters":[{"type":"dateTime","dateTime":"2026-03-01T08:00:00Z"}]}`), "content.hsm.components[0].parameters[0]"},
		{"a document", component(`{"type":"header","parameters":[{"type":"document","document":{"url":"https://example.ee/d"}}]}`), nil},
		{"a document by link", component(`{"type":"header","parameters":[{"type":"document","document":{"link":"https://example.ee/d"}}]}`), "content.hsm.components[0].parameters[0].document.link"},
		{"components in components in components", component(`{"type":"card","components":[{"type":"card","components":[{"type":"card","components":[{"type":"card"}]}]}]}`), "content.hsm.components[0].components[0].components[0].components"},
		{"cards", component(`{"type":"carousel","cards":[{"type":"card","card_index":0,"components":[{"type":"body","parameters":[{"type":"text"}]}]}]}`), "content.hsm.components[0].cards[0].components[0].parameters[0]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := a.call("POST", "/v1/send", hsm(c.content))
			if c.parameter == nil {
				require.Equal(t, http.StatusAccepted, status, "%v", body)
				return
			}
			require.Equal(t, http.StatusUnprocessableEntity, status)
			_, parameter := firstError(t, body)
			require.Equal(t, c.parameter, parameter)
		})
	}
}

func TestAReferenceTemplateIsAccepted(t *testing.T) {
	raw, ok := messagebirdtest.Reference(t, "synthetic/legacy_send_hsm_components_request.json")
	if !ok {
		return
	}
	a := open(t, func(c *messagebirdtest.Config) { c.Channels[0].ID = "09c3a21d853b4bdbaa1a605ead17c981" })
	status, body := a.call("POST", "/v1/send", string(raw))
	require.Equal(t, http.StatusAccepted, status, "%v", body)
}

func TestOnlyApprovedTemplatesAreCarried(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) {
		c.Templates = []messagebirdtest.Template{{Namespace: "ns", Name: "case_update", Language: "et", BodyParams: 1}}
	})
	replace := func(old, new string) string {
		require.Contains(t, template, old)
		return strings.Replace(template, old, new, 1)
	}
	for name, c := range map[string]struct{ content, want string }{
		"the template":           {template, ""},
		"another namespace":      {replace(`"ns"`, `"other"`), "failed"},
		"another name":           {replace("case_update", "sale"), "failed"},
		"another language":       {replace(`"et"`, `"fr"`), "failed"},
		"any language":           {replace(`"deterministic","code":"et"`, `"fallback","code":"fr"`), ""},
		"a parameter too many":   {replace(`{"type":"text","text":"A-123"}`, `{"type":"text","text":"a"},{"type":"text","text":"b"}`), "failed"},
		"a parameter too little": {replace(`{"type":"text","text":"A-123"}`, ``), "failed"},
	} {
		status, _ := lateStatus(a, hsm(c.content))
		require.Equal(t, c.want, status, name)
	}
}
