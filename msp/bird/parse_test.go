package bird_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
)

const link = "https://media.api.bird.com/workspaces/w/messages/m/media/1"

// object is a JSON object.
type object = map[string]any

func TestWhatPeopleSend(t *testing.T) {
	file := func(kind string, more object) object {
		more["mediaUrl"], more["contentType"] = link, kind
		return object{"type": "file", "file": object{"text": "vaata", "files": []any{more}}}
	}
	extra := func(pairs ...string) object {
		e := object{}
		for i := 0; i < len(pairs); i += 2 {
			e[pairs[i]] = pairs[i+1]
		}
		return object{"extraInformation": e}
	}
	yes := object{"type": "text", "text": object{"text": "Jah"}}
	for name, tc := range map[string]struct {
		body, meta object
		want       channels.Content
	}{
		"a text":        {yes, nil, channels.Text{Body: "Jah"}},
		"an empty text": {object{"type": "text", "text": object{"text": ""}}, nil, channels.Text{}},
		"a picture with a caption": {object{"type": "image", "image": object{"text": "vaata", "images": []any{object{"mediaUrl": link}}}}, nil,
			channels.Media{As: channels.Image, Ref: link, Caption: "vaata"}},
		"a document":                    {file("application/pdf", object{"filename": "avaldus.pdf"}), nil, channels.Media{As: channels.File, Ref: link, Name: "avaldus.pdf", Caption: "vaata"}},
		"a sound":                       {file("audio/ogg", object{}), nil, channels.Media{As: channels.Audio, Ref: link, Caption: "vaata"}},
		"a film":                        {file("video/mp4", object{}), nil, channels.Media{As: channels.Video, Ref: link, Caption: "vaata"}},
		"a sticker":                     {file("image/webp", object{}), nil, channels.Media{As: channels.Sticker, Ref: link, Caption: "vaata"}},
		"a picture as a file":           {file("image/png", object{}), nil, channels.Media{As: channels.Image, Ref: link, Caption: "vaata"}},
		"a picture in a sticker's form": {file("image/webp", object{}), extra("whatsapp.media.type", "image"), channels.Media{As: channels.Image, Ref: link, Caption: "vaata"}},
		"a file of no type":             {file("", object{}), nil, channels.Media{As: channels.File, Ref: link, Caption: "vaata"}},
		"a place": {object{"type": "location", "location": object{"coordinates": object{"latitude": 59.43, "longitude": 24.75}, "location": object{"label": "Raekoda", "address": "Raekoja plats 1"}}}, nil,
			channels.Location{Latitude: 59.43, Longitude: 24.75, Name: "Raekoda", Address: "Raekoja plats 1"}},
		"a place outside the world": {object{"type": "location", "location": object{"coordinates": object{"latitude": 91, "longitude": 0}}}, nil, channels.Unsupported{Type: "location"}},
		"a tap on a button":         {yes, extra("whatsapp.interactive.type", "button_reply", "whatsapp.interactive.button_reply.id", "consent-yes"), channels.Chosen{ID: "consent-yes", Title: "Jah"}},
		"a tap on a row":            {yes, extra("whatsapp.interactive.type", "list_reply", "whatsapp.interactive.list_reply.id", "row-2"), channels.Chosen{ID: "row-2", Title: "Jah"}},
		"a tap that comes as the action": {object{"type": "text", "text": object{"text": "Jah", "actions": []any{object{"type": "postback", "postback": object{"text": "Jah", "payload": "consent-yes"}}}}}, nil,
			channels.Chosen{ID: "consent-yes", Title: "Jah"}},
		"an e-mail with a subject": {object{"type": "html", "html": object{"text": "Sisu", "html": "<p>Sisu</p>", "metadata": object{"subject": "Avaldus"}}}, nil, channels.Text{Body: "Avaldus\n\nSisu"}},
		"an e-mail with a file":    {object{"type": "html", "html": object{"text": "Sisu", "attachments": []any{object{}}}}, nil, channels.Unsupported{Type: "html", Fallback: "Sisu"}},
		"an unknown type":          {object{"type": "poll", "poll": object{"title": "Kumb?", "options": []any{object{"name": "A"}, object{"name": "B"}}}}, nil, channels.Unsupported{Type: "poll", Fallback: "Kumb?\nA\nB"}},
		"a picture without a link": {object{"type": "image", "image": object{"text": "vaata", "images": []any{object{}}}}, nil, channels.Unsupported{Type: "image", Fallback: "vaata"}},
		"a picture of nothing":     {object{"type": "image", "image": object{"images": []any{}}}, nil, channels.Unsupported{Type: "image"}},
		"a text that is a number":  {object{"type": "text", "text": object{"text": 7}}, nil, channels.Unsupported{Type: "text"}},
		"no body":                  {nil, nil, channels.Unsupported{Type: "unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			events := parse(t, receiver(t), event(t, "whatsapp.inbound", object{"body": tc.body, "meta": tc.meta, "replyTo": object{"id": "m-1"}}))
			require.Len(t, events, 1)
			got := events[0].(*channels.Received)
			require.Equal(t, tc.want, got.Content)
			require.Equal(t, channels.ProviderID("m-9"), got.ID)
			require.Equal(t, channels.ProviderID("m-1"), got.ReplyTo)
			require.Equal(t, channels.Peer(kati), got.Peer)
			require.Equal(t, "c-1", got.Thread)
			require.Equal(t, "Kati Karu", got.From.Name)
			require.Equal(t, "inbound:m-9", got.Key)
			require.Equal(t, time.Date(2026, 11, 22, 11, 59, 58, 0, time.UTC), got.At)
		})
	}
}

