package metatest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// structure lists the paths of a JSON value with the type at each leaf.
func structure(path string, v any, to map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		to[path] = "object"
		for k, x := range v {
			structure(path+"/"+k, x, to)
		}
	case []any:
		to[path] = "array"
		for i, x := range v {
			structure(fmt.Sprintf("%s/%d", path, i), x, to)
		}
	default:
		to[path] = fmt.Sprintf("%T", v)
	}
}

// sameStructure compares names and types. more and fewer are paths that we send besides the reference, or leave out.
func sameStructure(t *testing.T, want, got []byte, more, fewer []string) {
	t.Helper()
	var w, g any
	require.NoError(t, json.Unmarshal(want, &w))
	require.NoError(t, json.Unmarshal(got, &g))
	ws, gs := map[string]string{}, map[string]string{}
	structure("", w, ws)
	structure("", g, gs)
	for _, path := range more {
		require.NotContains(t, ws, path)
		require.Contains(t, gs, path)
		delete(gs, path)
	}
	for _, path := range fewer {
		require.Contains(t, ws, path)
		require.NotContains(t, gs, path)
		delete(ws, path)
	}
	require.Equal(t, slices.Sorted(maps.Keys(ws)), slices.Sorted(maps.Keys(gs)))
	require.Equal(t, ws, gs, "types")
}

