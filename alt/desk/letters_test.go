package desk_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestDeadLettersAreListedAndSettled(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	for i := range 3 {
		w.hs.Fake("whatsapp").FailNext(rejected())
		w.do("mari", "POST", path+"/replies", object{"text": fmt.Sprint("vastus ", i)}, key(fmt.Sprint(i))).ok(201)
		w.hs.Settle()
	}
	items := w.do("mari", "GET", "/v1/letters?state=dead&line=whatsapp", nil).items()
	require.Len(t, items, 3)
	require.Equal(t, object{"kind": "text", "text": "vastus 0"}, items[0]["content"])
	require.Equal(t, "rejected", items[0]["code"])
	require.Equal(t, "message", items[0]["kind"])
	require.Equal(t, path, "/v1/conversations/"+items[0]["conversation"].(string))
	id := func(i int) string { return fmt.Sprintf("/v1/letters/%.0f", items[i]["id"]) }

	w.do("mari", "POST", id(0)+"/retry", nil).ok(204)
	w.hs.Settle()
	chat.Expect("vastus 0")
	w.do("jaan", "POST", id(1)+"/drop", object{}).ok(204)
	w.do("anu", "POST", id(2)+"/confirm", nil).problem(409, "not_settled")
	require.Len(t, w.do("anu", "GET", "/v1/letters", nil).items(), 1)
	for _, verdict := range []string{"retry", "drop", "confirm"} {
		w.do("mari", "POST", id(1)+"/"+verdict, nil).problem(404, "not_found")
	}
	w.abuse("mari", "POST", id(2)+"/burn", nil).problem(404, "not_found")
	w.abuse("mari", "POST", "/v1/letters/x/drop", nil).problem(404, "not_found")
	w.abuse("mari", "POST", "/v1/letters/99999999999999999999/drop", nil).problem(404, "not_found")
	w.do("oskar", "POST", id(2)+"/drop", nil).problem(404, "not_found")

	life := w.do("mari", "GET", "/v1/messages/"+items[1]["message"].(string), nil).ok(200)
	require.Equal(t, "failed", life["status"])
	var acts []string
	for _, e := range w.log("") {
		if e.Actor == "mari" || e.Actor == "jaan" {
			acts = append(acts, e.Actor+" "+e.Act)
		}
	}
	require.Subset(t, acts, []string{"mari letter.retry", "jaan letter.drop"})
}

func TestAnUncertainMessageIsConfirmed(t *testing.T) {
	w := newWorld(t)
	chat, path := w.claimed("whatsapp")
	w.hs.Fake("whatsapp").FailNext(fmt.Errorf("connection reset"))
	sent := w.do("mari", "POST", path+"/replies", object{"text": "vastus"}, key("1")).ok(201)
	w.hs.Settle()
	require.Equal(t, "unknown", w.do("mari", "GET", "/v1/messages/"+sent["id"].(string), nil).ok(200)["status"])
	w.hs.Advance(20 * time.Minute)
	chat.ExpectNothing()
	items := w.do("mari", "GET", "/v1/letters?state=uncertain", nil).items()
	require.Len(t, items, 1)
	w.do("mari", "POST", fmt.Sprintf("/v1/letters/%.0f/confirm", items[0]["id"]), nil).ok(204)
	require.Equal(t, "sent", w.do("mari", "GET", "/v1/messages/"+sent["id"].(string), nil).ok(200)["status"])
	require.Empty(t, w.do("mari", "GET", "/v1/letters", nil).items())
}

func TestAMessageThatNobodyHandledIsSeen(t *testing.T) {
	w := newWorld(t, func(s *setup) {
		s.chain = func(alt.Handler) alt.Handler {
			return alt.HandlerFunc(func(context.Context, *alt.Turn) error { return alt.ErrNotMine })
		}
	})
	w.hs.Chat("whatsapp").Says(canaryText)
	w.hs.Serve(channeltest.HTTP(w.hs.Fake("whatsapp").Sign([]byte(`{"events":[7]}`))))
	w.hs.Settle()
	items := w.do("mari", "GET", "/v1/letters", nil).items()
	require.Equal(t, object{"kind": "text", "text": canaryText}, items[0]["content"])
	require.Equal(t, []any{"received", "inbox"}, []any{items[0]["kind"], items[0]["work"]})
	require.Equal(t, "malformed", items[1]["kind"])
	require.NotContains(t, items[1], "content")
}

