package birdtest_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

func TestRequestsThatTheAPIRefuses(t *testing.T) {
	d := open(t, func(c *birdtest.Config) { c.BodyLimit = 3000 })
	contact := d.Person(wa, person)
	contact.Says("tere")
	conversation, messages := d.Conversation(wa, person)
	to := func(receiver string) string {
		return `{"receiver":` + receiver + `,"body":{"type":"text","text":{"text":"x"}}}`
	}
	action := `{"type":"postback","postback":{"text":"Jah","payload":"y"}}`
	item := `{"title":"A","actions":[` + action + `]}`
	list := func(content string) string { return with(`{"type":"list","list":{"text":"t",` + content + `}}`) }
	file := func(kind, content string) string {
		return with(`{"type":"` + kind + `","` + kind + `":{"` + kind + `s":[` + content + `]}}`)
	}
	template := func(content string) string {
		return `{"receiver":{"contacts":[{"identifierValue":"` + person + `"}]},"template":{` + content + `}}`
	}
	known := `"projectId":"` + project + `","version":"latest","locale":"et"`
	hook := func(change string) string {
		return `{"service":"channels","event":"sms.inbound","url":"` + hookURL + `","signingKey":"k"` + change + `}`
	}

	for _, c := range []struct {
		name, method, path, body string
		status                   int
		message                  string
	}{
		{"a body that is not JSON", "POST", sendPath, `{"receiver":`, 400, "the body is not a JSON object in UTF-8"},
		{"a body that is an array", "POST", sendPath, `[]`, 400, "the body is not a JSON object in UTF-8"},
		{"no body", "POST", sendPath, ``, 400, "the body is not a JSON object in UTF-8"},
		{"invalid UTF-8", "POST", sendPath, text("\xff", ""), 400, "the body is not a JSON object in UTF-8"},
		{"a body beyond the limit", "POST", sendPath, text(strings.Repeat("x", 3000), ""), 413, "the body is too large"},
		{"an unknown name", "POST", sendPath, text("x", `,"trackId":"a"`), 422, "trackId is not known here"},
		{"a name in another case", "POST", sendPath, text("x", `,"Reference":"a"`), 422, "Reference is not known here"},
		{"a reference that is a number", "POST", sendPath, text("x", `,"reference":7`), 422, "reference must be a string"},
		{"a quote of nothing", "POST", sendPath, text("x", `,"replyTo":{}`), 422, "replyTo.id is required"},

		{"another workspace", "POST", strings.Replace(sendPath, ws, nowhere, 1), text("x", ""), 404, "The requested resource does not exist"},
		{"an unknown channel", "POST", channelsPath + nowhere + "/messages", text("x", ""), 404, "The requested resource does not exist"},
		{"an unknown path", "POST", "/v1/send", text("x", ""), 404, "The requested resource does not exist"},
		{"an unknown method", "PUT", sendPath, text("x", ""), 404, "The requested resource does not exist"},

		{"no receiver", "POST", sendPath, `{"body":{"type":"text","text":{"text":"x"}}}`, 422, "receiver is required"},
		{"no contacts", "POST", sendPath, to(`{"contacts":[]}`), 422, "receiver.contacts must be an array with elements"},
		{"two contacts", "POST", sendPath, to(`{"contacts":[{"identifierValue":"+3725550001"},{"identifierValue":"+3725550002"}]}`), 422, "receiver.contacts has too many elements"},
		{"a contact without an identifier", "POST", sendPath, to(`{"contacts":[{"identifierKey":"phonenumber"}]}`), 422, "receiver.contacts need an id or an identifierValue"},
		{"a contact with both", "POST", sendPath, to(`{"contacts":[{"id":"a","identifierValue":"+3725550001"}]}`), 422, "receiver.contacts need an id or an identifierValue"},
		{"a number as a number", "POST", sendPath, to(`{"contacts":[{"identifierValue":3725550001}]}`), 422, "receiver.contacts.identifierValue must be a string"},
		{"a number that is none", "POST", sendPath, to(`{"contacts":[{"identifierValue":"homme"}]}`), 422, "receiver.contacts.identifierValue cannot be an identifier of the channel"},
		{"the key of another channel", "POST", sendPath, to(`{"contacts":[{"identifierValue":"+3725550001","identifierKey":"emailaddress"}]}`), 422, "receiver.contacts.identifierKey is not the channel's"},
		{"an unknown contact", "POST", sendPath, to(`{"contacts":[{"id":"` + nowhere + `"}]}`), 404, "The requested resource does not exist"},

		{"neither a body nor a template", "POST", sendPath, `{"receiver":{"contacts":[{"identifierValue":"` + person + `"}]}}`, 422, "body or template is needed, and not both"},
		{"a body and a template", "POST", sendPath, text("x", `,"template":{}`), 422, "body or template is needed, and not both"},
		{"a body without a type", "POST", sendPath, with(`{"text":{"text":"x"}}`), 422, "body.type is required"},
		{"a type that the channel has not", "POST", channelsPath + sms + "/messages", file("image", `{"mediaUrl":"https://a.example/x"}`), 422, "body.type is not one of the channel's"},
		{"a type whose field is missing", "POST", sendPath, with(`{"type":"image","text":{"text":"x"}}`), 422, "body has exactly the field that its type names"},
		{"the older form of content", "POST", sendPath, with(`{"type":"text","text":"x"}`), 422, "body.text must be an object"},
		{"an empty text", "POST", sendPath, text("", ""), 422, "body.text.text is required"},
		{"a text beyond the limit", "POST", channelsPath + page + "/messages", strings.Replace(text(strings.Repeat("x", 2001), ""), person, "45", 1), 422, "body.text.text is too long"},

		{"actions on SMS", "POST", channelsPath + sms + "/messages", with(`{"type":"text","text":{"text":"x","actions":[` + action + `]}}`), 422, "body.text.actions are not shown on this channel"},
		{"four actions", "POST", sendPath, with(`{"type":"text","text":{"text":"x","actions":[` + action + strings.Repeat(","+action, 3) + `]}}`), 422, "body.text.actions has too many elements"},
		{"an action of another type", "POST", sendPath, with(`{"type":"text","text":{"text":"x","actions":[{"type":"reply","postback":{"text":"a","payload":"b"}}]}}`), 422, "body.text.actions have exactly the field that their type names"},
		{"an action without a payload", "POST", sendPath, with(`{"type":"text","text":{"text":"x","actions":[{"type":"postback","postback":{"text":"a"}}]}}`), 422, "body.text.actions.postback.payload is required"},
		{"a title that is too long", "POST", sendPath, with(`{"type":"text","text":{"text":"x","actions":[{"type":"reply","reply":{"text":"` + strings.Repeat("a", 21) + `"}}]}}`), 422, "body.text.actions.reply.text is too long"},

		{"a list of nothing", "POST", sendPath, list(`"items":[]`), 422, "body.list.items must be an array with elements"},
		{"a list of neither items nor sections", "POST", sendPath, with(`{"type":"list","list":{"text":"t"}}`), 422, "body.list has items or sections, and not both"},
		{"a list of eleven items", "POST", sendPath, list(`"items":[` + item + strings.Repeat(","+item, 10) + `]`), 422, "body.list.items has too many elements"},
		{"sections of eleven items", "POST", sendPath, list(`"sections":[{"title":"S","items":[` + item + strings.Repeat(","+item, 9) + `]},{"title":"T","items":[` + item + `]}]`), 422, "body.list.sections have too many items"},
		{"a section without a title", "POST", sendPath, list(`"sections":[{"items":[` + item + `]}]`), 422, "body.list.sections.title is required"},
		{"an item without an action", "POST", sendPath, list(`"items":[{"title":"A"}]`), 422, "body.list.items.actions is required"},
		{"an item whose title is too long", "POST", sendPath, list(`"items":[{"title":"` + strings.Repeat("a", 25) + `","actions":[` + action + `]}]`), 422, "body.list.items.title is too long"},
		{"an item whose description is too long", "POST", sendPath, list(`"items":[{"title":"A","description":"` + strings.Repeat("a", 73) + `","actions":[` + action + `]}]`), 422, "body.list.items.description is too long"},
		{"a list without a text", "POST", sendPath, with(`{"type":"list","list":{"items":[` + item + `]}}`), 422, "body.list.text is required"},

		{"a picture of nothing", "POST", sendPath, file("image", ``), 422, "body.image.images must be an array with elements"},
		{"a picture without an address", "POST", sendPath, file("image", `{"altText":"x"}`), 422, "body.image.images.mediaUrl is required"},
		{"a picture without TLS", "POST", sendPath, file("image", `{"mediaUrl":"http://a.example/x"}`), 422, "body.image.images.mediaUrl must be an https address"},
		{"the older name of an address", "POST", sendPath, file("image", `{"url":"https://a.example/x"}`), 422, "body.image.images.url is not known here"},
		{"a file without a type", "POST", sendPath, file("file", `{"mediaUrl":"https://a.example/x"}`), 422, "body.file.files.contentType is required"},
		{"a place without coordinates", "POST", sendPath, with(`{"type":"location","location":{"latitude":1,"longitude":2}}`), 422, "body.location.latitude is not known here"},
		{"a place outside the world", "POST", sendPath, with(`{"type":"location","location":{"coordinates":{"latitude":91,"longitude":0}}}`), 422, "body.location.coordinates.latitude is not a number of degrees"},

		{"a template without a project", "POST", sendPath, template(`"version":"latest","locale":"et"`), 422, "template.projectId is required"},
		{"a template of an unknown project", "POST", sendPath, template(`"projectId":"` + nowhere + `","version":"latest","locale":"et"`), 404, "The requested resource does not exist"},
		{"a template in another language", "POST", sendPath, template(strings.Replace(known, `"et"`, `"fi"`, 1)), 422, "template.locale is not one of the project's"},
		{"a template without its values", "POST", sendPath, template(known), 422, "template.parameters are not those of the project"},
		{"a template with a value too many", "POST", sendPath, template(known + `,"variables":{"nimi":"a","x":"b"}`), 422, "template.parameters are not those of the project"},
		{"a template with both forms of values", "POST", sendPath, template(known + `,"variables":{"nimi":"a"},"parameters":[]`), 422, "template.variables must be a map of strings, without parameters beside"},
		{"a template's value of another type", "POST", sendPath, template(known + `,"parameters":[{"type":"currency","key":"nimi","value":"a"}]`), 422, "template.parameters.type is not known"},
		{"a template's value of nothing", "POST", sendPath, template(known + `,"parameters":[{"type":"string","key":"nimi","value":""}]`), 422, "template.parameters.value is required"},
		{"the older names of a template", "POST", sendPath, template(`"templateName":"a"`), 422, "template.templateName is not known here"},

		{"a page of nothing", "GET", sendPath + "?limit=0", "", 422, "limit is not a size of a page"},
		{"a page that is too large", "GET", sendPath + "?limit=101", "", 422, "limit is not a size of a page"},
		{"a token that nobody gave", "GET", sendPath + "?pageToken=x", "", 422, "pageToken is not known"},
		{"a filter that nobody knows", "GET", sendPath + "?offset=1", "", 422, "offset is not known here"},
		{"a time that is none", "GET", sendPath + "?startAt=noon", "", 422, "startAt is not a time"},
		{"the messages of an unknown channel", "GET", channelsPath + nowhere + "/messages", "", 404, "The requested resource does not exist"},
		{"an unknown message", "GET", sendPath + "/" + nowhere, "", 404, "The requested resource does not exist"},
		{"the conversations of nobody", "GET", "/workspaces/" + ws + "/participants/" + nowhere + "/conversations", "", 404, "The requested resource does not exist"},
		{"deleting an unknown conversation", "DELETE", "/workspaces/" + ws + "/conversations/" + nowhere, "", 404, "The requested resource does not exist"},
		{"deleting an unknown message", "DELETE", "/workspaces/" + ws + "/conversations/" + conversation + "/messages/" + nowhere, "", 404, "The requested resource does not exist"},
		{"deleting a message of another conversation", "DELETE", "/workspaces/" + ws + "/conversations/" + nowhere + "/messages/" + messages[0], "", 404, "The requested resource does not exist"},
		{"unknown media", "GET", "/workspaces/" + ws + "/messages/" + nowhere + "/media/" + nowhere, "", 404, "The requested resource does not exist"},

		{"another owner of the workspace", "POST", strings.Replace(hooksPath, org, nowhere, 1), hook(""), 404, "The requested resource does not exist"},
		{"the path in the singular", "POST", strings.TrimSuffix(hooksPath, "s"), hook(""), 404, "The requested resource does not exist"},
		{"a subscription without a key", "POST", hooksPath, strings.Replace(hook(""), `"k"`, `""`, 1), 422, "signingKey is required"},
		{"a subscription to another service", "POST", hooksPath, strings.Replace(hook(""), `"channels"`, `"voice"`, 1), 422, "service is not known"},
		{"a subscription to an unknown event", "POST", hooksPath, strings.Replace(hook(""), "inbound", "lost", 1), 422, "event is not known"},
		{"a subscription to the older event", "POST", hooksPath, strings.Replace(hook(""), "sms.inbound", "message.created", 1), 422, "event is not known"},
		{"a subscription without TLS", "POST", hooksPath, strings.Replace(hook(""), "https", "http", 1), 422, "url must be an https address"},
		{"a subscription with two filters", "POST", hooksPath, hook(`,"eventFilters":[{"key":"channelId","value":"` + wa + `"},{"key":"channelId","value":"` + sms + `"}]`), 422, "eventFilters has too many elements"},
		{"a subscription for an unknown channel", "POST", hooksPath, hook(`,"eventFilters":[{"key":"channelId","value":"` + nowhere + `"}]`), 422, "eventFilters name no channel"},
		{"a subscription with another filter", "POST", hooksPath, hook(`,"eventFilters":[{"key":"status","value":"` + wa + `"}]`), 422, "eventFilters name no channel"},
		{"an unknown subscription", "DELETE", hooksPath + "/" + nowhere, "", 404, "The requested resource does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := d.Totals()
			status, answer := d.call(c.method, c.path, c.body)
			require.Equal(t, c.status, status, answer)
			require.Equal(t, c.message, answer["message"])
			after := d.Totals()
			require.Equal(t, before.Accepted, after.Accepted, "nothing was taken")
			require.Equal(t, before.Refused+1, after.Refused)
			log := d.Requests()
			require.Equal(t, answer["code"], log[len(log)-1].Code)
			require.Equal(t, c.status, log[len(log)-1].Status)
		})
	}
	require.Empty(t, d.Sent())
}

