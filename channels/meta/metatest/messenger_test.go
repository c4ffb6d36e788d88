package metatest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// letters is a text of n letters that take two bytes each.
func letters(n int) string { return strings.Repeat("õ", n) }

func quickReplies(n, title, payload int) string {
	one := fmt.Sprintf(`{"content_type":"text","title":%q,"payload":%q}`, letters(title), strings.Repeat("p", payload))
	return `"quick_replies":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]`
}

func buttons(n, title int) string {
	one := fmt.Sprintf(`{"type":"postback","title":%q,"payload":"p"}`, letters(title))
	return `"buttons":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]`
}

func buttonTemplate(text int, buttons string) string {
	return fmt.Sprintf(`"attachment":{"type":"template","payload":{"template_type":"button","text":%q,%s}}`, letters(text), buttons)
}

func generic(element string) string {
	return `"attachment":{"type":"template","payload":{"template_type":"generic","elements":[` + element + `]}}`
}

func TestMessagesThatMessengerAndInstagramRefuse(t *testing.T) {
	element := `{"title":"x"}`
	for _, c := range []struct {
		name, account string
		message       string // what the object "message" holds
		code          int    // 0: accepted
	}{
		{"2000 letters on Messenger", page, fmt.Sprintf(`"text":%q`, letters(2000)), 0},
		{"2001 letters on Messenger", page, fmt.Sprintf(`"text":%q`, letters(2001)), 100},
		{"1000 bytes on Instagram", ig, fmt.Sprintf(`"text":%q`, letters(500)), 0},
		{"1001 bytes on Instagram", ig, fmt.Sprintf(`"text":%q`, letters(500)+"x"), 100},
		{"an empty text", page, `"text":""`, 100},
		{"a number as text", page, `"text":1`, 100},
		{"a text and an attachment", page, `"text":"x","attachment":{"type":"image","payload":{"url":"https://linn.example/p.jpg"}}`, 100},
		{"nothing", page, ``, 100},
		{"an unknown name", page, `"text":"x","body":"y"`, 100},
		{"metadata of 1000 characters", page, fmt.Sprintf(`"text":"x","metadata":%q`, letters(1000)), 0},
		{"metadata of 1001 characters", page, fmt.Sprintf(`"text":"x","metadata":%q`, letters(1001)), 100},

		{"13 quick replies", page, `"text":"x",` + quickReplies(13, 1, 1), 0},
		{"14 quick replies", page, `"text":"x",` + quickReplies(14, 1, 1), 100},
		{"no quick replies", page, `"text":"x",` + quickReplies(0, 1, 1), 100},
		{"a title of 20", page, `"text":"x",` + quickReplies(1, 20, 1), 0},
		{"a title of 21", page, `"text":"x",` + quickReplies(1, 21, 1), 100},
		{"a payload of 1000", page, `"text":"x",` + quickReplies(1, 1, 1000), 0},
		{"a payload of 1001", page, `"text":"x",` + quickReplies(1, 1, 1001), 100},
		{"a quick reply without payload", page, `"text":"x",` + quickReplies(1, 1, 0), 100},
		{"a phone number asked for on Messenger", page, `"text":"x","quick_replies":[{"content_type":"user_phone_number"}]`, 0},
		{"a phone number asked for on Instagram", ig, `"text":"x","quick_replies":[{"content_type":"user_phone_number"}]`, 100},

		{"a button template of 640", page, buttonTemplate(640, buttons(3, 20)), 0},
		{"a button template of 641", page, buttonTemplate(641, buttons(1, 1)), 100},
		{"four buttons", page, buttonTemplate(1, buttons(4, 1)), 100},
		{"no buttons", page, buttonTemplate(1, buttons(0, 1)), 100},
		{"a button's title of 21", page, buttonTemplate(1, buttons(1, 21)), 100},
		{"a button to nowhere", page, buttonTemplate(1, `"buttons":[{"type":"web_url","title":"x","url":"linn"}]`), 100},
		{"ten elements", page, `"attachment":{"type":"template","payload":{"template_type":"generic","elements":[` + strings.Repeat(element+",", 9) + element + `]}}`, 0},
		{"eleven elements", page, `"attachment":{"type":"template","payload":{"template_type":"generic","elements":[` + strings.Repeat(element+",", 10) + element + `]}}`, 100},
		{"an element with every kind of button", page, generic(`{"title":"x","subtitle":"y","buttons":[{"type":"postback","title":"x","payload":"p"},` +
			`{"type":"web_url","title":"x","url":"https://linn.example"},{"type":"phone_number","title":"x","payload":"+3726000000"}]}`), 0},
		{"an unknown button", page, generic(`{"title":"x","buttons":[{"type":"share","title":"x"}]}`), 100},
		{"an unknown name in a button", page, generic(`{"title":"x","buttons":[{"type":"postback","title":"x","payload":"p","id":"1"}]}`), 100},
		{"an element's title of 80", page, generic(`{"title":"` + letters(80) + `"}`), 0},
		{"an element's title of 81", page, generic(`{"title":"` + letters(81) + `"}`), 100},
		{"an element's subtitle of 81", page, generic(`{"title":"x","subtitle":"` + letters(81) + `"}`), 100},
		{"an element without a title", page, generic(`{"subtitle":"x"}`), 100},
		{"a letter beyond the basic plane at the limit", page, fmt.Sprintf(`"text":%q`, strings.Repeat("x", 1998)+"😀"), 0},
		{"a letter beyond the basic plane at the limit and one", page, fmt.Sprintf(`"text":%q`, strings.Repeat("x", 1999)+"😀"), 100},
		{"an unknown template", page, `"attachment":{"type":"template","payload":{"template_type":"receipt"}}`, 100},

		{"a picture by link", page, `"attachment":{"type":"image","payload":{"url":"https://linn.example/p.jpg","is_reusable":true}}`, 0},
		{"a picture by a path", page, `"attachment":{"type":"image","payload":{"url":"/p.jpg"}}`, 100},
		{"a picture by an unknown id", page, `"attachment":{"type":"image","payload":{"attachment_id":"1"}}`, 100},
		{"a picture by nothing", page, `"attachment":{"type":"image","payload":{}}`, 100},
		{"a sticker", page, `"attachment":{"type":"sticker","payload":{"url":"https://linn.example/p.jpg"}}`, 100},
		{"a heart on Instagram", ig, `"attachment":{"type":"like_heart"}`, 0},
		{"a heart on Messenger", page, `"attachment":{"type":"like_heart"}`, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			to := map[string]string{page: psid, ig: igsid}[c.account]
			a.Person(c.account, to).Says("tere")
			_, answer := a.call("POST", "/"+c.account+"/messages", pageToken,
				`{"recipient":{"id":"`+to+`"},"messaging_type":"RESPONSE","message":{`+c.message+`}}`)
			code, _ := fault(answer)
			require.Equal(t, c.code, code, "%v", answer)
			require.Len(t, a.Sent(), map[bool]int{true: 1}[c.code == 0])
			if c.code != 0 {
				require.NotEmpty(t, at(answer, "error", "fbtrace_id"))
				require.NotEmpty(t, at(answer, "error", "message"))
				require.Equal(t, 1, a.Totals().Refused)
			}
		})
	}
}