func TestSeveralFilesAreSeveralMessages(t *testing.T) {
	events := parse(t, receiver(t), event(t, "whatsapp.inbound", object{"body": object{"type": "image", "image": object{
		"text": "vaata", "images": []any{object{"mediaUrl": link}, object{"mediaUrl": link + "2"}}}}}))
	require.Len(t, events, 2)
	first, second := events[0].(*channels.Received), events[1].(*channels.Received)
	require.Equal(t, channels.Media{As: channels.Image, Ref: link, Caption: "vaata"}, first.Content)
	require.Equal(t, channels.Media{As: channels.Image, Ref: link + "2"}, second.Content)
	require.Equal(t, []channels.ProviderID{"m-9", "m-9.1"}, []channels.ProviderID{first.ID, second.ID})
	require.Equal(t, []string{"inbound:m-9", "inbound:m-9.1"}, []string{first.Key, second.Key})
}

func TestPeopleAreNamedAsTheLineNamesThem(t *testing.T) {
	for name, tc := range map[string]struct {
		line         channels.ID
		id, key, who string
		want         channels.Peer
	}{
		"a phone number":                       {"whatsapp", "c", "phonenumber", "+37255500001", "+37255500001"},
		"a phone number without its plus":      {"sms", "c", "phonenumber", "37255500001", "+37255500001"},
		"a phone number without its key":       {"viber", "c", "", "37255500001", "+37255500001"},
		"a short number":                       {"sms", "c", "phonenumber", "1234", "1234"},
		"a WhatsApp person without a number":   {"whatsapp", "c", "whatsappbsuid", "EE.13491208655302741918", "whatsappbsuid:EE.13491208655302741918"},
		"a person of whom only the contact is": {"whatsapp", "c-1", "", "", "contactId:c-1"},
		"an address":                           {"email", "c", "emailaddress", "kati@example.ee", "kati@example.ee"},
		"an address with a colon":              {"email", "c", "emailaddress", `"a:b"@example.ee`, `emailaddress:"a:b"@example.ee`},
		"an id under the channel's own key":    {"messenger", "c", "facebook.page", "4512", "facebook.page:4512"},
		"an id without a key":                  {"telegram", "c", "", "4512", "4512"},
		"an id with a colon and no key":        {"telegram", "c", "", "a:b", ":a:b"},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, accepted())
			p := provider(t, config(a.URL))
			e := parse(t, p, event(t, "x.inbound", object{"channelId": channelID(tc.line),
				"sender": object{"contact": object{"id": tc.id, "identifierKey": tc.key, "identifierValue": tc.who}}}))[0]
			require.Equal(t, tc.want, e.Meta().Peer)

			_, err := send(t, p, message(tc.line, tc.want, channels.Text{Body: "a"})) // and back again
			require.NoError(t, err)
			sent := a.all()[0].Body
			switch {
			case tc.who == "":
				require.Contains(t, sent, `"contacts":[{"id":"c-1"}]`)
			case tc.key == "" && tc.line == "telegram":
				require.Contains(t, sent, `"contacts":[{"identifierValue":"`+tc.who+`"}]`)
			default:
				value := strings.ReplaceAll(strings.TrimPrefix(string(tc.want), tc.key+":"), `"`, `\"`)
				require.Contains(t, sent, `"identifierValue":"`+value+`","identifierKey":"`)
			}
		})
	}
}

