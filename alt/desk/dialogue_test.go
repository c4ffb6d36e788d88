package desk_test

import (
	"context"
	"encoding/json"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// What is said in a dialogue about who the person is.
const (
	spokenCode    = "38001085718"
	spokenPhone   = "+37255501234"
	spokenControl = "kontroll-8842"
)

// mobile is Jaak-Kristjan's Mobile-ID, and he agrees.
type mobile struct{ now func() time.Time }

func (mobile) Method() eid.Method { return eid.MobileID }

func (m mobile) Begin(context.Context, eid.Request) (eid.Challenge, error) {
	return eid.Challenge{State: eid.State("s"), Code: spokenControl, Expires: m.now().Add(time.Minute)}, nil
}

func (m mobile) Resolve(context.Context, eid.State, url.Values) (eid.Identity, error) {
	id := jaak()
	id.Method, id.At = eid.MobileID, m.now()
	return id, nil
}

func askingInChat(s *setup) {
	s.change = func(c *alt.Config) {
		c.Logins.Methods = []eid.Authenticator{mobile{c.Now}}
		c.Logins.Lines = map[channels.ID]alt.LoginPolicy{"sms": {InChat: true}}
	}
}

// shown is all that the desk shows of a conversation, to whoever sees most.
func (w *world) shown(id string) string {
	w.Helper()
	all := ""
	for _, path := range []string{"", "/messages", "/accounts"} {
		all += string(w.do("mari", "GET", "/v1/conversations/"+id+path, nil).body)
	}
	for _, who := range []string{"mari", "anu"} {
		for _, path := range []string{"conversations", "letters", "conversations?text=isikukood", "conversations?text=" + spokenCode} {
			all += string(w.do(who, "GET", "/v1/"+path, nil).body)
		}
	}
	all += string(w.do("anu", "GET", "/v1/log?conversation="+id, nil).body)
	for _, e := range w.log(id) {
		if e.Message != "" {
			all += string(w.do("mari", "GET", "/v1/messages/"+e.Message, nil).body)
		}
	}
	return all
}

func TestTheDeskSeesThatAPersonAuthenticatesInTheChatAndNothingOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, deskOnly, askingInChat)
		chat, id := w.talk("sms", "tere")
		w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
		stream, _, hangUp := w.listen("mari", "")
		defer hangUp()
		unseen := func() {
			t.Helper()
			breathe()
			events, _ := stream.take(t)
			told, err := json.Marshal(eventsData(events))
			require.NoError(t, err)
			for _, secret := range []string{spokenCode, spokenPhone[1:], spokenPhone[4:], spokenControl, "isikukood", "telefoninumber"} {
				require.NotContains(t, w.shown(id)+string(told)+w.logs.String(), secret)
			}
		}
		before := w.do("mari", "GET", "/v1/conversations/"+id+"/messages", nil).ok(200)["items"]
		asked := w.do("mari", "POST", "/v1/conversations/"+id+"/authentication", object{"purpose": "Toetuse seis"}).ok(200)
		require.Equal(t, "authenticating", asked["login"].(object)["status"])
		w.hs.Settle()
		for _, text := range []string{spokenCode, spokenPhone} {
			unseen()
			w.says(chat, "sms", text)
		}
		unseen()
		shown := w.do("mari", "GET", "/v1/conversations/"+id, nil).ok(200)
		require.Equal(t, "authenticating", shown["login"].(object)["status"])
		require.Equal(t, before, w.do("mari", "GET", "/v1/conversations/"+id+"/messages", nil).ok(200)["items"])
		require.Contains(t, chat.Sent()[len(chat.Sent())-1].Content.(channels.Text).Body, spokenControl)
		w.hs.Advance(10 * time.Second)
		unseen()
		shown = w.do("mari", "GET", "/v1/conversations/"+id, nil).ok(200)
		require.Equal(t, "proven", shown["login"].(object)["status"])
		require.Equal(t, "substantial", shown["level"])

		w.do("mari", "POST", "/v1/conversations/"+id+"/authentication", object{"level": "high"}).problem(403, "policy")
	})
}

func eventsData(events []event) []object {
	out := make([]object, len(events))
	for i, e := range events {
		out[i] = e.data
	}
	return out
}

func TestAQuestionThatWasNotSentIsALetterOfNoContent(t *testing.T) {
	w := newWorld(t, deskOnly, askingInChat)
	_, id := w.talk("sms", "tere")
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", nil).ok(200)
	w.hs.Fake("sms").FailNext(&channels.Error{Op: "send", Channel: "sms", Class: channels.ErrRejected, Outcome: channels.NotSent})
	w.do("mari", "POST", "/v1/conversations/"+id+"/authentication", object{}).ok(200)
	w.hs.Settle()
	letters := w.do("mari", "GET", "/v1/letters", nil).ok(200)["items"].([]any)
	require.Len(t, letters, 1)
	require.Equal(t, object{"kind": "unsupported", "unsupported": object{"type": "private"}}, letters[0].(object)["content"])
}
