package meta_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// outRows say what is expected of every recorded payload of calls: requests
// that are made here, answers that are read, and refusals that are judged.
func outRows() map[string]func(t *testing.T, raw []byte) {
	rows := map[string]func(t *testing.T, raw []byte){}
	for _, some := range []map[string]func(t *testing.T, raw []byte){pageRequestRows(), waRequestRows(), templateRows(), answerRows(), refusalRows()} {
		for name, row := range some {
			rows[name] = row
		}
	}
	return rows
}

// places puts real values where the payloads have words in brackets.
func places(raw []byte) string {
	return strings.NewReplacer("{{Recipient-Phone-Number}}", outPhone, "<http(s)://", "https://", "http(s)://", "https://",
		"document-url>", "document-url", "language-and-locale-code", "et").Replace(string(raw))
}

// as expects that a message is sent as it was recorded; further are the fields
// that we add.
func as(line channels.ID, c channels.Content, further ...string) func(t *testing.T, raw []byte) {
	return func(t *testing.T, raw []byte) {
		var want map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(places(raw)), &want))
		m := letter(line, c)
		if to, ok := want["recipient"]; ok {
			var who struct{ ID channels.Peer }
			require.NoError(t, json.Unmarshal(to, &who))
			m.To.Peer = who.ID
		}
		if quoted, ok := want["context"]; ok {
			var on struct {
				ID channels.ProviderID `json:"message_id"`
			}
			require.NoError(t, json.Unmarshal(quoted, &on))
			m.ReplyTo = on.ID
		}
		if _, ok := want["tag"]; ok {
			m.Author, m.Extended = channels.Person, true
		}
		_, body := sent(t, m)
		var got map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Equal(t, `"m-1"`, orElse(got["biz_opaque_callback_data"], `"m-1"`))
		delete(got, "biz_opaque_callback_data")
		for _, name := range further {
			require.Contains(t, got, name)
			delete(got, name)
		}
		if message, ok := got["message"]; ok {
			got["message"] = []byte(strings.Replace(string(message), `,"metadata":"m-1"`, "", 1))
		}
		gotJSON, err := json.Marshal(got)
		require.NoError(t, err)
		wantJSON, err := json.Marshal(want)
		require.NoError(t, err)
		require.JSONEq(t, string(wantJSON), string(gotJSON))
	}
}

func orElse(raw json.RawMessage, other string) string {
	if raw == nil {
		return other
	}
	return string(raw)
}

// unsent expects of a request that this library does not make what is the
// reason: a word in it.
func unsent(reason string) func(t *testing.T, raw []byte) {
	return func(t *testing.T, raw []byte) { require.Contains(t, string(raw), reason) }
}

func pageRequestRows() map[string]func(t *testing.T, raw []byte) {
	colours := func(t *testing.T, raw []byte) {
		var order map[string]any
		require.NoError(t, json.Unmarshal(raw, &order))
		message := order["message"].(map[string]any)
		var options []channels.Choice
		for _, r := range message["quick_replies"].([]any) {
			reply := r.(map[string]any)
			delete(reply, "image_url") // choices have no pictures; the rest is the same
			options = append(options, channels.Choice{ID: reply["payload"].(string), Title: reply["title"].(string)})
		}
		require.Len(t, options, 2)
		raw, err := json.Marshal(order)
		require.NoError(t, err)
		as("messenger", channels.Choices{Body: message["text"].(string), Options: options})(t, raw)
	}
	return map[string]func(t *testing.T, raw []byte){
		"messenger/requests/send_text_response.json":   as("messenger", channels.Text{Body: "hello, world"}),
		"messenger/requests/send_human_agent.json":     as("messenger", channels.Text{Body: "A human answers after 24 h"}),
		"messenger/requests/send_quick_replies.json":   colours,
		"messenger/requests/send_button_template.json": unsent(`"web_url"`), // a choice is an answer, not an address
		"messenger/requests/sender_action_react.json":  as("messenger", channels.Reaction{To: "m_1", Emoji: "😊"}),
		"messenger/requests/sender_action_typing_on.json": func(t *testing.T, raw []byte) {
			g := graphSays(t, accepts())
			l := outLine(t, outApp(t, outConfig(g.URL)), "messenger")
			require.NoError(t, typing(l, channels.Address{Channel: "messenger", Peer: outKati}))
			require.JSONEq(t, string(raw), withoutProof(t, g.all()[0]))
		},
		"instagram/requests/send_text.json":       as("instagram", channels.Text{Body: "Hello World!"}),
		"instagram/requests/react.json":           as("instagram", channels.Reaction{To: "MESSAGE_ID", Emoji: "❤️"}),
		"instagram/requests/send_like_heart.json": unsent(`"like_heart"`), // no content of ours is a heart alone
	}
}

