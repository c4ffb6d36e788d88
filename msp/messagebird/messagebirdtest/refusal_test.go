package messagebirdtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestRequestsThatTheAPIRefuses(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.BodyLimit, c.FileLimit = 2000, 10 })
	a.Person(wa, person).Says("tere")
	contact := a.events()[0]["contact"].(map[string]any)["id"].(string)
	conv := "/v1/conversations/" + conversationOf(a)

	text := func(change string) string {
		return `{"to":"` + person + `","from":"` + wa + `","type":"text","content":{"text":"x"}` + change + `}`
	}
	for _, c := range []struct {
		name, method, path, body string
		status, code             int
		parameter                any
	}{
		{"a body that is not JSON", "POST", "/v1/send", `{"to":`, 400, 10, nil},
		{"a body that is an array", "POST", "/v1/send", `[]`, 400, 10, nil},
		{"a body that is null", "POST", "/v1/send", `null`, 400, 10, nil},
		{"no body", "POST", "/v1/send", ``, 400, 10, nil},
		{"invalid UTF-8", "POST", "/v1/send", text(`,"tag":"` + "\xff" + `"`), 400, 10, nil},
		{"a body beyond the limit", "POST", "/v1/send", text(`,"tag":"` + strings.Repeat("x", 2000) + `"`), 413, 10, nil},
		{"a file beyond the limit", "POST", "/v1/files", "12345678901", 413, 10, nil},
		{"an empty file", "POST", "/v1/files", "", 422, 9, "body"},

		{"send without to", "POST", "/v1/send", `{"from":"` + wa + `","type":"text","content":{"text":"x"}}`, 422, 9, "to"},
		{"send without from", "POST", "/v1/send", `{"to":"` + person + `","type":"text","content":{"text":"x"}}`, 422, 9, "from"},
		{"send without type", "POST", "/v1/send", `{"to":"` + person + `","from":"` + wa + `","content":{"text":"x"}}`, 422, 9, "type"},
		{"send without content", "POST", "/v1/send", `{"to":"` + person + `","from":"` + wa + `","type":"text"}`, 422, 9, "content"},
		{"send with a null", "POST", "/v1/send", `{"to":null,"from":"` + wa + `","type":"text","content":{"text":"x"}}`, 422, 9, "to"},
		{"send with a number as to", "POST", "/v1/send", `{"to":37255500001,"from":"` + wa + `","type":"text","content":{"text":"x"}}`, 422, 10, "to"},
		{"send with channelId, which is start's name", "POST", "/v1/send", text(`,"channelId":"` + wa + `"`), 422, 10, "channelId"},
		{"the name channel_id", "POST", "/v1/send", text(`,"channel_id":"` + wa + `"`), 422, 10, "channel_id"},
		{"the name channelid", "POST", "/v1/conversations/start",
			`{"to":"` + person + `","channelid":"` + wa + `","type":"text","content":{"text":"x"}}`, 422, 10, "channelid"},
		{"start without channelId", "POST", "/v1/conversations/start", `{"to":"` + person + `","type":"text","content":{"text":"x"}}`, 422, 9, "channelId"},
		{"start with from, which is send's name", "POST", "/v1/conversations/start", text(""), 422, 10, "from"},
		{"reply with to", "POST", conv + "/messages", `{"to":"` + person + `","type":"text","content":{"text":"x"}}`, 422, 10, "to"},

		{"a channel of another account", "POST", "/v1/send", strings.Replace(text(""), wa, nowhere, 1), 404, 20, "from"},
		{"a channel's number instead of its id", "POST", "/v1/send", strings.Replace(text(""), wa, "+3726000000", 1), 404, 20, "from"},
		{"a reply on an unknown channel", "POST", conv + "/messages", `{"channelId":"x","type":"text","content":{"text":"x"}}`, 404, 20, "channelId"},
		{"a reply in an unknown conversation", "POST", "/v1/conversations/" + nowhere + "/messages", `{"type":"text","content":{"text":"x"}}`, 404, 20, "id"},
		{"a number that is none", "POST", "/v1/send", strings.Replace(text(""), person, "homme", 1), 422, 9, "to"},
		{"a number that is too short", "POST", "/v1/send", strings.Replace(text(""), person, "+372", 1), 422, 9, "to"},

		{"a plain http reportUrl", "POST", "/v1/send", text(`,"reportUrl":"http://example.ee/r"`), 422, 10, "reportUrl"},
		{"an unknown tag", "POST", "/v1/send", text(`,"tag":"sale"`), 422, 10, "tag"},
		{"a source that is text", "POST", "/v1/send", text(`,"source":"bot"`), 422, 10, "source"},
		{"a ttl that is no duration", "POST", "/v1/send", text(`,"ttl":"soon"`), 422, 10, "ttl"},
		{"a fallback without a channel", "POST", "/v1/send", text(`,"fallback":{}`), 422, 9, "fallback.from"},
		{"a fallback on an unknown channel", "POST", "/v1/send", text(`,"fallback":{"from":"x"}`), 404, 20, "fallback.from"},
		{"a fallback after nonsense", "POST", "/v1/send", text(`,"fallback":{"from":"` + sms + `","after":"later"}`), 422, 10, "fallback.after"},

		{"an unknown conversation", "GET", "/v1/conversations/" + nowhere, "", 404, 20, "id"},
		{"archiving an unknown conversation", "PATCH", "/v1/conversations/" + nowhere, `{"status":"archived"}`, 404, 20, "id"},
		{"an unknown conversation status", "PATCH", conv, `{"status":"closed"}`, 422, 10, "status"},
		{"no conversation status", "PATCH", conv, `{}`, 422, 9, "status"},
		{"an unknown message", "GET", "/v1/messages/" + nowhere, "", 404, 20, "id"},
		{"an unknown contact", "GET", "/v1/conversations/contact/" + nowhere, "", 404, 20, "contactId"},
		{"a conversation with nobody", "POST", "/v1/conversations", `{"contactId":"` + nowhere + `"}`, 404, 20, "contactId"},
		{"a conversation with a wrong name", "POST", "/v1/conversations", `{"contactID":"` + contact + `"}`, 422, 10, "contactID"},
		{"an unknown file", "GET", "/v1/files/" + nowhere, "", 404, 20, "id"},
		{"unknown media", "GET", "/v1/media/" + nowhere, "", 404, 20, "id"},

		{"a page of nothing", "GET", "/v1/conversations?limit=0", "", 422, 10, "limit"},
		{"a page beyond the largest", "GET", "/v1/conversations?limit=21", "", 422, 10, "limit"},
		{"a negative offset", "GET", conv + "/messages?offset=-1", "", 422, 10, "offset"},
		{"an unknown list parameter", "GET", "/v1/conversations?page=2", "", 422, 10, "page"},
		{"a time that is none", "GET", "/v1/messages?from=yesterday", "", 422, 10, "from"},

		{"a webhook without events", "POST", "/v1/webhooks", `{"url":"https://example.ee/"}`, 422, 9, "events"},
		{"a webhook without an address", "POST", "/v1/webhooks", `{"events":["message.created"]}`, 422, 9, "url"},
		{"a webhook with a relative address", "POST", "/v1/webhooks", `{"url":"/hook","events":["message.created"]}`, 422, 10, "url"},
		{"a webhook for an unknown event", "POST", "/v1/webhooks", `{"url":"https://example.ee/","events":["message.deleted"]}`, 422, 10, "events"},
		{"a webhook of an unknown channel", "POST", "/v1/webhooks", `{"url":"https://example.ee/","events":["message.created"],"channelId":"x"}`, 404, 20, "channelId"},
		{"a webhook with an unknown setting", "POST", "/v1/webhooks", `{"url":"https://example.ee/","events":["message.created"],"settings":{"retries":1}}`, 422, 10, "settings.retries"},
		{"an unknown webhook", "PATCH", "/v1/webhooks/" + nowhere, `{"status":"enabled"}`, 404, 20, "id"},

		{"a path that does not exist", "GET", "/v1/channels", "", 404, 98, nil},
		{"a path of another version", "POST", "/v2/send", text(""), 404, 98, nil},
		{"deleting a conversation", "DELETE", conv, "", 405, 98, nil},
		{"getting send", "GET", "/v1/send", "", 405, 98, nil},
		{"putting a webhook", "PUT", "/v1/webhooks/" + nowhere, `{}`, 405, 98, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := a.Totals()
			var body any
			if c.method != "GET" {
				body = c.body
			}
			status, answer := a.call(c.method, c.path, body)
			require.Equal(t, c.status, status, "%v", answer)
			code, parameter := firstError(t, answer)
			require.Equal(t, c.code, code)
			require.Equal(t, c.parameter, parameter)
			require.Equal(t, before.Refused+1, a.Totals().Refused)
			require.Empty(t, a.Sent())
			log := a.Requests()
			last := log[len(log)-1]
			require.Equal(t, c.status, last.Status)
			require.Equal(t, c.code, last.Code)
		})
	}
}

