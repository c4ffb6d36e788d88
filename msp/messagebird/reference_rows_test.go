package messagebird_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

// row checks what the driver makes of one file.
type row func(t *testing.T, raw []byte)

// happening is what an event says: type, peer, content in its stored form, and
// status.
type happening struct {
	typ     string
	peer    channels.Peer
	content string
	status  channels.Status
}

const (
	citizen  = channels.Peer("+31612345678")
	captured = channels.Peer("+393381234567")
	nobody   = channels.Peer("contact") // the files of the clients name no sender
	cdn      = "https://media.messagebird.com/v1/media/00000000-0000-4000-8000-00000000000"
)

// referenceRows is the table: one row for each recorded file.
func referenceRows() map[string]row {
	said := func(body string) string { return `{"kind":"text","value":{"body":"` + body + `"}}` }
	file := func(as, more string) string { return `{"kind":"media","value":{"as":"` + as + `",` + more + `}}` }
	status := func(s channels.Status) row { return webhook(happening{"status", citizen, "", s}) }
	person := func(content string) row { return webhook(happening{"received", citizen, content, ""}) }

	return map[string]row{
		"webhooks/botman_message_created_text_outbound.json": webhook(happening{"echoed", captured, said("Hei dude, from postman!"), ""}),
		"webhooks/botman_message_created_image_outbound.json": webhook(happening{"echoed", captured,
			file("image", `"url":"https://internationaltreefoundation.org/wp-content/uploads/2016/05/tree-576848_1280.png","caption":"Just a tree..."`), ""}),

		"synthetic/legacy_message_created_text_inbound.json":         person(said("Tere! Soovin infot.")),
		"synthetic/legacy_message_created_image_inbound.json":        person(file("image", `"ref":"`+cdn+`1","caption":"pilt"`)),
		"synthetic/legacy_message_created_file_inbound.json":         person(file("file", `"ref":"`+cdn+`2","name":"avaldus.pdf"`)),
		"synthetic/legacy_message_created_sticker_inbound.json":      person(file("sticker", `"ref":"`+cdn+`3"`)),
		"synthetic/legacy_message_created_location_inbound.json":     person(`{"kind":"location","value":{"lat":59.436962,"lon":24.753574}}`),
		"synthetic/legacy_message_created_button_reply_inbound.json": person(`{"kind":"chosen","value":{"id":"consent-yes","title":"Jah"}}`),
		"synthetic/legacy_message_created_unknown_type_inbound.json": person(`{"kind":"unsupported","value":{"type":"someFutureType"}}`),
		"synthetic/legacy_message_updated_transmitted.json":          status(channels.Sent),
		"synthetic/legacy_message_updated_delivered.json":            status(channels.Delivered),
		"synthetic/legacy_message_updated_read.json":                 status(channels.Read),
		"synthetic/legacy_message_updated_failed_with_error.json":    status(channels.Failed),
		"synthetic/legacy_report_message_status_failed.json":         webhook(happening{"status", "", "", channels.Failed}),
		"synthetic/legacy_conversation_created.json":                 webhook(),
		"synthetic/legacy_conversation_updated_archived.json":        webhook(),
		"synthetic/legacy_send_hsm_components_request.json":          sentAs(messagebird.ViaSend, componentsMessage()),

		"conversations/cs_ConversationMessage.json": messages(happening{"echoed", nobody, said("Hello!"), channels.Sent}),
		"conversations/go_messageObject.json":       messages(happening{"received", nobody, said("Hello world"), ""}),
		"conversations/go_messageListObject.json":   messages(happening{"received", nobody, said("Foo"), ""}),
		"conversations/java_message_audio.json":     messages(happening{"received", nobody, file("audio", `"ref":"https://example.com/audio.mp3"`), ""}),
		"conversations/java_message_location.json":  messages(happening{"received", nobody, `{"kind":"location","value":{"lat":52.344263,"lon":4.911627}}`, ""}),
		"conversations/cs_ConversationMessagesList.json": messages(
			happening{"received", nobody, said("This is a test WhatsApp message"), ""},
			happening{"echoed", nobody, said("This is a test SMS message"), channels.Delivered}),

		"conversations/cs_ConversationView.json":            threads(talk{"Jen Smith", "a621095fa44947a28b441cfdf85cb802", "2e15efafec384e1c82e9842075e87beb"}),
		"conversations/go_conversationObject.json":          threads(talk{"Foo Bar", "contid", "convid"}),
		"conversations/go_conversationListObject.json":      threads(talk{"Foo Bar", "contid", "convid"}),
		"conversations/py_conversation_start_response.json": threads(talk{"", "1234", "1234"}),
		"conversations/go_conversationListByContact.json":   threads(talk{"", nobody, "0b7c237df609487c9c41437dab502889"}, talk{"", nobody, "9eaceec9cd244e7a9b374df81aad4349"}),
		"conversations/ruby_list.json": threads(talk{"John Doe", "03dfc27855c3475b953d6200a1b7eaf7", "fbbdde79129f45e3a179458a91e2ead6"},
			talk{"Jen Smith", "a621095fa44947a28b441cfdf85cb802", "2e15efafec384e1c82e9842075e87beb"}),

		"conversations/go_messageSendResponse.json":           receipt("2e15efafec384e1c82e9842075e87beb"),
		"conversations/java_send_response_with_fallback.json": receipt("mesid"),
		"conversations/node_send_response_wrapped.json":       receipt("message-id"),
		"conversations/go_conversationUpdatedObject.json":     archived,

		"conversations/go_conversationStartTextRequest.json": sentAs(messagebird.ViaStart, message("chid", "31612345678", channels.Text{Body: "Hello"})),
		"conversations/go_conversationStartHsmRequest.json":  sentAs(messagebird.ViaStart, paramsMessage()),
		"conversations/go_conversationReplyRequest.json":     sentAs(messagebird.ViaReply, message("chid", "31612345678", channels.Text{Body: "Hello world"})),
		"conversations/go_conversationUpdateRequest.json":    archives,
		"conversations/go_webhookCreateRequest.json":         createsWebhook,
		"conversations/go_webhookUpdateRequest.json":         updatesWebhook,

		"conversations/go_webhookObject.json": webhookMade(messagebird.Webhook{ID: "whid", URL: "https://example.com/webhooks", Line: "chid", ChannelID: "chid",
			Events: []string{"conversation.created", "message.updated"}, Enabled: true, Created: time.Date(2018, 8, 24, 14, 24, 4, 0, time.UTC)}),
		"conversations/py_webhook_create_response.json": webhookMade(messagebird.Webhook{ID: "20c308852190485bbb658e43baffc5fa", URL: "https://example.com",
			ChannelID: "c0dae31e440145e094c4708b7d908842", Events: []string{"conversation.created", "conversation.updated"}, Enabled: true,
			Created: time.Date(2019, 4, 3, 7, 46, 37, 984026573, time.UTC)}),
		"conversations/go_webhookListObject.json": webhookListed(messagebird.Webhook{ID: "whid", URL: "https://example.com/webhooks", Line: "chid", ChannelID: "chid",
			Events: []string{"message.created"}, Enabled: true, Created: time.Date(2018, 8, 24, 14, 46, 39, 0, time.UTC)}),

		"errors/go_404_messageNotFound.json":       refusal(404, channels.ErrRejected, "20"),
		"errors/docs_1001_invalid_credential.json": refusal(401, channels.ErrCredentials, "1001"),
		"errors/java_401_unauthenticated.json":     refusal(401, channels.ErrCredentials, "2"),
	}
}

