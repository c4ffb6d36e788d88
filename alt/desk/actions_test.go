package desk_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

func TestASpecialistTakesAConversationAndGivesItBack(t *testing.T) {
	w := newWorld(t)
	chat, id := w.talk("whatsapp", "human")
	chat.Expect(handedOver)
	path := "/v1/conversations/" + id
	w.hs.Advance(90 * time.Second)

	v := w.do("mari", "GET", path, nil).ok(200)
	require.EqualValues(t, 1, v["unread"])
	require.EqualValues(t, 90, v["waiting_seconds"])
	require.Equal(t, "2026-03-02T10:00:00Z", v["waiting_since"])
	require.Equal(t, object{"kind": "desk", "name": "desk"}, v["holder"])

	v = w.do("mari", "POST", path+"/claim", nil).ok(200)
	require.Equal(t, object{"kind": "desk", "name": "desk", "by": "mari"}, v["holder"])
	require.EqualValues(t, 90, v["waiting_seconds"], "the person still waits")
	v = w.do("mari", "POST", path+"/read", object{}).ok(200)
	require.EqualValues(t, 0, v["unread"])
	w.do("mari", "POST", path+"/replies", object{"text": "Tere!"}, key("1")).ok(201)
	v = w.do("mari", "GET", path, nil).ok(200)
	require.NotContains(t, v, "waiting_since")
	require.NotContains(t, v, "waiting_seconds")

	held := w.do("jaan", "POST", path+"/claim", nil).problem(409, "held")
	require.Equal(t, object{"kind": "desk", "name": "desk", "by": "mari"}, held["holder"])
	w.do("mari", "POST", path+"/release", nil).ok(200)
	v = w.do("jaan", "POST", path+"/claim", nil).ok(200)
	require.Equal(t, "jaan", v["holder"].(object)["by"])
	v = w.do("jaan", "POST", path+"/handback", nil).ok(200)
	require.Equal(t, object{"kind": "nobody"}, v["holder"])
	w.hs.Settle()
	chat.Expect("Tere!")
	chat.Says("tere").Expect("bot: tere")

	v = w.do("jaan", "POST", path+"/end", object{"reason": "answered"}).ok(200)
	require.Equal(t, "ended", v["state"])
	require.Equal(t, "specialist", v["ended_reason"])
	require.Equal(t, w.now(), v["ended"])
	require.Equal(t, map[string]string{"reason": "answered"}, w.detail(id, "conversation.ended_because"))
	for _, act := range []string{"claim", "release", "handback"} {
		w.do("mari", "POST", path+"/"+act, nil).problem(409, "ended")
	}
	w.do("mari", "POST", path+"/replies", object{"text": "x"}, key("2")).problem(409, "ended")
	require.Equal(t, []string{"conversation.claimed", "conversation.handed_back", "conversation.ended", "session.ended", "conversation.ended_because"}, w.acts(id, "jaan"))
}

func TestActsThatChangeNothingAreNotWritten(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "tere")
	path := "/v1/conversations/" + id
	w.do("mari", "POST", path+"/claim", nil).ok(200)
	before, entries := w.position(id), len(w.log(id))
	for act, body := range map[string]any{"claim": nil, "read": nil, "restrict": object{"restricted": false}} {
		w.do("mari", "POST", path+"/"+act, body).ok(200)
	}
	require.Equal(t, before, w.position(id))
	require.Len(t, w.log(id), entries)
	w.do("mari", "POST", path+"/handback", nil).ok(200)
	w.do("mari", "POST", path+"/handback", nil).ok(200)
	w.do("mari", "POST", path+"/release", nil).ok(200)
	w.do("mari", "POST", path+"/end", nil).ok(200)
	before = w.position(id)
	w.do("mari", "POST", path+"/end", nil).ok(200)
	require.Equal(t, before, w.position(id))
}

func TestAnAdminTakesAConversationByForce(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "human")
	path := "/v1/conversations/" + id
	w.do("mari", "POST", path+"/claim", nil).ok(200)
	w.do("anu", "POST", path+"/claim", nil).problem(409, "held")
	w.do("anu", "POST", path+"/claim", object{"force": true}).problem(400, "malformed_request")
	w.do("anu", "POST", path+"/claim", object{"reason": "illness"}).problem(400, "malformed_request")
	w.do("anu", "POST", path+"/replies", object{"text": "x"}, key("1")).problem(409, "held")
	v := w.do("anu", "POST", path+"/claim", object{"force": true, "reason": "illness"}).ok(200)
	require.Equal(t, "anu", v["holder"].(object)["by"])
	require.Equal(t, map[string]string{"from": "mari", "reason": "illness"}, w.detail(id, "conversation.claimed"))
	w.do("mari", "POST", path+"/replies", object{"text": "x"}, key("2")).problem(409, "held")
}