func TestReportsOnOurMessages(t *testing.T) {
	fault := func(code any, source string) object {
		return object{"code": code, "source": object{"name": "whatsapp", "code": source}}
	}
	for name, tc := range map[string]struct {
		status  string
		failure object
		want    channels.Status
		class   error
		code    string
		instead channels.Alternative
	}{
		"accepted":   {"accepted", nil, channels.Sent, nil, "", ""},
		"scheduled":  {"scheduled", nil, channels.Sent, nil, "", ""},
		"processing": {"processing", nil, channels.Sent, nil, "", ""},
		"sent":       {"sent", nil, channels.Sent, nil, "", ""},
		"delivered":  {"delivered", nil, channels.Delivered, nil, "", ""},
		"read":       {"read", nil, channels.Read, nil, "", ""},

		"not sent, without a reason":      {"sending_failed", nil, channels.Failed, channels.ErrRejected, "sending_failed", ""},
		"rejected":                        {"rejected", nil, channels.Failed, channels.ErrRejected, "rejected", ""},
		"skipped":                         {"skipped", nil, channels.Failed, channels.ErrRejected, "skipped", ""},
		"not delivered, without a reason": {"delivery_failed", nil, channels.Failed, channels.ErrUnreachable, "delivery_failed", ""},
		"an unknown subscriber":           {"delivery_failed", fault(15005, "1"), channels.Failed, channels.ErrUnreachable, "15005", channels.UseOtherChannel},
		"a failure of the network":        {"delivery_failed", fault("15001", "34"), channels.Failed, channels.ErrUnreachable, "15001", channels.UseOtherChannel},
		"an invalid message":              {"sending_failed", fault(11002, ""), channels.Failed, channels.ErrRejected, "11002", ""},
		"a failure of Bird":               {"sending_failed", fault(12001, ""), channels.Failed, channels.ErrUnavailable, "12001", ""},
		"a type that is not carried":      {"sending_failed", fault(12002, ""), channels.Failed, channels.ErrUnsupported, "12002", ""},
		"a country that is not served":    {"sending_failed", fault(12003, ""), channels.Failed, channels.ErrUnreachable, "12003", channels.UseOtherChannel},
		"the customer's account":          {"sending_failed", fault(14999, ""), channels.Failed, channels.ErrRejected, "14999", ""},
		"an unknown code":                 {"delivery_failed", fault(15999, "9"), channels.Failed, channels.ErrUnreachable, "15999", ""},
		"a code that is a text":           {"delivery_failed", fault("Kati", "Kati"), channels.Failed, channels.ErrUnreachable, "delivery_failed", ""},
		"a closed window":                 {"sending_failed", fault(15000, "131047"), channels.Failed, channels.ErrWindowClosed, "131047", channels.UseTemplate},
		"nobody on WhatsApp":              {"delivery_failed", fault(15000, "131026"), channels.Failed, channels.ErrUnreachable, "131026", channels.UseOtherChannel},
		"a person who wants no more":      {"delivery_failed", fault(15000, "131050"), channels.Failed, channels.ErrOptedOut, "131050", channels.UseOtherChannel},
		"a template that is paused":       {"sending_failed", fault(15000, "132015"), channels.Failed, channels.ErrTemplate, "132015", ""},
	} {
		t.Run(name, func(t *testing.T) {
			events := parse(t, receiver(t), event(t, "whatsapp.outbound", object{"status": tc.status, "failure": tc.failure, "reference": "ref-1"}))
			got := events[len(events)-1].(*channels.StatusChanged)
			require.Equal(t, tc.want, got.Status)
			require.Equal(t, channels.ProviderID("m-9"), got.ID)
			require.Equal(t, "ref-1", got.Ref)
			require.Equal(t, "c-1", got.Thread)
			require.Equal(t, "status:m-9:"+tc.status, got.Key)
			require.Equal(t, time.Date(2026, 11, 22, 11, 59, 59, 858e6, time.UTC), got.At)
			if tc.class == nil {
				require.Nil(t, got.Err)
				require.Equal(t, "outbound:m-9", events[0].(*channels.Echoed).Key, "the same key whatever the status")
				return
			}
			require.Len(t, events, 1, "what failed is no echo")
			require.ErrorIs(t, got.Err, tc.class)
			require.Equal(t, tc.code, got.Err.Provider)
			if tc.instead != "" {
				require.Equal(t, tc.instead, got.Err.Instead[0])
			} else {
				require.Empty(t, got.Err.Instead)
			}
		})
	}
}