// referenceConfig serves the channels that the files name.
func referenceConfig(base string) messagebird.Config {
	cfg := config(base)
	cfg.Reconcile = messagebird.ByContent // the recorded requests carry no reference
	cfg.Endpoints.Media = ""
	cfg.Lines = nil
	for id, kind := range map[string]channels.Kind{
		"09c3a21d853b4bdbaa1a605ead17c981": channels.WhatsApp, "1cf5b8c9f58b499fa3cdafaaaaaaaaaa": channels.WhatsApp,
		"619747f69cf940a98fb443140ce9aed2": channels.WhatsApp, "853eeb5348e541a595da93b48c61a1ae": channels.SMS,
		"a621095fa44947a28b441cfdf85cb802": channels.SMS, "chid": channels.WhatsApp, "chanid": channels.WhatsApp,
	} {
		cfg.Lines = append(cfg.Lines, messagebird.Line{ID: channels.ID(id), Kind: kind, ChannelID: id, Namespace: "ns", OldParams: id == "chid"})
	}
	return cfg
}

// describe reduces an event to what the table says of it.
func describe(t *testing.T, e channels.Event) happening {
	t.Helper()
	h := happening{typ: e.Type(), peer: e.Meta().Peer}
	var content channels.Content
	switch e := e.(type) {
	case *channels.Received:
		content = e.Content
	case *channels.Echoed:
		content = e.Content
	case *channels.StatusChanged:
		h.status = e.Status
		require.Equal(t, e.Status == channels.Failed, e.Err != nil)
	}
	if content != nil {
		b, err := channels.MarshalContent(content)
		require.NoError(t, err)
		h.content = string(b)
	}
	require.NotEmpty(t, e.Meta().Channel)
	require.False(t, e.Meta().At.IsZero())
	return h
}

