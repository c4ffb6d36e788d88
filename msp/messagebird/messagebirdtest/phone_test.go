package messagebirdtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestAPhoneGetsWhatWasSentToItAndNothingElse(t *testing.T) {
	a := open(t)
	phone := a.Person(wa, person)
	phone.Says("tere")
	a.Person(wa, friend).Says("tere")
	id := a.send(wa, person, "Tere!")
	a.send(wa, friend, "Teile ka!")
	a.send(sms, person, "SMS")

	box := phone.Inbox()
	require.Len(t, box, 1)
	require.Equal(t, id, box[0].ID)
	require.Equal(t, "Tere!", box[0].Text())
	require.Equal(t, "pending", box[0].Status)
	require.Equal(t, a.clock.Now(), box[0].At)
	require.Len(t, a.Person(sms, person).Inbox(), 1)

	require.Error(t, a.Person(wa, friend).Reads(id), "somebody else's message")
	require.NoError(t, phone.Reads(id))
	require.Equal(t, "read", phone.Inbox()[0].Status)
	require.NoError(t, phone.Fails(id, 1, "x"))
	require.Empty(t, phone.Inbox())
	require.Error(t, phone.Delivers(nowhere))
	require.Error(t, a.Report(nowhere, "read", nil))
}

func TestMediaOfAPersonCanBeFetchedFromItsLink(t *testing.T) {
	a := open(t)
	phone := a.Person(wa, person)
	f := messagebirdtest.File{ContentType: "image/jpeg", Data: []byte("\xff\xd8"), Caption: "pilt"}
	phone.Says("tere")
	a.events()
	for kind, send := range map[string]func(messagebirdtest.File) string{
		"image": phone.SendsImage, "video": phone.SendsVideo, "audio": phone.SendsAudio, "file": phone.SendsFile,
		"whatsappSticker": phone.SendsSticker,
	} {
		id := send(f)
		m := a.events()[0]["message"].(map[string]any)
		require.Equal(t, id, m["id"])
		require.Equal(t, kind, m["type"])
		link, name := "url", "caption"
		if kind == "whatsappSticker" {
			link, name = "link", "none"
		}
		require.Equal(t, name == "caption", at(m, "content", kind, name) == "pilt")
		res, err := http.Get(at(m, "content", kind, link).(string))
		require.NoError(t, err)
		raw, err := io.ReadAll(res.Body)
		res.Body.Close()
		require.NoError(t, err)
		require.Equal(t, f.Data, raw)
		require.Equal(t, "image/jpeg", res.Header.Get("Content-Type"))
	}
}

func TestWithoutAnAddressLinksNameTheRealHosts(t *testing.T) {
	s, err := messagebirdtest.New(messagebirdtest.Config{AccessKeys: []string{key}, SigningKey: secret,
		Channels: []messagebirdtest.Channel{{ID: wa, Platform: "whatsapp"}},
		Webhooks: []messagebirdtest.Webhook{{URL: "https://example.ee/"}}})
	require.NoError(t, err)
	s.Person(wa, person).SendsImage(messagebirdtest.File{Data: []byte("x")})
	require.Contains(t, string(s.Take()[1].Body), `"https://media.messagebird.com/v1/media/`)
	s.SetURL("http://sim.test/")
	s.Person(wa, person).SendsImage(messagebirdtest.File{Data: []byte("x")})
	require.Contains(t, string(s.Take()[0].Body), `"http://sim.test/v1/media/`)
}

func TestChoicesAreTappedByTheirID(t *testing.T) {
	a := open(t)
	phone := a.Person(wa, person)
	phone.Says("tere")
	send := func(content string) string {
		status, body := a.call("POST", "/v1/send", map[string]any{"from": wa, "to": person, "type": "interactive", "content": json.RawMessage(content)})
		require.Equal(t, 202, status, "%v", body)
		return body["id"].(string)
	}
	buttons := send(`{"interactive":{"type":"button","body":{"text":"Kas olete nõus?"},
		"action":{"buttons":[{"id":"yes","type":"reply","title":"Jah"},{"id":"no","type":"reply","title":"Ei"}]}}}`)
	list := send(`{"interactive":{"type":"list","body":{"text":"Kuhu?"},
		"action":{"button":"Vali","sections":[{"rows":[{"id":"tln","title":"Tallinn","description":"Pinna 4"}]}]}}}`)
	a.events()

	for _, c := range []struct{ id, kind, text, description, of string }{
		{"no", "button_reply", "Ei", "", buttons},
		{"tln", "list_reply", "Tallinn", "Pinna 4", list},
	} {
		_, err := phone.Taps(c.id)
		require.NoError(t, err)
		m := a.events()[0]["message"]
		require.Equal(t, "interactive", at(m, "type"))
		require.Equal(t, c.kind, at(m, "content", "interactive", "type"))
		require.Equal(t, c.text, at(m, "content", "interactive", "reply", "text"))
		require.Equal(t, c.of, at(m, "replyTo", "id"))
		if c.description != "" {
			require.Equal(t, c.description, at(m, "content", "interactive", "reply", "description"))
		}
	}
	_, err := phone.Taps("maybe")
	require.Error(t, err, "nobody taps what is not there")
	require.Equal(t, "Kas olete nõus?", phone.Inbox()[0].Text())
}

func TestAMessageCanBeQuoted(t *testing.T) {
	a := open(t)
	phone := a.Person(wa, person)
	phone.Says("tere")
	id := a.send(wa, person, "Tere!")
	a.events()
	_, err := phone.Quotes(id, "Aitäh")
	require.NoError(t, err)
	m := a.events()[0]["message"]
	require.Equal(t, "whatsappText", at(m, "type"))
	require.Equal(t, "Aitäh", at(m, "content", "whatsappText", "text", "body"))
	require.Equal(t, id, at(m, "content", "whatsappText", "context", "id"))
	_, err = phone.Quotes(nowhere, "x")
	require.Error(t, err)
	_, err = a.Person(tg, "4711").Quotes(id, "x")
	require.Error(t, err)
}

func TestRawContentGoesOutAsItIs(t *testing.T) {
	a := open(t)
	for _, content := range []string{`{"text":"\ud800"}`, `{"text":42}`, "{\"text\":\"\xff\"}", `{"text":"\u0000"}`, `[]`, `{"text":"<&>"}`} {
		_, err := a.Person(wa, person).Sends("text", json.RawMessage(content))
		require.NoError(t, err)
		taken := a.Take()
		require.Contains(t, string(taken[len(taken)-1].Body), `"content":`+content)
	}
	_, err := a.Person(wa, person).Sends("text", json.RawMessage(`{`))
	require.Error(t, err)
}

func TestWaitReturnsWithTheMessageOrTheContext(t *testing.T) {
	a := open(t)
	phone := a.Person(wa, person)
	phone.Says("tere")
	got := make(chan []messagebirdtest.Message)
	go func() {
		box, _ := phone.Wait(t.Context(), 2)
		got <- box
	}()
	a.send(wa, person, "1")
	a.send(wa, person, "2")
	require.Len(t, <-got, 2)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	box, err := phone.Wait(ctx, 3)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, box, 2)
}

func TestAPersonOnAnUnknownChannelIsAMistake(t *testing.T) {
	a := open(t)
	require.Panics(t, func() { a.Person("x", person) })
	require.Panics(t, func() { a.Person(wa, "homme") })
}
