package messagebirdtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// structure lists the paths of a JSON value with the type at each leaf. null stands for any type.
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
	case nil:
		to[path] = "null"
	default:
		to[path] = fmt.Sprintf("%T", v)
	}
}

func sameStructure(t *testing.T, want, got []byte) {
	t.Helper()
	var w, g any
	require.NoError(t, json.Unmarshal(want, &w))
	require.NoError(t, json.Unmarshal(got, &g))
	ws, gs := map[string]string{}, map[string]string{}
	structure("", w, ws)
	structure("", g, gs)
	paths := func(m map[string]string) (list []string) {
		for p := range m {
			list = append(list, p)
		}
		sort.Strings(list)
		return list
	}
	require.Equal(t, paths(ws), paths(gs))
	for p, kind := range ws {
		if kind != "null" && gs[p] != "null" {
			require.Equal(t, kind, gs[p], p)
		}
	}
}

func TestWebhooksHaveTheStructureOfTheReference(t *testing.T) {
	picture := messagebirdtest.File{ContentType: "image/jpeg", Data: []byte("x"), Caption: "pilt"}
	image := map[string]any{"from": wa, "to": person, "type": "image",
		"content": map[string]any{"image": map[string]any{"url": "https://example.ee/i", "caption": "pilt"}}}
	sent := func(a *account) string {
		a.Person(wa, person).Says("tere")
		id := a.send(wa, person, "Tere!")
		a.events()
		return id
	}
	for file, produce := range map[string]func(*account){
		"synthetic/legacy_message_created_text_inbound.json":     func(a *account) { a.Person(wa, person).Says("tere") },
		"synthetic/legacy_message_created_image_inbound.json":    func(a *account) { a.Person(wa, person).SendsImage(picture) },
		"synthetic/legacy_message_created_file_inbound.json":     func(a *account) { a.Person(wa, person).SendsFile(picture) },
		"synthetic/legacy_message_created_sticker_inbound.json":  func(a *account) { a.Person(wa, person).SendsSticker(picture) },
		"synthetic/legacy_message_created_location_inbound.json": func(a *account) { a.Person(wa, person).SendsLocation(59.4, 24.7) },
		"synthetic/legacy_message_created_unknown_type_inbound.json": func(a *account) {
			_, err := a.Person(wa, person).Sends("someFutureType", json.RawMessage(`{"someFutureType":{"a":1}}`))
			require.NoError(t, err)
		},
		"synthetic/legacy_message_created_button_reply_inbound.json": func(a *account) {
			_, err := a.Person(wa, person).Sends("interactive", json.RawMessage(`{"interactive":{"type":"button_reply","reply":{"id":"a","text":"A"}}}`))
			require.NoError(t, err)
		},
		"webhooks/botman_message_created_text_outbound.json": func(a *account) {
			a.Person(wa, person).Says("tere")
			a.events()
			a.send(wa, person, "Tere!")
		},
		"webhooks/botman_message_created_image_outbound.json": func(a *account) {
			a.Person(wa, person).Says("tere")
			a.events()
			a.call("POST", "/v1/send", image)
		},
		"synthetic/legacy_message_updated_delivered.json": func(a *account) {
			require.NoError(t, a.Person(wa, person).Delivers(sent(a)))
		},
		"synthetic/legacy_message_updated_read.json": func(a *account) {
			require.NoError(t, a.Person(wa, person).Reads(sent(a)))
		},
		"synthetic/legacy_message_updated_transmitted.json": func(a *account) {
			require.NoError(t, a.Report(sent(a), "transmitted", nil))
		},
		"synthetic/legacy_message_updated_failed_with_error.json": func(a *account) {
			require.NoError(t, a.Person(wa, person).Fails(sent(a), 1, "synthetic failure text"))
		},
		"synthetic/legacy_conversation_created.json": func(a *account) {
			a.Person(wa, person).Says("tere")
			waiting := a.Take()
			a.Requeue(waiting[0])
		},
		"synthetic/legacy_conversation_updated_archived.json": func(a *account) {
			sent(a)
			a.call("PATCH", "/v1/conversations/"+conversationOf(a), map[string]any{"status": "archived"})
		},
	} {
		t.Run(file, func(t *testing.T) {
			want, ok := messagebirdtest.Reference(t, file)
			if !ok {
				return
			}
			a := open(t)
			produce(a)
			a.deliver()
			got := a.hook.take()
			sameStructure(t, want, got[len(got)-1].body)
			var kind struct{ Type string }
			require.NoError(t, json.Unmarshal(want, &kind))
			require.Contains(t, string(got[len(got)-1].body), `"type":"`+kind.Type+`"`)
		})
	}
}