func waRequestRows() map[string]func(t *testing.T, raw []byte) {
	const dir = "whatsapp/requests/"
	upload := func(id string, m channels.Media) func(t *testing.T, raw []byte) {
		return func(t *testing.T, raw []byte) {
			g := graphSays(t, answer(http.StatusOK, `{"id":"`+id+`"}`), accepts())
			_, err := outLine(t, outApp(t, outConfig(g.URL)), "whatsapp").Send(context.Background(), letter("whatsapp", m))
			require.NoError(t, err)
			body := strings.Replace(withoutProof(t, g.all()[1]), `"biz_opaque_callback_data":"m-1",`, "", 1)
			require.JSONEq(t, places(raw), body)
		}
	}
	list := channels.Choices{Header: "<HEADER_TEXT>", Body: "<BODY_TEXT>", Footer: "<FOOTER_TEXT>", Button: "<BUTTON_TEXT>"}
	for _, s := range []string{"1", "2"} {
		for _, r := range []string{"1", "2"} {
			row := "<SECTION_" + s + "_ROW_" + r
			list.Options = append(list.Options, channels.Choice{
				ID: "<LIST_SECTION_" + s + "_ROW_" + r + "_ID>", Title: row + "_TITLE>", Description: row + "_DESC>", Section: "<LIST_SECTION_" + s + "_TITLE>",
			})
		}
	}
	return map[string]func(t *testing.T, raw []byte){
		dir + "send_text.json":               as("whatsapp", channels.Text{Body: "text-message-content"}),
		dir + "send_text_reply_context.json": as("whatsapp", channels.Text{Body: "<TEXT_MSG_CONTENT>"}),
		dir + "send_text_preview_url.json":   unsent(`"preview_url": true`), // Meta would fetch what the link leads to
		dir + "send_image_link.json":         as("whatsapp", channels.Media{As: channels.Image, URL: "https://image-url"}),
		dir + "send_document_link.json":      as("whatsapp", channels.Media{As: channels.File, URL: "https://document-url", Caption: "<DOCUMENT-CAPTION-TEXT>"}),
		dir + "send_image_id.json":           upload("<IMAGE_OBJECT_ID>", stored(channels.Image, "image/png", []byte("png"))),
		dir + "send_audio_id.json":           upload("<AUDIO_OBJECT_ID>", stored(channels.Audio, "audio/ogg", []byte("ogg"))),
		dir + "send_location.json":           as("whatsapp", channels.Location{Latitude: 37.758056, Longitude: -122.425332, Name: "META HQ", Address: "1 Hacker Way, Menlo Park, CA 94025"}),
		dir + "send_reaction.json":           as("whatsapp", channels.Reaction{To: "wamid.HBgLM...", Emoji: "😀"}),
		dir + "send_interactive_buttons.json": as("whatsapp", channels.Choices{Body: "<BUTTON_TEXT>", Options: []channels.Choice{
			{ID: "<UNIQUE_BUTTON_ID_1>", Title: "<BUTTON_TITLE_1>"}, {ID: "<UNIQUE_BUTTON_ID_2>", Title: "<BUTTON_TITLE_2>"},
		}}),
		dir + "send_interactive_list.json": as("whatsapp", list),
		dir + "send_interactive_flow.json": unsent(`"flow"`), // forms at Meta are not in the message model
		dir + "send_typing_and_read.json": func(t *testing.T, raw []byte) {
			g := graphSays(t, accepts())
			l := outLine(t, outApp(t, outConfig(g.URL)), "whatsapp")
			const last = "wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA="
			require.NoError(t, marks(last, true)(l, letter("whatsapp", nil).To))
			require.JSONEq(t, string(raw), withoutProof(t, g.all()[0]))
		},
	}
}

