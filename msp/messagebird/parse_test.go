package messagebird_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

func TestAPersonsMessageIsReceived(t *testing.T) {
	raw := event(t, "message.created", nil)
	require.Equal(t, &channels.Received{
		EventMeta: channels.EventMeta{
			Key:     "message.created:48e710fef9d6453f80fcaaed88189e71",
			Channel: "whatsapp",
			Peer:    kati,
			At:      time.Date(2026, 11, 22, 11, 59, 58, 0, time.UTC),
			Raw:     []byte(raw),
		},
		ID:      "48e710fef9d6453f80fcaaed88189e71",
		Content: channels.Text{Body: "Tere! Soovin infot."},
		Thread:  "0ea8f34d586544babaecc59bb5afcc11",
		From:    channels.Profile{Name: "Kati Karu"},
	}, parse(t, receiver(t), raw))
}

func TestContentOfPeople(t *testing.T) {
	const media = "https://media.messagebird.com/v1/media/1"
	for name, c := range map[string]struct {
		kind    string
		content string
		want    channels.Content
	}{
		"a text":                           {"text", `{"text":"õ 👋"}`, channels.Text{Body: "õ 👋"}},
		"an empty text":                    {"text", `{"text":""}`, channels.Text{}},
		"a text that is a number":          {"text", `{"text":5}`, channels.Unsupported{Type: "text"}},
		"an image":                         {"image", `{"image":{"url":"` + media + `","caption":"pilt"}}`, channels.Media{As: channels.Image, Ref: media, Caption: "pilt"}},
		"an image with a caption null":     {"image", `{"image":{"url":"` + media + `","caption":null}}`, channels.Media{As: channels.Image, Ref: media}},
		"a video":                          {"video", `{"video":{"url":"` + media + `"}}`, channels.Media{As: channels.Video, Ref: media}},
		"an audio":                         {"audio", `{"audio":{"url":"` + media + `"}}`, channels.Media{As: channels.Audio, Ref: media}},
		"a file whose caption is its name": {"file", `{"file":{"url":"` + media + `","caption":"minu avaldus.pdf"}}`, channels.Media{As: channels.File, Ref: media, Name: "minu avaldus.pdf"}},
		"a file with a caption":            {"file", `{"file":{"url":"` + media + `","caption":"Siin on minu avaldus."}}`, channels.Media{As: channels.File, Ref: media, Caption: "Siin on minu avaldus."}},
		"a file with a path for a name":    {"file", `{"file":{"url":"` + media + `","caption":"../a.pdf"}}`, channels.Media{As: channels.File, Ref: media, Caption: "../a.pdf"}},
		"an image without an address":      {"image", `{"image":{"caption":"pilt"}}`, channels.Unsupported{Type: "image", Fallback: "pilt"}},
		"a sticker":                        {"whatsappSticker", `{"whatsappSticker":{"link":"` + media + `"}}`, channels.Media{As: channels.Sticker, Ref: media}},
		"one attachment":                   {"externalAttachment", `{"externalAttachments":[{"url":"` + media + `","caption":"a.pdf"}]}`, channels.Media{As: channels.File, Ref: media, Name: "a.pdf"}},
		"two attachments":                  {"externalAttachment", `{"externalAttachments":[{"url":"u","caption":"a"},{"url":"v","caption":"b"}]}`, channels.Unsupported{Type: "externalAttachment", Fallback: "a\nb"}},
		"a place in numbers":               {"location", `{"location":{"latitude":59.436962,"longitude":24.753574}}`, channels.Location{Latitude: 59.436962, Longitude: 24.753574}},
		"a place in strings":               {"location", `{"location":{"latitude":"-59.5","longitude":"24"}}`, channels.Location{Latitude: -59.5, Longitude: 24}},
		"a place outside the world":        {"location", `{"location":{"latitude":90.1,"longitude":24}}`, channels.Unsupported{Type: "location"}},
		"a place that is no number":        {"location", `{"location":{"latitude":"NaN","longitude":"24"}}`, channels.Unsupported{Type: "location"}},
		"half a place":                     {"location", `{"location":{"latitude":1}}`, channels.Unsupported{Type: "location"}},
		"a button":                         {"interactive", `{"interactive":{"type":"button_reply","reply":{"id":"jah","text":"Jah"}}}`, channels.Chosen{ID: "jah", Title: "Jah"}},
		"a row of a list":                  {"interactive", `{"interactive":{"type":"list_reply","reply":{"id":"r1","title":"Rida","description":"d"}}}`, channels.Chosen{ID: "r1", Title: "Rida"}},
		"a choice without an id":           {"interactive", `{"interactive":{"type":"button_reply","reply":{"text":"Jah"}}}`, channels.Unsupported{Type: "interactive", Fallback: "Jah"}},
		"a quoted reply":                   {"whatsappText", `{"whatsappText":{"text":{"body":"Just see"},"context":{"id":"m-7","from":"x"}}}`, channels.Text{Body: "Just see"}},
		"a quoted reply without a context": {"whatsappText", `{"whatsappText":{"text":{"body":"Just see"}}}`, channels.Text{Body: "Just see"}},
		"an order":                         {"whatsappOrder", `{"whatsappOrder":{"catalog_id":"1","product_items":[],"text":"Palun kaks"}}`, channels.Unsupported{Type: "whatsappOrder", Fallback: "Palun kaks"}},
		"a mail":                           {"email", `{"email":{"subject":"Küsimus","content":{"text":"Tere","html":"<p>Tere"},"attachments":[]}}`, channels.Text{Body: "Küsimus\n\nTere"}},
		"a mail with a file":               {"email", `{"email":{"subject":"Küsimus","content":{"text":"Tere"},"attachments":[{"name":"a.pdf"}]}}`, channels.Unsupported{Type: "email", Fallback: "Küsimus\nTere\na.pdf"}},
		"a mail in HTML only":              {"email", `{"email":{"subject":"S","content":{"html":"<p>"}}}`, channels.Unsupported{Type: "email", Fallback: "S"}},
		"a template's button":              {"button", `{"button":{"payload":"p","text":"Loobu"}}`, channels.Unsupported{Type: "button", Fallback: "Loobu"}},
		"what nobody knows yet":            {"someFutureType", `{"someFutureType":{"a":1}}`, channels.Unsupported{Type: "someFutureType"}},
		"content that is a list":           {"text", `["a"]`, channels.Unsupported{Type: "text"}},
		"content null":                     {"text", `null`, channels.Unsupported{Type: "text"}},
		"no type":                          {"", `{"text":"a"}`, channels.Unsupported{Fallback: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, receiver(t), event(t, "message.created", map[string]any{"type": c.kind, "content": json.RawMessage(c.content)}))
			require.Equal(t, c.want, got.(*channels.Received).Content)
		})
	}
	got := parse(t, receiver(t), event(t, "message.created", map[string]any{"content": nil}))
	require.Equal(t, channels.Unsupported{Type: "text"}, got.(*channels.Received).Content, "no content at all")
}