func TestRequestsThatTheSendAPIRefuses(t *testing.T) {
	for _, c := range []struct {
		name, body    string
		code, subcode int
	}{
		{"a body that is not JSON", `{"recipient":`, 100, 0},
		{"a body that is an array", `[]`, 100, 0},
		{"no recipient", `{"message":{"text":"x"}}`, 100, 0},
		{"two recipients", `{"recipient":{"id":"` + psid + `","user_ref":"r"},"message":{"text":"x"}}`, 100, 0},
		{"somebody who never wrote", `{"recipient":{"id":"43"},"message":{"text":"x"}}`, 100, 2018001},
		{"no message", `{"recipient":{"id":"` + psid + `"}}`, 100, 0},
		{"an unknown messaging_type", `{"recipient":{"id":"` + psid + `"},"messaging_type":"REPLY","message":{"text":"x"}}`, 100, 0},
		{"an unknown name", `{"recipient":{"id":"` + psid + `"},"messagingType":"RESPONSE","message":{"text":"x"}}`, 100, 0},
		{"a tag without its messaging_type", `{"recipient":{"id":"` + psid + `"},"messaging_type":"RESPONSE","tag":"HUMAN_AGENT","message":{"text":"x"}}`, 100, 0},
		{"MESSAGE_TAG without a tag", `{"recipient":{"id":"` + psid + `"},"messaging_type":"MESSAGE_TAG","message":{"text":"x"}}`, 100, 0},
		{"the dead tag ACCOUNT_UPDATE", tagged("ACCOUNT_UPDATE"), 100, 1893061},
		{"the dead tag CONFIRMED_EVENT_UPDATE", tagged("CONFIRMED_EVENT_UPDATE"), 100, 1893061},
		{"the dead tag POST_PURCHASE_UPDATE", tagged("POST_PURCHASE_UPDATE"), 100, 1893061},
		{"a tag that never was", tagged("SALE"), 100, 0},
		{"an answer to an unknown message", `{"recipient":{"id":"` + psid + `"},"reply_to":{"mid":"m_0"},"message":{"text":"x"}}`, 100, 0},
		{"an answer to somebody else's message", `{"recipient":{"id":"` + psid + `"},"reply_to":{"mid":"OTHER"},"message":{"text":"x"}}`, 100, 0},
		{"an action with a message", `{"recipient":{"id":"` + psid + `"},"sender_action":"typing_on","message":{"text":"x"}}`, 100, 0},
		{"an action with a messaging_type", `{"recipient":{"id":"` + psid + `"},"sender_action":"typing_on","messaging_type":"RESPONSE"}`, 100, 0},
		{"an unknown action", `{"recipient":{"id":"` + psid + `"},"sender_action":"wave"}`, 100, 0},
		{"a reaction to nothing", `{"recipient":{"id":"` + psid + `"},"sender_action":"react","payload":{"message_id":"m_0","reaction":"love"}}`, 100, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			a.Person(page, psid).Says("tere")
			other := a.Person(page, "42").Says("tere")
			c.body = strings.Replace(c.body, "OTHER", other, 1)
			_, answer := a.call("POST", "/me/messages", pageToken, c.body)
			code, subcode := fault(answer)
			require.Equal(t, c.code, code, "%v", answer)
			require.Equal(t, c.subcode, subcode)
			require.Empty(t, a.Sent())
		})
	}
}

