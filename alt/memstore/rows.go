package memstore

import (
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Keys of the indexes. The agency is part of each.
type (
	eventKey struct {
		agency channels.Agency
		line   channels.ID
		key    string
	}
	onceKey struct {
		agency channels.Agency
		key    string
	}
	messageKey struct {
		agency channels.Agency
		id     channels.MessageID
	}
	refKey struct {
		agency channels.Agency
		line   channels.ID
		ref    string
	}
	providerKey struct {
		agency channels.Agency
		line   channels.ID
		id     channels.ProviderID
	}
	talkKey struct {
		agency channels.Agency
		id     string
	}
	blobKey struct {
		agency channels.Agency
		id     channels.BlobID
	}
	lineKey struct {
		agency channels.Agency
		id     channels.ID
	}
)

type once struct {
	print [32]byte
	at    time.Time
}

// item is one piece of work that is not finished. Its place orders it within
// its lane, also after a restart.
type item struct {
	id, place int64
	work      alt.Work
	lane      string
	address   channels.Address // Peer may be empty
	attempt   int
	token     int64 // 0: nobody holds it
	claimed   bool
	accepted  time.Time
	ready     time.Time
	late      bool
	since     time.Time // the outcome is unknown

	event stored   // Inbox and Media
	msg   *message // Outbox and Reconcile

	letter *letter
}

// letter is what turns an item into one: it is in no queue.
type letter struct {
	place int64 // letters are listed in the order in which they became ones
	state alt.LetterState
	code  string
	at    time.Time
	talk  string
}

// stored is an encoded event. Raw is kept beside it, as the encoding has none.
type stored struct {
	typ  string
	id   channels.ProviderID
	body []byte
	raw  []byte
}

// message is a message as it is kept, in or out.
type message struct {
	alt.Message          // without Content
	content     []byte   // encoded
	print       [32]byte // of an outbound message
	sent        time.Time
	out         channels.Outbound // without Content
	talk        *talk             // nil outside of conversations
	item        *item             // nil when the work is done
}

// talk is a conversation with its messages in the order of Seq.
type talk struct {
	alt.Conversation
	messages []*message
}

// parked is a report that came before the receipt of its message.
type parked struct {
	status channels.Status
	code   string
	report time.Time
	at     time.Time // when it came
}

func encode(e channels.Event) (stored, error) {
	b, err := channels.MarshalEvent(e)
	if err != nil {
		return stored{}, err
	}
	return stored{typ: e.Type(), id: subject(e), body: b, raw: append([]byte(nil), e.Meta().Raw...)}, nil
}

// subject is the message that an event is or speaks of.
func subject(e channels.Event) channels.ProviderID {
	switch e := e.(type) {
	case *channels.Received:
		return e.ID
	case *channels.Edited:
		return e.ID
	case *channels.Echoed:
		return e.ID
	}
	return ""
}

func (s stored) decode() (channels.Event, error) {
	e, err := channels.UnmarshalEvent(s.body)
	if err == nil && len(s.raw) > 0 {
		e.Meta().Raw = append([]byte(nil), s.raw...)
	}
	return e, err
}

// needsFile reports whether e is a message whose file is still at the provider.
func needsFile(e channels.Event) bool {
	r, ok := e.(*channels.Received)
	if !ok {
		return false
	}
	m, ok := r.Content.(channels.Media)
	return ok && m.Ref != "" && m.Blob == ""
}

// view returns the message with its content, decoded anew.
func (m *message) view() (alt.Message, error) {
	v := m.Message
	c, err := channels.UnmarshalContent(m.content)
	v.Content = c
	return v, err
}

// outbound returns the message as it is sent, decoded anew.
func (m *message) outbound() (*channels.Outbound, error) {
	o := m.out
	c, err := channels.UnmarshalContent(m.content)
	o.Content = c
	return &o, err
}
