package messagebirdtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestSendAnswersInBothShapes(t *testing.T) {
	for name, wrap := range map[string]bool{"plain": false, "wrapped": true} {
		t.Run(name, func(t *testing.T) {
			a := open(t, func(c *messagebirdtest.Config) { c.WrapSend = wrap })
			a.Person(wa, person).Says("tere")
			status, body := a.call("POST", "/v1/send", textTo(wa, person, "Tere!"))
			require.Equal(t, http.StatusAccepted, status)
			if wrap {
				require.Len(t, body, 1)
				body = body["message"].(map[string]any)
			}
			require.Equal(t, map[string]any{"id": a.Sent()[0].ID, "status": "accepted"}, body)
		})
	}
}

func TestSendIsCountedWithAllItsMarks(t *testing.T) {
	a := open(t)
	a.Person(wa, person).Says("tere")
	request := textTo(wa, "37255500001", "Tere!") // a number is the same with and without its plus
	request["trackId"], request["tag"], request["source"] = "t-1", "event.update", map[string]any{"part": 1}
	status, _ := a.call("POST", "/v1/send", request)
	require.Equal(t, http.StatusAccepted, status)

	sent := a.Sent()
	require.Len(t, sent, 1)
	require.Regexp(t, "^[0-9a-f]{32}$", sent[0].ID)
	require.Equal(t, person, sent[0].To)
	require.Equal(t, wa, sent[0].ChannelID)
	require.JSONEq(t, `{"text":"Tere!"}`, string(sent[0].Content))
	require.JSONEq(t, `{"part":1}`, string(sent[0].Source))
	require.Equal(t, "event.update", sent[0].Tag)
	require.Equal(t, a.clock.Now(), sent[0].At)
	require.Equal(t, map[string]int{"t-1": 1}, a.Tracks())
	require.Equal(t, 1, a.Totals().Accepted)
}

func TestTheSameTrackIDSentTwiceIsTwoMessages(t *testing.T) {
	a := open(t)
	request := textTo(sms, person, "Tere!")
	request["trackId"] = "t-1"
	a.call("POST", "/v1/send", request)
	a.call("POST", "/v1/send", request)
	require.Equal(t, map[string]int{"t-1": 2}, a.Tracks())
}

func TestStartAndReplyAnswerWithWhatTheyMade(t *testing.T) {
	a := open(t)
	status, conv := a.call("POST", "/v1/conversations/start", map[string]any{
		"channelId": sms, "to": person, "type": "text", "content": map[string]any{"text": "Tere!"}, "eventType": "x"})
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "active", conv["status"])
	require.Equal(t, sms, conv["lastUsedChannelId"])
	require.Equal(t, "sms", conv["lastUsedPlatformId"])
	require.EqualValues(t, 37255500001, at(conv, "contact", "msisdn"))
	require.EqualValues(t, 1, at(conv, "messages", "totalCount"))
	require.Equal(t, a.url+"/v1/conversations/"+conv["id"].(string)+"/messages", at(conv, "messages", "href"))

	status, m := a.call("POST", "/v1/conversations/"+conv["id"].(string)+"/messages", map[string]any{
		"type": "text", "content": map[string]any{"text": "Veel midagi"}, "trackId": "t-2"})
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, sms, m["channelId"], "the last channel is used when none is named")
	require.Equal(t, "sent", m["direction"])
	require.Equal(t, "pending", m["status"])
	require.Equal(t, "t-2", m["trackId"])

	status, got := a.call("GET", "/v1/messages/"+m["id"].(string), nil)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, m, got)
}

