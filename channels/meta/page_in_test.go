package meta_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestEventsOfAPage(t *testing.T) {
	const me = "page " + kati + " "
	photo := func(rest string) string {
		return `media{"as":"image","ref":"url:https://cdn.example/a.jpg"` + rest + `}`
	}
	for name, tc := range map[string]struct {
		event string
		want  []string
	}{
		"a text": {`"message":{"mid":"m1","text":"Tere \"õ\" 👍"}`, []string{"received " + me + "m1 " + said(`Tere \"õ\" 👍`)}},
		"a text with escapes, as Meta writes it": {`"message":{"mid":"m1","text":"\u00f5 \ud83d\udc4d https:\/\/a.ee"}`,
			[]string{"received " + me + "m1 " + said("õ 👍 https://a.ee")}},
		"a reply": {`"message":{"mid":"m1","text":"jah","reply_to":{"mid":"m0"}}`, []string{"received " + me + "m1 " + said("jah") + " re:m0"}},
		"a quick reply is the choice, not its title": {`"message":{"mid":"m1","text":"Jah","quick_reply":{"payload":"yes"}}`,
			[]string{"received " + me + "m1 " + chose("yes", "Jah")}},
		"a picture with a text is one message": {`"message":{"mid":"m1","text":"vaata","attachments":[{"type":"image","payload":{"url":"https://cdn.example/a.jpg"}}]}`,
			[]string{"received " + me + "m1 " + photo(`,"caption":"vaata"`)}},
		"a file with words of its own leaves the text to itself": {`"message":{"mid":"m1","text":"vaata","attachments":[{"type":"ig_reel","payload":{"url":"https://cdn.example/a","title":"Film"}}]}`,
			[]string{"received " + me + "m1 " + said("vaata"), "received " + me + `m1 media{"as":"video","ref":"url:https://cdn.example/a","caption":"Film"}`}},
		"of several pictures the first has the text": {`"message":{"mid":"m1","text":"vaata","attachments":[{"type":"image","payload":{"url":"https://cdn.example/a.jpg"}},{"type":"image","payload":{"url":"https://cdn.example/a.jpg"}}]}`,
			[]string{"received " + me + "m1 " + photo(`,"caption":"vaata"`), "received " + me + "m1 " + photo("")}},
		"a file has the name of its link": {`"message":{"mid":"m1","attachments":[{"type":"file","payload":{"url":"https://cdn.example/x/avaldus.pdf?oh=1"}}]}`,
			[]string{"received " + me + `m1 media{"as":"file","ref":"url:https://cdn.example/x/avaldus.pdf?oh=1","name":"avaldus.pdf"}`}},
		"a place": {`"message":{"mid":"m1","attachments":[{"type":"location","title":"Kodu","payload":{"coordinates":{"lat":59.4,"long":"24.7"}}}]}`,
			[]string{"received " + me + `m1 location{"lat":59.4,"lon":24.7,"name":"Kodu"}`}},
		"a place that is none": {`"message":{"mid":"m1","attachments":[{"type":"location","payload":{"coordinates":{"lat":"NaN","long":1}}}]}`,
			[]string{"received " + me + `m1 unsupported{"type":"location"}`}},
		"an address without a host": {`"message":{"mid":"m1","attachments":[{"type":"reel","payload":{"url":"/reel/1","title":"Film"}}]}`,
			[]string{"received " + me + `m1 unsupported{"type":"reel","fallback":"Film"}`}},
		"an address of another scheme": {`"message":{"mid":"m1","attachments":[{"type":"image","payload":{"url":"file:///etc/passwd"}},{"type":"image","payload":{"url":"http://cdn.example/"}}]}`,
			[]string{"received " + me + `m1 unsupported{"type":"image"}`, "received " + me + `m1 unsupported{"type":"image"}`}},
		"an attachment without payload": {`"message":{"mid":"m1","attachments":[{"type":"image","payload":null}]}`, []string{"received " + me + `m1 unsupported{"type":"image"}`}},
		"a sticker that came as a picture too": {`"message":{"mid":"m1","attachments":[{"type":"image","payload":{"sticker_id":7,"url":"https://cdn.example/s.png"}},{"type":"sticker","payload":{"sticker_id":7,"url":"https://cdn.example/s.png"}}]}`,
			[]string{"received " + me + `m1 media{"as":"sticker","ref":"url:https://cdn.example/s.png"}`}},
		"the preview of a link in the text says nothing new": {`"message":{"mid":"m1","text":"vt https://www.ria.ee/x","attachments":[{"type":"fallback","payload":{"url":"https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.ria.ee%2Fx%2F&h=1","title":"RIA"}}]}`,
			[]string{"received " + me + "m1 " + said("vt https://www.ria.ee/x")}},
		"a shared link": {`"message":{"mid":"m1","text":"vaata","attachments":[{"type":"fallback","payload":{"url":"https://www.ria.ee/","title":"RIA"}}]}`,
			[]string{"received " + me + "m1 " + said("vaata"), "received " + me + `m1 unsupported{"type":"fallback","fallback":"RIA\nhttps://www.ria.ee/"}`}},
		"a heart": {`"message":{"mid":"m1","attachments":[{"type":"like_heart"}]}`, []string{"received " + me + `m1 unsupported{"type":"like_heart","fallback":"❤"}`}},
		"an attachment of a new type": {`"message":{"mid":"m1","attachments":[{"type":"hologram","payload":{"url":"https://cdn.example/x"}}]}`,
			[]string{"received " + me + `m1 unsupported{"type":"hologram"}`}},
		"a message of something new":      {`"message":{"mid":"m1","poll":{}}`, []string{"received " + me + `m1 unsupported{"type":"message"}`}},
		"a message that Meta cannot show": {`"message":{"mid":"m1","is_unsupported":true}`, []string{"received " + me + `m1 unsupported{"type":"unsupported"}`}},
		"the first message of a link": {`"message":{"mid":"m1","text":"Tere","referral":{"ref":"word","source":"SHORTLINK"}}`,
			[]string{"referred " + me + "word source:shortlink", "received " + me + "m1 " + said("Tere")}},
		"a message that is deleted":  {`"message":{"mid":"m1","is_deleted":true}`, []string{"withdrawn " + me + "m1"}},
		"an edit":                    {`"message_edit":{"mid":"m1","text":"parem","num_edit":"2"}`, []string{"edited " + me + "m1 " + said("parem")}},
		"an edit without a text":     {`"message_edit":{"mid":"m1","num_edit":2}`, []string{"malformed page incomplete"}},
		"a message without an id":    {`"message":{"text":"Tere"}`, []string{"malformed page incomplete"}},
		"a message that is a number": {`"message":7`, []string{"malformed page incomplete"}},
		"a postback":                 {`"postback":{"mid":"p1","title":"Alusta","payload":"START"}`, []string{"received " + me + "p1 " + chose("START", "Alusta")}},
		"a postback of a link": {`"postback":{"mid":"p1","title":"Alusta","payload":"START","referral":{"ref":"w","source":"SHORTLINK"}}`,
			[]string{"referred " + me + "w source:shortlink", "received " + me + "p1 " + chose("START", "Alusta")}},
		"a postback of nothing":         {`"postback":{"mid":"p1"}`, []string{"malformed page incomplete"}},
		"a referral":                    {`"referral":{"ref":"w","source":"SHORTLINK"}`, []string{"referred " + me + "w source:shortlink"}},
		"an advertisement without word": {`"referral":{"source":"ADS","ad_id":"17"}`, []string{"referred " + me + "17 source:ads"}},
		"an opt-in":                     {`"optin":{"ref":"w"}`, []string{"referred " + me + "w source:optin"}},
		"an opt-in to regular messages": {`"optin":{"type":"notification_messages","payload":"topic","notification_messages_token":"t"}`,
			[]string{"referred " + me + "topic source:optin"}},
		"regular messages are stopped": {`"optin":{"type":"notification_messages","notification_messages_status":"STOP_NOTIFICATIONS"}`,
			[]string{"optout " + me + "in:false"}},
		"regular messages are resumed": {`"optin":{"type":"notification_messages","notification_messages_status":"RESUME_NOTIFICATIONS"}`,
			[]string{"optout " + me + "in:true"}},
		"messages are delivered": {`"delivery":{"mids":["o1","o2"],"watermark":1700000000000}`,
			[]string{"status " + me + "delivered o1", "status " + me + "delivered o2", "status " + me + "delivered until:1700000000000"}},
		"messages are read":                {`"read":{"watermark":1700000000000}`, []string{"status " + me + "read until:1700000000000"}},
		"one message is read":              {`"read":{"mid":"o1"}`, []string{"status " + me + "read o1"}},
		"nothing is read":                  {`"read":{}`, []string{"malformed page incomplete"}},
		"a conversation is passed to us":   {`"pass_thread_control":{"new_owner_app_id":123456789}`, []string{"thread " + me + "mine:true"}},
		"it is passed to somebody else":    {`"pass_thread_control":{"new_owner_app_id":"263902037430900"}`, []string{"thread " + me + "mine:false"}},
		"it is passed to nobody":           {`"pass_thread_control":{"new_owner_app_id":null}`, []string{"thread " + me + "mine:true"}},
		"it is taken from us":              {`"take_thread_control":{"previous_owner_app_id":"123456789","new_owner_app_id":"263902037430900"}`, []string{"thread " + me + "mine:false"}},
		"somebody asks for it":             {`"request_thread_control":{"requested_owner_app_id":7}`, []string{"line " + me + "thread requested"}},
		"the apps of a page change":        {`"app_roles":{"123456789":["primary_receiver"]}`, []string{}},
		"an account is linked":             {`"account_linking":{"status":"linked"}`, []string{}},
		"an event of a new kind":           {`"teleport":{}`, []string{"malformed page unknown_event"}},
		"an event whose one field is null": {`"message":null`, []string{"malformed page unknown_event"}},
		"the page is warned":               {`"policy_enforcement":{"action":"warning","reason":"spam"}`, []string{"line page policy warning spam"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := receiving()
			cfg.AppID = appID
			require.Equal(t, tc.want, tales(t, parsed(t, receiverOf(t, cfg), pageBody(fromKati(tc.event)))))
		})
	}
}

