package desk_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

// claimed is a conversation that mari holds.
func (w *world) claimed(line channels.ID) (*alttest.Chat, string) {
	w.Helper()
	chat, id := w.talk(line, "human")
	chat.Expect(handedOver)
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	return chat, "/v1/conversations/" + id
}

func TestAnAnswerReachesThePersonOnTheSameLine(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("messenger")
	a := w.do("mari", "POST", path+"/replies", object{"text": "Tere!"}, key("1"))
	v := a.ok(201)
	require.EqualValues(t, 1, v["parts"])
	require.Equal(t, "/v1/messages/"+v["id"].(string), a.header.Get("Location"))
	chat.ExpectNothing() // queued, durably
	w.hs.Settle()
	sent := chat.Expect("Tere!").Sent()
	last := sent[len(sent)-1].Outbound
	require.Equal(t, channels.Person, last.Author)
	require.Equal(t, "mari", last.By)
	require.Equal(t, channels.ID("messenger"), last.To.Channel)

	life := w.do("mari", "GET", a.header.Get("Location"), nil).ok(200)
	require.Equal(t, "sent", life["status"])
	var acts []string
	for _, e := range life["log"].([]any) {
		acts = append(acts, e.(object)["act"].(string)+" by "+e.(object)["actor"].(string))
	}
	require.Equal(t, []string{"message.queued by mari"}, acts)
	w.do("mari", "GET", "/v1/messages/nosuch", nil).problem(404, "not_found")
}

func TestAConversationThatNobodyHoldsIsTakenByAnswering(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "human")
	path := "/v1/conversations/" + id
	w.do("mari", "POST", path+"/replies", object{"text": "Tere!"}, key("1")).ok(201)
	require.Equal(t, "mari", w.do("mari", "GET", path, nil).ok(200)["holder"].(object)["by"])
	require.Contains(t, w.acts(id, "mari"), "conversation.claimed")
	w.do("jaan", "POST", path+"/replies", object{"text": "Tere!"}, key("1")).problem(409, "held")
}

// Content passes through unchanged, in both directions.
func TestTextsPassAsTheyAre(t *testing.T) {
	for name, text := range map[string]string{
		"emoji":            "👩‍👩‍👧‍👦 🇪🇪 ☕️ 👍🏽",
		"Estonian letters": "õäöüšž ÕÄÖÜŠŽ „jutumärgid” – mõttekriips",
		"Cyrillic":         "Съешь же ещё этих мягких французских булок",
		"line feeds":       "üks\nkaks\r\n\n\tkolm  neli ",
		"markup":           `<b>&amp;</b> "quoted" \n \u00e4 {opens} %s`,
		"a null character": "a\u0000b\u2028c\ufeffd",
		"3,000 characters": strings.Repeat("Õun 🍎 äpple\n", 250),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, deskOnly)
			chat := w.hs.Chat("whatsapp")
			chat.Says(text)
			chat.Expect(handedOver)
			path := "/v1/conversations/" + chat.Dossier().Conversation.ID
			shown := w.do("mari", "GET", path+"/messages", nil).items()[0]["content"].(object)
			require.Equal(t, text, shown["text"])
			w.do("mari", "POST", path+"/replies", object{"text": text}, key("1")).ok(201)
			w.hs.Settle()
			sent := chat.Sent()
			require.Len(t, sent, 2)
			require.Equal(t, []byte(text), []byte(sent[1].Content.(channels.Text).Body))
		})
	}
}