func TestEchoesShowWhatWasSent(t *testing.T) {
	for name, tc := range map[string]struct {
		fields object
		want   channels.Content
	}{
		"a text": {nil, channels.Text{Body: "Tere! Soovin infot."}},
		"buttons": {object{"body": object{"type": "text", "text": object{"text": "Kas?", "actions": []any{object{"type": "postback", "postback": object{"text": "Jah", "payload": "y"}}, object{"type": "link"}}}}},
			channels.Choices{Body: "Kas?", Options: []channels.Choice{{ID: "y", Title: "Jah"}}}},
		"a list": {object{"body": object{"type": "list", "list": object{"text": "Kumb?", "metadata": object{"button": object{"label": "Vali"}}, "sections": []any{object{"title": "S",
			"items": []any{object{"title": "A", "description": "d", "actions": []any{object{"type": "postback", "postback": object{"text": "A", "payload": "a"}}}}}}}}}},
			channels.Choices{Body: "Kumb?", Button: "Vali", Options: []channels.Choice{{ID: "a", Title: "A", Description: "d", Section: "S"}}}},
		"a picture on the web":            {object{"body": object{"type": "image", "image": object{"images": []any{object{"mediaUrl": "https://agency.example/a.png"}}}}}, channels.Media{As: channels.Image, URL: "https://agency.example/a.png"}},
		"a picture in Bird's own storage": {object{"body": object{"type": "image", "image": object{"images": []any{object{"mediaUrl": "http://127.0.0.1:1/x"}}}}}, channels.Media{As: channels.Image, Ref: "http://127.0.0.1:1/x"}},
		"two pictures":                    {object{"body": object{"type": "image", "image": object{"text": "t", "images": []any{object{"mediaUrl": "https://a.example/1"}, object{"mediaUrl": "https://a.example/2"}}}}}, channels.Unsupported{Type: "image", Fallback: "t"}},
		"a template":                      {object{"body": nil, "template": object{"projectId": project, "locale": "et", "parameters": []any{object{"key": "name", "value": "x"}}}}, channels.Template{Name: "case_update", Language: "et", Body: []channels.Param{{Kind: channels.ParamText, Name: "name", Text: "x"}}}},
		"a template by variables":         {object{"template": object{"projectId": "p", "locale": "en", "variables": object{"b": "2", "a": "1"}}}, channels.Template{Name: "p", Language: "en", Body: []channels.Param{{Kind: channels.ParamText, Name: "a", Text: "1"}, {Kind: channels.ParamText, Name: "b", Text: "2"}}}},
		"something else":                  {object{"body": object{"type": "carousel", "carousel": object{"text": "t"}}}, channels.Unsupported{Type: "carousel", Fallback: "t"}},
	} {
		t.Run(name, func(t *testing.T) {
			events := parse(t, receiver(t), event(t, "whatsapp.outbound", tc.fields))
			require.Equal(t, tc.want, events[0].(*channels.Echoed).Content)
		})
	}
	t.Run("an echo that comes as inbound is no turn", func(t *testing.T) {
		events := parse(t, receiver(t), event(t, "instagram.inbound", object{"direction": "outgoing", "status": "sent"}))
		require.Empty(t, only[*channels.Received](events))
		require.Len(t, only[*channels.Echoed](events), 1)
	})
}

func TestInteractions(t *testing.T) {
	fields := func(kind string, more object) object {
		f := object{"id": "i-1", "type": kind, "messageId": "m-9", "body": nil, "status": nil, "direction": nil}
		for k, v := range more {
			f[k] = v
		}
		return f
	}
	for name, tc := range map[string]struct {
		kind string
		want channels.Status
		out  bool
	}{
		"read":             {"read", channels.Read, false},
		"opened":           {"opened", channels.Read, false},
		"clicked":          {"clicked", channels.Read, false},
		"reported as spam": {"reported-as-spam", channels.Delivered, true},
		"unsubscribed":     {"unsubscribed", channels.Delivered, true},
	} {
		t.Run(name, func(t *testing.T) {
			events := parse(t, receiver(t), event(t, "whatsapp.interaction", fields(tc.kind, nil)))
			got := events[0].(*channels.StatusChanged)
			require.Equal(t, tc.want, got.Status)
			require.Equal(t, channels.ProviderID("m-9"), got.ID)
			require.Equal(t, "interaction:m-9:"+tc.kind, got.Key)
			require.Equal(t, channels.Peer(kati), got.Peer)
			require.Len(t, only[*channels.OptedOut](events), map[bool]int{true: 1}[tc.out])
		})
	}
	t.Run("an opt-out of nobody is kept for a person", func(t *testing.T) {
		events := parse(t, receiver(t), event(t, "email.interaction", fields("unsubscribed", object{"receiver": nil})))
		require.Equal(t, "opt_out_of_nobody", only[*channels.Malformed](events)[0].Reason)
	})
	t.Run("the name of the event is configurable", func(t *testing.T) {
		cfg := config("http://127.0.0.1:1")
		cfg.Interactions = "interactions"
		events := parse(t, provider(t, cfg), event(t, "whatsapp.interactions", fields("read", nil)))
		require.Len(t, only[*channels.StatusChanged](events), 1)
	})
}