func TestAReplyNamesTheMessageThatItQuotes(t *testing.T) {
	quoted := json.RawMessage(`{"whatsappText":{"text":{"body":"a"},"context":{"id":"m-7"}}}`)
	got := parse(t, receiver(t), event(t, "message.created", map[string]any{"type": "whatsappText", "content": quoted}))
	require.Equal(t, channels.ProviderID("m-7"), got.(*channels.Received).ReplyTo)
	got = parse(t, receiver(t), event(t, "message.created", map[string]any{"replyTo": map[string]any{"id": "m-8"}}))
	require.Equal(t, channels.ProviderID("m-8"), got.(*channels.Received).ReplyTo)
}

func TestPeersHaveOneForm(t *testing.T) {
	const contact = "c4262f1054c249be971a756fd549ff01"
	for name, c := range map[string]struct {
		channel string
		from    any
		want    channels.Peer
	}{
		"a number with a plus":            {whatsApp, "+37255500001", "+37255500001"},
		"a number without one":            {whatsApp, "37255500001", "+37255500001"},
		"a number that is a JSON number":  {textLine, json.RawMessage(`37255500001`), "+37255500001"},
		"a short number":                  {textLine, "17017", "17017"},
		"a name of the network":           {textLine, "Elisa", "Elisa"},
		"a user id of WhatsApp":           {whatsApp, "EE.1A2b3C", "EE.1A2b3C"},
		"an id that only looks like one":  {messenger, "37255500001", "37255500001"},
		"nobody, so the contact":          {whatsApp, nil, contact},
		"null, so the contact":            {whatsApp, json.RawMessage(`null`), contact},
		"an object, so the contact":       {messenger, json.RawMessage(`{}`), contact},
		"the empty text, so the contact":  {messenger, "", contact},
		"a number longer than any number": {whatsApp, "1234567890123456", "1234567890123456"},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, receiver(t), event(t, "message.created", map[string]any{"channelId": c.channel, "from": c.from}))
			require.Equal(t, c.want, got.Meta().Peer)
		})
	}
}

