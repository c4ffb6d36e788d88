package pgstore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// maxKey is the longest key of an event, in bytes.
const maxKey = 200

// arrival is an event as it will be stored.
type arrival struct {
	kind     kind
	work     alt.Work
	address  channels.Address
	lane     string
	key      eventKey
	provider channels.ProviderID
	body     []byte
	raw      []byte
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
		kind: kindOf(e), work: alt.Inbox, body: body, raw: append([]byte(nil), m.Raw...),
		address: channels.Address{Agency: m.Agency, Channel: m.Channel, Peer: m.Peer},
		lane:    channels.Lane(e), key: dedupeKey(m),
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
	return a, storable(string(m.Agency), string(m.Channel), string(m.Peer), string(a.provider))
}

// storable refuses names that the database cannot hold as text. What people
// write is kept in another form.
func storable(names ...string) error {
	for _, s := range names {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("%w: a name is no text", alt.ErrInput)
		}
	}
	return nil
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

// dedupeKey is a short name of (Channel, Key): half the size of an index that
// is written at a random place by every event.
func dedupeKey(m *channels.EventMeta) eventKey {
	b := make([]byte, 0, 256)
	for _, part := range []string{string(m.Channel), m.Key} {
		b = append(strconv.AppendInt(b, int64(len(part)), 10), ' ')
		b = append(b, part...)
	}
	sum := sha256.Sum256(b)
	return eventKey{m.Agency, [16]byte(sum[:16])}
}

// Accept implements alt.Queue.
func (s *Store) Accept(ctx context.Context, evs []channels.Event) (int, error) {
	arrivals := make([]*arrival, len(evs))
	n := &needs{}
	for i, e := range evs {
		var err error
		if arrivals[i], err = arrive(e); err != nil {
			return 0, err
		}
		s.needArrival(n, arrivals[i])
	}
	fresh := 0
	err := s.do(ctx, n, func(t *tx) error {
		fresh = 0
		for _, a := range arrivals {
			if t.arrive(a) {
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

const (
	insertKey = `INSERT INTO event_keys (agency, key, at) SELECT * FROM unnest($1::text[], $2::bytea[], $3::timestamptz[])`

	insertEvent = `INSERT INTO items (id, agency, channel, peer, lane, state, kind, accepted, provider, body)
		SELECT id, agency, channel, peer, lane, 0, kind, accepted, provider, body
		FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::timestamptz[], $8::text[], $9::bytea[])
			AS n(id, agency, channel, peer, lane, kind, accepted, provider, body)`

	insertBody = `INSERT INTO bodies (id, body, search) SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::text[])`

	insertRaw = `INSERT INTO raw (id, at, raw) SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bytea[])`
)

// arrive stores an event unless it is known already, and reports whether it was
// new. The lock of its lane is held, and an event has one lane: so nobody else
// can be storing it.
func (t *tx) arrive(a *arrival) bool {
	if t.known[a.key] {
		return false
	}
	t.known[a.key] = true
	it := &item{id: t.next(), lane: t.s.laneLock(a.lane), kind: a.kind, address: a.address, accepted: t.now, work: a.work, provider: a.provider}
	t.insert(insertKey, string(a.key.agency), a.key.key[:], t.now)
	body := a.body
	if a.kind != inline {
		t.insert(insertBody, it.id, body, text(a.search))
		body = nil
	}
	t.insert(insertEvent, it.id, string(a.address.Agency), string(a.address.Channel), string(a.address.Peer), it.lane, int64(a.kind), t.now,
		text(a.provider), blob(body))
	if len(a.raw) > 0 {
		t.insert(insertRaw, it.id, t.now, a.raw)
	}
	t.contents = append(t.contents, content{it.id, a.kind, t.now, a.body, a.raw})
	t.enqueue(it, it.id, 0, a.at)
	return true
}
