package metatest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func body(parameters string) string { return `{"type":"body","parameters":[` + parameters + `]}` }

func TestTemplatesThatAreFilledInWrongly(t *testing.T) {
	const x = `{"type":"text","text":"x"}`
	const picture = `{"type":"image","image":{"link":"https://linn.example/p.jpg"}}`
	for _, c := range []struct {
		name, template, language, components string
		code                                 int
	}{
		{"no variables", "plain", "et", ``, 0},
		{"an empty list of components", "plain", "et", `,"components":[]`, 0},
		{"a variable that the template lacks", "plain", "et", `,"components":[` + body(x) + `]`, 132000},
		{"two variables", "booking", "et", `,"components":[` + body(x+`,`+x) + `]`, 0},
		{"one variable too few", "booking", "et", `,"components":[` + body(x) + `]`, 132000},
		{"one variable too many", "booking", "et", `,"components":[` + body(x+`,`+x+`,`+x) + `]`, 132000},
		{"no components", "booking", "et", ``, 132000},
		{"an amount", "booking", "et", `,"components":[` + body(x+`,{"type":"currency","currency":{"fallback_value":"1 €","code":"EUR","amount_1000":1000}}`) + `]`, 0},
		{"a picture for a text", "booking", "et", `,"components":[` + body(x+`,`+picture) + `]`, 132012},
		{"an empty text", "booking", "et", `,"components":[` + body(x+`,{"type":"text","text":""}`) + `]`, 132012},
		{"a text with a new line", "booking", "et", `,"components":[` + body(x+`,{"type":"text","text":"a\nb"}`) + `]`, 132018},
		{"a name for a numbered variable", "booking", "et", `,"components":[` + body(x+`,{"type":"text","text":"x","parameter_name":"aeg"}`) + `]`, 132012},
		{"named variables", "named", "et", `,"components":[{"type":"header","parameters":[{"type":"text","parameter_name":"osakond","text":"IT"}]},` +
			body(`{"type":"text","parameter_name":"eesnimi","text":"Mari"}`) + `]`, 0},
		{"a number for a named variable", "named", "et", `,"components":[{"type":"header","parameters":[{"type":"text","parameter_name":"osakond","text":"IT"}]},` + body(x) + `]`, 132012},
		{"a wrong name", "named", "et", `,"components":[{"type":"header","parameters":[{"type":"text","parameter_name":"osakond","text":"IT"}]},` +
			body(`{"type":"text","parameter_name":"nimi","text":"Mari"}`) + `]`, 132012},
		{"a picture", "picture", "et", `,"components":[{"type":"header","parameters":[` + picture + `]}]`, 0},
		{"no picture", "picture", "et", ``, 132012},
		{"a text for a picture", "picture", "et", `,"components":[{"type":"header","parameters":[` + x + `]}]`, 132012},
		{"a link's ending", "link", "et", `,"components":[{"type":"button","sub_type":"url","index":"0","parameters":[` + x + `]}]`, 0},
		{"no link's ending", "link", "et", ``, 131008},
		{"a payload for a link", "link", "et", `,"components":[{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"payload","payload":"x"}]}]`, 132012},
		{"the wrong kind of button", "link", "et", `,"components":[{"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"x"}]}]`, 132012},
		{"a button that does not exist", "link", "et", `,"components":[{"type":"button","sub_type":"url","index":"1","parameters":[` + x + `]}]`, 132012},
		{"an unknown component", "plain", "et", `,"components":[{"type":"footer"}]`, 131009},
		{"a template that does not exist", "nothing", "et", ``, 132001},
		{"a language that does not exist", "plain", "ru", ``, 132001},
		{"a template that waits", "pending", "et", ``, 132001},
		{"a paused template", "paused", "et", ``, 132015},
		{"a disabled template", "disabled", "et", ``, 132016},
		{"no name", "", "et", ``, 131008},
		{"an unknown name", "plain", "et", `,"params":[]`, 131009},
		{"a component twice", "booking", "et", `,"components":[` + body(x+`,`+x) + `,` + body(x+`,`+x) + `]`, 132012},
		{"no language", "plain", "", ``, 131008},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			_, answer := a.call("POST", "/"+number+"/messages", waToken, fmt.Sprintf(`{"messaging_product":"whatsapp","to":%q,"type":"template",`+
				`"template":{"name":%q,"language":{"code":%q,"policy":"deterministic"}%s}}`, phone, c.template, c.language, c.components))
			code, _ := fault(answer)
			require.Equal(t, c.code, code, "%v", answer)
		})
	}
}