func TestTheContactCostsNoMessage(t *testing.T) {
	for contact, name := range map[string]string{
		`{"displayName":"37255500001","msisdn":37255500001,"firstName":"Kati","lastName":""}`:    "Kati",
		`{"displayName":"+37255500001","msisdn":"37255500001","firstName":null,"lastName":null}`: "",
		`{"displayName":"Kati K","msisdn":1e400,"customDetails":[],"attributes":[]}`:             "Kati K",
		`{"displayName":{"a":1},"firstName":["x"],"lastName":"Karu"}`:                            "Karu",
		`[]`: "", `null`: "", `7`: "",
	} {
		raw := strings.Replace(event(t, "message.created", nil), `"contact":`, `"contact":`+contact+`,"other":`, 1)
		got := parse(t, receiver(t), raw)
		require.Equal(t, name, got.(*channels.Received).From.Name, contact)
	}
}

func TestDatesOfEveryForm(t *testing.T) {
	created := time.Date(2026, 11, 22, 11, 59, 58, 0, time.UTC)
	updated := time.Date(2026, 11, 22, 11, 59, 59, 72578638, time.UTC)
	for date, want := range map[string]time.Time{
		`"2026-11-22T11:59:58Z"`:           created,
		`"2026-11-22T11:59:58.1Z"`:         created.Add(100 * time.Millisecond),
		`"2026-11-22T11:59:58.123456789Z"`: created.Add(123456789),
		`"2026-11-22T13:59:58+02:00"`:      created,
		`null`:                             updated,
		`"0001-01-01T00:00:00Z"`:           updated,
		`""`:                               updated,
		`"yesterday"`:                      updated,
		`1700000000`:                       updated,
	} {
		got := parse(t, receiver(t), event(t, "message.created", map[string]any{"createdDatetime": json.RawMessage(date)}))
		require.True(t, want.Equal(got.Meta().At), "%s: %s", date, got.Meta().At)
	}
	got := parse(t, receiver(t), event(t, "message.created", map[string]any{"createdDatetime": nil, "updatedDatetime": nil}))
	require.Equal(t, noon(), got.Meta().At, "the time of arrival")
}

func TestOurOwnMessageIsAnEchoAndNeverATurn(t *testing.T) {
	raw := event(t, "message.created", map[string]any{"direction": "sent", "status": "pending", "from": "+3726000000", "to": kati,
		"trackId": "m-1.2", "source": map[string]any{"ref": "m-9"}})
	require.Equal(t, &channels.Echoed{
		EventMeta: channels.EventMeta{
			Key: "message.created:48e710fef9d6453f80fcaaed88189e71", Channel: "whatsapp", Peer: kati,
			At: time.Date(2026, 11, 22, 11, 59, 58, 0, time.UTC), Raw: []byte(raw),
		},
		ID: "48e710fef9d6453f80fcaaed88189e71", Ref: "m-1.2", Content: channels.Text{Body: "Tere! Soovin infot."},
		Thread: "0ea8f34d586544babaecc59bb5afcc11",
	}, parse(t, receiver(t), raw))

	cfg := config("http://127.0.0.1:1")
	for reconcile, want := range map[string]string{"trackId": "m-1.2", "source": "m-9", "both": "m-1.2", "content": ""} {
		cfg.Reconcile = messagebird.Reconcile(reconcile)
		require.Equal(t, want, parse(t, provider(t, cfg), raw).(*channels.Echoed).Ref, reconcile)
	}
	long := strings.Replace(raw, "m-1.2", strings.Repeat("x", 81), 1)
	require.Empty(t, parse(t, receiver(t), long).(*channels.Echoed).Ref, "no reference of ours is that long")
}

