package alt

import (
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// notice applies what an event that is no message means by itself.
func (t *Turn) notice(e channels.Event) {
	switch e := e.(type) {
	case *channels.Edited:
		t.note("message.edited", nil)
	case *channels.Withdrawn:
		t.note("message.withdrawn", nil)
	case *channels.OptedOut:
		t.d.Contact.optOut(!e.In, earlier(e.At, t.now))
		t.note("contact.opted_out", map[string]string{"in": strconv.FormatBool(e.In)})
	case *channels.ThreadControl:
		if c := t.d.Conversation; c != nil {
			switch {
			case !e.Mine:
				c.Holder = Holder{Kind: HeldByDesk, By: "provider"}
			case c.Holder.By == "provider":
				c.Holder = Holder{}
			}
		}
	case *channels.PeerChanged:
		t.note("contact.peer_changed", nil)
		t.doubt()
	case *channels.LineChanged:
		t.note("contact.doubted", map[string]string{"state": e.State})
		t.doubt()
	case *channels.SessionEnded:
		t.svc.observe(Observation{Name: "session.expired", Line: t.line.info.ID, Code: e.Reason, N: 1})
		t.proofOver(&session.Session{Ended: e.At, Reason: session.Reason(e.Reason)})
		t.eraseLater()
	}
}

// doubt ends the session, and with it what was proven: the channel no longer
// vouches that the next message is the same human's.
func (t *Turn) doubt() {
	t.d.goesBack()
	if s := t.d.Session; s != nil && s.Active() {
		s.End(session.ByNewPeer, t.now)
		t.note("session.ended", map[string]string{"reason": string(session.ByNewPeer), "session": s.ID})
		t.proofOver(s)
	}
}

// redactions returns what an event makes of the content that is stored. Not
// every provider says whose message it was.
func redactions(e channels.Event, now time.Time) []Redaction {
	m := e.Meta()
	r := Redaction{Address: channels.Address{Agency: m.Agency, Channel: m.Channel, Peer: m.Peer}, At: now}
	switch e := e.(type) {
	case *channels.Edited:
		r.ID, r.With = e.ID, e.Content
	case *channels.Withdrawn:
		r.ID = e.ID
	default:
		return nil
	}
	return []Redaction{r}
}
