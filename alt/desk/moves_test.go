package desk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

// telephone is a line whose people are telephone numbers.
type telephone struct{ *channeltest.Fake }

func (l telephone) Info() channels.Info {
	info := l.Fake.Info()
	info.PeerSpace = channels.PhonePeers
	return info
}

// byTelephone makes the WhatsApp-like line one, after other changes.
func byTelephone(s *setup) {
	before := s.change
	s.change = func(c *alt.Config) {
		if before != nil {
			before(c)
		}
		for i, ch := range c.Channels {
			if f, ok := ch.(*channeltest.Fake); ok && ch.Info().ID == "whatsapp" {
				c.Channels[i] = telephone{f}
			}
		}
	}
}

// askingOnBoth lets people prove who they are on two lines.
func askingOnBoth(s *setup) {
	asking(s)
	before := s.change
	s.change = func(c *alt.Config) {
		before(c)
		c.Logins.Lines["sms"] = alt.LoginPolicy{}
	}
}

// known is a conversation of mari's with a person who has proven who they are.
func (w *world) known(line channels.ID) (*alttest.Chat, string) {
	w.Helper()
	chat, id := w.talk(line, "human")
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	w.do("mari", "POST", "/v1/conversations/"+id+"/authentication", object{"purpose": "Toetuse seis"}).ok(200)
	w.prove(chat)
	return chat, id
}

func TestASpecialistGoesOnAtAnotherAccountOfThePerson(t *testing.T) {
	w := newWorld(t, askingOnBoth)
	sms, own := w.known("sms")
	_, id := w.known("whatsapp")
	path := "/v1/conversations/" + id
	w.do("mari", "POST", path+"/continue", object{"line": "messenger"}).problem(404, "not_found")
	w.do("jaan", "POST", path+"/continue", object{"line": "sms"}, because(reason)).problem(403, "not_holder")
	w.abuse("mari", "POST", path+"/continue", object{"line": "a b"}).problem(400, "malformed_request")
	require.Equal(t, "sms", w.do("mari", "POST", path+"/continue", object{"line": "sms"}).ok(200)["line"])
	require.Equal(t, "sms", w.do("mari", "POST", path+"/continue", object{"line": "sms"}).ok(200)["line"])
	require.Equal(t, "continued", w.do("mari", "GET", "/v1/conversations/"+own, nil).ok(200)["ended_reason"])

	w.do("mari", "POST", path+"/replies", object{"text": "Jätkame siin"}, key("on")).ok(201)
	w.hs.Settle()
	sent := sms.Sent()
	require.Equal(t, channels.Text{Body: "Jätkame siin"}, sent[len(sent)-1].Content)
	w.says(sms, "sms", "Hästi")
	items := w.do("mari", "GET", path+"/messages", nil).items()
	require.Equal(t, "Hästi", items[len(items)-1]["content"].(object)["text"])
	require.Equal(t, "whatsapp", w.do("mari", "POST", path+"/continue", object{"line": "whatsapp"}).ok(200)["line"], "and back")
	w.do("mari", "POST", path+"/end", nil).ok(200)
	w.do("mari", "POST", path+"/continue", object{"line": "sms"}).problem(409, "ended")
}

func TestASpecialistHandsAPersonOverToAnotherAgency(t *testing.T) {
	w := newWorld(t, byTelephone)
	chat, id := w.talk("whatsapp", "human", "minu "+canaryText)
	path := "/v1/conversations/" + id
	note := object{"line": "foe", "note": "Küsib viisat"}
	w.do("mari", "POST", path+"/forward", note).problem(403, "not_holder")
	w.do("mari", "POST", path+"/claim", nil).ok(200)
	w.abuse("mari", "POST", path+"/forward", object{"line": "foe", "note": ""}).problem(400, "malformed_request")
	w.abuse("mari", "POST", path+"/forward", object{"line": "foe", "note": strings.Repeat("x", alt.MaxNote+1)}).problem(400, "malformed_request")
	w.do("mari", "POST", path+"/forward", object{"line": "sms", "note": "x"}).problem(400, "malformed_request")
	w.do("mari", "POST", path+"/forward", object{"line": "pigeon", "note": "x"}).problem(409, "line_removed")
	done := w.do("mari", "POST", path+"/forward", note).ok(200)
	require.Equal(t, "forwarded", done["ended_reason"])
	w.do("mari", "POST", path+"/forward", note).problem(409, "ended")

	got := w.do("oskar", "GET", "/v1/conversations", nil).items()
	require.Len(t, got, 1)
	from := got[0]["forwarded"].([]any)[0].(object)
	require.Equal(t, "agency", from["from"])
	require.Equal(t, id, from["reference"])
	require.Equal(t, "Küsib viisat", from["note"])
	require.NotNil(t, got[0]["waiting_since"])
	require.Empty(t, w.do("oskar", "GET", "/v1/conversations/"+got[0]["id"].(string)+"/messages", nil).items(), "no word of it crossed")
	w.do("oskar", "GET", path, nil).problem(404, "not_found")
	require.NotContains(t, got[0], "name")

	_, other := w.talk("sms", "human")
	w.do("mari", "POST", "/v1/conversations/"+other+"/claim", nil).ok(200)
	w.do("mari", "POST", "/v1/conversations/"+other+"/forward", note).problem(409, "unreachable")
	require.NotEmpty(t, chat.Transcript())
}