func TestALongAnswerIsPartedAndNothingIsLost(t *testing.T) {
	text := string([]rune(strings.Repeat("Pikk vastus, milles on õ, ü ja 🙂. ", 600))[:20_000])
	for line, limit := range map[channels.ID]int{"whatsapp": 4096, "messenger": 2000, "sms": 1377} {
		t.Run(string(line), func(t *testing.T) {
			w := newWorld(t)
			chat, path := w.claimed(line)
			v := w.do("mari", "POST", path+"/replies", object{"text": text}, key("1")).ok(201)
			w.hs.Settle()
			var joined strings.Builder
			sent := chat.Sent()[1:]
			require.EqualValues(t, len(sent), v["parts"])
			require.Greater(t, len(sent), 4)
			for _, s := range sent {
				part := s.Content.(channels.Text).Body
				require.LessOrEqual(t, len([]rune(part)), limit)
				joined.WriteString(part)
			}
			require.Equal(t, text, joined.String())
			var shown strings.Builder
			for _, p := range w.do("mari", "GET", "/v1/messages/"+v["id"].(string), nil).ok(200)["parts"].([]any) {
				shown.WriteString(p.(object)["content"].(object)["text"].(string))
			}
			require.Equal(t, text, shown.String())
		})
	}
}

func TestEveryContentThatALineCarriesIsSent(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	quoted := string(chat.Transcript()[0].ID)
	for i, body := range []object{
		{"choices": object{"body": "Kas sobib?", "options": []object{{"id": "y", "title": "Jah"}, {"id": "n", "title": "Ei"}}}, "reply_to": quoted},
		{"location": object{"lat": 59.437, "lon": 24.7536, "name": "Teenindus"}},
		{"location": object{"lat": 0, "lon": 0}},
		{"template": object{"name": "reminder", "language": "et", "body": []object{{"kind": "text", "text": "12. mai"}, {"kind": "currency", "text": "5 €", "currency": "EUR", "amount": 5000}},
			"header": []object{{"kind": "media", "as": "image", "url": "https://agency.example/a.png"}}, "buttons": []object{{"index": 0, "type": "url", "value": object{"kind": "text", "text": "x"}}}}},
	} {
		w.do("mari", "POST", path+"/replies", body, key(string(rune('a'+i)))).ok(201)
	}
	w.hs.Settle()
	sent := chat.Sent()[1:]
	require.Equal(t, channels.Choices{Body: "Kas sobib?", Options: []channels.Choice{{ID: "y", Title: "Jah"}, {ID: "n", Title: "Ei"}}}, sent[0].Content)
	require.Equal(t, chat.Transcript()[0].Provider, sent[0].ReplyTo)
	require.Equal(t, channels.Location{Latitude: 59.437, Longitude: 24.7536, Name: "Teenindus"}, sent[1].Content)
	require.Equal(t, channels.Location{}, sent[2].Content)
	require.Equal(t, "reminder", sent[3].Content.(channels.Template).Name)
	require.Equal(t, int64(5000), sent[3].Content.(channels.Template).Body[1].Amount)
	require.Equal(t, "https://agency.example/a.png", sent[3].Content.(channels.Template).Header[0].Media.URL)
	items := w.do("mari", "GET", path+"/messages", nil).items() // all of them are described
	require.Len(t, items, 6)
	require.Equal(t, quoted, items[2]["reply_to"])
}