func conversationOf(a *account) string {
	_, list := a.call("GET", "/v1/conversations", nil)
	return list["items"].([]any)[0].(map[string]any)["id"].(string)
}

func TestOnlyAValidKeyIsLetIn(t *testing.T) {
	a := open(t)
	for name, authorization := range map[string]string{
		"another key":        "AccessKey other",
		"an empty key":       "AccessKey ",
		"a key without word": key,
		"another word":       "Bearer " + key,
		"nothing":            "",
		"the signing key":    "AccessKey " + secret,
		"half of a key":      "AccessKey " + key[:4],
	} {
		t.Run(name, func(t *testing.T) {
			res, raw := a.do("GET", "/v1/conversations", nil, authorization)
			require.Equal(t, http.StatusUnauthorized, res.StatusCode)
			require.JSONEq(t, `{"errors":[{"code":2,"description":"Request not allowed (incorrect access_key)","parameter":"access_key"}]}`, string(raw))
		})
	}
	for _, valid := range []string{key, "next_key"} {
		res, _ := a.do("GET", "/v1/conversations", nil, "AccessKey "+valid)
		require.Equal(t, http.StatusOK, res.StatusCode, "both keys of a rotation")
	}
	res, raw := a.do("GET", "/nowhere", nil, "")
	require.Equal(t, http.StatusUnauthorized, res.StatusCode, "an unknown path tells nothing to a stranger: %s", raw)
}

