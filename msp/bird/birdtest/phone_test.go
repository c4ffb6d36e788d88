package birdtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

func TestAMessageOfAPerson(t *testing.T) {
	d := open(t, nil)
	phone := d.Person(wa, "37255500001").Named("Kati Karu")
	id := phone.Says("tere")
	e := d.events()[0]
	require.Equal(t, id, e["id"])
	require.Equal(t, wa, e["channelId"])
	require.Equal(t, "incoming", e["direction"])
	require.Equal(t, "delivered", e["status"])
	require.Equal(t, map[string]any{"type": "text", "text": map[string]any{"text": "tere"}}, e["body"])
	require.Equal(t, map[string]any{"contact": map[string]any{"id": phone.ContactID(), "identifierKey": "phonenumber", "identifierValue": person,
		"annotations": map[string]any{"name": "Kati Karu"}}}, e["sender"])
	require.Equal(t, "2026-11-22T12:00:00Z", e["createdAt"])

	_, err := phone.Sends(json.RawMessage(`{"type":"poll","poll":{}}`))
	require.NoError(t, err)
	require.Equal(t, "poll", d.events()[0]["body"].(map[string]any)["type"])
	_, err = phone.Sends(json.RawMessage(`{`))
	require.Error(t, err)
	phone.SendsLocation(59.43, 24.75)
	require.Equal(t, 59.43, d.events()[0]["body"].(map[string]any)["location"].(map[string]any)["coordinates"].(map[string]any)["latitude"])
}

func TestAnAnswerIsReportedStepByStep(t *testing.T) {
	d := open(t, func(c *birdtest.Config) { c.Statuses = []string{"sent"} })
	phone := d.Person(wa, person)
	phone.Says("tere")
	d.Take()
	id := d.sends(text("Tere!", `,"reference":"ref-1"`))
	var statuses []any
	for _, e := range d.events() {
		require.Equal(t, id, e["id"])
		require.Equal(t, "outgoing", e["direction"])
		require.Equal(t, "ref-1", e["reference"])
		require.Equal(t, phone.ContactID(), e["receiver"].(map[string]any)["contacts"].([]any)[0].(map[string]any)["id"])
		statuses = append(statuses, e["status"])
	}
	require.Equal(t, []any{"accepted", "sent"}, statuses)

	box, err := phone.Wait(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "Tere!", box[0].Text())
	require.Equal(t, map[string]int{"ref-1": 1}, d.References())
	require.NoError(t, phone.Delivers(id))
	require.Equal(t, "delivered", d.events()[0]["status"])
	require.NoError(t, phone.Reads(id))
	e := d.events()[0]
	require.Equal(t, "read", e["type"])
	require.Equal(t, id, e["messageId"])
	require.NoError(t, phone.Fails(id, birdtest.Fault{Code: 15005, Source: "whatsapp", SourceCode: "1", Reason: "unknown subscriber"}))
	e = d.events()[0]
	require.Equal(t, "delivery_failed", e["status"])
	require.Equal(t, map[string]any{"code": 15005.0, "source": map[string]any{"name": "whatsapp", "code": "1"}}, e["failure"])
	require.Empty(t, phone.Inbox())
	require.Error(t, phone.Reads(nowhere))
	require.Error(t, d.Report(nowhere, "sent", nil))

	status, got := d.call("GET", sendPath+"/"+id, "")
	require.Equal(t, 200, status)
	require.Equal(t, "delivery_failed", got["status"])
}

func TestTaps(t *testing.T) {
	buttons := with(`{"type":"text","text":{"text":"Kas?","actions":[{"type":"postback","postback":{"text":"Jah","payload":"yes"}},{"type":"reply","reply":{"text":"Ei"}}]}}`)
	list := with(`{"type":"list","list":{"text":"Kumb?","sections":[{"title":"S","items":[{"title":"Esimene","actions":[{"type":"postback","postback":{"text":"1","payload":"first"}}]}]}]}}`)
	d := open(t, nil)
	phone := d.Person(wa, person)
	phone.Says("tere")
	id := d.sends(buttons)
	d.sends(list)
	d.Take()
	for option, want := range map[string][2]string{"yes": {"button_reply", "Jah"}, "Ei": {"button_reply", "Ei"}, "first": {"list_reply", "Esimene"}} {
		_, err := phone.Taps(option)
		require.NoError(t, err)
		e := d.events()[0]
		require.Equal(t, want[1], e["body"].(map[string]any)["text"].(map[string]any)["text"])
		require.Equal(t, map[string]any{"whatsapp.interactive.type": want[0], "whatsapp.interactive." + want[0] + ".id": option},
			e["meta"].(map[string]any)["extraInformation"])
	}
	_, err := phone.Taps("other")
	require.Error(t, err)
	_, err = phone.Quotes(id, "see")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"id": id}, d.events()[0]["replyTo"])

	d = open(t, func(c *birdtest.Config) { c.TapsAsActions = true })
	phone = d.Person(wa, person)
	phone.Says("tere")
	d.sends(buttons)
	d.Take()
	_, err = phone.Taps("yes")
	require.NoError(t, err)
	e := d.events()[0]
	require.NotContains(t, e, "meta")
	require.Len(t, e["body"].(map[string]any)["text"].(map[string]any)["actions"], 1)
}

