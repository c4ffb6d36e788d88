package meta

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Reasons of a Malformed.
const (
	reasonObject  = "unknown_object"  // a webhook of another product
	reasonEntry   = "unknown_entry"   // an entry without events
	reasonAccount = "unknown_account" // an account that was never configured
	reasonEvent   = "unknown_event"   // a kind of event that is not known
	reasonField   = "unknown_field"   // a field of an account that is not known
	reasonPartial = "incomplete"      // no id, or nobody it is from or to
	reasonStatus  = "unknown_status"
)

// maxKey is the longest channels.EventMeta.Key.
const maxKey = 200

// Parse turns the body of a webhook into its events, each on the line of the
// account that it names itself. It implements channels.Webhook.
//
// Events of removed accounts are counted and dropped; those of accounts that
// were never configured, and of kinds that are not known, are each kept as
// Malformed. What people write in public (comments, mentions), what they write
// in WhatsApp groups, and what the account itself read or reacted to is no
// event. A WhatsApp person who stops marketing messages has opted out of all,
// until they write or resume them. That somebody else may have a number now
// is a LineChanged of subject "person", with the person.
func (a *App) Parse(_ context.Context, r *channels.Request) ([]channels.Event, error) {
	var e envelope
	err := httpx.DecodeJSON(r.Body, &e, httpx.JSONLimits{Lenient: true})
	if err != nil || len(e.Entry) == 0 {
		return nil, &channels.Error{Op: "parse", Class: channels.ErrMalformed, Outcome: channels.NotSent, Err: err}
	}
	b := &batch{app: a, request: r}
	for i := range e.Entry {
		en := &e.Entry[i]
		switch {
		case e.Object != objectPage && e.Object != objectInstagram && e.Object != objectWhatsApp:
			b.at(r.Body, time.Time{}).malformed(reasonObject)
		case en.Messaging == nil && en.Standby == nil && en.Changes == nil:
			b.at(r.Body, en.Time.Time).malformed(reasonEntry)
		case e.Object == objectPage:
			b.page(i, en, channels.Messenger)
		case e.Object == objectInstagram:
			b.page(i, en, channels.Instagram)
		default:
			b.whatsApp(i, en)
		}
	}
	return b.events, nil
}

// batch collects the events of one request.
type batch struct {
	app     *App
	request *channels.Request
	events  []channels.Event
	told    map[told]bool
	changes []changesOnly // see whole
}

// told is what tells one event from another.
type told struct {
	line channels.ID
	key  string
}

// add appends an event. What a batch tells twice happened once.
func (b *batch) add(e channels.Event) {
	m := e.Meta()
	this := told{m.Channel, m.Key}
	switch {
	case b.told[this]:
		return
	case b.told == nil && len(b.events) > 0: // most batches are of one
		first := b.events[0].Meta()
		b.told = map[told]bool{{first.Channel, first.Key}: true}
		if b.told[this] {
			return
		}
	}
	if b.told != nil {
		b.told[this] = true
	}
	b.events = append(b.events, e)
}

// route finds the line of an account. Without one, a removed account is
// counted, and an unknown one is told of.
func (b *batch) route(o origin, account loose, kind channels.Kind) (*line, bool) {
	if l := b.app.account(string(account)); l != nil && l.info.Kind == kind {
		return l, true
	}
	if !b.app.removed(string(account)) {
		o.malformed(reasonAccount)
	}
	return nil, false
}

// origin is one element of a batch, and what its events have in common.
type origin struct {
	*batch
	line  *line // nil while it is not known
	raw   []byte
	place [2]int    // of a change: its entry and itself, counted from 0
	time  time.Time // by Meta; zero when it is not told
}

func (b *batch) at(raw []byte, t time.Time) origin { return origin{batch: b, raw: raw, time: t} }

// change is an origin that has no bytes yet: most changes only hold what
// happened, and its bytes are at hand.
func (b *batch) change(entry, change int, t time.Time) origin {
	return origin{batch: b, place: [2]int{entry, change}, time: t}
}

// whole gives a change its bytes, for which the body is read again, once.
func (o origin) whole() origin {
	if o.changes == nil {
		var e struct {
			Entry []changesOnly `json:"entry"`
		}
		_ = json.Unmarshal(o.request.Body, &e) // it is JSON: it was decoded
		o.changes = e.Entry
	}
	if entry, change := o.place[0], o.place[1]; entry < len(o.changes) && change < len(o.changes[entry].Changes) {
		o.raw = o.changes[entry].Changes[change]
	} else {
		o.raw = o.request.Body
	}
	return o
}

type changesOnly struct {
	Changes []json.RawMessage `json:"changes"`
}

func (o origin) meta(peer channels.Peer, key string) channels.EventMeta {
	m := channels.EventMeta{Key: key, Peer: peer, At: moment{o.time}.or(o.request.At), Raw: o.raw}
	switch {
	case o.line != nil:
		m.Channel = o.line.info.ID
	case len(o.app.lines) > 0:
		m.Channel = o.app.lines[0].info.ID
	}
	return m
}

// malformed keeps an element for a person. What is of no line of ours is kept
// with the first, and on no line when there is none.
func (o origin) malformed(reason string) {
	o.add(&channels.Malformed{EventMeta: o.meta("", "malformed/"+digest(o.raw)), Reason: reason})
}

// received adds a person's message, one event for each of its parts. All have
// the message's id: when it is withdrawn, they go together.
func (o origin) received(e channels.Received, peer channels.Peer, parts []channels.Content) {
	for i, part := range parts {
		next := e
		next.EventMeta, next.Content = o.meta(peer, partKey(e.ID, i)), part
		o.add(&next)
	}
}

// echoed adds an outgoing message in the same way.
func (o origin) echoed(e channels.Echoed, peer channels.Peer, parts []channels.Content) {
	for i, part := range parts {
		next := e
		next.EventMeta, next.Content = o.meta(peer, partKey(e.ID, i)), part
		o.add(&next)
	}
}

// ref returns our own name of a message, where it came back. Other apps of the
// account use the field too, for what they like.
func ref(s loose) string {
	const longest = 80 // more than any Outbound.Ref
	if len(s) > longest {
		return ""
	}
	return string(s)
}

// partKey names a part of a message; the first one is named like the message.
func partKey(id channels.ProviderID, i int) string {
	if i == 0 {
		return key("message", string(id))
	}
	return key("message", string(id), strconv.Itoa(i))
}

// key joins the parts of an event's key; one that is too long becomes a hash.
func key(parts ...string) string {
	k := strings.Join(parts, ":")
	if len(k) <= maxKey {
		return k
	}
	return parts[0] + "/" + digest([]byte(k))
}

// hidden makes a key of what tells an event apart when no id does: people and
// words, which a key must not show.
func hidden(kind string, parts ...string) string {
	return kind + "/" + digest([]byte(strings.Join(parts, "\x00")))
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