func TestContentThatWasSent(t *testing.T) {
	at := time.Date(2024, 3, 1, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		kind, content string
		want          channels.Content
	}{
		"a public picture": {"image", `{"image":{"url":"https://agency.example/a.png"}}`, channels.Media{As: channels.Image, URL: "https://agency.example/a.png"}},
		"a picture of the host of media, which stays behind its link": {"image", `{"image":{"url":"http://127.0.0.1:1/v1/media/1"}}`,
			channels.Media{As: channels.Image, Ref: "http://127.0.0.1:1/v1/media/1"}},
		"buttons": {"interactive", `{"interactive":{"type":"button","header":{"type":"text","text":"h"},"body":{"text":"b"},"footer":{"text":"f"},"action":{"buttons":[{"id":"1","type":"reply","title":"Jah"}]}}}`,
			channels.Choices{Header: "h", Body: "b", Footer: "f", Options: []channels.Choice{{ID: "1", Title: "Jah"}}}},
		"a list": {"interactive", `{"interactive":{"type":"list","body":{"text":"b"},"action":{"button":"Vali","sections":[{"title":"s","rows":[{"id":"1","title":"t","description":"d"}]}]}}}`,
			channels.Choices{Body: "b", Button: "Vali", Options: []channels.Choice{{ID: "1", Title: "t", Description: "d", Section: "s"}}}},
		"a catalogue": {"interactive", `{"interactive":{"type":"product_list","body":{"text":"Kaubad"},"action":{"catalog_id":"c"}}}`,
			channels.Unsupported{Type: "interactive", Fallback: "Kaubad"}},
		"a template in components": {"hsm", `{"hsm":{"namespace":"ns","templateName":"t","language":{"code":"en_US"},"components":[
			{"type":"header","parameters":[{"type":"image","image":{"url":"https://a.example/i"}}]},
			{"type":"body","parameters":[{"type":"text","text":"A"},{"type":"currency","currency":{"currencyCode":"EUR","amount":12340}},{"type":"date_time","dateTime":"2024-03-01T08:00:00Z"}]},
			{"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"p"}]},
			{"type":"button","sub_type":"copy_code","index":1,"parameters":[{"type":"coupon_code","coupon_code":"c"}]}]}}`,
			channels.Template{Name: "t", Language: "en-US",
				Header: []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Image, URL: "https://a.example/i"}}},
				Body: []channels.Param{{Kind: channels.ParamText, Text: "A"}, {Kind: channels.ParamCurrency, Currency: "EUR", Amount: 12340},
					{Kind: channels.ParamTime, Time: at}},
				Buttons: []channels.TemplateButton{{Index: 0, Type: "quick_reply", Value: channels.Param{Kind: channels.ParamPayload, Text: "p"}},
					{Index: 1, Type: "copy_code", Value: channels.Param{Kind: channels.ParamCoupon, Text: "c"}}}}},
		"a template of the older form": {"hsm", `{"hsm":{"namespace":"ns","templateName":"t","language":{"code":"et"},"params":[{"default":"Tere"},{"default":"1 €","currency":{"currencyCode":"EUR","amount":1000}}]}}`,
			channels.Template{Name: "t", Language: "et", Body: []channels.Param{{Kind: channels.ParamText, Text: "Tere"},
				{Kind: channels.ParamCurrency, Text: "1 €", Currency: "EUR", Amount: 1000}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, receiver(t), event(t, "message.created", map[string]any{"direction": "sent", "to": kati, "type": c.kind, "content": json.RawMessage(c.content)}))
			require.Equal(t, c.want, got.(*channels.Echoed).Content)
		})
	}
}

func TestStatusesOfAMessage(t *testing.T) {
	for want, words := range map[channels.Status]string{
		channels.Sent:      "accepted pending pending_media scheduled sent transmitted buffered dispatched delayed received unknown",
		channels.Delivered: "delivered",
		channels.Read:      "read opened clicked",
		channels.Failed:    "failed rejected deleted unsupported delivery_failed expired bounce out_of_bounded",
	} {
		for word := range strings.FieldsSeq(words) {
			t.Run(word, func(t *testing.T) {
				raw := event(t, "message.updated", map[string]any{"direction": "sent", "to": kati, "from": "+3726000000", "status": word})
				got := parse(t, receiver(t), raw).(*channels.StatusChanged)
				require.Equal(t, want, got.Status)
				require.Equal(t, channels.ProviderID("48e710fef9d6453f80fcaaed88189e71"), got.ID)
				require.Equal(t, channels.Peer(kati), got.Peer)
				require.Equal(t, "message.updated:48e710fef9d6453f80fcaaed88189e71:"+word+":2026-11-22T11:59:59.072578638Z", got.Key)
				require.Equal(t, want == channels.Failed, got.Err != nil)
				if got.Err != nil {
					require.Equal(t, word, got.Err.Provider)
					require.Error(t, got.Err.Class)
				}
			})
		}
	}
}

