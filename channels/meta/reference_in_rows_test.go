package meta_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// referenced serves the accounts that the files name.
func referenced() meta.Config {
	cfg := receiving()
	cfg.AppID = appID
	line := func(id channels.ID, kind channels.Kind, account, business string) {
		cfg.Lines = append(cfg.Lines, meta.Line{ID: id, Kind: kind, Account: account, Business: business, Token: cfg.Lines[0].Token})
	}
	line("page3", channels.Messenger, "3", "")
	line("pywa", channels.WhatsApp, "1122334455667", "57438975935")
	line("partner", channels.WhatsApp, "1", "2949482758682047")
	return cfg
}

// webhook checks the events of a file.
func webhook(want ...string) func(*testing.T, []byte) {
	return func(t *testing.T, raw []byte) {
		for _, name := range []string{"instagram-message-id-1234", "instagram-message-id-123"} { // placeholders of accounts
			raw = bytes.ReplaceAll(raw, []byte(name), []byte(instaID))
		}
		raw = bytes.ReplaceAll(raw, []byte("<BUSINESS_PHONE_NUMBER_ID>"), []byte("1122334455667"))
		got := tales(t, parsed(t, receiverOf(t, referenced()), string(raw)))
		require.Equal(t, append([]string{}, want...), got)
	}
}