// recordedTemplate is the template of the recorded requests.
func recordedTemplate(header bool, payloads ...string) channels.Template {
	c := channels.Template{Name: "template-name", Language: "et", Body: []channels.Param{
		{Kind: channels.ParamText, Text: "text-string"},
		{Kind: channels.ParamCurrency, Text: "$100.99", Currency: "USD", Amount: 100990},
		{Kind: channels.ParamTime, Text: "February 25, 1977", Time: time.Date(1977, 2, 25, 15, 33, 0, 0, time.UTC)},
	}}
	if header {
		c.Header = []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Image, URL: "https://the-image-url"}}}
	}
	for i, p := range payloads {
		c.Buttons = append(c.Buttons, channels.TemplateButton{Index: i, Type: "quick_reply", Value: channels.Param{Kind: channels.ParamPayload, Text: p}})
	}
	return c
}

func templateRows() map[string]func(t *testing.T, raw []byte) {
	const dir = "whatsapp/requests/"
	creates := func(w meta.Template) func(t *testing.T, raw []byte) {
		return func(t *testing.T, raw []byte) {
			g := graphSays(t, answer(http.StatusOK, `{"id":"1","status":"PENDING","category":"`+w.Category+`"}`))
			_, err := outApp(t, outConfig(g.URL)).CreateTemplate(context.Background(), "whatsapp", w)
			require.NoError(t, err)
			require.JSONEq(t, string(raw), withoutProof(t, g.all()[0]))
		}
	}
	return map[string]func(t *testing.T, raw []byte){
		dir + "send_template_text.json":        as("whatsapp", recordedTemplate(false)),
		dir + "send_template_media.json":       as("whatsapp", recordedTemplate(true)),
		dir + "send_template_interactive.json": as("whatsapp", recordedTemplate(true, "aGlzIHRoaXMgaXMgY29v", "9rwnB8RbYmPF5t2Mn09x4h")),
		dir + "template_create_quick_replies.json": creates(meta.Template{Name: "seasonal_promotion_text_only", Language: "en", Category: "MARKETING", Components: []meta.TemplateComponent{
			{Type: "HEADER", Format: "TEXT", Text: "Our {{1}} is on!", Example: &meta.TemplateExample{Header: []string{"Summer Sale"}}},
			{Type: "BODY", Text: "Shop now through {{1}} and use code {{2}} to get {{3}} off of all merchandise.",
				Example: &meta.TemplateExample{Body: [][]string{{"the end of August", "25OFF", "25%"}}}},
			{Type: "FOOTER", Text: "Use the buttons below to manage your marketing subscriptions"},
			{Type: "BUTTONS", Buttons: []meta.ButtonModel{{Type: "QUICK_REPLY", Text: "Unsubcribe from Promos"}, {Type: "QUICK_REPLY", Text: "Unsubscribe from All"}}},
		}}),
		dir + "template_create_otp_copy_code.json": creates(meta.Template{Name: "authentication_code_copy_code_button", Language: "en-US", Category: "AUTHENTICATION", Components: []meta.TemplateComponent{
			{Type: "BODY", SecurityAdvice: true}, {Type: "FOOTER", CodeMinutes: 10},
			{Type: "BUTTONS", Buttons: []meta.ButtonModel{{Type: "OTP", OTP: "COPY_CODE", Text: "Copy Code"}}},
		}}),
	}
}

