package desk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestALineTellsWhetherItWorks(t *testing.T) {
	w := newWorld(t)
	health := func(line string) object {
		for _, l := range w.do("mari", "GET", "/v1/lines", nil).items() {
			if l["id"] == line {
				return l["health"].(object)
			}
		}
		return nil
	}
	require.Equal(t, object{"state": "unknown"}, health("sms"))
	_, id := w.talk("sms", "human")
	up := w.now()
	w.do("mari", "POST", "/v1/conversations/"+id+"/claim", object{}, key("claim")).ok(200)
	reply := func(k string) {
		w.do("mari", "POST", "/v1/conversations/"+id+"/replies", object{"text": "vastus"}, key(k)).ok(201)
		w.hs.Settle()
	}
	reply("1")
	require.Equal(t, object{"state": "up", "since": up}, health("sms"))
	w.hs.Fake("sms").FailNext(&channels.Error{Op: "send", Class: channels.ErrCredentials, Outcome: channels.NotSent})
	reply("2")
	require.Equal(t, object{"state": "down", "since": w.now(), "code": "credentials"}, health("sms"))
	require.Equal(t, object{"state": "unknown"}, health("messenger"))
}