func TestAnswersThatCannotBeSentAreRefusedWithTheReason(t *testing.T) {
	text := object{"text": "Tere"}
	for name, tc := range map[string]struct {
		line   channels.ID
		before func(w *world, chat *alttest.Chat)
		body   object
		status int
		code   string
		want   object
	}{
		"the window is closed": {line: "whatsapp", before: func(w *world, _ *alttest.Chat) { w.hs.Advance(24 * time.Hour) }, body: text,
			status: 409, code: "window_closed", want: object{"instead": []any{"template", "other_channel"}}},
		"a template goes out all the same": {line: "whatsapp", before: func(w *world, _ *alttest.Chat) { w.hs.Advance(25 * time.Hour) },
			body: object{"template": object{"name": "a", "language": "et"}}, status: 201},
		"a specialist may answer in the extension": {line: "messenger", before: func(w *world, _ *alttest.Chat) { w.hs.Advance(6 * 24 * time.Hour) },
			body: text, status: 201},
		"the extension is over": {line: "messenger", before: func(w *world, _ *alttest.Chat) { w.hs.Advance(7 * 24 * time.Hour) }, body: text,
			status: 409, code: "window_closed", want: object{"instead": []any{"other_channel"}}},
		"a line without a window": {line: "sms", before: func(w *world, _ *alttest.Chat) { w.hs.Advance(30 * 24 * time.Hour) }, body: text, status: 201},
		"the person opted out": {line: "whatsapp", before: func(w *world, chat *alttest.Chat) {
			chat.Happens(w.hs.Fake("whatsapp").OptOut(chat.Address().Peer))
		}, body: text, status: 409, code: "opted_out", want: object{"instead": []any{"other_channel"}}},
		"white space":                    {line: "whatsapp", body: object{"text": " \n "}, status: 422, code: "content_malformed"},
		"a template where there is none": {line: "sms", body: object{"template": object{"name": "a", "language": "et"}}, status: 422, code: "template_refused"},
		"a template that is too long": {line: "whatsapp", body: object{"template": object{"name": "a", "language": "et",
			"body": []object{{"kind": "text", "text": strings.Repeat("a", 5000)}}}}, status: 422, code: "content_too_long",
			want: object{"limit": object{"max": float64(950), "unit": "utf16"}}},
		"a quote where there is none": {line: "sms", body: object{"text": "x", "reply_to": "in-1"}, status: 422, code: "content_unsupported", want: object{"field": "reply_to"}},
		"a quote of nothing":          {line: "whatsapp", body: object{"text": "x", "reply_to": "in-999"}, status: 422, code: "unknown_quote"},
		"options of the same title": {line: "whatsapp", body: object{"choices": object{"body": "?", "options": []object{{"id": "a", "title": "A"}, {"id": "b", "title": "A"}}}},
			status: 422, code: "content_malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			chat, path := w.claimed(tc.line)
			if tc.before != nil {
				tc.before(w, chat)
			}
			a := w.do("mari", "POST", path+"/replies", tc.body, key("1"))
			if _, template := tc.body["template"]; !template {
				open := w.do("mari", "GET", path, nil).ok(200)["window"].(object)["open"]
				require.Equal(t, tc.code != "window_closed", open, "what is shown before")
			}
			if tc.status == 201 {
				a.ok(201)
				w.hs.Settle()
				require.Empty(t, w.hs.Letters())
				return
			}
			v := a.problem(tc.status, tc.code)
			for k, want := range tc.want {
				require.Equal(t, want, v[k])
			}
			require.Len(t, chat.Transcript(), 2, "nothing was queued")
		})
	}
}

func TestNobodyIsWrittenToFirst(t *testing.T) {
	w := newWorld(t)
	for line, code := range map[channels.ID]string{"whatsapp": "cannot_initiate", "messenger": "cannot_initiate", "sms": ""} {
		id := "first-" + string(line)
		require.NoError(t, w.hs.Store().Commit(t.Context(), alt.Item{}, alt.Changes{Conversation: &alt.Conversation{
			ID: id, Address: channels.Address{Agency: "agency", Channel: line, Peer: "person-y"}, State: alt.Open, Opened: w.hs.Clock().Now(),
		}}))
		a := w.do("mari", "POST", "/v1/conversations/"+id+"/replies", object{"text": "Tere"}, key(id))
		if code == "" {
			a.ok(201)
			continue
		}
		require.Contains(t, a.problem(409, code)["instead"], "other_channel")
	}
}

