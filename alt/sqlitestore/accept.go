package sqlitestore

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// maxKey is the longest key of an event, in bytes.
const maxKey = 200

// arrival is an event as it will be stored.
type arrival struct {
	event    channels.Event // a copy
	kind     kind
	work     alt.Work
	address  channels.Address
	lane     string
	name     name
	provider channels.ProviderID
	body     []byte
	search   string
	at       time.Time // it takes its place then; zero: now
}

func arrive(e channels.Event) (*arrival, error) {
	if e == nil {
		return nil, fmt.Errorf("%w: no event", alt.ErrInput)
	}
	m := e.Meta()
	if m.Key == "" || len(m.Key) > maxKey || m.Channel == "" || m.Agency == "" {
		return nil, fmt.Errorf("%w: event without agency, channel or key", alt.ErrInput)
	}
	body, err := channels.MarshalEvent(e)
	if err != nil {
		return nil, err
	}
	a := &arrival{
		event: copyEvent(e), kind: kindOf(e), work: alt.Inbox, body: body,
		address: channels.Address{Agency: m.Agency, Channel: m.Channel, Peer: m.Peer},
		lane:    channels.Lane(e), name: keyName(m),
	}
	switch e := e.(type) {
	case *channels.Received:
		a.provider, a.search = e.ID, searchable(e.Content)
		if needsFile(e) {
			a.work = alt.Media
		}
	case *channels.Edited:
		a.provider = e.ID
	case *channels.Echoed:
		a.provider = e.ID
	}
	return a, nil
}

// needsFile reports whether the file of a message is still at the provider.
func needsFile(e channels.Event) bool {
	r, ok := e.(*channels.Received)
	if !ok {
		return false
	}
	m, ok := r.Content.(channels.Media)
	return ok && m.Ref != "" && m.Blob == ""
}

// Accept implements alt.Queue.
func (s *Store) Accept(ctx context.Context, evs []channels.Event) (int, error) {
	arrivals := make([]*arrival, len(evs))
	for i, e := range evs {
		var err error
		if arrivals[i], err = arrive(e); err != nil {
			return 0, err
		}
	}
	fresh := 0
	err := s.do(ctx, func(t *tx) error {
		fresh = 0
		for _, a := range arrivals {
			known, err := t.arrive(a)
			if err != nil {
				return err
			}
			if !known {
				fresh++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return fresh, nil
}

// arrive stores an event unless it is known already.
func (t *tx) arrive(a *arrival) (known bool, err error) {
	if known, err := t.isStored(a.name); known || err != nil {
		return true, err
	}
	id := t.next()
	var textID, inlineBody any
	switch a.kind {
	case received:
		textID = id
	case inline:
		inlineBody = a.body
	}
	_, err = t.exec(`INSERT INTO items (id, agency, channel, peer, state, accepted, dedupe, provider, text, body)
		VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?, ?)`,
		id, string(a.address.Agency), string(a.address.Channel), string(a.address.Peer), t.now.UnixMicro(), a.name[:], text(a.provider), textID, inlineBody)
	if err == nil {
		err = t.name(a.name, id)
	}
	if err != nil {
		return false, err
	}
	if err := t.arriveContent(id, a); err != nil {
		return false, err
	}
	e := &entry{
		id: id, work: a.work, kind: a.kind, address: a.address, lane: a.lane, accepted: t.now, ready: a.at, late: !a.at.IsZero(), event: a.event,
	}
	if err := t.insertLive(e); err != nil {
		return false, err
	}
	t.then(func() { t.s.enter(e) })
	return false, nil
}

// arriveContent stores what an event says, and the provider's bytes.
func (t *tx) arriveContent(id int64, a *arrival) error {
	if a.kind == received {
		if err := t.insertText(id, a.body, a.search); err != nil {
			return err
		}
	}
	raw := a.event.Meta().Raw
	var body any
	if a.kind == edited || a.kind == echoed {
		body = a.body
	}
	if body == nil && len(raw) == 0 {
		return nil
	}
	_, err := t.exec("INSERT INTO raw (id, at, body, raw) VALUES (?, ?, ?, ?)", id, t.now.UnixMicro(), body, raw)
	return err
}

// insertLive makes an item work that is to be done, with its place at the end.
func (t *tx) insertLive(e *entry) error {
	lane := e.lane
	if e.kind == outgoing || lane == personLane(e.address) {
		lane = ""
	}
	place := e.id
	if t.seq > place { // not a new item
		place = t.next()
	}
	_, err := t.exec(`INSERT INTO live (id, work, kind, ready, place, late, priority, lane) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.id, string(e.work), int64(e.kind), micros(e.ready), place, e.late, int64(e.priority), text(lane))
	return err
}