func TestWrongParametersMayBeAnswered400(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.InvalidStatus = 400 })
	status, _ := a.call("POST", "/v1/send", map[string]any{})
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = a.call("GET", "/v1/messages/"+nowhere, nil)
	require.Equal(t, http.StatusNotFound, status, "only those")
}

func TestContentIsCheckedAtItsLimits(t *testing.T) {
	a := open(t)
	for _, p := range []struct{ channel, address string }{{wa, person}, {fb, "77"}, {tg, "4711"}} {
		a.Person(p.channel, p.address).Says("tere")
	}
	n := strings.Repeat
	button := func(id, title string) string { return `{"id":"` + id + `","type":"reply","title":"` + title + `"}` }
	buttons := func(list ...string) string {
		return `{"interactive":{"type":"button","body":{"text":"?"},"action":{"buttons":[` + strings.Join(list, ",") + `]}}}`
	}
	row := func(id string) string {
		return `{"id":"` + id + `","title":"` + n("õ", 24) + `","description":"` + n("õ", 72) + `"}`
	}
	rows := func(count int, sections ...string) string {
		var list []string
		for i := range count {
			list = append(list, row(string(rune('a'+i))))
		}
		sections = append(sections, `{"title":"`+n("õ", 24)+`","rows":[`+strings.Join(list, ",")+`]}`)
		return `{"interactive":{"type":"list","body":{"text":"?"},"action":{"button":"` + n("õ", 20) + `","sections":[` + strings.Join(sections, ",") + `]}}}`
	}
	frame := func(part string) string {
		return `{"interactive":{"type":"button",` + part + `,"action":{"buttons":[` + button("a", "A") + `]}}}`
	}
	for _, c := range []struct {
		name, channel, to, kind, content string
		parameter                        any // nil when it is accepted
	}{
		{"a WhatsApp text at its limit", wa, person, "text", `{"text":"` + n("õ", 4096) + `"}`, nil},
		{"a WhatsApp text beyond it", wa, person, "text", `{"text":"` + n("õ", 4097) + `"}`, "content.text"},
		{"a Messenger text at its limit", fb, "77", "text", `{"text":"` + n("õ", 2000) + `"}`, nil},
		{"a Messenger text beyond it", fb, "77", "text", `{"text":"` + n("õ", 2001) + `"}`, "content.text"},
		{"a Telegram text beyond its limit", tg, "4711", "text", `{"text":"` + n("õ", 4097) + `"}`, "content.text"},
		{"an empty text", wa, person, "text", `{"text":""}`, "content.text"},
		{"a text that is a number", wa, person, "text", `{"text":1}`, "content.text"},
		{"a text without preview", wa, person, "text", `{"text":"x","disableUrlPreview":true}`, nil},
		{"a text with half a preview", wa, person, "text", `{"text":"x","disableUrlPreview":"no"}`, "content.disableUrlPreview"},
		{"a video that calls itself text", wa, person, "text", `{"video":{"url":"https://example.ee/v"}}`, "content.video"},
		{"content that is text", wa, person, "text", `"x"`, "content"},
		{"empty content", wa, person, "text", `{}`, "content.text"},
		{"an unknown type", wa, person, "reaction", `{"reaction":{}}`, "type"},
		{"a picture by SMS", sms, person, "image", `{"image":{"url":"https://example.ee/i"}}`, "type"},
		{"buttons on Messenger", fb, "77", "interactive", buttons(button("a", "A")), "type"},

		{"a picture with a caption at its limit", wa, person, "image", `{"image":{"url":"https://example.ee/i","caption":"` + n("õ", 1024) + `"}}`, nil},
		{"a caption beyond it", wa, person, "image", `{"image":{"url":"https://example.ee/i","caption":"` + n("õ", 1025) + `"}}`, "content.image.caption"},
		{"a picture without address", wa, person, "image", `{"image":{"caption":"x"}}`, "content.image.url"},
		{"a picture with a relative address", wa, person, "image", `{"image":{"url":"/i"}}`, "content.image.url"},
		{"a file with a name", wa, person, "file", `{"file":{"url":"https://example.ee/f","filename":"f"}}`, "content.file.filename"},
		{"a position", wa, person, "location", `{"location":{"latitude":59.4,"longitude":24.7}}`, nil},
		{"a position in words", wa, person, "location", `{"location":{"latitude":"59.4","longitude":"24.7"}}`, "*"},
		{"half a position", wa, person, "location", `{"location":{"latitude":59.4}}`, "content.location.longitude"},
		{"a position off the globe", wa, person, "location", `{"location":{"latitude":91,"longitude":24.7}}`, "content.location.latitude"},
		{"a sticker", wa, person, "whatsappSticker", `{"whatsappSticker":{"link":"https://example.ee/s"}}`, nil},
		{"a sticker by url", wa, person, "whatsappSticker", `{"whatsappSticker":{"url":"https://example.ee/s"}}`, "content.whatsappSticker.url"},

		{"three buttons", wa, person, "interactive", buttons(button("a", "A"), button("b", "B"), button("c", n("õ", 20))), nil},
		{"four buttons", wa, person, "interactive", buttons(button("a", "A"), button("b", "B"), button("c", "C"), button("d", "D")), "content.interactive.action.buttons"},
		{"no buttons", wa, person, "interactive", buttons(), "content.interactive.action.buttons"},
		{"a long button", wa, person, "interactive", buttons(button("a", n("õ", 21))), "content.interactive.action.buttons[0].title"},
		{"a long button id", wa, person, "interactive", buttons(button(n("a", 257), "A")), "content.interactive.action.buttons[0].id"},
		{"a button without id", wa, person, "interactive", buttons(button("", "A")), "content.interactive.action.buttons[0].id"},
		{"the same button twice", wa, person, "interactive", buttons(button("a", "A"), button("a", "B")), "content.interactive.action.buttons[1]"},
		{"two buttons of one name", wa, person, "interactive", buttons(button("a", "A"), button("b", "A")), "content.interactive.action.buttons[1]"},
		{"WhatsApp's own nested button", wa, person, "interactive", buttons(`{"type":"reply","reply":{"id":"a","title":"A"}}`), "content.interactive.action.buttons[0].reply"},
		{"one object instead of buttons", wa, person, "interactive", `{"interactive":{"type":"button","body":{"text":"?"},"action":{"buttons":` + button("a", "A") + `}}}`, "content.interactive.action.buttons"},
		{"a body at its limit", wa, person, "interactive", frame(`"body":{"text":"` + n("õ", 1024) + `"}`), nil},
		{"a body beyond it", wa, person, "interactive", frame(`"body":{"text":"` + n("õ", 1025) + `"}`), "content.interactive.body.text"},
		{"no body", wa, person, "interactive", frame(`"footer":{"text":"x"}`), "content.interactive.body"},
		{"a footer beyond its limit", wa, person, "interactive", frame(`"body":{"text":"?"},"footer":{"text":"` + n("x", 61) + `"}`), "content.interactive.footer.text"},
		{"a header beyond its limit", wa, person, "interactive", frame(`"body":{"text":"?"},"header":{"type":"text","text":"` + n("x", 61) + `"}`), "content.interactive.header.text"},
		{"a picture as header", wa, person, "interactive", frame(`"body":{"text":"?"},"header":{"type":"image","image":{"url":"https://example.ee/i"}}`), nil},
		{"a sound as header", wa, person, "interactive", frame(`"body":{"text":"?"},"header":{"type":"audio"}`), "content.interactive.header.type"},
		{"an answer sent as a question", wa, person, "interactive", `{"interactive":{"type":"button_reply","reply":{"id":"a","text":"A"}}}`, "content.interactive.reply"},
		{"no action", wa, person, "interactive", `{"interactive":{"type":"button","body":{"text":"?"}}}`, "content.interactive.action"},

		{"ten rows", wa, person, "interactive", rows(10), nil},
		{"eleven rows", wa, person, "interactive", rows(11), "content.interactive.action.sections[0].rows"},
		{"eleven rows in two sections", wa, person, "interactive", rows(10, `{"title":"x","rows":[{"id":"z","title":"Z"}]}`), "content.interactive.action.sections[1].rows"},
		{"the same row twice", wa, person, "interactive", rows(1, `{"title":"x","rows":[`+row("a")+`]}`), "content.interactive.action.sections[1].rows[0].id"},
		{"two sections, one without a name", wa, person, "interactive", rows(1, `{"rows":[{"id":"z","title":"Z"}]}`), "content.interactive.action.sections[0].title"},
		{"a long row", wa, person, "interactive", rows(1, `{"title":"x","rows":[{"id":"z","title":"`+n("x", 25)+`"}]}`), "content.interactive.action.sections[0].rows[0].title"},
		{"a long row text", wa, person, "interactive", rows(1, `{"title":"x","rows":[{"id":"z","title":"Z","description":"`+n("x", 73)+`"}]}`), "content.interactive.action.sections[0].rows[0].description"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := a.call("POST", "/v1/send", map[string]any{"to": c.to, "from": c.channel, "type": c.kind, "content": json.RawMessage(c.content)})
			if c.parameter == nil {
				require.Equal(t, http.StatusAccepted, status, "%v", body)
				return
			}
			require.Equal(t, http.StatusUnprocessableEntity, status)
			_, parameter := firstError(t, body)
			if c.parameter != "*" {
				require.Equal(t, c.parameter, parameter)
			}
		})
	}
}