func answerRows() map[string]func(t *testing.T, raw []byte) {
	const dir = "whatsapp/responses/"
	receipt := func(line channels.ID, id channels.ProviderID) func(t *testing.T, raw []byte) {
		return func(t *testing.T, raw []byte) {
			g := graphSays(t, answer(http.StatusOK, string(raw)))
			got, err := outLine(t, outApp(t, outConfig(g.URL)), line).Send(context.Background(), letter(line, channels.Text{Body: "Tere"}))
			require.NoError(t, err)
			require.Equal(t, channels.Receipt{ID: id, Status: channels.Sent, At: outNoon()}, got)
		}
	}
	app := func(t *testing.T, raw []byte) *meta.App {
		return outApp(t, outConfig(graphSays(t, answer(http.StatusOK, string(raw))).URL))
	}
	return map[string]func(t *testing.T, raw []byte){
		"messenger/responses/send_ok.json":              receipt("messenger", "AG5Hz2Uq7tuwNEhXfYYKj8mJEM_QPpz5jdCK48PnKAjSdjfipqxqMvK8ma6AC8fplwlqLP_5cgXIbu7I3rBN0P"),
		"messenger/responses/send_ok_no_recipient.json": receipt("messenger", "AG5Hz2U"),
		"messenger/responses/sender_action_ok.json": func(t *testing.T, raw []byte) {
			require.NoError(t, typing(outLine(t, app(t, raw), "messenger"), channels.Address{Channel: "messenger", Peer: outKati}))
		},
		dir + "send_ok.json":       receipt("whatsapp", "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJCOTY3NDc0NDFDRUI3NTA0Q0UA"),
		dir + "send_ok_bsuid.json": receipt("whatsapp", "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBK"),
		dir + "send_ok_held.json":  receipt("whatsapp", "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI"), // a late failure beats "sent"
		dir + "mark_read_ok.json": func(t *testing.T, raw []byte) {
			require.NoError(t, marks("wamid.1", false)(outLine(t, app(t, raw), "whatsapp"), letter("whatsapp", nil).To))
		},
		dir + "media_url.json": func(t *testing.T, raw []byte) {
			files := graphSays(t, answer(http.StatusOK, "\xff\xd8\xff\xe0 picture"))
			described := strings.NewReplacer("<URL>", files.URL+"/file", `"303833"`, `"12"`).Replace(string(raw))
			cfg := outConfig(graphSays(t, answer(http.StatusOK, described)).URL)
			cfg.MediaHosts = []string{strings.TrimPrefix(files.URL, "http://")}
			b, err := fetch(t, cfg, "whatsapp", channels.Media{As: channels.Image, Ref: "id:2621233374848975"})
			require.NoError(t, err)
			require.Len(t, b, 12)
			require.Empty(t, files.all()[0].Header.Get("Authorization"), "the host is not known to be Meta's")
		},
		dir + "templates_list.json": func(t *testing.T, raw []byte) {
			got, err := app(t, raw).Templates(context.Background(), "whatsapp")
			require.NoError(t, err)
			require.Len(t, got, 2)
			require.Equal(t, []string{"hello_world", "2023_april_promo"}, []string{got[0].Name, got[1].Name})
			require.Equal(t, meta.TemplateApproved, got[1].State)
			require.Equal(t, "en_US", got[1].Language)
			require.Equal(t, "Stop promotions", got[1].Components[3].Buttons[0].Text)
		},
		dir + "template_create_ok.json": func(t *testing.T, raw []byte) {
			got, err := app(t, raw).CreateTemplate(context.Background(), "whatsapp", newsTemplate())
			require.NoError(t, err)
			require.Equal(t, []string{"1689556908129832", "PENDING", "UTILITY"}, []string{got.ID, string(got.State), got.Category})
		},
		dir + "template_delete_ok.json": func(t *testing.T, raw []byte) {
			require.NoError(t, app(t, raw).DeleteTemplate(context.Background(), "whatsapp", "news", ""))
		},
		// Subscriptions are asked for when accounts are connected.
		dir + "subscribed_apps_multiple_subscriptions.json":    unsent(`"whatsapp_business_api_data"`),
		dir + "subscribed_apps_no_subscriptions.json":          unsent(`"data"`),
		dir + "subscribed_apps_subscribe_custom_callback.json": unsent(`"override_callback_uri"`),
	}
}