func TestFilesAreBehindTheKey(t *testing.T) {
	d := open(t, nil)
	d.Person(wa, person).SendsFiles("vaata", birdtest.File{ContentType: "application/pdf", Name: "a.pdf", Data: []byte("%PDF-1.7")})
	e := d.events()[0]
	require.Equal(t, "document", e["meta"].(map[string]any)["extraInformation"].(map[string]any)["whatsapp.media.type"])
	content := e["body"].(map[string]any)["file"].(map[string]any)
	require.Equal(t, "vaata", content["text"])
	file := content["files"].([]any)[0].(map[string]any)
	require.Equal(t, "a.pdf", file["filename"])
	address := file["mediaUrl"].(string)
	for authorization, status := range map[string]int{"": 401, "AccessKey other": 401, "AccessKey " + key: 200} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", authorization)
		res, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		b, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, status, res.StatusCode)
		require.Equal(t, status == 200, string(b) == "%PDF-1.7")
	}

	d.Person(wa, person).SendsFiles("", birdtest.File{ContentType: "image/webp"})
	e = d.events()[0]
	require.Equal(t, "file", e["body"].(map[string]any)["type"], "a sticker is a file")
	require.NotContains(t, e, "meta")
	d.Person(wa, person).SendsFiles("", birdtest.File{ContentType: "image/png"})
	require.Equal(t, "image", d.events()[0]["body"].(map[string]any)["type"])
}

func TestWhatThePlatformForbids(t *testing.T) {
	t.Run("a message outside the window is taken and fails later", func(t *testing.T) {
		d := open(t, nil)
		phone := d.Person(wa, person)
		phone.Says("tere")
		d.clock.advance(24*time.Hour - time.Millisecond)
		d.sends(text("jõuab", ""))
		d.clock.advance(time.Millisecond)
		d.Take()
		d.sends(text("hilja", ""))
		events := d.events()
		require.Equal(t, "accepted", events[0]["status"])
		require.Equal(t, "sending_failed", events[1]["status"])
		require.Equal(t, "131047", events[1]["failure"].(map[string]any)["source"].(map[string]any)["code"])
		require.Len(t, phone.Inbox(), 1)
		d.sends(`{"receiver":{"contacts":[{"identifierValue":"` + person + `"}]},"template":{"projectId":"` + project + `","version":"latest","locale":"et","parameters":[{"type":"string","key":"nimi","value":"x"}]}}`)
		require.Len(t, phone.Inbox(), 2, "a template passes")
	})
	t.Run("nobody on Messenger is written to first", func(t *testing.T) {
		d := open(t, func(c *birdtest.Config) { c.Refusals = birdtest.RefuseAtOnce })
		body := `{"receiver":{"contacts":[{"identifierValue":"45","identifierKey":"facebook.scoped"}]},"body":{"type":"text","text":{"text":"x"}}}`
		status, _ := d.call("POST", channelsPath+page+"/messages", body)
		require.Equal(t, 422, status)
		require.Empty(t, d.Sent())
		phone := d.Person(page, "45")
		phone.Says("tere")
		status, _ = d.call("POST", channelsPath+page+"/messages", body)
		require.Equal(t, 202, status)
		status, _ = d.call("POST", channelsPath+page+"/messages", `{"receiver":{"contacts":[{"id":"`+phone.ContactID()+`"}]},"body":{"type":"text","text":{"text":"x"}}}`)
		require.Equal(t, 202, status, "a contact's own id will do")
		require.Len(t, phone.Inbox(), 2)
	})
}

func TestListsGoPageByPage(t *testing.T) {
	d := open(t, nil)
	phone := d.Person(wa, person)
	phone.Says("tere")
	for range 5 {
		d.sends(text("x", `,"reference":"r"`))
	}
	d.clock.advance(time.Hour)
	last := d.sends(text("uus", ""))
	status, first := d.call("GET", sendPath+"?limit=4&direction=outgoing", "")
	require.Equal(t, 200, status)
	require.Len(t, first["results"], 4)
	require.Equal(t, last, first["results"].([]any)[0].(map[string]any)["id"], "newest first")
	_, second := d.call("GET", sendPath+"?limit=4&direction=outgoing&pageToken="+first["nextPageToken"].(string), "")
	require.Len(t, second["results"], 2)
	require.NotContains(t, second, "nextPageToken")
	_, recent := d.call("GET", sendPath+"?startAt=2026-11-22T12:30:00Z", "")
	require.Len(t, recent["results"], 1)
	_, early := d.call("GET", sendPath+"?endAt=2026-11-22T12:30:00Z&direction=incoming", "")
	require.Len(t, early["results"], 1)

	_, list := d.call("GET", "/workspaces/"+ws+"/participants/"+phone.ContactID()+"/conversations?channelId="+wa, "")
	require.Len(t, list["results"], 1)
	_, list = d.call("GET", "/workspaces/"+ws+"/participants/"+phone.ContactID()+"/conversations?channelId="+sms, "")
	require.Empty(t, list["results"])
}

func TestADeletedConversationIsGoneAndTheLogIsNot(t *testing.T) {
	d := open(t, nil)
	d.Person(wa, person).Says("tere")
	id, messages := d.Conversation(wa, person)
	require.Len(t, messages, 1)
	path := "/workspaces/" + ws + "/conversations/" + id
	status, _ := d.call("DELETE", path+"/messages/"+messages[0], "")
	require.Equal(t, 204, status)
	status, _ = d.call("DELETE", path+"/messages/"+messages[0], "")
	require.Equal(t, 404, status)
	status, _ = d.call("DELETE", path, "")
	require.Equal(t, 204, status)
	id, _ = d.Conversation(wa, person)
	require.Empty(t, id)
	_, log := d.call("GET", sendPath, "")
	require.Len(t, log["results"], 1)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	d := open(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Person(wa, person).Wait(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAPhoneThatCannotBePanics(t *testing.T) {
	d := open(t, nil)
	require.Panics(t, func() { d.Person(nowhere, person) })
	require.Panics(t, func() { d.Person(wa, "homme") })
}
