// Package memstore is an alt.Store in memory: for tests, examples and trials.
// It keeps every duty of the contract but one, that data survive the process;
// Restart plays what a crash and a restart would do to a durable store.
//
//	st := memstore.New(memstore.Config{})
//	defer st.Close()
package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/lanes"
	"github.com/liidestuja/liidestuja/session"
)

var (
	_ alt.Store  = (*Store)(nil)
	_ alt.Purger = (*Store)(nil)
)

// Config of a Store; the zero value is good.
type Config struct {
	// Now is the clock of leases, waits and terms. Default time.Now.
	Now func() time.Time
}

// Store implements alt.Store and alt.Purger. It may be used concurrently.
//
// Content is kept encoded, as in a database: what was handed in or out can be
// changed by its owner and never changes the store. Every method decides under
// one lock, and all refusals before the first change, so that nothing ever has
// to be taken back.
type Store struct {
	now func() time.Time

	mu     sync.Mutex
	closed bool
	seq    int64 // of items, places, tokens and letters
	pos    int64 // of conversations

	items map[int64]*item // that are not finished, letters included
	lanes map[alt.Work]*lanes.Lanes
	keys  map[eventKey]time.Time
	once  map[onceKey]once

	messages   map[int64]*message
	byID       map[messageKey][]*message // outbound, by part
	byRef      map[refKey]*message
	byProvider map[providerKey]*message
	byAddress  map[channels.Address][]*message // outbound
	parked     map[providerKey][]parked
	marks      map[markKey]mark

	sessions map[channels.Address]*session.Session
	contacts map[channels.Address]*alt.Contact
	talks    map[talkKey]*talk
	lastTalk map[channels.Address]*talk
	log      []alt.LogEntry
	blobs    map[blobKey][]byte
	lines    map[lineKey]alt.StoredLine
	flows    map[flowKey]alt.Flow
}

// New returns an empty store.
func New(cfg Config) *Store {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{
		now:        cfg.Now,
		items:      make(map[int64]*item),
		lanes:      newLanes(),
		keys:       make(map[eventKey]time.Time),
		once:       make(map[onceKey]once),
		messages:   make(map[int64]*message),
		byID:       make(map[messageKey][]*message),
		byRef:      make(map[refKey]*message),
		byProvider: make(map[providerKey]*message),
		byAddress:  make(map[channels.Address][]*message),
		parked:     make(map[providerKey][]parked),
		marks:      make(map[markKey]mark),
		sessions:   make(map[channels.Address]*session.Session),
		contacts:   make(map[channels.Address]*alt.Contact),
		talks:      make(map[talkKey]*talk),
		lastTalk:   make(map[channels.Address]*talk),
		blobs:      make(map[blobKey][]byte),
		lines:      make(map[lineKey]alt.StoredLine),
		flows:      make(map[flowKey]alt.Flow),
	}
}

func newLanes() map[alt.Work]*lanes.Lanes {
	return map[alt.Work]*lanes.Lanes{alt.Inbox: lanes.New(), alt.Media: lanes.New(), alt.Outbox: lanes.New(), alt.Reconcile: lanes.New()}
}

// enter locks the store for one call, unless the call came too late.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return alt.ErrClosed
	}
	return nil
}

func (s *Store) next() int64 {
	s.seq++
	return s.seq
}

// Close implements alt.Store. What was stored is still there for Restart.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// Restart plays the crash of a process and its restart on the same data: no
// lease holds any more, and what was being sent has an unknown outcome.
func (s *Store) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = false
	s.lanes = newLanes()
	for _, it := range slices.SortedFunc(maps.Values(s.items), func(a, b *item) int { return cmp.Compare(a.place, b.place) }) {
		if it.letter != nil {
			continue
		}
		if it.claimed {
			it.claimed = false
			if it.work == alt.Outbox {
				s.unknown(it)
				continue
			}
			if it.msg != nil {
				it.msg.State = stateReady
			}
		}
		s.enqueue(it)
	}
}

// Purge implements alt.Purger: it forgets keys and parked reports whose terms
// are over.
func (s *Store) Purge(ctx context.Context, now time.Time) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	maps.DeleteFunc(s.keys, func(_ eventKey, at time.Time) bool { return now.Sub(at) > alt.DedupeFor })
	maps.DeleteFunc(s.once, func(_ onceKey, o once) bool { return now.Sub(o.at) > alt.OnceFor })
	maps.DeleteFunc(s.marks, func(_ markKey, m mark) bool { return now.Sub(m.at) > alt.ParkFor })
	maps.DeleteFunc(s.parked, func(_ providerKey, ps []parked) bool {
		return !slices.ContainsFunc(ps, func(p parked) bool { return now.Sub(p.at) <= alt.ParkFor })
	})
	return nil
}