func tagged(tag string) string {
	return `{"recipient":{"id":"` + psid + `"},"messaging_type":"MESSAGE_TAG","tag":"` + tag + `","message":{"text":"x"}}`
}

func TestTheReplyWindow(t *testing.T) {
	plain := strings.Replace(tagged(""), `"messaging_type":"MESSAGE_TAG","tag":"",`, "", 1)
	for _, c := range []struct {
		name          string
		account, body string
		after         time.Duration
		code, subcode int
	}{
		{"just within 24 hours", page, plain, 24*time.Hour - 1, 0, 0},
		{"at 24 hours", page, plain, 24 * time.Hour, 10, 2018278},
		{"at 24 hours on Instagram", ig, plain, 24 * time.Hour, 10, 2534022},
		{"a human agent within 24 hours", page, tagged("HUMAN_AGENT"), time.Hour, 100, 0},
		{"a human agent at 24 hours", page, tagged("HUMAN_AGENT"), 24 * time.Hour, 0, 0},
		{"a human agent just within seven days", ig, tagged("HUMAN_AGENT"), 7*24*time.Hour - 1, 0, 0},
		{"a human agent at seven days", page, tagged("HUMAN_AGENT"), 7 * 24 * time.Hour, 10, 2018278},
		{"a human agent at seven days on Instagram", ig, tagged("HUMAN_AGENT"), 7 * 24 * time.Hour, 10, 2534022},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t)
			a.Person(c.account, psid).Says("tere")
			a.clock.Advance(c.after)
			_, answer := a.call("POST", "/"+c.account+"/messages", pageToken, c.body)
			code, subcode := fault(answer)
			require.Equal(t, c.code, code, "%v", answer)
			require.Equal(t, c.subcode, subcode)
			if c.subcode == 2534022 {
				require.Equal(t, "IGApiException", at(answer, "error", "type"))
			}
		})
	}
	a := open(t, func(c *metatest.Config) { c.NoHumanAgent = true })
	a.Person(page, psid).Says("tere")
	a.clock.Advance(25 * time.Hour)
	_, answer := a.call("POST", "/me/messages", pageToken, tagged("HUMAN_AGENT"))
	code, subcode := fault(answer)
	require.Equal(t, []int{10, 0}, []int{code, subcode}, "an app without the feature")
}