func TestReactionsAreToldByWhatTheyAre(t *testing.T) {
	react := func(fields string) []channels.Event {
		return parsed(t, receiver(t), pageBody(fromKati(`"reaction":{"mid":"o1",`+fields+`}`)))
	}
	one := react(`"action":"react","emoji":"👍","reaction":"like"`)[0].(*channels.Received)
	require.Equal(t, channels.Reaction{To: "o1", Emoji: "👍"}, one.Content)
	require.NotContains(t, one.Key, kati, "a key is no place for a person")
	again := react(`"emoji":"👍","action":"react"`)[0].(*channels.Received)
	require.Equal(t, one.Key, again.Key)

	gone := react(`"action":"unreact"`)[0].(*channels.Received)
	require.Equal(t, channels.Reaction{To: "o1"}, gone.Content)
	require.NotEqual(t, one.Key, gone.Key)
	strange := react(`"action":"react","reaction":"other"`)[0].(*channels.Received)
	require.Equal(t, channels.Unsupported{Type: "reaction", Fallback: "other"}, strange.Content)
}

func TestWhatTheAccountItselfDoesIsNoMessage(t *testing.T) {
	ours := func(fields string) string {
		return `{"sender":{"id":"` + pageID + `"},"recipient":{"id":"` + kati + `"},"timestamp":1700000000001,` + fields + `}`
	}
	const photo = `{"type":"image","payload":{"url":"https://cdn.example/a.jpg"}}`
	const shown = `media{"as":"image","ref":"url:https://cdn.example/a.jpg"}`
	for name, tc := range map[string]struct {
		event string
		want  []string
	}{
		"an echo of ours": {`"message":{"mid":"o1","is_echo":true,"text":"Tere","metadata":"ref-1.0","app_id":184719329217930001}`,
			[]string{"echoed page " + kati + " o1 " + said("Tere") + " ref:ref-1.0"}},
		"an echo with two pictures": {`"message":{"mid":"o1","is_echo":true,"attachments":[` + photo + `,` + photo + `]}`,
			[]string{"echoed page " + kati + " o1 " + shown, "echoed page " + kati + " o1 " + shown}},
		"an echo of buttons": {`"message":{"mid":"o1","is_echo":true,"attachments":[{"type":"template","payload":{"template_type":"button","text":"Vali"}}]}`,
			[]string{"echoed page " + kati + ` o1 unsupported{"type":"template","fallback":"Vali"}`}},
		"an echo with a quick reply is a text": {`"message":{"mid":"o1","is_echo":true,"text":"a","quick_reply":{"payload":"p"}}`,
			[]string{"echoed page " + kati + " o1 " + said("a")}},
		"an echo whose reference is too long to be ours": {`"message":{"mid":"o1","is_echo":true,"text":"a","metadata":"` + strings.Repeat("r", 81) + `"}`,
			[]string{"echoed page " + kati + " o1 " + said("a")}},
		"a message of the page that is not marked": {`"message":{"mid":"o1","text":"a"}`, []string{"echoed page " + kati + " o1 " + said("a")}},
		"the page unsends its own":                 {`"message":{"mid":"o1","is_echo":true,"is_deleted":true}`, []string{"withdrawn page " + kati + " o1"}},
		"the page reacts":                          {`"reaction":{"mid":"m1","action":"react","emoji":"👍"}`, []string{}},
		"the page reads":                           {`"read":{"watermark":1700000000000}`, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tc.want, tales(t, parsed(t, receiver(t), pageBody(ours(tc.event)))))
		})
	}
}

