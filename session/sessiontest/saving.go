package sessiontest

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

func saving() []check {
	return []check{
		{"an address without a session has none", func(w *world) {
			_, err := w.st.Load(w.Context(), w.address("mari"))
			require.ErrorIs(w, err, session.ErrNotFound)
		}},
		{"what was saved is loaded", func(w *world) {
			s := session.New(w.address("mari"), noon())
			proven(s)
			w.save(s)
			require.EqualValues(w, 1, s.Version)
			w.same(s, w.load(s.Address))
			s.Set("topic", "")
			s.LastSeen = noon().Add(time.Minute)
			w.save(s)
			require.EqualValues(w, 2, s.Version)
			w.same(s, w.load(s.Address))
		}},
		{"an end is kept with its reason and takes what was proven", func(w *world) {
			for _, why := range []session.Reason{session.ByPerson, session.BySpecialist, session.ByIdleness, session.ByAge} {
				s := session.New(w.address(channels.Peer(why)), noon())
				proven(s)
				w.save(s)
				s.End(why, noon().Add(time.Hour))
				w.save(s)
				got := w.load(s.Address)
				w.same(s, got)
				require.False(w, got.Active())
				require.Equal(w, why, got.Reason)
			}
		}},
		{"sessions of other people, lines and agencies are other sessions", func(w *world) {
			one := w.address("mari")
			line, agency, peer := one, one, one
			line.Channel, agency.Agency, peer.Peer = "other", "rik", "jaan"
			all := []channels.Address{one, line, agency, peer}
			ids := make(map[string]bool)
			for _, a := range all {
				ids[w.start(a, noon()).ID] = true
			}
			for _, a := range all {
				s := w.load(a)
				require.Equal(w, a, s.Address)
				require.True(w, ids[s.ID])
				delete(ids, s.ID)
			}
		}},
		{"an old version changes nothing", func(w *world) {
			s := w.start(w.address("mari"), noon())
			mine, other := w.load(s.Address), w.load(s.Address)
			mine.Set("who", "mine")
			w.save(mine)
			other.Set("who", "other")
			require.ErrorIs(w, w.st.Save(w.Context(), other), session.ErrConflict)
			require.EqualValues(w, 1, other.Version, "a refused session keeps its version")
			w.same(mine, w.load(s.Address))
		}},
		{"a version that never was is refused", func(w *world) {
			s := session.New(w.address("mari"), noon())
			s.Version = 3
			require.ErrorIs(w, w.st.Save(w.Context(), s), session.ErrConflict)
			_, err := w.st.Load(w.Context(), s.Address)
			require.ErrorIs(w, err, session.ErrNotFound)
		}},
		{"a race of first messages makes one session", func(w *world) {
			var won atomic.Int32
			var wg sync.WaitGroup
			for range 32 {
				wg.Go(func() {
					err := w.st.Save(w.Context(), session.New(w.address("mari"), noon()))
					if err == nil {
						won.Add(1)
						return
					}
					assert.ErrorIs(w, err, session.ErrConflict)
				})
			}
			wg.Wait()
			require.EqualValues(w, 1, won.Load())
			require.EqualValues(w, 1, w.load(w.address("mari")).Version)
		}},
		{"a new session after an ended one carries its version on", func(w *world) {
			old := w.start(w.address("mari"), noon())
			old.End(session.ByPerson, noon().Add(time.Minute))
			w.save(old)
			fresh := session.New(old.Address, noon().Add(time.Hour))
			require.ErrorIs(w, w.st.Save(w.Context(), fresh.Clone()), session.ErrConflict, "a first session it is not")
			fresh.Version = old.Version
			w.save(fresh)
			require.EqualValues(w, 3, fresh.Version)
			w.same(fresh, w.load(old.Address))
		}},
		{"copies are not shared", func(w *world) {
			s := session.New(w.address("mari"), noon())
			proven(s)
			w.save(s)
			s.Set("topic", "changed after Save")
			got := w.load(s.Address)
			require.Equal(w, "passport", got.Get("topic"))
			got.Set("topic", "changed after Load")
			require.Equal(w, "passport", w.load(s.Address).Get("topic"))
		}},
	}
}