// inRows is the table of receiving: one row for each recorded webhook, with
// its events as tales tells them.
func inRows() map[string]func(*testing.T, []byte) {
	return map[string]func(*testing.T, []byte){
		"instagram/webhooks/chatwoot_attachment_share.json": webhook(`received insta Sender-id-1 message-id-1 media{"as":"file","ref":"url:https://www.example.com/test.jpeg"}`),
		"instagram/webhooks/chatwoot_seen.json":             webhook("status insta Sender-id-1 read message-id-1"),
		"instagram/webhooks/chatwoot_story_mention.json":    webhook(`received insta Sender-id-1 message-id-1 media{"as":"file","ref":"url:https://www.example.com/test.jpeg"}`),
		"instagram/webhooks/chatwoot_story_reply.json":      webhook("received insta Sender-id-1 message-id-1 " + said("This is the story reply")),
		"instagram/webhooks/chatwoot_text.json":             webhook("received insta Sender-id-1 message-id-1 " + said("This is the first message from the customer")),
		"instagram/webhooks/chatwoot_unsend.json":           webhook("withdrawn insta Sender-id-1 message-id-to-delete"),
		"instagram/webhooks/made_comments_change.json":      webhook(),
		"instagram/webhooks/made_echo.json":                 webhook("echoed insta 1535148674800000 aWdfZAG1faXRlbToxOkU " + said("vastus")),
		"instagram/webhooks/made_quick_reply.json":          webhook("received insta 1535148674800000 aWdfZAG1faXRlbToxOkQ " + chose("YES", "Jah")),
		"instagram/webhooks/made_standby.json":              webhook("received insta 1535148674800000 aWdfZAG1faXRlbToxOlM " + said("standby") + " standby"),
		"instagram/webhooks/made_text.json":                 webhook("received insta 1535148674800000 aWdfZAG1faXRlbToxOk " + said("Tere")),
		"instagram/webhooks/made_unsupported.json":          webhook(`received insta 1535148674800000 aWdfZAG1faXRlbToxOlU unsupported{"type":"unsupported"}`),

		"messenger/webhooks/doc_attachment_audio.json":        webhook(`received page 1254477777772919 mid.$cAAJdkrCd2ORnva8ErFhjGm0X_Q_c media{"as":"audio","ref":"url:https://cdn.example.org/attachment"}`),
		"messenger/webhooks/doc_attachment_file.json":         webhook(`received page 1254477777772919 mid.$cAAJdkrCd2ORnva8ErFhjGm0X_Q_c media{"as":"file","ref":"url:https://cdn.example.org/attachment"}`),
		"messenger/webhooks/doc_attachment_ig_reel.json":      webhook(`received page 1254477777772919 mid.$cAAJdkrCd2ORnva8ErFhjGm0X_Q_c media{"as":"video","ref":"url:https://cdn.example.org/attachment"}`),
		"messenger/webhooks/doc_attachment_image.json":        webhook(`received page 1254477777772919 mid.$cAAJdkrCd2ORnva8ErFhjGm0X_Q_c media{"as":"image","ref":"url:https://cdn.example.org/attachment"}`),
		"messenger/webhooks/doc_attachment_video.json":        webhook(`received page 1254477777772919 mid.$cAAJdkrCd2ORnva8ErFhjGm0X_Q_c media{"as":"video","ref":"url:https://cdn.example.org/attachment"}`),
		"messenger/webhooks/doc_delivery_watermark_only.json": webhook("status page 1254477777772919 delivered until:1458668856253"),
		"messenger/webhooks/doc_delivery_with_mids.json": webhook(
			"status page 1254477777772919 delivered mid.1458668856218:ed81099e15d3f4f233",
			"status page 1254477777772919 delivered until:1458668856253",
		),
		"messenger/webhooks/doc_echo.json":                webhook("echoed page 1254477777772919 mid.1457764197618:41d102a3e1ae206a38 " + said("hello from the page") + " ref:DEVELOPER_DEFINED_METADATA_STRING"),
		"messenger/webhooks/doc_message_edit.json":        webhook("edited page 1254477777772919 m_1457764197618:41d102a3e1ae206a38 " + said("new text after edit")),
		"messenger/webhooks/doc_pass_thread_control.json": webhook("thread page 1254477777772919 mine:true"),
		"messenger/webhooks/doc_policy_enforcement.json":  webhook("line page policy block The bot violated our Platform Policies."),
		"messenger/webhooks/doc_postback.json": webhook(
			"referred page 1254477777772919 USER-DEFINED-REFERRAL-PARAM source:shortlink",
			"received page 1254477777772919 m_MESSAGE-ID "+chose("USER-DEFINED-PAYLOAD", "TITLE-FOR-THE-CTA"),
		),
		"messenger/webhooks/doc_read.json":             webhook("status page 1254477777772919 read until:1458668856253"),
		"messenger/webhooks/doc_referral_ad.json":      webhook("referred page 1254477777772919 REF_DATA source:ads"),
		"messenger/webhooks/doc_standby_echo.json":     webhook("echoed page 1254477777772919 qT7ywaKpO9kkQR7Gv " + said("answered by another app")),
		"messenger/webhooks/doc_standby_text.json":     webhook("received page 1254477777772919 m_standby1 " + said("hello while a human agent owns the thread") + " standby"),
		"messenger/webhooks/doc_text_quick_reply.json": webhook("received page 1254477777772919 mid.1457764197618:41d102a3e1ae206a38 " + chose("DEVELOPER_DEFINED_PAYLOAD", "hello, world!")),
		"messenger/webhooks/doc_text_reply_to.json":    webhook("received page 1254477777772919 m_1457764197618:41d102a3e1ae206a38 " + said("hello, world!") + " re:m_1fTq8oLumEyIp3Q2MR-aY7IfLZDamVrALniheU"),
		"messenger/webhooks/jgorset_delivery.json": webhook(
			"status page3 3 delivered mid.1457764197618:41d102a3e1ae206a38",
			"status page3 3 delivered mid.1458668856218:ed81099e15d3f4f233",
			"status page3 3 delivered until:1458668856253",
		),
		"messenger/webhooks/jgorset_message_echo.json": webhook(`echoed page3 3 mid.1457764197618:41d102a3e1ae206a38 media{"as":"image","ref":"url:https://www.example.com/1.jpg","caption":"Hello, bot!"}`),
		"messenger/webhooks/jgorset_message_text_quickreply_attachment_nlp.json": webhook(
			"received page3 3 mid.1457764197618:41d102a3e1ae206a38 "+chose("Hi, I am a quick reply!", "Hello, bot!"),
			`received page3 3 mid.1457764197618:41d102a3e1ae206a38 media{"as":"image","ref":"url:https://www.example.com/1.jpg"}`,
		),
		"messenger/webhooks/jgorset_optin_user_ref.json":      webhook("referred page3 3 PASS_THROUGH_PARAM source:optin"),
		"messenger/webhooks/jgorset_pass_thread_control.json": webhook("thread page3 3 mine:true"),
		"messenger/webhooks/jgorset_postback_with_referral.json": webhook(
			"referred page3 3 my-ref-value source:shortlink",
			`received page3 3 postback/62cc54890f4502a4238f87b0ef12221c02e8a85631f64f7e100f45cc234c585a chosen{"id":"USER_DEFINED_PAYLOAD"}`,
		),
		"messenger/webhooks/jgorset_reaction_react.json": webhook(`received page3 3 reaction/881f21487e32e28aa145e3ce0da9edb218cb4071ad80643f1e31e6f61292d261 reaction{"to":"","emoji":"👍"}`),
		"messenger/webhooks/jgorset_read_watermark.json": webhook("status page3 3 read until:1458668856253"),
		"messenger/webhooks/jgorset_referral_m_me.json":  webhook("referred page3 3 my-ref-value source:shortlink"),
		"messenger/webhooks/made_batch_two_entries.json": webhook(
			"received page 1254477777772919 m_b1 "+said("üks"),
			"received page 1254477777772919 m_b2 "+said("kaks"),
			"malformed page unknown_account",
		),
		"messenger/webhooks/made_page_changes_feed.json": webhook(),
		"messenger/webhooks/made_sticker_dual_type.json": webhook(`received page 1254477777772919 m_st1 media{"as":"sticker","ref":"url:https://cdn.example.org/s.png"}`),

		"whatsapp/webhooks/made_batch.json": webhook(
			"received wa +16505551234 wamid.A1 "+said("esimene")+" from:A",
			"received wa +16505551235 wamid.B1 "+said("teine")+" from:B",
			"status wa2 +16505551236 sent wamid.C1",
		),
		"whatsapp/webhooks/made_status_failed_131047.json":        webhook("status wa +16505551234 failed wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI window_closed 131047"),
		"whatsapp/webhooks/made_status_pmp_pricing.json":          webhook("status wa +16505551234 delivered wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJ"),
		"whatsapp/webhooks/openapi_contacts.json":                 webhook(`received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA= contact{"name":"Lucía Gómez","phones":["+1 (983) 555-2319"]} from:Sheena Nelson`),
		"whatsapp/webhooks/openapi_group_lifecycle_update.json":   webhook(),
		"whatsapp/webhooks/openapi_image.json":                    webhook(`received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA= media{"as":"image","ref":"id:1003383421387256","type":"image/jpeg","sha256":"49f227634806293b0995459bc310b593e1400f41591efcf07e9bced335f41942","caption":"Taj Mahal"} from:Sheena Nelson`),
		"whatsapp/webhooks/openapi_interactive_button_reply.json": webhook("received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTZBQzg0MzQ4QjRCM0NGNkVGOAA= " + chose("cancel-button", "Cancel") + " re:wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MEM2RUJFNkI0RENGQTVDRjUA from:Sheena Nelson"),
		"whatsapp/webhooks/openapi_interactive_list_reply.json":   webhook("received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUJDQ0NDM0FEODY4ODkzOTc5RgA= " + chose("priority_express", "Priority Mail Express") + " re:wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJGMzEyNzhENTZDMzNGODlDRDgA from:Sheena Nelson"),
		"whatsapp/webhooks/openapi_location.json":                 webhook(`received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTU2MjZEMDBGRkE3MENEMDE0RQA= location{"lat":37.44221496582,"lon":-122.16165924072,"name":"Philz Coffee","address":"101 Forest Ave, Palo Alto, CA 94301"} from:Sheena Nelson`),
		"whatsapp/webhooks/openapi_reaction.json":                 webhook(`received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA= reaction{"to":"wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI0RTJEOTc2ODVERUY5RDlGNkYA","emoji":"👍"} from:Sheena Nelson`),
		"whatsapp/webhooks/openapi_template_button.json":          webhook("received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUU0M0MxQzQzMUJCMTMwNUZFOQA= " + chose("Unsubscribe", "Unsubscribe") + " re:wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBJFNjk2OTMwNEZCQjhGMzUyQUYA from:Sheena Nelson"),
		"whatsapp/webhooks/openapi_text.json":                     webhook("received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA= " + said("Does it come in another color?") + " from:Sheena Nelson"), //nolint:misspell // as it was recorded
		"whatsapp/webhooks/openapi_text_ctwa_referral.json": webhook(
			"referred wa +16505551234 120226305854810726 source:ad",
			"received wa +16505551234 wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQUQ0N0VFMDA2MTQ0RkJFNkNDNAA= "+said("Hello! Can I get more info on this?")+" from:Sheena Nelson",
		),
		"whatsapp/webhooks/pywa_account_account_deleted.json":     webhook("line wa account account_deleted"),
		"whatsapp/webhooks/pywa_account_account_disabled.json":    webhook("line wa account disabled_update REINSTATE"),
		"whatsapp/webhooks/pywa_account_account_restriction.json": webhook("line wa account account_restriction RESTRICTED_BIZ_INITIATED_MESSAGING, RESTRICTED_ADD_PHONE_NUMBER_ACTION"),
		"whatsapp/webhooks/pywa_account_account_violation.json":   webhook("line wa account account_violation ADULT"),
		"whatsapp/webhooks/pywa_account_partner_removed.json":     webhook("line partner account partner_removed"),
		"whatsapp/webhooks/pywa_callback_button.json":             webhook("received pywa +972987654321 wamid.xyzxyz " + chose("callback_data", "title") + " re:wamid.xyzxyz from:Test Name"),
		"whatsapp/webhooks/pywa_callback_quick_reply.json":        webhook("received pywa +972987654321 wamid.xsidjw " + chose("callback_data", "title") + " re:wamid.xyzxyz== from:Test Name"),
		"whatsapp/webhooks/pywa_delete_revoke.json":               webhook("withdrawn pywa <WHATSAPP_USER_PHONE_NUMBER> <ORIGINAL_WHATSAPP_MESSAGE_ID>"),
		"whatsapp/webhooks/pywa_echo_edit.json":                   webhook("edited pywa +972987654321 wamid.zzzzzz " + said("Text was edited")),
		"whatsapp/webhooks/pywa_echo_text.json":                   webhook("echoed pywa <WHATSAPP_USER_PHONE_NUMBER> <WHATSAPP_MESSAGE_ID> " + said("Test message")),
		"whatsapp/webhooks/pywa_edit_image.json":                  webhook(`edited wa +16505551234 wamid.HBgLMTQxMjU1NTA4MjkVAgASGBQzQUNCNjk5RDUwNUZGMUZEM0VBRAA= media{"as":"image","ref":"id:1234567890","type":"image/jpeg","caption":"Updated image caption"}`),
		"whatsapp/webhooks/pywa_flow_completion.json":             webhook(`received pywa +972987654321 wamid.wegrchytvwcggt== unsupported{"type":"nfm_reply","fallback":"Sent\n{\"comment_text\":\"Comment Text\",\"delivery_rating\":\"4\",\"flow_token\":\"AQAAAAACS5FpgQ_cAAAAAD0QI3s.\",\"purchase_rating\":\"2\",\"recommend_radio\":\"0\",\"cs_rating\":\"0\"}"} re:wamid.gvwegfretge== from:Test Name`),
		"whatsapp/webhooks/pywa_list_callback.json":               webhook("received pywa +972987654321 wamid.zyzxyz " + chose("callback_data", "title") + " re:wamid.xyzxyz from:Test Name"),
		"whatsapp/webhooks/pywa_list_description.json":            webhook("received pywa +972987654321 wamid.zyzxyz " + chose("callback_data", "title") + " re:wamid.xyzxyz from:Test Name"),
		"whatsapp/webhooks/pywa_msg_animated_sticker.json":        webhook(`received pywa +972987654321 wamid.xyzxyz media{"as":"sticker","ref":"id:1234567890987654321","type":"image/webp"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_audio.json":                   webhook(`received pywa +972987654321 wamid.xyzxyz media{"as":"audio","ref":"id:1234567890987654321","type":"audio/ogg"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_contacts.json": webhook(
			`received pywa +972987654321 wamid.xyzxyz contact{"name":"Chandler Bing","phones":["+1 555-555-5555"]} from:Test Name`,
			`received pywa +972987654321 wamid.xyzxyz contact{"name":"Monica","phones":["+1 666-666-6666"]} from:Test Name`,
			`received pywa +972987654321 wamid.xyzxyz contact{"name":"Rachel Green","phones":["+1 777-777-7777"]} from:Test Name`,
		),
		"whatsapp/webhooks/pywa_msg_current_location.json": webhook(`received pywa +972987654321 wamid.xyzxyz location{"lat":12.25089,"lon":43.90539} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_document.json":         webhook(`received pywa +972987654321 wamid.xyzxyz media{"as":"file","ref":"id:1234567890987654321","name":"filename.pdf","type":"application/pdf","caption":"caption"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_forwarded.json":        webhook("received pywa +972987654321 wamid.xyzxyz " + said("forwarded text") + " from:Test Name"),
		"whatsapp/webhooks/pywa_msg_image.json":            webhook(`received pywa +972987654321 wamid.xyzxyz media{"as":"image","ref":"id:65463453","type":"image/jpeg"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_order.json":            webhook(`received pywa +972987654321 wamid.xyzxyz unsupported{"type":"order","fallback":"3 HAMBURGER\n2 FRENCH_FRIES\n2 SODA"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_reaction.json":         webhook(`received pywa +972987654321 wamid.xyzxyz reaction{"to":"wamid.yzxyzx=","emoji":"😮"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_referral.json": webhook(
			"referred pywa +972987654321 ADID source:other",
			"received pywa +972987654321 wamid.ID "+said("BODY")+" from:Test Name",
		),
		"whatsapp/webhooks/pywa_msg_reply.json":                   webhook("received pywa +972987654321 wamid.xyzxyz " + said("replied text") + " re:wamid.xyzxyz== from:Test Name"),
		"whatsapp/webhooks/pywa_msg_static_sticker.json":          webhook(`received pywa +972987654321 wamid.xyzxyz media{"as":"sticker","ref":"id:1234567890987654321","type":"image/webp","sha256":"3a64f89e18d48423083cd9a3ede78e65e0988d35e42f1a0ebfce4e3021704ae7"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_text.json":                    webhook("received pywa +972987654321 wamid.xyzxyz " + said("Body Text") + " from:Test Name"),
		"whatsapp/webhooks/pywa_msg_unreaction_empty.json":        webhook(`received pywa +972987654321 wamid.xyzxyz reaction{"to":"wamid.yzxyzx=","emoji":""} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_unsupported.json":             webhook(`received pywa +972987654321 wamid.xyzxyz unsupported{"type":"unsupported"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_video.json":                   webhook(`received pywa +972987654321 wamid.xyzxyz media{"as":"video","ref":"id:765756756","type":"video/mp4","caption":"caption"} from:Test Name`),
		"whatsapp/webhooks/pywa_msg_voice.json":                   webhook(`received pywa +972987654321 wamid.xyzxyz media{"as":"audio","ref":"id:1234567890987654321","type":"audio/ogg","sha256":"9b4e2915fd8445d6a8a53c859063c0d3e6d7de2f986367588151703a00cb4832"} from:Test Name`),
		"whatsapp/webhooks/pywa_status_delivered.json":            webhook("status pywa +972987654321 delivered wamid.xyzxyz"),
		"whatsapp/webhooks/pywa_status_failed.json":               webhook("status pywa +972987654321 failed wamid.xyzxyz rejected 130472"),
		"whatsapp/webhooks/pywa_status_read.json":                 webhook("status pywa +972987654321 read wamid.xyzxyz"),
		"whatsapp/webhooks/pywa_status_sent.json":                 webhook("status pywa +972987654321 sent wamid.xyzxyz"),
		"whatsapp/webhooks/pywa_system_phone_number_change.json":  webhook("peer pywa +972987654321 now:+972912345678"),
		"whatsapp/webhooks/pywa_template_category_marketing.json": webhook("line pywa template_category my_message_template/he marketing"),
		"whatsapp/webhooks/pywa_template_quality_yellow.json":     webhook("line wa template_quality welcome_template/en_US yellow"),
		"whatsapp/webhooks/pywa_template_status_approved.json":    webhook("line wa template order_confirmation/en_US approved"),
		"whatsapp/webhooks/pywa_template_status_rejected.json":    webhook("line wa template abandoned_cart/en rejected INVALID_FORMAT"),
		"whatsapp/webhooks/pywa_user_preferences_resume.json":     webhook("optout wa +16505551234 in:true"),
	}
}