func TestWithoutTheAppsIDAHandOverIsWhatItSaysToWhomItIsSent(t *testing.T) {
	for event, want := range map[string]string{
		`"pass_thread_control":{"new_owner_app_id":"7"}`: "mine:true",
		`"take_thread_control":{"new_owner_app_id":"7"}`: "mine:false",
	} {
		require.Equal(t, []string{"thread page " + kati + " " + want}, tales(t, parsed(t, receiver(t), pageBody(fromKati(event)))))
	}
}

func TestOnStandbyATapIsNoChoice(t *testing.T) {
	body := strings.Replace(pageBody(
		fromKati(`"message":{"mid":"m1","text":"Tere"}`), fromKati(`"message":{"mid":"m2","text":"Jah","quick_reply":{"payload":"yes"}}`),
		fromKati(`"postback":{"mid":"m3","title":"Alusta"}`),
		fromKati(`"postback":{"mid":"m4","title":"Edasi","payload":"NEXT"}`), fromKati(`"read":{"mid":"o1"}`)), `"messaging"`, `"standby"`, 1)
	require.Equal(t, []string{
		"received page " + kati + " m1 " + said("Tere") + " standby", "received page " + kati + " m2 " + said("Jah") + " standby",
		"received page " + kati + " m3 " + said("Alusta") + " standby",
		"received page " + kati + " m4 " + said("Edasi") + " standby", "status page " + kati + " read o1",
	}, tales(t, parsed(t, receiver(t), body)))
}