func TestAPersonsMessageComesAfterItsNewConversation(t *testing.T) {
	a := open(t)
	id := a.Person(wa, "37255500001").Named("Mari", "Maasikas").Says("tere <õ>")
	events := a.events()
	require.Len(t, events, 2)
	require.Equal(t, "conversation.created", events[0]["type"])
	m := events[1]["message"].(map[string]any)
	require.Equal(t, id, m["id"])
	require.Equal(t, person, m["from"], "with a plus")
	require.Equal(t, "+3726000000", m["to"])
	require.Equal(t, "received", m["direction"])
	require.Equal(t, "received", m["status"])
	require.Equal(t, "tere <õ>", at(m, "content", "text"))
	require.Equal(t, "2026-03-01T08:00:00Z", m["createdDatetime"], "platforms tell whole seconds")
	require.Equal(t, "2026-03-01T08:00:00.25Z", m["updatedDatetime"])
	require.EqualValues(t, 37255500001, at(events[1], "contact", "msisdn"))
	require.Equal(t, "Mari Maasikas", at(events[1], "contact", "displayName"))

	a.Person(wa, person).Says("veel")
	require.Len(t, a.events(), 1, "the conversation goes on")
}

func TestAnEchoSaysThatItWasSent(t *testing.T) {
	for _, omit := range []bool{false, true} {
		a := open(t, func(c *messagebirdtest.Config) { c.OmitTrack = omit })
		request := textTo(sms, person, "Tere!")
		request["trackId"], request["source"] = "t-1", map[string]any{"part": 1}
		a.call("POST", "/v1/send", request)
		m := a.events()[1]["message"].(map[string]any)
		require.Equal(t, "sent", m["direction"])
		require.Equal(t, "pending", m["status"])
		require.Equal(t, person, m["to"])
		if omit {
			require.NotContains(t, m, "trackId")
			require.NotContains(t, m, "source")
		} else {
			require.Equal(t, "t-1", m["trackId"])
			require.Equal(t, map[string]any{"part": 1.}, m["source"])
		}
	}
}

func TestStatusesCanComeByThemselves(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.Statuses = []string{"sent", "delivered"} })
	a.send(sms, person, "Tere!")
	var got []any
	for _, e := range a.events() {
		got = append(got, at(e, "message", "status"))
	}
	require.Equal(t, []any{nil, "pending", "sent", "delivered"}, got)
}

func TestPeopleOnTelegramAreKnownByANumberOfTheirOwn(t *testing.T) {
	a := open(t)
	a.Person(tg, "4711").Says("tere")
	e := a.events()[1]
	require.EqualValues(t, 4711, at(e, "contact", "customDetails", "userId"))
	require.EqualValues(t, 0, at(e, "contact", "msisdn"))
	require.Equal(t, "4711", at(e, "message", "from"))
}

func TestRawBytesAreSignedAndPostedAsTheyAre(t *testing.T) {
	a := open(t)
	a.Emit(messagebirdtest.EventMessageCreated, wa, []byte("{not json"))
	require.Equal(t, 1, a.deliver())
	got := a.hook.take()
	require.Equal(t, "{not json", string(got[0].body))
	require.NotEmpty(t, got[0].header.Get(messagebirdtest.HeaderToken))
}

func TestAReportURLGetsTheStatusesOfItsMessage(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.Webhooks = nil })
	request := textTo(sms, person, "Tere!")
	request["reportUrl"] = "https://reports.example.ee"
	_, body := a.call("POST", "/v1/send", request)
	id := body["id"].(string)
	require.NoError(t, a.Report(id, "failed", &messagebirdtest.Fault{Code: 1, Description: "synthetic failure text"}))

	waiting := a.Take()
	require.Len(t, waiting, 1)
	require.Equal(t, "https://reports.example.ee/", waiting[0].URL)
	require.JSONEq(t, `{"type":"message.status","message":{"id":"`+id+`","status":"failed"},
		"error":{"code":1,"description":"synthetic failure text"}}`, string(waiting[0].Body))
	if want, ok := messagebirdtest.Reference(t, "synthetic/legacy_report_message_status_failed.json"); ok {
		sameStructure(t, want, waiting[0].Body)
	}
}

func TestSettingsOfAWebhookShapeItsRequests(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.Webhooks = nil })
	status, _ := a.call("POST", "/v1/webhooks", map[string]any{"url": a.hook.url + "?a=1", "events": []string{"message.created"},
		"settings": map[string]any{"expected_http_code": "202", "headers": map[string]string{"X-Agency": "ppa"},
			"username": "u", "password": "p", "query_params": map[string]string{"b": "2"}}})
	require.Equal(t, http.StatusCreated, status)
	a.hook.answer(http.StatusOK, http.StatusAccepted)
	a.Person(wa, person).Says("tere")
	_, err := a.Deliver(t.Context())
	require.Error(t, err, "200 was not expected")
	a.clock.Advance(time.Second)
	require.Equal(t, 1, a.deliver())

	got := a.hook.take()[0]
	require.Equal(t, "/hook?a=1&b=2", got.path)
	require.Equal(t, "ppa", got.header.Get("X-Agency"))
	require.True(t, strings.HasPrefix(got.header.Get("Authorization"), "Basic "))
}
