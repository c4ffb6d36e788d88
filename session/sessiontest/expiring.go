package sessiontest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

func expiring() []check {
	day, idle := noon().Add(session.MaxAge), noon().Add(session.DefaultIdle)
	return []check{
		{"a session ends by age after 24 hours, however lively", func(w *world) {
			s := session.New(w.address("mari"), noon())
			proven(s)
			s.LastSeen = day.Add(-time.Second)
			w.save(s)
			require.Zero(w, w.expire(session.Policy{}, day.Add(-time.Nanosecond), 10))
			w.same(s, w.load(s.Address))
			require.Equal(w, 1, w.expire(session.Policy{Max: 48 * time.Hour}, day, 10), "no policy allows more")
			w.ended(s, session.ByAge, day)
		}},
		{"a session ends by idleness after its limit", func(w *world) {
			s := w.start(w.address("mari"), noon())
			require.Zero(w, w.expire(session.Policy{}, idle.Add(-time.Nanosecond), 10))
			require.Equal(w, 1, w.expire(session.Policy{}, idle.Add(time.Hour), 10))
			w.ended(s, session.ByIdleness, idle)
		}},
		{"the policy's own limits hold", func(w *world) {
			s := w.start(w.address("mari"), noon())
			p := session.Policy{Max: 2 * time.Hour, Idle: -1}
			require.Zero(w, w.expire(p, noon().Add(time.Hour), 10), "never idle")
			require.Equal(w, 1, w.expire(p, noon().Add(3*time.Hour), 10))
			w.ended(s, session.ByAge, noon().Add(2*time.Hour))
			s = w.start(w.address("jaan"), noon())
			require.Equal(w, 1, w.expire(session.Policy{Idle: time.Minute}, noon().Add(time.Minute), 10))
			w.ended(s, session.ByIdleness, noon().Add(time.Minute))
		}},
		{"a new message puts the end off", func(w *world) {
			s := w.start(w.address("mari"), noon())
			s.LastSeen = noon().Add(20 * time.Minute)
			w.save(s)
			require.Zero(w, w.expire(session.Policy{}, noon().Add(40*time.Minute), 10))
			require.Equal(w, 1, w.expire(session.Policy{}, noon().Add(50*time.Minute), 10))
			w.ended(s, session.ByIdleness, noon().Add(50*time.Minute))
		}},
		{"what has ended does not end again", func(w *world) {
			s := w.start(w.address("mari"), noon())
			s.End(session.ByPerson, noon())
			w.save(s)
			require.Zero(w, w.expire(session.Policy{}, day, 10))
			w.same(s, w.load(s.Address))
			w.start(w.address("jaan"), noon())
			require.Equal(w, 1, w.expire(session.Policy{}, day, 10))
			require.Zero(w, w.expire(session.Policy{}, day, 10))
			require.Len(w, w.endings(1), 1)
		}},
		{"at most max sessions end at once", func(w *world) {
			for i := range 5 {
				w.start(w.address(channels.Peer(fmt.Sprint(i))), noon())
			}
			for _, want := range []int{2, 2, 1, 0} {
				require.Equal(w, want, w.expire(session.Policy{}, day, 2))
			}
			require.Len(w, w.endings(5), 5)
		}},
		{"an expiry is a save: who loaded before must load again", func(w *world) {
			s := w.start(w.address("mari"), noon())
			require.Equal(w, 1, w.expire(session.Policy{}, day, 10))
			s.LastSeen = day
			require.ErrorIs(w, w.st.Save(w.Context(), s), session.ErrConflict)
			require.EqualValues(w, 2, w.load(s.Address).Version)
		}},
		{"expiries at the same time end each session once", func(w *world) {
			for i := range 20 {
				w.start(w.address(channels.Peer(fmt.Sprint(i))), noon())
			}
			var ended atomic.Int64
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					n, err := w.st.Expire(w.Context(), session.Policy{}, day, 20)
					if err != nil {
						w.Error(err)
					}
					ended.Add(int64(n))
				})
			}
			wg.Wait()
			require.EqualValues(w, 20, ended.Load())
			require.Len(w, w.endings(20), 20)
		}},
	}
}

// ended checks how s ended, and that the end was queued once.
func (w *world) ended(s *session.Session, why session.Reason, at time.Time) {
	w.Helper()
	got := w.load(s.Address)
	require.Equal(w, s.ID, got.ID)
	require.Equal(w, why, got.Reason)
	require.True(w, got.Ended.Equal(at), "ended at its deadline")
	require.Equal(w, eid.Undefined, got.Level)
	require.Equal(w, s.Attrs, got.Attrs)
	if w.subject.Ended == nil {
		return
	}
	n := 0
	for _, e := range w.subject.Ended(w.T, w.st) {
		if e.Session == s.ID {
			n++
			require.Equal(w, s.Address, e.Address)
			require.Equal(w, why, e.Reason)
			require.True(w, e.At.Equal(at))
		}
	}
	require.Equal(w, 1, n, "SessionEnded is queued once")
}

// endings returns what was queued; want of nothing when the subject cannot
// tell.
func (w *world) endings(want int) []Ending {
	w.Helper()
	if w.subject.Ended == nil {
		return make([]Ending, want)
	}
	return w.subject.Ended(w.T, w.st)
}