func TestSomebodyWhoBlocksThePageCannotBeReached(t *testing.T) {
	a := open(t)
	p := a.Person(page, psid)
	p.Says("tere")
	p.Blocks(true)
	_, answer := a.call("POST", "/me/messages", pageToken, `{"recipient":{"id":"`+psid+`"},"message":{"text":"x"}}`)
	code, subcode := fault(answer)
	require.Equal(t, []int{551, 1545041}, []int{code, subcode})
}

func TestAnEchoCarriesTheMetadataAndTheApp(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Says("tere")
	a.Person(ig, igsid).Says("tere")
	a.events()
	for account, to := range map[string]string{page: psid, ig: igsid} {
		_, answer := a.call("POST", "/"+account+"/messages", pageToken,
			`{"recipient":{"id":"`+to+`"},"message":{"text":"Tere!","metadata":"mark-`+account+`"}}`)
		e := at(a.events()[0], "entry", 0, "messaging", 0)
		require.Equal(t, account, at(e, "sender", "id"))
		require.Equal(t, to, at(e, "recipient", "id"))
		require.Equal(t, answer["message_id"], at(e, "message", "mid"))
		require.Equal(t, true, at(e, "message", "is_echo"))
		if account == page {
			require.Equal(t, "mark-"+page, at(e, "message", "metadata"))
			require.EqualValues(t, 700000000000001, at(e, "message", "app_id"))
		} else {
			require.Nil(t, at(e, "message", "metadata"), "not established for Instagram")
		}
	}
	require.Equal(t, map[string]int{"mark-" + page: 1, "mark-" + ig: 1}, a.Marks())
}

func TestPeopleTapWhatTheyWereOffered(t *testing.T) {
	a := open(t)
	p := a.Person(page, psid)
	p.Says("tere")
	a.call("POST", "/me/messages", pageToken, `{"recipient":{"id":"`+psid+`"},"message":{"text":"Kas?",`+
		`"quick_replies":[{"content_type":"text","title":"Jah","payload":"YES"}]}}`)
	a.call("POST", "/me/messages", pageToken, `{"recipient":{"id":"`+psid+`"},"message":{"attachment":{"type":"template","payload":{`+
		`"template_type":"button","text":"Mis edasi?","buttons":[{"type":"postback","title":"Abi","payload":"HELP"}]}}}}`)
	a.events()
	_, err := p.Taps("YES")
	require.NoError(t, err)
	_, err = p.Taps("HELP")
	require.NoError(t, err)
	_, err = p.Taps("NO")
	require.Error(t, err)
	events := a.events()
	require.Equal(t, "YES", at(events[0], "entry", 0, "messaging", 0, "message", "quick_reply", "payload"))
	require.Equal(t, "Jah", at(events[0], "entry", 0, "messaging", 0, "message", "text"))
	require.Equal(t, "HELP", at(events[1], "entry", 0, "messaging", 0, "postback", "payload"))
	require.Equal(t, "Mis edasi?", p.Inbox()[1].Text)
}

func TestTypingAndReactionsAreSeen(t *testing.T) {
	a := open(t)
	id := a.Person(page, psid).Says("tere")
	for _, body := range []string{`"sender_action":"typing_on"`, `"sender_action":"mark_seen"`,
		`"sender_action":"react","payload":{"message_id":"` + id + `","reaction":"love"}`} {
		status, answer := a.call("POST", "/me/messages", pageToken, `{"recipient":{"id":"`+psid+`"},`+body+`}`)
		require.Equal(t, 200, status)
		require.Equal(t, map[string]any{"recipient_id": psid}, answer)
	}
	require.Empty(t, a.Sent())
	actions := a.Actions()
	require.Len(t, actions, 3)
	require.Equal(t, "typing_on", actions[0].Action)
	require.Equal(t, id, actions[2].MessageID)
}