func TestALetterOfAnothersConversationShowsNoContent(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	w.hs.Fake("whatsapp").FailNext(rejected())
	w.do("mari", "POST", path+"/replies", object{"text": canaryText}, key("1")).ok(201)
	w.hs.Settle()
	require.NotContains(t, string(w.do("jaan", "GET", "/v1/letters", nil).body), canaryText)
	require.Empty(t, w.acts("", "aune"))
	for _, who := range []string{"mari", "aune", "anu"} {
		require.Contains(t, string(w.do(who, "GET", "/v1/letters", nil).body), canaryText)
	}
	require.Equal(t, []string{"desk.token_used", "letters.read"}, w.acts("", "aune"))
	require.Empty(t, w.do("oskar", "GET", "/v1/letters", nil).items())
}

func TestLettersAndLogPage(t *testing.T) {
	w := newWorld(t)
	_, path := w.claimed("whatsapp")
	for i := range 3 {
		w.hs.Fake("whatsapp").FailNext(rejected())
		w.do("mari", "POST", path+"/replies", object{"text": "x"}, key(fmt.Sprint(i))).ok(201)
		w.hs.Settle()
	}
	a := w.do("mari", "GET", "/v1/letters?limit=2", nil)
	require.Len(t, a.items(), 2)
	next := a.ok(200)["next"].(string)
	rest := w.do("mari", "GET", "/v1/letters?limit=2&cursor="+next, nil)
	require.Len(t, rest.items(), 1)
	require.NotContains(t, rest.ok(200), "next")
	w.do("mari", "GET", "/v1/letters?state=dead&cursor="+next, nil).problem(400, "malformed_cursor")

	w.do("anu", "GET", "/v1/me", nil).ok(200) // a token's first use is an entry
	all := w.do("aune", "GET", "/v1/log?limit=1000", nil).items()
	var paged []map[string]any
	cursor := ""
	for {
		url := "/v1/log?limit=5"
		if cursor != "" {
			url += "&cursor=" + cursor
		}
		a := w.do("anu", "GET", url, nil)
		paged = append(paged, a.items()...)
		next := a.ok(200)["next"]
		if next == nil {
			break
		}
		cursor = next.(string)
	}
	require.Equal(t, all, paged)
	one := w.do("aune", "GET", "/v1/log?conversation="+path[len("/v1/conversations/"):], nil).items()
	require.NotEmpty(t, one)
	require.Less(t, len(one), len(all))
	require.Empty(t, w.do("aune", "GET", "/v1/log?from=2026-03-03T00:00:00Z", nil).items())
	require.Len(t, w.do("aune", "GET", "/v1/log?to=2026-03-02T10:00:00Z&limit=1000", nil).items(), len(all))
	msg := one[2]["message"].(string)
	for _, e := range w.do("aune", "GET", "/v1/log?message="+msg, nil).items() {
		require.Equal(t, msg, e["message"])
	}
}

func TestAMessageOfTheSystemHasALifeWithoutAConversation(t *testing.T) {
	w := newWorld(t)
	id, err := w.hs.Service().Send(t.Context(), channels.Outbound{
		To: channels.Address{Channel: "sms", Peer: "person-a"}, Content: channels.Text{Body: "Teie aeg on homme."},
	})
	require.NoError(t, err)
	w.hs.Settle()
	v := w.do("mari", "GET", "/v1/messages/"+string(id), nil).ok(200)
	require.Equal(t, "sent", v["status"])
	require.NotContains(t, v, "conversation")
}
