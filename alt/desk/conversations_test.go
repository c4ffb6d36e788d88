package desk_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestConversationsAreFoundByWhatTheyAre(t *testing.T) {
	w := newWorld(t)
	_, bot := w.talk("whatsapp", "tere")
	w.hs.Advance(time.Hour)
	_, waits := w.talk("messenger", "human, "+canaryText)
	w.hs.Advance(time.Hour)
	_, mine := w.talk("whatsapp", "human")
	w.do("mari", "POST", "/v1/conversations/"+mine+"/replies", object{"text": "Tere!"}, key("1")).ok(201)
	_, theirs := w.talk("sms", "human, "+strings.ToUpper(canaryText))
	w.do("jaan", "POST", "/v1/conversations/"+theirs+"/claim", nil).ok(200)
	_, ended := w.talk("sms", "tere")
	w.do("mari", "POST", "/v1/conversations/"+ended+"/end", nil).ok(200)
	_, free := w.talk("sms", "tere")
	w.do("mari", "POST", "/v1/conversations/"+free+"/claim", nil).ok(200)
	w.do("mari", "POST", "/v1/conversations/"+free+"/handback", nil).ok(200)

	for _, tc := range []struct {
		name   string
		filter object
		want   []string
	}{
		{"all, the latest change first", object{}, []string{free, ended, theirs, mine, waits, bot}},
		{"by line", object{"line": "whatsapp"}, []string{mine, bot}},
		{"by state", object{"state": "ended"}, []string{ended}},
		{"by line and state", object{"line": "sms", "state": "open"}, []string{free, theirs}},
		{"mine", object{"holder": "me"}, []string{mine}},
		{"of the desk", object{"holder": "desk"}, []string{theirs, mine, waits}},
		{"of the bot", object{"holder": "bot"}, []string{ended, bot}},
		{"of nobody", object{"holder": "nobody"}, []string{free}},
		{"of a colleague", object{"holder": "jaan"}, []string{theirs}},
		{"where somebody waits", object{"waiting": true}, []string{theirs, waits}},
		{"from a time on", object{"from": "2026-03-02T11:30:00Z"}, []string{free, ended, theirs, mine}},
		{"up to a time, told in another zone", object{"to": "2026-03-02T12:30:00+02:00"}, []string{bot}},
		{"in between", object{"from": "2026-03-02T10:30:00Z", "to": "2026-03-02T11:30:00Z"}, []string{waits}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q := url.Values{}
			for k, v := range tc.filter {
				q.Set(k, fmt.Sprint(v))
			}
			require.Equal(t, tc.want, w.do("mari", "GET", "/v1/conversations?"+q.Encode(), nil).ids())
			require.Equal(t, tc.want, w.do("mari", "POST", "/v1/conversations/search", tc.filter).ids())
		})
	}

	search := object{"text": "SALAJANE küsimus"}
	require.Equal(t, []string{waits}, w.do("mari", "POST", "/v1/conversations/search", search).ids(),
		"that a colleague's conversation holds the words is not told")
	require.Equal(t, []string{theirs, waits}, w.do("jaan", "POST", "/v1/conversations/search", search).ids())
	require.Equal(t, []string{theirs, waits}, w.do("aune", "POST", "/v1/conversations/search", search).ids())
	require.Len(t, w.do("anu", "POST", "/v1/conversations/search", object{"text": canaryName, "holder": "desk"}).ids(), 3)
	require.Empty(t, w.do("oskar", "POST", "/v1/conversations/search", search).ids())
	require.Contains(t, w.acts("", "aune"), "conversations.searched")
}