func TestAMailThatUnsubscribesArrivedAndOptsOut(t *testing.T) {
	raw := event(t, "message.updated", map[string]any{"direction": "sent", "to": kati, "status": "list_unsubscribe"})
	events, err := receiver(t).Parse(context.Background(), signed(t, raw))
	require.NoError(t, err)
	require.Len(t, events, 2)
	require.Equal(t, channels.Delivered, events[0].(*channels.StatusChanged).Status)
	out := events[1].(*channels.OptedOut)
	require.False(t, out.In)
	require.Equal(t, events[0].Meta().Key+":optout", out.Key)
	require.Equal(t, channels.Peer(kati), out.Peer)
}

func TestWhyAMessageFailed(t *testing.T) {
	for code, want := range map[string]error{
		"1": channels.ErrRejected, "25": channels.ErrUnavailable, "103": channels.ErrOptedOut, "301": channels.ErrRejected,
		"302": channels.ErrUnreachable, "470": channels.ErrWindowClosed, "131047": channels.ErrWindowClosed, "132001": channels.ErrTemplate,
		`"470"`: channels.ErrWindowClosed,
	} {
		fault := map[string]any{"code": json.RawMessage(code), "description": "kasutaja " + kati}
		sent := map[string]any{"direction": "sent", "to": kati, "status": "failed"}
		beside := strings.Replace(event(t, "message.updated", sent), `{`, `{"error":`+jsonOf(fault)+`,`, 1)
		sent["error"] = fault
		for _, raw := range []string{event(t, "message.updated", sent), beside} {
			got := parse(t, receiver(t), raw).(*channels.StatusChanged)
			require.ErrorIs(t, got.Err, want, code)
			require.Equal(t, strings.Trim(code, `"`), got.Err.Provider)
			require.Equal(t, errors.Is(want, channels.ErrWindowClosed), len(got.Err.Instead) == 2)
			require.NotContains(t, got.Err.Error(), kati)
		}
	}
	odd := event(t, "message.updated", map[string]any{"direction": "sent", "to": kati, "status": "failed", "error": map[string]any{"code": kati}})
	require.Equal(t, "failed", parse(t, receiver(t), odd).(*channels.StatusChanged).Err.Provider, "a code is a number")
}

func TestAReportNamesItsLineInTheAddress(t *testing.T) {
	const body = `{"type":"message.status","message":{"id":"m9","status":"failed"},"error":{"code":470}}`
	p := receiver(t)
	at := func(query, body string) channels.Event {
		r := signed(t, body)
		r.PublicURL += query
		events, err := p.Parse(context.Background(), r)
		require.NoError(t, err)
		require.Len(t, events, 1)
		return events[0]
	}
	got := at("?line=sms", body).(*channels.StatusChanged)
	require.Equal(t, channels.ID("sms"), got.Channel)
	require.Equal(t, channels.ProviderID("m9"), got.ID)
	require.Equal(t, "message.status:m9:failed:", got.Key)
	require.Equal(t, noon(), got.At)
	require.ErrorIs(t, got.Err, channels.ErrWindowClosed)
	whole := strings.Replace(body, `"id"`, `"channelId":"`+messenger+`","id"`, 1)
	require.Equal(t, channels.ID("messenger"), at("?line=sms", whole).Meta().Channel)
	require.Equal(t, "unknown_line", at("", body).(*channels.Malformed).Reason)
	require.Equal(t, "unknown_line", at("?line=viber", body).(*channels.Malformed).Reason)
	require.Equal(t, "incomplete_message", at("?line=sms", `{"type":"message.status"}`).(*channels.Malformed).Reason)

	cfg := config("http://127.0.0.1:1")
	cfg.Lines = cfg.Lines[:1]
	p = provider(t, cfg)
	require.Equal(t, channels.ID("whatsapp"), at("", body).Meta().Channel, "there is only one")
}