func TestTemplatesLiveAndDie(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.TemplatesPending = true })
	path := "/" + waba + "/message_templates"
	create := `{"name":"uus","language":"et","category":"UTILITY","components":[{"type":"BODY","text":"Tere {{1}}!","example":{"body_text":[["Mari"]]}}]}`
	status, made := a.call("POST", path, waToken, create)
	require.Equal(t, 200, status, "%v", made)
	require.Equal(t, "PENDING", made["status"])
	_, again := a.call("POST", path, waToken, create)
	code, _ := fault(again)
	require.Equal(t, 100, code, "it exists in this language")

	send := func() int {
		_, answer := a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","to":"`+phone+`","type":"template",`+
			`"template":{"name":"uus","language":{"code":"et"},"components":[`+body(`{"type":"text","text":"Mari"}`)+`]}}`)
		code, _ := fault(answer)
		return code
	}
	require.Equal(t, 132001, send())
	require.NoError(t, a.SetTemplate(waba, "uus", "et", metatest.TemplateApproved, ""))
	require.Equal(t, 0, send())
	require.NoError(t, a.SetTemplate(waba, "uus", "et", metatest.TemplatePaused, "LOW_QUALITY"))
	require.Equal(t, 132015, send())
	require.Error(t, a.SetTemplate(waba, "uus", "ru", metatest.TemplatePaused, ""))
	events := a.events()
	require.Equal(t, "PAUSED", at(events[1], "entry", 0, "changes", 0, "value", "event"))
	require.Equal(t, "LOW_QUALITY", at(events[1], "entry", 0, "changes", 0, "value", "reason"))

	_, one := a.call("GET", "/"+made["id"].(string), waToken, nil)
	require.Equal(t, "PAUSED", one["status"])
	require.Equal(t, "Tere {{1}}!", at(one, "components", 0, "text"))
	status, _ = a.call("POST", "/"+made["id"].(string), waToken, `{"components":[{"type":"BODY","text":"Tere, {{1}}!"}]}`)
	require.Equal(t, 200, status)
	_, list := a.call("GET", path+"?name=uus", waToken, nil)
	require.Equal(t, "PENDING", at(list, "data", 0, "status"), "an edit is reviewed again")
	require.Equal(t, "Tere, {{1}}!", at(list, "data", 0, "components", 0, "text"))

	status, _ = a.call("DELETE", path+"?name=uus", waToken, nil)
	require.Equal(t, 200, status)
	_, answer := a.call("DELETE", path+"?name=uus", waToken, nil)
	code, _ = fault(answer)
	require.Equal(t, 100, code)
	require.Equal(t, 132001, send())
}

func TestTemplatesAreListedPageByPage(t *testing.T) {
	a := open(t)
	seen := map[any]bool{}
	path := "/" + waba + "/message_templates?limit=4&fields=name"
	for path != "" {
		_, list := a.call("GET", path, waToken, nil)
		for _, item := range list["data"].([]any) {
			require.Equal(t, []string{"id", "name"}, keys(item))
			seen[at(item, "name")] = true
		}
		path = ""
		if at(list, "paging", "next") != nil {
			path = "/" + waba + "/message_templates?limit=4&fields=name&after=" + at(list, "paging", "cursors", "after").(string)
		}
	}
	require.Len(t, seen, len(templates()))
	for _, wrong := range []string{"limit=0", "limit=x", "after=!"} {
		_, answer := a.call("GET", "/"+waba+"/message_templates?"+wrong, waToken, nil)
		code, _ := fault(answer)
		require.Equal(t, 100, code, wrong)
	}
}

func TestTemplatesThatCannotBeCreated(t *testing.T) {
	for _, c := range []struct{ name, template string }{
		{"a name with capitals", `"name":"Uus","language":"et","category":"UTILITY","components":[{"type":"BODY","text":"x"}]`},
		{"no language", `"name":"uus","category":"UTILITY","components":[{"type":"BODY","text":"x"}]`},
		{"no category", `"name":"uus","language":"et","components":[{"type":"BODY","text":"x"}]`},
		{"an unknown category", `"name":"uus","language":"et","category":"NEWS","components":[{"type":"BODY","text":"x"}]`},
		{"no components", `"name":"uus","language":"et","category":"UTILITY"`},
		{"no body", `"name":"uus","language":"et","category":"UTILITY","components":[{"type":"FOOTER","text":"x"}]`},
		{"an unknown component", `"name":"uus","language":"et","category":"UTILITY","components":[{"type":"TAIL","text":"x"}]`},
		{"a body of 1025", `"name":"uus","language":"et","category":"UTILITY","components":[{"type":"BODY","text":"` + letters(1025) + `"}]`},
		{"a variable at the start", `"name":"uus","language":"et","category":"UTILITY","components":[{"type":"BODY","text":"{{1}} tere"}]`},
		{"a variable at the end", `"name":"uus","language":"et","category":"UTILITY","components":[{"type":"BODY","text":"tere {{1}}"}]`},
		{"a gap in the numbers", `"name":"uus","language":"et","category":"UTILITY","components":[{"type":"BODY","text":"tere {{1}} ja {{3}}."}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			_, answer := a.call("POST", "/"+waba+"/message_templates", waToken, `{`+c.template+`}`)
			code, _ := fault(answer)
			require.Equal(t, 100, code, "%v", answer)
			require.IsType(t, "", at(answer, "error", "error_data"), "not an object")
		})
	}
}