func TestOldPostbacksHaveNoID(t *testing.T) {
	parse := func(payload string) *channels.Received {
		return parsed(t, receiver(t), pageBody(fromKati(`"postback":{"payload":"`+payload+`"}`)))[0].(*channels.Received)
	}
	a, b := parse("a"), parse("b")
	require.NotEmpty(t, a.ID)
	require.NotEqual(t, a.ID, b.ID)
	require.NotEqual(t, a.Key, b.Key)
	require.Equal(t, a.Key, parse("a").Key)
}

func TestWhoWritesToThemselvesIsThePerson(t *testing.T) {
	for _, recipient := range []string{`{"id":"` + pageID + `"}`, `{}`} {
		body := pageBody(`{"sender":{"id":"` + pageID + `"},"recipient":` + recipient + `,"message":{"mid":"m1","text":"a"}}`)
		require.Equal(t, []string{"received page " + pageID + " m1 " + said("a")}, tales(t, parsed(t, receiver(t), body)))
	}
}

func TestSomebodyWithoutANameIsKeptForAPerson(t *testing.T) {
	for _, sender := range []string{`{"user_ref":"r"}`, `{}`, `null`, `7`} {
		body := pageBody(`{"sender":` + sender + `,"recipient":{"id":"` + pageID + `"},"message":{"mid":"m1","text":"a"}}`)
		require.Equal(t, []string{"malformed page incomplete"}, tales(t, parsed(t, receiver(t), body)))
	}
}