func TestLimitsOfAChannelCanBeSet(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) {
		c.Channels[3].Limits = messagebirdtest.Limits{Text: 4, Count: func(s string) int { return len(s) }}
		c.Channels[0].Limits.Text = -1
	})
	a.Person(wa, person).Says("tere")
	a.send(wa, person, strings.Repeat("x", 5000))
	a.send(sms, person, "õõ")
	status, _ := a.call("POST", "/v1/send", textTo(sms, person, "õõx"))
	require.Equal(t, http.StatusUnprocessableEntity, status, "counted in bytes")
}

func TestConfigurationsThatCannotWorkAreRefusedByName(t *testing.T) {
	good := func() messagebirdtest.Config {
		return messagebirdtest.Config{AccessKeys: []string{"k"}, SigningKey: "s",
			Channels: []messagebirdtest.Channel{{ID: "wa", Platform: "whatsapp"}}}
	}
	_, err := messagebirdtest.New(good())
	require.NoError(t, err)
	for field, spoil := range map[string]func(*messagebirdtest.Config){
		"AccessKeys":  func(c *messagebirdtest.Config) { c.AccessKeys = nil },
		"SigningKey":  func(c *messagebirdtest.Config) { c.SigningKey = "" },
		"Channels":    func(c *messagebirdtest.Config) { c.Channels = nil },
		"Channels[1]": func(c *messagebirdtest.Config) { c.Channels = append(c.Channels, c.Channels[0]) },
		"Webhooks[0]": func(c *messagebirdtest.Config) { c.Webhooks = []messagebirdtest.Webhook{{URL: "hook"}} },
		"Retry[0]":    func(c *messagebirdtest.Config) { c.Retry = append(c.Retry, 0) },
		"Algorithm":   func(c *messagebirdtest.Config) { c.Algorithm = "none" },
		"Numbers":     func(c *messagebirdtest.Config) { c.Numbers = []messagebirdtest.Number{{Number: "PPA"}} },
		"Numbers ": func(c *messagebirdtest.Config) {
			c.Numbers = []messagebirdtest.Number{{Number: "1345"}, {Number: "+1345"}}
		},
		"Numbers  ": func(c *messagebirdtest.Config) {
			c.Numbers = []messagebirdtest.Number{{Number: "1345", Forward: "hook"}}
		},
		"Numbers   ":    func(c *messagebirdtest.Config) { c.Numbers = []messagebirdtest.Number{{Number: "1345", As: "PUT"}} },
		"StatusURL":     func(c *messagebirdtest.Config) { c.StatusURL = "hook" },
		"InvalidStatus": func(c *messagebirdtest.Config) { c.InvalidStatus = 500 },
	} {
		cfg := good()
		spoil(&cfg)
		_, err := messagebirdtest.New(cfg)
		require.ErrorContains(t, err, "Config."+strings.TrimSpace(field)+":", field)
	}
}