func TestOfManyWhoClaimOneGetsTheConversation(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "human")
	const rounds = 20
	for round := range rounds {
		got := make([]int, 2)
		var wg sync.WaitGroup
		for i, who := range []string{"mari", "jaan"} {
			r := w.request(who, "POST", "/v1/conversations/"+id+"/claim", nil)
			wg.Go(func() { got[i] = serve(w, r).Code })
		}
		wg.Wait()
		require.ElementsMatch(t, []int{200, 409}, got)
		w.do("anu", "POST", "/v1/conversations/"+id+"/release", nil, key(fmt.Sprint(round))).ok(200)
	}
	claims := 0
	for _, e := range w.log(id) {
		if e.Act == "conversation.claimed" {
			claims++
		}
	}
	require.Equal(t, rounds, claims)
}

func TestARepeatedActIsAnsweredAsTheFirstTime(t *testing.T) {
	for _, act := range []string{"claim", "release", "handback", "end", "read"} {
		t.Run(act, func(t *testing.T) {
			w := newWorld(t)
			_, id := w.talk("whatsapp", "human")
			path := "/v1/conversations/" + id
			if act != "claim" {
				w.do("mari", "POST", path+"/claim", nil).ok(200)
			}
			w.do("mari", "POST", path+"/"+act, nil, key("again")).ok(200)
			entries := len(w.log(id))
			// Meanwhile the conversation has gone to somebody else.
			if act == "claim" || act == "read" {
				w.do("mari", "POST", path+"/release", nil).ok(200)
			}
			if act == "release" || act == "claim" || act == "read" {
				w.do("jaan", "POST", path+"/claim", nil).ok(200)
				entries = len(w.log(id))
			}
			w.do("mari", "POST", path+"/"+act, nil, key("again")).ok(200)
			require.Len(t, w.log(id), entries, "nothing happened again")
			// The key belongs to this request of this caller.
			w.do("mari", "POST", path+"/restrict", object{"restricted": true}, key("again")).problem(422, "key_reused")
			require.NotEqual(t, 422, w.do("jaan", "POST", path+"/read", nil, key("again")).status)
			// Another key is another request.
			if act == "claim" || act == "release" || act == "read" {
				w.do("mari", "POST", path+"/"+act, nil, key("other")).problem(409, "held")
			}
		})
	}
}

func TestTheBotStaysSilentAfterAClaim(t *testing.T) {
	for name, before := range map[string][]string{"from the bot": nil, "from nobody": {"claim", "handback"}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			chat, id := w.talk("whatsapp", "tere")
			chat.Expect("bot: tere")
			path := "/v1/conversations/" + id
			held := w.do("mari", "POST", path+"/replies", object{"text": "Tere!"}, key("1")).problem(409, "held")
			require.Equal(t, object{"kind": "bot", "name": "bot"}, held["holder"])
			for _, act := range append(before, "claim") {
				w.do("mari", "POST", path+"/"+act, nil).ok(200)
			}
			w.says(chat, "whatsapp", "veel")
			chat.ExpectNothing()
			require.Equal(t, "mari", chat.Dossier().Conversation.Holder.By)
			require.Equal(t, 1, chat.Dossier().Conversation.Unread)
		})
	}
}

func TestAConversationOfARemovedLineIsStillThere(t *testing.T) {
	w := newWorld(t)
	now := w.hs.Clock().Now()
	gone := channels.Address{Agency: "agency", Channel: "gone", Peer: "person-x"}
	require.NoError(t, w.hs.Store().Commit(t.Context(), alt.Item{}, alt.Changes{Conversation: &alt.Conversation{
		ID: "old-1", Address: gone, State: alt.Open, Opened: now,
	}}))
	v := w.do("mari", "GET", "/v1/conversations/old-1", nil).ok(200)
	require.NotContains(t, v, "window")
	w.do("mari", "POST", "/v1/conversations/old-1/claim", nil).problem(409, "line_removed")
	w.do("mari", "POST", "/v1/conversations/nosuch/claim", nil).problem(404, "not_found")
}