func TestWebhooksHaveTheStructureOfTheReference(t *testing.T) {
	const messaging = "/entry/0/messaging/0"
	const value = "/entry/0/changes/0/value"
	picture := metatest.File{ContentType: "image/jpeg", Data: []byte("x"), Caption: "pilt", Name: "pilt.pdf"}
	for _, c := range []struct {
		file, account string
		act           func(*app, *metatest.Person)
		more, fewer   []string
	}{
		{file: "messenger/webhooks/doc_standby_text.json", account: page, act: func(a *app, p *metatest.Person) {
			p.TakenBy("1", "")
			a.events()
			p.Says("tere")
		}},
		{file: "messenger/webhooks/doc_standby_echo.json", account: page, act: func(a *app, p *metatest.Person) {
			p.TakenBy("1", "")
			a.events()
			p.AnsweredBy("1", "Tere!")
		}, more: []string{"/entry/0/standby/0/message/app_id"}},
		{file: "messenger/webhooks/doc_text_quick_reply.json", account: page, act: func(a *app, p *metatest.Person) {
			a.call("POST", "/me/messages", pageToken, `{"recipient":{"id":"`+psid+`"},"message":{"text":"?","quick_replies":[{"content_type":"text","title":"a","payload":"p"}]}}`)
			a.events()
			_, err := p.Taps("p")
			require.NoError(a.t, err)
		}},
		{file: "messenger/webhooks/doc_text_reply_to.json", account: page, act: func(a *app, p *metatest.Person) { p.Quotes(p.Says("üks"), "kaks") }},
		{file: "messenger/webhooks/doc_attachment_image.json", account: page, act: func(a *app, p *metatest.Person) { p.SendsImage(picture) }},
		{file: "messenger/webhooks/doc_attachment_video.json", account: page, act: func(a *app, p *metatest.Person) { p.SendsVideo(picture) }},
		{file: "messenger/webhooks/doc_attachment_audio.json", account: page, act: func(a *app, p *metatest.Person) { p.SendsAudio(picture) }},
		{file: "messenger/webhooks/doc_attachment_file.json", account: page, act: func(a *app, p *metatest.Person) { p.SendsFile(picture) }},
		{file: "messenger/webhooks/doc_attachment_ig_reel.json", account: page, act: func(a *app, p *metatest.Person) { p.SharesLink("ig_reel", "https://linn.example/") }},
		{file: "messenger/webhooks/doc_postback.json", account: page, act: func(a *app, p *metatest.Person) { p.Postback("Alusta", "START", "kool") }},
		{file: "messenger/webhooks/doc_referral_ad.json", account: page, act: func(a *app, p *metatest.Person) { p.Follows(metatest.Referral{Ref: "r", Ad: "1", Title: "t"}) }},
		{file: "messenger/webhooks/jgorset_referral_m_me.json", account: page, act: func(a *app, p *metatest.Person) { p.Follows(metatest.Referral{Ref: "r"}) },
			fewer: []string{messaging + "/referral/ad_id"}},
		{file: "messenger/webhooks/jgorset_optin_user_ref.json", account: page, act: func(a *app, p *metatest.Person) { a.OptsInByRef(page, "kool", "viide-1") },
			more: []string{messaging + "/sender/user_ref"}, fewer: []string{messaging + "/sender/id"}},
		{file: "messenger/webhooks/jgorset_reaction_react.json", account: page, act: func(a *app, p *metatest.Person) { require.NoError(a.t, p.Reacts(p.Says("üks"), "👍")) },
			more: []string{messaging + "/reaction/mid"}},
		{file: "messenger/webhooks/doc_message_edit.json", account: page, act: func(a *app, p *metatest.Person) { require.NoError(a.t, p.Edits(p.Says("üks"), "kaks")) }},
		{file: "messenger/webhooks/doc_delivery_with_mids.json", account: page, act: func(a *app, p *metatest.Person) {
			require.NoError(a.t, p.Delivers(a.text(page, pageToken, psid, "x")))
		}},
		{file: "messenger/webhooks/doc_delivery_watermark_only.json", account: page, act: func(a *app, p *metatest.Person) { p.DeliversUntil(time.Now()) }},
		{file: "messenger/webhooks/doc_read.json", account: page, act: func(a *app, p *metatest.Person) {
			require.NoError(a.t, p.Reads(a.text(page, pageToken, psid, "x")))
		}},
		{file: "messenger/webhooks/doc_echo.json", account: page, act: func(a *app, p *metatest.Person) {
			a.call("POST", "/me/messages", pageToken, `{"recipient":{"id":"`+psid+`"},"message":{"text":"x","metadata":"m"}}`)
		}},
		{file: "messenger/webhooks/jgorset_pass_thread_control.json", account: page, act: func(a *app, p *metatest.Person) { p.PassedBy("1", "m") },
			more: []string{messaging + "/pass_thread_control/previous_owner_app_id"}},
		{file: "messenger/webhooks/doc_policy_enforcement.json", account: page, act: func(a *app, p *metatest.Person) { a.Enforce(page, "block", "x") }},
		{file: "messenger/webhooks/made_page_changes_feed.json", account: page, act: func(a *app, p *metatest.Person) {
			a.Change(page, "feed", map[string]string{"item": "comment", "verb": "add", "comment_id": "1_2"})
		}},

		{file: "instagram/webhooks/made_text.json", account: ig, act: func(a *app, p *metatest.Person) { p.Says("tere") }},
		{file: "instagram/webhooks/made_quick_reply.json", account: ig, act: func(a *app, p *metatest.Person) {
			a.call("POST", "/"+ig+"/messages", pageToken, `{"recipient":{"id":"`+psid+`"},"message":{"text":"?","quick_replies":[{"content_type":"text","title":"a","payload":"p"}]}}`)
			a.events()
			_, err := p.Taps("p")
			require.NoError(a.t, err)
		}},
		{file: "instagram/webhooks/made_echo.json", account: ig, act: func(a *app, p *metatest.Person) { a.text(ig, pageToken, psid, "x") }},
		{file: "instagram/webhooks/made_unsupported.json", account: ig, act: func(a *app, p *metatest.Person) { p.SendsUnsupported() }},
		{file: "instagram/webhooks/made_standby.json", account: ig, act: func(a *app, p *metatest.Person) {
			p.TakenBy("1", "")
			a.events()
			p.Says("tere")
		}},

		{file: "whatsapp/webhooks/openapi_text.json", account: number, act: func(a *app, p *metatest.Person) { p.Says("tere") }},
		{file: "whatsapp/webhooks/pywa_msg_text.json", account: number, act: func(a *app, p *metatest.Person) { p.WithUserID(bsuid).Says("tere") },
			more: []string{value + "/messages/0/from_user_id"}, fewer: []string{value + "/contacts/0/parent_user_id"}},
		{file: "whatsapp/webhooks/openapi_image.json", account: number, act: func(a *app, p *metatest.Person) { p.SendsImage(picture) }},
		{file: "whatsapp/webhooks/openapi_location.json", account: number, act: func(a *app, p *metatest.Person) { p.SendsLocation(59.4, 24.7, "Linn", "Plats 1") },
			fewer: []string{value + "/messages/0/location/url"}},
		{file: "whatsapp/webhooks/openapi_contacts.json", account: number, act: func(a *app, p *metatest.Person) { p.SendsContact("Mari", "Maasikas", "+372 1", "3721") },
			fewer: []string{value + "/messages/0/contacts/0/org", value + "/messages/0/contacts/0/org/company"}},
		{file: "whatsapp/webhooks/openapi_reaction.json", account: number, act: func(a *app, p *metatest.Person) { require.NoError(a.t, p.Reacts(p.Says("x"), "👍")) }},
		{file: "whatsapp/webhooks/openapi_interactive_button_reply.json", account: number, act: func(a *app, p *metatest.Person) {
			a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","to":"`+phone+`",`+
				interactive("button", "", "x", `{"buttons":[{"type":"reply","reply":{"id":"y","title":"Y"}}]}`)+`}`)
			_, err := p.Taps("y")
			require.NoError(a.t, err)
		}},
		{file: "whatsapp/webhooks/openapi_interactive_list_reply.json", account: number, act: func(a *app, p *metatest.Person) {
			a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","to":"`+phone+`",`+
				interactive("list", "", "x", `{"button":"x","sections":[{"rows":[{"id":"y","title":"Y","description":"d"}]}]}`)+`}`)
			_, err := p.Taps("y")
			require.NoError(a.t, err)
		}},
		{file: "whatsapp/webhooks/openapi_template_button.json", account: number, act: func(a *app, p *metatest.Person) {
			a.call("POST", "/"+number+"/messages", waToken, `{"messaging_product":"whatsapp","to":"`+phone+`","type":"template","template":{"name":"booking",`+
				`"language":{"code":"et"},"components":[`+body(`{"type":"text","text":"x"},{"type":"text","text":"x"}`)+`]}}`)
			_, err := p.Taps("Sobib")
			require.NoError(a.t, err)
		}},
		{file: "whatsapp/webhooks/openapi_text_ctwa_referral.json", account: number, act: func(a *app, p *metatest.Person) {
			p.SaysAfter(metatest.Referral{Ad: "1", Title: "t", Body: "b"}, "tere")
		}, fewer: []string{value + "/messages/0/referral/welcome_message", value + "/messages/0/referral/welcome_message/text"}},
		{file: "whatsapp/webhooks/pywa_system_phone_number_change.json", account: number, act: func(a *app, p *metatest.Person) { p.ChangesNumber("37255500009") }},
		{file: "whatsapp/webhooks/made_status_failed_131047.json", account: number, act: func(a *app, p *metatest.Person) {
			require.NoError(a.t, p.Fails(a.text(number, waToken, phone, "x"), 131047, "x"))
		}, more: []string{value + "/contacts", value + "/contacts/0", value + "/contacts/0/profile", value + "/contacts/0/profile/name", value + "/contacts/0/wa_id"}},
		{file: "whatsapp/webhooks/made_status_pmp_pricing.json", account: number, act: func(a *app, p *metatest.Person) {
			require.NoError(a.t, p.WithUserID(bsuid).Delivers(a.text(number, waToken, phone, "x")))
		}, more: []string{value + "/statuses/0/recipient_user_id"}},
		{file: "whatsapp/webhooks/pywa_template_status_approved.json", account: number, act: func(a *app, p *metatest.Person) {
			require.NoError(a.t, a.SetTemplate(waba, "plain", "et", "APPROVED", ""))
		}},
		{file: "whatsapp/webhooks/pywa_template_quality_yellow.json", account: number, act: func(a *app, p *metatest.Person) {
			require.NoError(a.t, a.SetQuality(waba, "plain", "et", "GREEN", "YELLOW"))
		}},
		{file: "whatsapp/webhooks/pywa_template_category_marketing.json", account: number, act: func(a *app, p *metatest.Person) {
			require.NoError(a.t, a.SetCategory(waba, "plain", "et", "MARKETING"))
		}},
		{file: "whatsapp/webhooks/pywa_account_account_violation.json", account: number, act: func(a *app, p *metatest.Person) {
			a.Change(waba, "account_update", map[string]any{"event": "ACCOUNT_VIOLATION", "violation_info": map[string]string{"violation_type": "ADULT"}})
		}},
		{file: "whatsapp/webhooks/pywa_user_preferences_resume.json", account: number, act: func(a *app, p *metatest.Person) { p.WithUserID(bsuid).StopsMarketing(false) },
			more: []string{value + "/user_preferences/0/user_id"}, fewer: []string{value + "/contacts/0/parent_user_id"}},
		{file: "whatsapp/webhooks/pywa_echo_text.json", account: number, act: func(a *app, p *metatest.Person) { p.WithUserID(bsuid).AnsweredBy("coexistence", "x") },
			fewer: []string{value + "/contacts/0/parent_user_id", value + "/message_echoes/0/to_parent_user_id"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			want, ok := metatest.Reference(t, c.file)
			if !ok {
				return
			}
			a := open(t)
			to := psid
			if c.account == number {
				to = phone
			}
			p := a.Person(c.account, to)
			p.Says("enne")
			a.events()
			c.act(a, p)
			a.deliver()
			got := a.hook.take()
			require.NotEmpty(t, got)
			sameStructure(t, want, got[len(got)-1].body, c.more, c.fewer)
		})
	}
}

