package metatest_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// Requests of Meta's own examples must not be refused.
func TestRequestsOfTheReferenceAreAccepted(t *testing.T) {
	a := open(t)
	wamid := a.Person(number, phone).Says("tere")
	mid := a.Person(page, psid).Says("tere")
	igid := a.Person(ig, igsid).Says("tere")
	picture := a.upload("/"+number+"/media", waToken, map[string]string{"messaging_product": "whatsapp", "type": "image/png"}, "file", "image/png", []byte("x"))
	sound := a.upload("/"+number+"/media", waToken, map[string]string{"messaging_product": "whatsapp", "type": "audio/ogg"}, "file", "audio/ogg", []byte("x"))
	for _, c := range []struct {
		file, account, token string
		replace              []string
	}{
		{"messenger/requests/send_button_template.json", page, pageToken, nil},
		{"messenger/requests/send_quick_replies.json", page, pageToken, nil},
		{"messenger/requests/send_text_response.json", page, pageToken, nil},
		{"messenger/requests/sender_action_typing_on.json", page, pageToken, nil},
		{"messenger/requests/sender_action_react.json", page, pageToken, []string{"m_1", mid}},
		{"instagram/requests/send_text.json", ig, pageToken, []string{"1535148674800000", igsid}},
		{"instagram/requests/send_like_heart.json", ig, pageToken, nil},
		{"instagram/requests/react.json", ig, pageToken, []string{"MESSAGE_ID", igid}},
		{"whatsapp/requests/send_audio_id.json", number, waToken, []string{"<AUDIO_OBJECT_ID>", sound["id"].(string)}},
		{"whatsapp/requests/send_document_link.json", number, waToken, []string{"<http(s)://document-url>", "https://linn.example/d.pdf"}},
		{"whatsapp/requests/send_image_id.json", number, waToken, []string{"<IMAGE_OBJECT_ID>", picture["id"].(string)}},
		{"whatsapp/requests/send_image_link.json", number, waToken, []string{"http(s)://image-url", "https://linn.example/p.jpg"}},
		{"whatsapp/requests/send_interactive_buttons.json", number, waToken, []string{"BUTTON_TITLE", "T"}},
		{"whatsapp/requests/send_interactive_flow.json", number, waToken, nil},
		{"whatsapp/requests/send_interactive_list.json", number, waToken, []string{"LIST_SECTION_1_", "1", "LIST_SECTION_2_", "2", "_TITLE", ""}},
		{"whatsapp/requests/send_location.json", number, waToken, nil},
		{"whatsapp/requests/send_reaction.json", number, waToken, []string{"wamid.HBgLM...", wamid}},
		{"whatsapp/requests/send_text.json", number, waToken, nil},
		{"whatsapp/requests/send_text_preview_url.json", number, waToken, nil},
		{"whatsapp/requests/send_text_reply_context.json", number, waToken, nil},
		{"whatsapp/requests/send_typing_and_read.json", number, waToken, []string{"wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUYzMjEzNDM2RTZGQ0MzMDJBRgA=", wamid}},
	} {
		t.Run(c.file, func(t *testing.T) {
			raw, ok := metatest.Reference(t, c.file)
			if !ok {
				return
			}
			for i := 0; i < len(c.replace); i += 2 {
				raw = bytes.ReplaceAll(raw, []byte(c.replace[i]), []byte(c.replace[i+1]))
			}
			raw = bytes.ReplaceAll(raw, []byte("{{Recipient-Phone-Number}}"), []byte(phone))
			status, answer := a.call("POST", "/"+c.account+"/messages", c.token, string(raw))
			require.Equal(t, 200, status, "%v", answer)
		})
	}
	for _, file := range []string{"template_create_quick_replies.json", "template_create_otp_copy_code.json"} {
		raw, ok := metatest.Reference(t, "whatsapp/requests/"+file)
		if !ok {
			return
		}
		status, answer := a.call("POST", "/"+waba+"/message_templates", waToken, string(raw))
		require.Equal(t, 200, status, "%v", answer)
	}
}

func TestAnswersHaveTheStructureOfTheReference(t *testing.T) {
	a := open(t)
	a.Person(number, phone).WithUserID(bsuid).Says("tere")
	a.Person(page, psid).Says("tere")
	media := a.upload("/"+number+"/media", waToken, map[string]string{"messaging_product": "whatsapp", "type": "image/png"}, "file", "image/png", []byte("x"))["id"].(string)
	template := `{"name":"uus","language":"et","category":"UTILITY","components":[{"type":"BODY","text":"Tere."}]}`
	for _, c := range []struct{ file, method, path, token, body string }{
		{"messenger/responses/send_ok.json", "POST", "/me/messages", pageToken, hello},
		{"messenger/responses/sender_action_ok.json", "POST", "/me/messages", pageToken, `{"recipient":{"id":"` + psid + `"},"sender_action":"typing_on"}`},
		{"whatsapp/responses/send_ok.json", "POST", "/" + number + "/messages", waToken, `{"messaging_product":"whatsapp","to":"` + phone + `","text":{"body":"x"}}`},
		{"whatsapp/responses/send_ok_bsuid.json", "POST", "/" + number + "/messages", waToken, `{"messaging_product":"whatsapp","recipient":"` + bsuid + `","text":{"body":"x"}}`},
		{"whatsapp/responses/media_url.json", "GET", "/" + media, waToken, ""},
		{"whatsapp/responses/template_create_ok.json", "POST", "/" + waba + "/message_templates", waToken, template},
		{"whatsapp/responses/template_delete_ok.json", "DELETE", "/" + waba + "/message_templates?name=uus", waToken, ""},
		{"messenger/errors/made_100_1893061_deprecated_tag.json", "POST", "/me/messages", pageToken, tagged("ACCOUNT_UPDATE")},
		{"whatsapp/errors/made_132015_http400.json", "POST", "/" + number + "/messages", waToken,
			`{"messaging_product":"whatsapp","to":"` + phone + `","type":"template","template":{"name":"paused","language":{"code":"et"}}}`},
		{"messenger/errors/jgorset_190.json", "GET", "/me", "EAAother", ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			want, ok := metatest.Reference(t, c.file)
			if !ok {
				return
			}
			_, answer := a.call(c.method, c.path, c.token, c.body)
			got, err := json.Marshal(answer)
			require.NoError(t, err)
			sameStructure(t, want, got, nil, nil)
		})
	}
	_, list := a.call("GET", "/"+waba+"/subscribed_apps", waToken, nil)
	want, ok := metatest.Reference(t, "whatsapp/responses/subscribed_apps_multiple_subscriptions.json")
	if ok {
		require.Equal(t, keys(at(decode(t, want), "data", 0, "whatsapp_business_api_data")), keys(at(list, "data", 0, "whatsapp_business_api_data")))
	}
}