func TestWhatIsNotUnderstoodIsKept(t *testing.T) {
	for name, tc := range map[string]struct{ body, reason string }{
		"an event of another service":    {`{"service":"conversations","event":"conversation.created","payload":{}}`, "unknown_service"},
		"no service":                     {`{"event":"whatsapp.inbound","payload":{}}`, "unknown_service"},
		"an unknown event":               {event(t, "whatsapp.typing", nil), "unknown_event"},
		"an event without a word":        {event(t, "whatsapp", nil), "unknown_event"},
		"no payload":                     {`{"service":"channels","event":"whatsapp.inbound"}`, "incomplete_message"},
		"an unknown channel":             {event(t, "whatsapp.inbound", object{"channelId": "other"}), "unknown_line"},
		"a message without an id":        {event(t, "whatsapp.inbound", object{"id": ""}), "incomplete_message"},
		"a message from nobody":          {event(t, "whatsapp.inbound", object{"sender": nil}), "incomplete_message"},
		"a message without a direction":  {event(t, "whatsapp.inbound", object{"direction": nil}), "unknown_direction"},
		"an outbound that is incoming":   {event(t, "whatsapp.outbound", object{"direction": "incoming"}), "unknown_direction"},
		"an unknown status":              {event(t, "whatsapp.outbound", object{"status": "vanished"}), "unknown_status"},
		"an unknown interaction":         {event(t, "whatsapp.interaction", object{"type": "danced", "messageId": "m"}), "unknown_interaction"},
		"an interaction with no message": {event(t, "whatsapp.interaction", object{"type": "read"}), "incomplete_message"},
	} {
		t.Run(name, func(t *testing.T) {
			events := parse(t, receiver(t), tc.body)
			require.Len(t, events, 1)
			got := events[0].(*channels.Malformed)
			require.Equal(t, tc.reason, got.Reason)
			require.Equal(t, []byte(tc.body), got.Raw)
			require.Equal(t, got.Key, parse(t, receiver(t), tc.body)[0].Meta().Key, "once for each body")
		})
	}
	for name, body := range map[string]string{"not JSON": `{"service":`, "two values": `{}{}`, "not UTF-8": "{\"service\":\"\xff\"}"} {
		t.Run(name, func(t *testing.T) {
			_, err := receiver(t).Parse(context.Background(), signed(body))
			fails(t, err, channels.ErrMalformed, channels.NotSent)
		})
	}
}

func TestLongIDsMakeShortKeys(t *testing.T) {
	long := event(t, "whatsapp.inbound", object{"id": strings.Repeat("x", 300)})
	other := event(t, "whatsapp.inbound", object{"id": strings.Repeat("x", 301)})
	key := parse(t, receiver(t), long)[0].Meta().Key
	require.LessOrEqual(t, len(key), 200)
	require.NotEqual(t, key, parse(t, receiver(t), other)[0].Meta().Key)
}

func TestForeignReferencesAreNotOurs(t *testing.T) {
	events := parse(t, receiver(t), event(t, "whatsapp.outbound", object{"reference": strings.Repeat("x", 81)}))
	require.Empty(t, only[*channels.StatusChanged](events)[0].Ref)
}

func TestRepliesComeBackAsText(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.Lines[0].Choices = bird.Replies
	e := parse(t, provider(t, cfg), event(t, "whatsapp.inbound", object{"meta": object{"extraInformation": object{
		"whatsapp.interactive.type": "button_reply", "whatsapp.interactive.button_reply.id": "made-by-bird"}}}))[0]
	require.Equal(t, channels.Text{Body: "Tere! Soovin infot."}, e.(*channels.Received).Content)
}