// Instagram's references with ISO times: the live platform sends milliseconds, as we do.
func TestInstagramEventsHaveTheNamesOfTheReference(t *testing.T) {
	for file, act := range map[string]func(*app, *metatest.Person){
		"chatwoot_text":             func(a *app, p *metatest.Person) { p.Says("tere") },
		"chatwoot_unsend":           func(a *app, p *metatest.Person) { require.NoError(a.t, p.Unsends(p.Says("tere"))) },
		"chatwoot_seen":             func(a *app, p *metatest.Person) { require.NoError(a.t, p.Reads(a.text(ig, pageToken, igsid, "x"))) },
		"chatwoot_story_reply":      func(a *app, p *metatest.Person) { p.AnswersStory("tore", "1", "https://linn.example/s") },
		"chatwoot_story_mention":    func(a *app, p *metatest.Person) { p.SharesLink("story_mention", "https://linn.example/s") },
		"chatwoot_attachment_share": func(a *app, p *metatest.Person) { p.SharesLink("share", "https://linn.example/s") },
	} {
		t.Run(file, func(t *testing.T) {
			raw, ok := metatest.Reference(t, "instagram/webhooks/"+file+".json")
			if !ok {
				return
			}
			a := open(t)
			p := a.Person(ig, igsid)
			p.Says("enne")
			act(a, p)
			events := a.events()
			ws, gs := map[string]string{}, map[string]string{}
			structure("", decode(t, raw), ws)
			structure("", events[len(events)-1], gs)
			require.Equal(t, slices.Sorted(maps.Keys(ws)), slices.Sorted(maps.Keys(gs)))
			require.Equal(t, "float64", gs["/entry/0/messaging/0/timestamp"])
		})
	}
}