func TestKeysThatTheAPIRefuses(t *testing.T) {
	d := open(t, func(c *birdtest.Config) { c.AccessKeys = []string{"old", key} })
	for name, authorization := range map[string]string{
		"no key": "", "another key": "AccessKey other", "the key alone": key, "the key as a bearer": "Bearer " + key, "an empty key": "AccessKey ",
	} {
		t.Run(name, func(t *testing.T) {
			status, answer := d.callAs(authorization, "POST", sendPath, text("x", ""))
			require.Equal(t, 401, status)
			require.Equal(t, "AuthenticationFailed", answer["code"])
		})
	}
	for _, k := range []string{"old", key} {
		status, _ := d.callAs("AccessKey "+k, "POST", sendPath, text("x", ""))
		require.Equal(t, 202, status, "both keys of a rotation")
	}
	require.Len(t, d.Sent(), 2)
}

func TestMoreThanFiveAlikeSubscriptionsAreRefused(t *testing.T) {
	d := open(t, nil)
	body := `{"service":"channels","event":"sms.inbound","url":"` + hookURL + `","signingKey":"k"}`
	for range 5 {
		status, answer := d.call("POST", hooksPath, body)
		require.Equal(t, 201, status)
		require.NotContains(t, answer, "signingKey", "the key cannot be read back")
	}
	status, _ := d.call("POST", hooksPath, body)
	require.Equal(t, 422, status)
	status, _ = d.call("POST", hooksPath, strings.Replace(body, "inbound", "outbound", 1))
	require.Equal(t, 201, status, "another event is another count")
}