func TestAListShowsLittleOfWhatIsAnothers(t *testing.T) {
	w := newWorld(t)
	_, id := w.talk("whatsapp", "human")
	w.do("jaan", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	a := w.do("mari", "GET", "/v1/conversations", nil)
	require.Equal(t, []map[string]any{{
		"id": id, "line": "whatsapp", "state": "open", "holder": object{"kind": "desk", "name": "desk", "by": "jaan"},
		"position": float64(w.position(id)), "access": "limited",
	}}, a.items())
	for _, who := range []string{"jaan", "aune", "anu"} {
		v := w.do(who, "GET", "/v1/conversations", nil).items()[0]
		require.Equal(t, canaryName, v["name"])
		require.Equal(t, "full", v["access"])
	}
	require.Empty(t, w.do("oskar", "GET", "/v1/conversations", nil).items())
}

func TestAnotherAgencysConversationsDoNotExist(t *testing.T) {
	w := newWorld(t)
	w.talk("whatsapp", "human")
	require.Equal(t, 200, w.hs.Serve(channeltest.HTTP(w.foe.Post(w.foe.Message("person-z", "human")))))
	w.hs.Settle()
	theirs := w.do("oskar", "GET", "/v1/conversations", nil).ids()
	require.Len(t, theirs, 1)
	require.Equal(t, []string{"foe"}, w.do("oskar", "GET", "/v1/lines", nil).ids())
	require.Equal(t, []string{"messenger", "sms", "whatsapp"}, w.do("anu", "GET", "/v1/lines", nil).ids())
	path := "/v1/conversations/" + theirs[0]
	for _, get := range []string{path, path + "/messages"} {
		w.do("anu", "GET", get, nil, because(reason)).problem(404, "not_found")
	}
	w.do("anu", "POST", path+"/claim", object{"force": true, "reason": "x"}).problem(404, "not_found")
	msg := w.do("oskar", "GET", path+"/messages", nil).ids()[0]
	w.do("oskar", "GET", "/v1/messages/"+msg, nil).ok(200)
	w.do("anu", "GET", "/v1/messages/"+msg, nil).problem(404, "not_found")
	for _, e := range w.do("oskar", "GET", "/v1/log", nil).items() {
		require.NotEqual(t, "whatsapp", e["line"])
	}
}

func TestPagesFollowEachOther(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.desk.PageSize = 3 })
	var want []string
	for range 7 {
		_, id := w.talk("sms", "human")
		want = append([]string{id}, want...)
	}
	var got []string
	next, pages := "", 0
	for {
		a := w.do("mari", "GET", "/v1/conversations?waiting=true&cursor="+next, nil)
		if next == "" {
			a = w.do("mari", "GET", "/v1/conversations?waiting=true", nil)
		}
		got, pages = append(got, a.ids()...), pages+1
		v := a.ok(200)
		if v["next"] == nil {
			break
		}
		next = v["next"].(string)
	}
	require.Equal(t, want, got)
	require.Equal(t, 3, pages)
	require.Len(t, w.do("mari", "GET", "/v1/conversations?limit=200", nil).ids(), 7)

	first := w.do("mari", "POST", "/v1/conversations/search", object{"text": "human", "limit": 2}).ok(200)["next"].(string)
	require.Equal(t, want[2:4], w.do("mari", "POST", "/v1/conversations/search", object{"text": "human", "limit": 2, "cursor": first}).ids())
	w.do("mari", "POST", "/v1/conversations/search", object{"text": "other", "cursor": first}).problem(400, "malformed_cursor")
	w.do("mari", "GET", "/v1/conversations?cursor="+first, nil).problem(400, "malformed_cursor")
}

func TestMessagesPageBackwards(t *testing.T) {
	w := newWorld(t, deskOnly)
	chat, id := w.talk("whatsapp", "0")
	for i := 1; i < 10; i++ {
		chat.Says(fmt.Sprint(i))
	}
	path := "/v1/conversations/" + id + "/messages"
	var got []string
	before := ""
	for {
		url := path + "?limit=4"
		if before != "" {
			url += "&before=" + before
		}
		a := w.do("mari", "GET", url, nil)
		var page []string
		for _, m := range a.items() {
			if m["direction"] == "in" {
				page = append(page, m["content"].(object)["text"].(string))
			}
		}
		got = append(page, got...)
		earlier := a.ok(200)["earlier"]
		if earlier == nil {
			break
		}
		before = earlier.(string)
	}
	require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, got)
	_, other := w.talk("sms", "x")
	w.do("mari", "GET", "/v1/conversations/"+other+"/messages?before="+before, nil).problem(400, "malformed_cursor")
}