// refusalRows judge every recorded refusal, with an HTTP status that says
// something else.
func refusalRows() map[string]func(t *testing.T, raw []byte) {
	rows := map[string]func(t *testing.T, raw []byte){}
	add := func(name string, class error, outcome channels.Outcome, code string) {
		rows[name] = func(t *testing.T, raw []byte) {
			line, _, _ := strings.Cut(name, "/")
			for _, status := range []int{http.StatusOK, http.StatusTeapot} {
				e := refused(t, channels.ID(line), answer(status, string(raw)), class, outcome)
				require.Equal(t, code, e.Provider)
			}
		}
	}
	const no, perhaps = channels.NotSent, channels.OutcomeUnknown
	add("messenger/errors/made_10_2018278_outside_window.json", channels.ErrWindowClosed, no, "10/2018278")
	add("messenger/errors/doc_190_460_user_texts.json", channels.ErrCredentials, no, "190/460")
	add("messenger/errors/jgorset_230.json", channels.ErrCredentials, no, "230")
	add("messenger/errors/jgorset_100_2018001.json", channels.ErrUnreachable, no, "100/2018001")
	add("messenger/errors/jgorset_200_1545041.json", channels.ErrUnreachable, no, "200/1545041")
	add("messenger/errors/jgorset_10_2018065.json", channels.ErrWindowClosed, no, "10/2018065")
	add("messenger/errors/jgorset_100.json", channels.ErrRejected, no, "100")
	add("messenger/errors/made_10_1893063_page_restricted.json", channels.ErrRejected, no, "10/1893063")
	add("messenger/errors/doc_190.json", channels.ErrCredentials, no, "190/1234567")
	add("messenger/errors/made_2_transient.json", channels.ErrUnavailable, no, "2")
	add("messenger/errors/jgorset_613.json", channels.ErrRateLimited, no, "613")
	add("messenger/errors/jgorset_190.json", channels.ErrCredentials, no, "190")
	add("messenger/errors/made_100_1893061_deprecated_tag.json", channels.ErrRejected, no, "100/1893061")
	add("messenger/errors/jgorset_1200.json", channels.ErrUnavailable, no, "1200")
	add("messenger/errors/made_551_1545041.json", channels.ErrUnreachable, no, "551/1545041")
	add("messenger/errors/jgorset_200_2018028.json", channels.ErrCredentials, no, "200/2018028")
	add("messenger/errors/jgorset_200_2018027.json", channels.ErrCredentials, no, "200/2018027")
	add("messenger/errors/jgorset_200_2018021.json", channels.ErrCredentials, no, "200/2018021")
	add("instagram/errors/captured_10_2534022.json", channels.ErrWindowClosed, no, "10/2534022")
	add("whatsapp/errors/made_131026_http400.json", channels.ErrUnreachable, no, "131026")
	add("whatsapp/errors/made_131053_http400.json", channels.ErrUnavailable, no, "131053")
	add("whatsapp/errors/made_132001_http404.json", channels.ErrTemplate, no, "132001")
	add("whatsapp/errors/made_130429_http429.json", channels.ErrRateLimited, no, "130429")
	add("whatsapp/errors/openapi_http500.json", channels.ErrUnavailable, perhaps, "2/1675030")
	add("whatsapp/errors/made_133010_http400.json", channels.ErrRejected, no, "133010")
	add("whatsapp/errors/openapi_http401.json", channels.ErrCredentials, no, "190/460")
	add("whatsapp/errors/openapi_http429.json", channels.ErrRateLimited, no, "4/2018001")
	add("whatsapp/errors/made_132015_http400.json", channels.ErrTemplate, no, "132015")
	add("whatsapp/errors/openapi_http403.json", channels.ErrRejected, perhaps, "403/1234569") // an example's code, which is no code of Meta's
	add("whatsapp/errors/made_131056_http400.json", channels.ErrRateLimited, no, "131056")
	add("whatsapp/errors/made_131047_http400.json", channels.ErrWindowClosed, no, "131047")
	return rows
}