func TestNewRefusesWhatItCannotWorkWith(t *testing.T) {
	channels := []birdtest.Channel{{ID: "a", Platform: "sms"}}
	good := birdtest.Config{AccessKeys: []string{"k"}, WorkspaceID: "w", Channels: channels}
	_, err := birdtest.New(good)
	require.NoError(t, err)
	for field, spoil := range map[string]func(*birdtest.Config){
		"AccessKeys":  func(c *birdtest.Config) { c.AccessKeys = []string{""} },
		"WorkspaceID": func(c *birdtest.Config) { c.WorkspaceID = "" },
		"Channels":    func(c *birdtest.Config) { c.Channels = nil },
		"Channels[1]": func(c *birdtest.Config) { c.Channels = append(channels, channels[0]) },
		"Channels[0]": func(c *birdtest.Config) { c.Channels = []birdtest.Channel{{ID: "a", Platform: "pigeon"}} },
		"Webhooks[0]": func(c *birdtest.Config) { c.Webhooks = []birdtest.Webhook{{Event: "sms.inbound", URL: hookURL}} },
		"Projects[0]": func(c *birdtest.Config) { c.Projects = []birdtest.Project{{ID: "p"}} },
		"Retry[0]":    func(c *birdtest.Config) { c.Retry = append(c.Retry, 0) },
	} {
		cfg := good
		spoil(&cfg)
		_, err := birdtest.New(cfg)
		require.ErrorContains(t, err, "birdtest: Config."+field)
	}
}