func TestMessagesOfAConversationAreListedNewestFirstAndInPages(t *testing.T) {
	a := open(t)
	phone := a.Person(wa, person)
	for _, text := range []string{"1", "2", "3"} {
		phone.Says(text)
		a.clock.Advance(time.Second)
	}
	a.send(sms, person, "4")
	_, list := a.call("GET", "/v1/conversations", nil)
	id := list["items"].([]any)[0].(map[string]any)["id"].(string)

	texts := func(query string) (out string) {
		status, list := a.call("GET", "/v1/conversations/"+id+"/messages"+query, nil)
		require.Equal(t, http.StatusOK, status, "%v", list)
		for _, m := range list["items"].([]any) {
			out += at(m, "content", "text").(string)
		}
		return out
	}
	require.Equal(t, "4321", texts(""))
	require.Equal(t, "32", texts("?limit=2&offset=1"))
	require.Empty(t, texts("?offset=9"))
	require.Equal(t, "321", texts("?excludePlatforms=sms,line"))

	_, list = a.call("GET", "/v1/conversations/"+id+"/messages?limit=2&offset=1", nil)
	delete(list, "items")
	require.Equal(t, map[string]any{"offset": 1., "limit": 2., "count": 2., "totalCount": 4.}, list)

	_, list = a.call("GET", "/v1/messages?from=2026-03-01T08:00:01Z", nil)
	require.EqualValues(t, 3, list["totalCount"])
	_, list = a.call("GET", "/v1/messages?ids="+a.Sent()[0].ID+","+nowhere, nil)
	require.EqualValues(t, 1, list["totalCount"])
}

func TestOneConversationSpansTheChannelsOfAPerson(t *testing.T) {
	a := open(t)
	a.Person(wa, person).Says("tere")
	a.send(sms, person, "Tere!")
	_, list := a.call("GET", "/v1/conversations?status=active", nil)
	require.EqualValues(t, 1, list["totalCount"])
	conv := list["items"].([]any)[0]
	require.Len(t, at(conv, "channels"), 2)
	require.Equal(t, sms, at(conv, "lastUsedChannelId"))
}

func TestAReplyToAnArchivedConversationOpensANewOne(t *testing.T) {
	a := open(t)
	a.Person(wa, person).Says("tere")
	_, list := a.call("GET", "/v1/conversations", nil)
	old := list["items"].([]any)[0].(map[string]any)
	path := "/v1/conversations/" + old["id"].(string)

	a.clock.Advance(time.Minute)
	status, archived := a.call("PATCH", path, map[string]any{"status": "archived"})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "archived", archived["status"])
	require.NotContains(t, archived, "contact")
	require.NotContains(t, archived, "channels")
	require.NotEqual(t, archived["createdDatetime"], archived["updatedDatetime"])

	reply := map[string]any{"type": "text", "content": map[string]any{"text": "Tere!"}}
	_, m := a.call("POST", path+"/messages", reply)
	require.NotEqual(t, old["id"], m["conversationId"])
	_, again := a.call("POST", path+"/messages", reply)
	require.Equal(t, m["conversationId"], again["conversationId"], "a person has one active conversation")

	status, body := a.call("PATCH", path, map[string]any{"status": "active"})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	code, parameter := firstError(t, body)
	require.Equal(t, 10, code)
	require.Equal(t, "status", parameter)

	_, list = a.call("GET", "/v1/conversations/contact/"+old["contactId"].(string), nil)
	require.Equal(t, []any{m["conversationId"], old["id"]}, list["items"])
	_, list = a.call("GET", "/v1/conversations/contact/"+old["contactId"].(string)+"?status=archived", nil)
	require.Equal(t, []any{old["id"]}, list["items"])
	_, list = a.call("GET", "/v1/conversations?ids="+old["id"].(string), nil)
	require.EqualValues(t, 1, list["totalCount"])
}

func TestAConversationCanBeMadeWithoutAMessage(t *testing.T) {
	a := open(t)
	a.Person(wa, person).Says("tere")
	_, list := a.call("GET", "/v1/conversations", nil)
	first := list["items"].([]any)[0].(map[string]any)
	a.call("PATCH", "/v1/conversations/"+first["id"].(string), map[string]any{"status": "archived"})

	status, conv := a.call("POST", "/v1/conversations", map[string]any{"contactId": first["contactId"]})
	require.Equal(t, http.StatusCreated, status)
	require.Nil(t, conv["lastReceivedDatetime"])
	require.NotEqual(t, first["id"], conv["id"])
	status, body := a.call("POST", "/v1/conversations/"+conv["id"].(string)+"/messages",
		map[string]any{"type": "text", "content": map[string]any{"text": "x"}})
	require.Equal(t, http.StatusUnprocessableEntity, status, "no channel was used yet")
	_, parameter := firstError(t, body)
	require.Equal(t, "channelId", parameter)
}

