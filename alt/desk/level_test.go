package desk_test

import (
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

// proving has a bot in front that proves who the person is on "prove".
func proving(s *setup) {
	s.chain = func(people alt.Handler) alt.Handler {
		bot := alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			if t.Text() == "human" {
				t.HandOver("desk")
				return nil
			}
			return t.Session().Prove(eid.Identity{
				Code: "EE38001085718", GivenName: "Jaak-Kristjan", FamilyName: "Jõeorg", Born: "1980-01-08", Method: eid.SmartID, Level: eid.High, At: t.Now(),
				Evidence: []byte("signed by his phone"),
			})
		})
		return alt.Chain(
			alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: bot},
			alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people},
		)
	}
}

// discreet checks that nothing tells who was proven.
func discreet(t *testing.T, answer string) {
	t.Helper()
	for _, secret := range []string{"38001085718", "Jaak", "Kristjan", "eorg", "1980", "signed", "c2lnbmVk", `"identity"`} {
		require.NotContains(t, answer, secret)
	}
}

func TestTheDeskSeesHowSurelyAPersonIsKnownAndNotWhoItIs(t *testing.T) {
	w := newWorld(t, proving)
	chat, id := w.talk("whatsapp", "human")
	path := "/v1/conversations/" + id
	level := func(who string) any {
		t.Helper()
		list, found := w.do(who, "GET", "/v1/conversations", nil), w.do(who, "POST", "/v1/conversations/search", object{"holder": "desk"})
		one, messages := w.do(who, "GET", path, nil), w.do(who, "GET", path+"/messages", nil)
		for _, a := range []answer{list, found, one, messages} {
			discreet(t, string(a.body))
		}
		for _, a := range []answer{list, found} {
			require.Equal(t, one.ok(200)["level"], a.items()[0]["level"])
		}
		return one.ok(200)["level"]
	}
	require.Equal(t, "undefined", level("mari"), "a chat account proves nothing")

	require.NoError(t, w.hs.Service().Talk(t.Context(), "agency", id, "system", func(t *alt.Turn) error { t.HandBack(); return nil }))
	w.says(chat, "whatsapp", "prove")
	w.says(chat, "whatsapp", "human")
	for _, who := range []string{"mari", "aune", "anu"} {
		require.Equal(t, "high", level(who))
	}
	w.do("jaan", "POST", path+"/claim", nil).ok(200)
	require.NotContains(t, w.do("mari", "GET", "/v1/conversations", nil).items()[0], "level", "a colleague's conversation shows little")
	log := w.do("aune", "GET", "/v1/log?conversation="+id, nil)
	discreet(t, string(log.body))
	require.Contains(t, string(log.body), `"session.proven"`)

	w.hs.Clock().Advance(session.DefaultIdle)
	require.Equal(t, "undefined", level("jaan"), "the session is over, though nobody has ended it yet")
	w.hs.Settle()
	require.Equal(t, "undefined", level("jaan"))
	require.Equal(t, "undefined", w.do("jaan", "POST", path+"/end", object{"reason": "done"}).ok(200)["level"])
	discreet(t, w.logs.String())
}

func TestAnEndedConversationDoesNotShowTheLevelOfTheNext(t *testing.T) {
	w := newWorld(t, proving)
	chat, first := w.talk("whatsapp", "human")
	w.do("mari", "POST", "/v1/conversations/"+first+"/end", object{"reason": "done"}).ok(200)
	w.says(chat, "whatsapp", "prove")
	second := chat.Dossier().Conversation.ID
	require.NotEqual(t, first, second)
	require.Equal(t, "undefined", w.do("mari", "GET", "/v1/conversations/"+first, nil).ok(200)["level"])
	require.Equal(t, "high", w.do("mari", "GET", "/v1/conversations/"+second, nil).ok(200)["level"])
}

func TestAStreamTellsWhenTheLevelChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, proving)
		chat := w.hs.Chat("whatsapp")
		c, _, hangUp := w.listen("mari", "")
		defer hangUp()
		level := func() any {
			t.Helper()
			breathe()
			events, _ := c.take(t)
			require.NotEmpty(t, events)
			for _, e := range events {
				b, err := json.Marshal(e.data)
				require.NoError(t, err)
				discreet(t, string(b))
			}
			return events[len(events)-1].data["level"]
		}
		w.says(chat, "whatsapp", "prove")
		require.Equal(t, "high", level())
		w.hs.Advance(time.Hour)
		require.Equal(t, "undefined", level(), "the session ended by itself")
	})
}