// webhook checks the events of a webhook's body.
func webhook(want ...happening) row {
	return func(t *testing.T, raw []byte) {
		p := provider(t, referenceConfig("http://127.0.0.1:1"))
		r := signed(t, string(raw))
		r.PublicURL += "?line=chid" // of reports, which name no channel
		events, err := p.Parse(context.Background(), r)
		require.NoError(t, err)
		got := []happening{}
		for _, e := range events {
			require.Equal(t, raw, e.Meta().Raw)
			got = append(got, describe(t, e))
		}
		require.ElementsMatch(t, want, got)
	}
}

// messages checks messages as the API lists them, each as the webhook that
// would tell of it, and, when they are ours, of their status.
func messages(want ...happening) row {
	return func(t *testing.T, raw []byte) {
		items := itemsOf(t, raw)
		require.Len(t, items, len(want))
		p := provider(t, referenceConfig("http://127.0.0.1:1"))
		for i, item := range items {
			told := func(kind string) channels.Event {
				return parse(t, p, `{"type":"`+kind+`","contact":{"id":"`+string(nobody)+`"},"message":`+string(item)+`}`)
			}
			got := describe(t, told("message.created"))
			if got.typ == "echoed" {
				got.status = describe(t, told("message.updated")).status
			}
			require.Equal(t, want[i], got)
		}
	}
}

// itemsOf returns the items of a list, or the one object.
func itemsOf(t *testing.T, raw []byte) []json.RawMessage {
	t.Helper()
	var list struct{ Items []json.RawMessage }
	require.NoError(t, json.Unmarshal(raw, &list))
	if list.Items == nil {
		return []json.RawMessage{raw}
	}
	return list.Items
}

// talk is what a conversation says of a message in it.
type talk struct {
	name   string
	peer   channels.Peer
	thread string
}

// threads checks conversations as part of the webhook of a message that names
// neither sender nor conversation.
func threads(want ...talk) row {
	return func(t *testing.T, raw []byte) {
		items := itemsOf(t, raw)
		require.Len(t, items, len(want))
		p := provider(t, referenceConfig("http://127.0.0.1:1"))
		for i, item := range items {
			if item[0] == '"' { // an id alone
				item = json.RawMessage(`{"id":` + string(item) + `,"contactId":"` + string(nobody) + `"}`)
			}
			var c struct{ Contact json.RawMessage }
			require.NoError(t, json.Unmarshal(item, &c))
			if c.Contact == nil {
				c.Contact = json.RawMessage("null")
			}
			e := parse(t, p, `{"type":"message.created","conversation":`+string(item)+`,"contact":`+string(c.Contact)+
				`,"message":{"id":"m","channelId":"chid","direction":"received","type":"text","content":{"text":"a"}}}`).(*channels.Received)
			got := talk{e.From.Name, e.Peer, e.Thread}
			require.Equal(t, want[i], got)
		}
	}
}

// receipt checks an answer to POST /send.
func receipt(id channels.ProviderID) row {
	return func(t *testing.T, raw []byte) {
		a := answers(t, says(202, string(raw)))
		got, err := send(t, provider(t, referenceConfig(a.URL)), message("chid", citizen, channels.Text{Body: "a"}))
		require.NoError(t, err)
		require.Equal(t, channels.Receipt{ID: id, Status: channels.Sent, At: noon()}, got)
	}
}

// sentAs checks the body of a request that sends.
func sentAs(via messagebird.Via, m channels.Outbound) row {
	return func(t *testing.T, raw []byte) {
		a := answers(t, says(202, `{"id":"m9","messages":{"lastMessageId":"m9"}}`))
		cfg := referenceConfig(a.URL)
		cfg.SendVia = via
		for i := range cfg.Lines {
			if cfg.Lines[i].ID == "09c3a21d853b4bdbaa1a605ead17c981" {
				cfg.Lines[i].Namespace = "20332cd4_f095_b080_d255_35677159aaff"
			}
		}
		m.Thread = "convid"
		_, err := send(t, provider(t, cfg), m)
		require.NoError(t, err)
		require.JSONEq(t, string(raw), a.all()[0].Body)
	}
}