func TestAContactIDIsAnAddressToo(t *testing.T) {
	a := open(t)
	a.Person(tg, "4711").Says("tere")
	_, list := a.call("GET", "/v1/conversations", nil)
	contact := at(list["items"].([]any)[0], "contactId").(string)
	a.send(tg, contact, "Tere!")
	require.Equal(t, "4711", a.Sent()[0].To)

	status, _ := a.call("POST", "/v1/send", textTo(wa, contact, "Tere!"))
	require.Equal(t, http.StatusUnprocessableEntity, status, "the person has no number")
}

func TestAFallbackGoesOutWhenItsMessageFails(t *testing.T) {
	a := open(t)
	a.Person(wa, person).Says("tere")
	request := textTo(wa, person, "Tere!")
	request["fallback"] = map[string]any{"from": sms, "after": "30m"}
	_, body := a.call("POST", "/v1/send", request)
	id := at(body, "fallback", "id")
	require.NotEmpty(t, id)
	require.Len(t, a.Sent(), 1)

	require.NoError(t, a.Person(wa, person).Fails(body["id"].(string), 302, "The contact is not registered on WhatsApp."))
	require.Len(t, a.Sent(), 2)
	require.Equal(t, id, a.Sent()[1].ID)
	require.Equal(t, sms, a.Sent()[1].ChannelID)
	require.NoError(t, a.Report(body["id"].(string), "failed", nil))
	require.Len(t, a.Sent(), 2, "once")
}

func TestWebhooksAreMadeListedChangedAndRemoved(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.Webhooks = nil })
	status, w := a.call("POST", "/v1/webhooks", map[string]any{"url": a.hook.url, "channelId": wa,
		"events": []string{"message.created"}, "settings": map[string]any{"expected_http_code": "2xx"}})
	require.Equal(t, http.StatusCreated, status)
	require.Equal(t, "enabled", w["status"])
	require.Contains(t, w, "updatedDatetime")
	require.Nil(t, w["updatedDatetime"])
	path := "/v1/webhooks/" + w["id"].(string)

	a.Person(wa, person).Says("1")
	a.Person(tg, "4711").Says("2")
	require.Len(t, a.events(), 1, "only its channel and its events")

	status, changed := a.call("PATCH", path, map[string]any{"status": "disabled"})
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "disabled", changed["status"])
	require.NotNil(t, changed["updatedDatetime"])
	a.Person(wa, person).Says("3")
	require.Empty(t, a.Pending())

	_, list := a.call("GET", "/v1/webhooks", nil)
	require.EqualValues(t, 1, list["totalCount"])
	_, got := a.call("GET", path, nil)
	require.Equal(t, changed, got)
	status, _ = a.call("DELETE", path, nil)
	require.Equal(t, http.StatusNoContent, status)
	status, _ = a.call("DELETE", path, nil)
	require.Equal(t, http.StatusNotFound, status)
}

func TestFilesAreUploadedAndPublic(t *testing.T) {
	a := open(t)
	req, err := http.NewRequest("POST", a.url+"/v1/files", strings.NewReader("%PDF-1.7"))
	require.NoError(t, err)
	req.Header.Set("Authorization", "AccessKey "+key)
	req.Header.Set("Content-Type", "application/pdf")
	req.Header.Set("Content-Disposition", `attachment; filename="otsus.pdf"`)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusCreated, res.StatusCode)
	var file struct{ ID string }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&file))

	got, raw := a.do("GET", "/v1/files/"+file.ID, nil, "")
	require.Equal(t, http.StatusOK, got.StatusCode)
	require.Equal(t, "%PDF-1.7", string(raw))
	require.Equal(t, "application/pdf", got.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="otsus.pdf"`, got.Header.Get("Content-Disposition"))
}

func TestPrivateMediaAsksForTheKey(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.PrivateMedia = true })
	a.Person(wa, person).SendsImage(messagebirdtest.File{ContentType: "image/png", Data: []byte("png")})
	link := at(a.events()[1], "message", "content", "image", "url").(string)
	path := strings.TrimPrefix(link, a.url)
	res, _ := a.do("GET", path, nil, "")
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	res, raw := a.do("GET", path, nil, "AccessKey "+key)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "png", string(raw))
}