func TestARepeatedAnswerIsOneMessage(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	body := object{"text": "Tere!"}
	id := w.do("mari", "POST", path+"/replies", body, key("1")).ok(201)["id"]
	require.Equal(t, id, w.do("mari", "POST", path+"/replies", body, key("1")).ok(201)["id"])
	w.hs.Settle()
	conversation := path[len("/v1/conversations/"):]
	before, entries := w.position(conversation), len(w.log(conversation))
	require.Equal(t, id, w.do("mari", "POST", path+"/replies", body, key("1")).ok(201)["id"])
	require.Equal(t, before, w.position(conversation), "nothing happened again")
	require.Len(t, w.log(conversation), entries)

	w.do("mari", "POST", path+"/replies", object{"text": "Muu"}, key("1")).problem(422, "key_reused")
	_, other := w.claimed("sms")
	w.do("mari", "POST", other+"/replies", body, key("1")).problem(422, "key_reused")

	// The first answer is as good when the world has moved on.
	w.do("mari", "POST", path+"/release", nil).ok(200)
	w.do("jaan", "POST", path+"/claim", nil).ok(200)
	require.Equal(t, id, w.do("mari", "POST", path+"/replies", body, key("1")).ok(201)["id"])
	require.Equal(t, "jaan", w.do("jaan", "GET", path, nil).ok(200)["holder"].(object)["by"])
	w.do("jaan", "POST", path+"/end", nil).ok(200)
	w.hs.Advance(23 * time.Hour)
	require.Equal(t, id, w.do("mari", "POST", path+"/replies", body, key("1")).ok(201)["id"])
	// Also when the key is no longer kept: the message still is.
	w.hs.Advance(48 * time.Hour)
	require.Equal(t, id, w.do("mari", "POST", path+"/replies", body, key("1")).ok(201)["id"])
	w.do("mari", "POST", path+"/replies", object{"text": "Muu"}, key("1")).problem(422, "key_reused")
	chat.Expect("Tere!")

	w.do("mari", "POST", other+"/release", nil).ok(200)
	require.NotEqual(t, id, w.do("jaan", "POST", other+"/replies", body, key("1")).ok(201)["id"], "another caller's key is another key")
}

// An old key with the same words is no answer to another matter: that would be
// a message that nobody gets.
func TestAnOldKeyIsNotTakenForAnAnswerInAnotherConversation(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("sms")
	w.do("mari", "POST", path+"/replies", object{"text": "Tere!"}, key("1")).ok(201)
	w.do("mari", "POST", path+"/end", nil).ok(200)
	w.hs.Advance(48 * time.Hour)
	w.says(chat, "sms", "human")
	other := "/v1/conversations/" + chat.Dossier().Conversation.ID
	require.NotEqual(t, path, other)
	w.do("mari", "POST", other+"/replies", object{"text": "Tere!"}, key("1")).problem(422, "key_reused")
	w.do("mari", "POST", other+"/replies", object{"text": "Tere!"}, key("2")).ok(201)
	w.hs.Settle()
	chat.Expect("Tere!", handedOver, "Tere!")
}

func TestARepeatedLongAnswerKeepsItsParts(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("sms")
	body := object{"text": strings.Repeat("Pikk jutt. ", 1000)}
	first := w.do("mari", "POST", path+"/replies", body, key("1")).ok(201)
	require.Equal(t, first, w.do("mari", "POST", path+"/replies", body, key("1")).ok(201))
	w.hs.Settle()
	require.Len(t, chat.Sent(), 1+int(first["parts"].(float64)))
}

func TestParallelRepetitionsAreOneMessage(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	answers := make([]string, 16)
	var wg sync.WaitGroup
	for i := range answers {
		r := w.request("mari", "POST", path+"/replies", object{"text": "Tere!"}, key("1"))
		wg.Go(func() {
			rec := serve(w, r)
			if rec.Code == http.StatusConflict { // may be repeated: that is what the key is for
				rec = serve(w, w.request("mari", "POST", path+"/replies", object{"text": "Tere!"}, key("1")))
			}
			var v struct{ ID string }
			if rec.Code == http.StatusCreated && json.Unmarshal(rec.Body.Bytes(), &v) == nil {
				answers[i] = v.ID
			}
		})
	}
	wg.Wait()
	w.hs.Settle()
	chat.Expect("Tere!")
	require.NotEmpty(t, answers[0])
	for _, a := range answers {
		require.Equal(t, answers[0], a)
	}
}

func TestAnAnswerNeedsAKey(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	for name, headers := range map[string][]header{
		"none":           nil,
		"an empty one":   {key("")},
		"a long one":     {key(strings.Repeat("k", 129))},
		"one with a gap": {key("a b")},
		"another script": {key("võti")},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "Idempotency-Key", w.abuse("mari", "POST", path+"/replies", object{"text": "x"}, headers...).problem(400, "malformed_header")["field"])
		})
	}
	w.do("mari", "POST", path+"/replies", object{"text": "x"}, key(strings.Repeat("k", 128))).ok(201)
}