func TestWhatIsOfNoConsequenceGivesNoEvent(t *testing.T) {
	for _, raw := range []string{
		`{"type":"conversation.created","conversation":{"id":"c"}}`,
		`{"type":"conversation.updated","conversation":{"id":"c","status":"archived"}}`,
		`{"statuses":[{"id":"wamid","recipient_id":"372","status":"read","timestamp":"1"}]}`,
		event(t, "message.updated", map[string]any{"status": "read"}),
	} {
		events, err := receiver(t).Parse(context.Background(), signed(t, raw))
		require.NoError(t, err)
		require.Empty(t, events, raw)
	}
}

func TestWhatIsNotUnderstoodIsKept(t *testing.T) {
	for reason, bodies := range map[string][]string{
		"unknown_event": {`{}`, `null`, `{"type":"message.deleted","message":{"id":"1"}}`, `{"type":"Message.Created"}`,
			`{"statuses":[],"message":{"id":"1"}}`, `[]`, `{"type":5}`},
		"unknown_line": {event(t, "message.created", map[string]any{"channelId": "elsewhere"}), event(t, "message.updated", map[string]any{"channelId": nil})},
		"incomplete_message": {`{"type":"message.created"}`, `{"type":"message.updated","message":{}}`, `{"type":"message.created","message":"a"}`,
			event(t, "message.created", map[string]any{"id": 5}), event(t, "message.created", map[string]any{"id": nil}), strings.ReplaceAll(event(t, "message.created", map[string]any{"from": nil}), "c4262f1054c249be971a756fd549ff01", "")},
		"unknown_direction": {event(t, "message.created", map[string]any{"direction": "sideways"}), event(t, "message.updated", map[string]any{"direction": nil})},
		"unknown_status":    {event(t, "message.updated", map[string]any{"direction": "sent", "status": "vanished"}), event(t, "message.updated", map[string]any{"direction": "sent", "status": nil})},
		"received_deleted":  {event(t, "message.updated", map[string]any{"status": "deleted"})},
	} {
		for _, raw := range bodies {
			p := receiver(t)
			got := parse(t, p, raw).(*channels.Malformed)
			require.Equal(t, reason, got.Reason, raw)
			require.Len(t, got.Key, 64)
			require.Equal(t, got.Key, parse(t, p, raw).Meta().Key)
			require.NotEqual(t, got.Key, parse(t, p, raw+" ").Meta().Key, "once per body")
			require.Equal(t, []byte(raw), got.Raw)
			require.Equal(t, channels.ID("whatsapp"), got.Channel)
		}
	}
}

func TestABodyThatIsNoEventAtAllIsAnError(t *testing.T) {
	for name, raw := range map[string]string{
		"nothing":         "",
		"no JSON":         "type=message.created",
		"cut":             event(t, "message.created", nil)[:200],
		"invalid UTF-8":   strings.Replace(event(t, "message.created", nil), "Soovin", "\xff", 1),
		"two values":      `{} {}`,
		"depth":           `{"type":"message.created","message":{"id":"1","content":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}}`,
		"depth forgotten": `{"a":` + strings.Repeat("[", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			events, err := receiver(t).Parse(context.Background(), signed(t, raw))
			require.Empty(t, events)
			require.ErrorIs(t, err, channels.ErrMalformed)
			require.Equal(t, "parse: malformed", err.Error())
		})
	}
}

func TestKeysStayShort(t *testing.T) {
	raw := event(t, "message.created", map[string]any{"id": strings.Repeat("x", 500)})
	got := parse(t, receiver(t), raw)
	require.Len(t, got.Meta().Key, 64)
	require.Equal(t, got.Meta().Key, parse(t, receiver(t), raw).Meta().Key)
	require.NotEqual(t, got.Meta().Key, parse(t, receiver(t), strings.Replace(raw, "xxxxx", "yxxxx", 1)).Meta().Key)
}

func TestEventsPrintNothingPersonal(t *testing.T) {
	for _, raw := range []string{
		event(t, "message.created", nil),
		event(t, "message.created", map[string]any{"direction": "sent", "to": kati}),
		event(t, "message.created", map[string]any{"channelId": "elsewhere"}),
	} {
		got := parse(t, receiver(t), raw)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			printed := fmt.Sprintf(verb, got)
			require.NotContains(t, printed, kati)
			require.NotContains(t, printed, "Soovin")
			require.NotContains(t, printed, "Karu")
		}
	}
}