func TestMalformedCursorsAreRefused(t *testing.T) {
	w := newWorld(t, func(s *setup) { s.desk.PageSize = 1 })
	w.talk("sms", "human")
	w.talk("sms", "human")
	good := w.do("mari", "GET", "/v1/conversations", nil).ok(200)["next"].(string)
	raw, err := base64.RawURLEncoding.DecodeString(good)
	require.NoError(t, err)
	enc := base64.RawURLEncoding.EncodeToString
	for name, cursor := range map[string]string{
		"no base64":                        "%21%21",
		"standing for nothing":             enc(raw[:6]),
		"cut":                              good[:len(good)-2] + "A",
		"with the store's part gone wrong": enc(append(raw[:6:6], "not a place!"...)),
		"of another list":                  enc(append([]byte("xxxxxx"), raw[6:]...)),
		"too long":                         strings.Repeat("A", 600),
	} {
		t.Run(name, func(t *testing.T) {
			w.do("mari", "GET", "/v1/conversations?cursor="+cursor, nil).problem(400, "malformed_cursor")
		})
	}
	w.do("mari", "GET", "/v1/conversations?cursor="+good, nil).ok(200)
	w.do("oskar", "GET", "/v1/conversations?cursor="+good, nil).problem(400, "malformed_cursor")
}

func TestAWithdrawnMessageIsGone(t *testing.T) {
	w := newWorld(t, deskOnly)
	fake := w.hs.Fake("whatsapp")
	chat := w.hs.Chat("whatsapp")
	m := fake.Message(chat.Address().Peer, canaryText)
	chat.Happens(m).Happens(fake.Withdraw(m))
	a := w.do("mari", "GET", "/v1/conversations/"+chat.Dossier().Conversation.ID+"/messages", nil)
	require.NotContains(t, string(a.body), canaryText)
	require.Equal(t, object{"kind": "unsupported", "unsupported": object{"type": "withdrawn"}}, a.items()[0]["content"])
}

func TestEveryContentOfAPersonIsShown(t *testing.T) {
	w := newWorld(t, deskOnly)
	chat := w.hs.Chat("whatsapp")
	chat.Says("tere")
	first := chat.LastID()
	chat.Sends(channels.Location{Latitude: 59.4, Longitude: 24.7}).
		Sends(channels.ContactCard{Name: canaryName, Phones: []string{"+3725550000"}}).
		Sends(channels.Chosen{ID: "a", Title: "A"}).
		Sends(channels.Reaction{To: first, Emoji: "👍"}).
		Sends(channels.Unsupported{Type: "poll", Fallback: "?"}).
		Sends(channels.Media{As: channels.Audio, Ref: "https://provider.example/secret-link"})
	chat.Sends(channels.Media{As: channels.Image, URL: "https://provider.example/secret-link"})
	a := w.do("mari", "GET", "/v1/conversations/"+chat.Dossier().Conversation.ID+"/messages", nil)
	var kinds []any
	for _, m := range a.items() {
		kinds = append(kinds, m["content"].(object)["kind"])
	}
	require.Equal(t, []any{"text", "text", "location", "contact", "chosen", "reaction", "unsupported", "media", "media"}, kinds)
	require.Equal(t, a.items()[0]["id"], a.items()[5]["content"].(object)["reaction"].(object)["to"])
	require.NotEmpty(t, a.items()[7]["content"].(object)["media"].(object)["missing"])
	require.NotContains(t, string(a.body), "secret-link")
	require.NotContains(t, string(a.body), "person-")
}