func TestAConversationThatAnotherAppHasIsOnStandby(t *testing.T) {
	a := open(t)
	p := a.Person(page, psid)
	p.Says("tere")
	p.TakenBy("263902037430900", "käsitsi")
	p.Says("kas keegi on?")
	p.AnsweredBy("263902037430900", "Jah, mina")
	p.Postback("Abi", "HELP", "")
	events := a.events()
	require.Equal(t, []string{"mid", "title"}, keys(at(events[4], "entry", 0, "standby", 0, "postback")), "the payload is the owner's")
	require.Equal(t, appID, at(events[1], "entry", 0, "messaging", 0, "take_thread_control", "previous_owner_app_id"))
	require.Equal(t, "kas keegi on?", at(events[2], "entry", 0, "standby", 0, "message", "text"))
	require.Equal(t, true, at(events[3], "entry", 0, "standby", 0, "message", "is_echo"))
	_, answer := a.call("POST", "/me/messages", pageToken, `{"recipient":{"id":"`+psid+`"},"message":{"text":"x"}}`)
	code, subcode := fault(answer)
	require.Equal(t, []int{10, 2018300}, []int{code, subcode})
	_, answer = a.call("GET", "/"+page+"/thread_owner?recipient="+psid, pageToken, nil)
	require.EqualValues(t, 263902037430900, at(answer, "data", 0, "thread_owner", "app_id"))

	status, _ := a.call("POST", "/"+page+"/take_thread_control", pageToken, `{"recipient":{"id":"`+psid+`"}}`)
	require.Equal(t, 200, status)
	a.text(page, pageToken, psid, "Tagasi.")
	status, _ = a.call("POST", "/"+page+"/pass_thread_control", pageToken, `{"recipient":{"id":"`+psid+`"},"target_app_id":263902037430900}`)
	require.Equal(t, 200, status)
	p.PassedBy("263902037430900", "")
	a.text(page, pageToken, psid, "Jälle mina.")
	lines := p.Transcript()
	require.Equal(t, "263902037430900", lines[2].From)
}

func TestUploadedAttachmentsCanBeSentAgain(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Says("tere")
	id := a.upload("/"+page+"/message_attachments", pageToken, map[string]string{
		"message": `{"attachment":{"type":"image","payload":{"is_reusable":true}}}`}, "filedata", "image/png", []byte("png"))["attachment_id"]
	body := func(kind string) string {
		return fmt.Sprintf(`{"recipient":{"id":%q},"message":{"attachment":{"type":%q,"payload":{"attachment_id":%q}}}}`, psid, kind, id)
	}
	for kind, want := range map[string]int{"image": 0, "video": 100} {
		_, answer := a.call("POST", "/me/messages", pageToken, body(kind))
		code, _ := fault(answer)
		require.Equal(t, want, code, kind)
	}
	for _, c := range []struct {
		name, account, contentType string
		size, code                 int
	}{
		{"25 MB on Messenger", page, "image/png", 25_000_000, 0},
		{"a byte more", page, "image/png", 25_000_001, 100},
		{"8 MB on Instagram", ig, "image/png", 8_000_000, 0},
		{"a byte more on Instagram", ig, "image/png", 8_000_001, 100},
		{"a GIF on Instagram", ig, "image/gif", 1, 100},
		{"an empty file", page, "image/png", 0, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.size > 1_000_000 && testing.Short() {
				t.Skip("large files take a minute under the race detector; make test has them")
			}
			answer := a.upload("/"+c.account+"/message_attachments", pageToken, map[string]string{
				"message": `{"attachment":{"type":"image","payload":{}}}`}, "filedata", c.contentType, make([]byte, c.size))
			code, _ := fault(answer)
			require.Equal(t, c.code, code)
		})
	}
	code, _ := fault(a.upload("/"+page+"/message_attachments", pageToken, map[string]string{"platform": "instagram",
		"message": `{"attachment":{"type":"image","payload":{}}}`}, "filedata", "image/gif", []byte("x")))
	require.Equal(t, 100, code, "the page uploads for its Instagram account")
	var content struct{ Attachment struct{ Type string } }
	require.NoError(t, json.Unmarshal(a.Sent()[0].Content, &content))
	require.Equal(t, "image", content.Attachment.Type)
}