func componentsMessage() channels.Outbound {
	return message("09c3a21d853b4bdbaa1a605ead17c981", citizen, channels.Template{
		Name: "case_update", Language: "et",
		Header: []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.File, URL: "https://agency.example.ee/otsus.pdf"}}},
		Body: []channels.Param{{Kind: channels.ParamText, Text: "A-123"}, {Kind: channels.ParamCurrency, Currency: "EUR", Amount: 12340},
			{Kind: channels.ParamTime, Time: time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC)}},
		Buttons: []channels.TemplateButton{{Type: "quick_reply", Value: channels.Param{Kind: channels.ParamPayload, Text: "case_update-quick_reply_0"}}},
	})
}

func paramsMessage() channels.Outbound {
	return message("chid", "31612345678", channels.Template{
		Name: "template", Language: "en-US",
		Body: []channels.Param{{Kind: channels.ParamText, Text: "Hello!"}, {Kind: channels.ParamCurrency, Text: "EUR12.34", Currency: "EUR", Amount: 12340},
			{Kind: channels.ParamTime, Text: "Today", Time: time.Date(2018, 8, 24, 11, 52, 12, 0, time.UTC)}},
	})
}

// archived checks the answer to an archiving, archives the request.
func archived(t *testing.T, raw []byte) { erase(t, string(raw)) }

func archives(t *testing.T, raw []byte) {
	call := erase(t, `{"status":"archived"}`)
	require.Equal(t, http.MethodPatch, call.Method)
	require.JSONEq(t, string(raw), call.Body)
}

func erase(t *testing.T, answer string) apiCall {
	t.Helper()
	a := answers(t, says(200, answer))
	eraser, _ := channels.As[channels.Eraser](line(t, provider(t, referenceConfig(a.URL)), "chid"))
	got, err := eraser.Erase(context.Background(), channels.Address{Channel: "chid", Peer: citizen}, "convid")
	require.NoError(t, err)
	require.Equal(t, channels.Archived, got)
	return a.all()[0]
}

// createsWebhook compares what the recorded request has; ours also says which
// answers we give.
func createsWebhook(t *testing.T, raw []byte) {
	a := answers(t, says(201, `{"id":"whid"}`))
	_, err := provider(t, referenceConfig(a.URL)).CreateWebhook(context.Background(),
		messagebird.Webhook{Line: "chid", URL: "https://example.com/webhooks", Events: []string{"conversation.created", "message.updated"}})
	require.NoError(t, err)
	var want map[string]any
	require.NoError(t, json.Unmarshal(raw, &want))
	want["settings"] = map[string]any{"expected_http_code": "2xx"}
	require.JSONEq(t, jsonOf(want), a.all()[0].Body)
}

func updatesWebhook(t *testing.T, raw []byte) {
	a := answers(t, says(200, `{"id":"whid"}`))
	_, err := provider(t, referenceConfig(a.URL)).UpdateWebhook(context.Background(),
		messagebird.Webhook{ID: "whid", URL: "https://example.com/mynewwebhookurl", Events: []string{"conversation.updated"}})
	require.NoError(t, err)
	require.JSONEq(t, string(raw), a.all()[0].Body)
}

func webhookMade(want messagebird.Webhook) row {
	return func(t *testing.T, raw []byte) {
		p := provider(t, referenceConfig(answers(t, says(201, string(raw))).URL))
		got, err := p.CreateWebhook(context.Background(), messagebird.Webhook{URL: hookURL})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func webhookListed(want ...messagebird.Webhook) row {
	return func(t *testing.T, raw []byte) {
		p := provider(t, referenceConfig(answers(t, says(200, string(raw))).URL))
		got, err := p.Webhooks(context.Background())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// refusal checks an error's class and that nothing went out.
func refusal(status int, class error, code string) row {
	return func(t *testing.T, raw []byte) {
		p := provider(t, referenceConfig(answers(t, says(status, string(raw))).URL))
		_, err := send(t, p, message("chid", citizen, channels.Text{Body: "a"}))
		require.Equal(t, code, failure(t, err, class, channels.NotSent).Provider)
	}
}
