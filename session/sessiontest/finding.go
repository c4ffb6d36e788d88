package sessiontest

import (
	"fmt"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/session"
)

func finding() []check {
	return []check{
		{"of a person who has proven nothing nothing is found", func(w *world) {
			w.start(w.address("mari"), noon())
			w.found(jaak)
			w.found("")
		}},
		{"sessions of a person on several lines are found, the newest first", func(w *world) {
			var want []*session.Session
			for i, line := range []channels.ID{"page", "sms", "whatsapp"} {
				a := w.address("mari")
				a.Channel = line
				s := session.New(a, noon().Add(time.Duration([]int{2, 0, 1}[i])*time.Minute))
				proven(s)
				w.save(s)
				want = append(want, s)
			}
			w.start(w.address("jaan"), noon())
			w.found(jaak, want[0], want[2], want[1])
			w.found(anna)
			w.found(jaak[:len(jaak)-1])
		}},
		{"a session is found from the save that proved it", func(w *world) {
			s := w.start(w.address("mari"), noon())
			prove(s, jaak, eid.Low, noon())
			w.found(jaak)
			w.save(s)
			w.found(jaak, s)
			s.Set("topic", "passport")
			s.LastSeen = noon().Add(time.Minute)
			w.save(s)
			w.found(jaak, s)
			prove(s, jaak, eid.High, noon().Add(time.Minute))
			w.save(s)
			w.found(jaak, s)
			w.same(s, w.load(s.Address))
			require.Equal(w, eid.High, w.load(s.Address).Level)
		}},
		{"a session that has ended is not found", func(w *world) {
			s, other := session.New(w.address("mari"), noon()), session.New(w.address("jaan"), noon())
			proven(s)
			proven(other)
			w.save(s)
			w.save(other)
			s.End(session.ByPerson, noon().Add(time.Minute))
			w.save(s)
			w.found(jaak, other)
		}},
		{"a session that has expired is not found", func(w *world) {
			s := session.New(w.address("mari"), noon())
			proven(s)
			w.save(s)
			w.found(jaak, s)
			require.Equal(w, 1, w.expire(session.Policy{}, noon().Add(time.Hour), 10))
			w.found(jaak)
			require.Nil(w, w.load(s.Address).Identity, "the identity is gone with it")
		}},
		{"the next session of an address proves nothing", func(w *world) {
			s := session.New(w.address("mari"), noon())
			proven(s)
			w.save(s)
			fresh := session.New(s.Address, noon().Add(time.Minute)) // in the place of one that was never ended
			fresh.Version = s.Version
			w.save(fresh)
			w.found(jaak)
			require.Nil(w, w.load(s.Address).Identity)
			prove(fresh, anna, eid.High, noon().Add(time.Minute))
			w.save(fresh)
			w.found(jaak)
			w.found(anna, fresh)
		}},
		{"a session that takes the place of another at once takes its identity too", func(w *world) {
			s := session.New(w.address("mari"), noon())
			prove(s, jaak, eid.High, noon())
			w.save(s)
			fresh := session.New(s.Address, noon())
			fresh.Version = s.Version
			prove(fresh, jaak, eid.High, noon())
			w.save(fresh)
			w.found(jaak, fresh)
			w.same(fresh, w.load(s.Address))
		}},
		{"another agency's sessions are not found", func(w *world) {
			ours, theirs := session.New(w.address("mari"), noon()), session.New(w.address("mari"), noon())
			theirs.Address.Agency = "rik"
			proven(ours)
			proven(theirs)
			w.save(ours)
			w.save(theirs)
			w.found(jaak, ours)
			got, err := w.lookup().ByCode(w.Context(), "rik", jaak)
			require.NoError(w, err)
			require.Len(w, got, 1)
			w.same(theirs, &got[0])
			got, err = w.lookup().ByCode(w.Context(), "", jaak)
			require.NoError(w, err)
			require.Empty(w, got)
		}},
		{"a save that is refused proves nothing", func(w *world) {
			s := w.start(w.address("mari"), noon())
			late := w.load(s.Address)
			s.Set("topic", "passport")
			w.save(s)
			proven(late)
			require.ErrorIs(w, w.st.Save(w.Context(), late), session.ErrConflict)
			w.found(jaak)
			w.same(s, w.load(s.Address))
		}},
		{"what was found is the caller's own", func(w *world) {
			s := session.New(w.address("mari"), noon())
			proven(s)
			w.save(s)
			got, err := w.lookup().ByCode(w.Context(), s.Address.Agency, jaak)
			require.NoError(w, err)
			got[0].Set("topic", "changed")
			got[0].Identity.Evidence[0], got[0].Identity.GivenName = 'X', "changed"
			s.Identity.Evidence[0] = 'X'
			for _, at := range []*session.Session{w.load(s.Address), w.load(s.Address)} {
				require.Equal(w, "passport", at.Get("topic"))
				require.Equal(w, "\xffsigned", string(at.Identity.Evidence))
				require.Equal(w, "Jaak-Kristjan", at.Identity.GivenName)
				at.Identity.Evidence[0], at.Identity.GivenName = 'Y', "changed"
			}
		}},
		{"proofs and ends at the same time leave those that go on", func(w *world) {
			const n = 24
			lookup := w.lookup()
			var wg sync.WaitGroup
			for i := range n {
				s := w.start(w.address(channels.Peer(fmt.Sprint(i))), noon().Add(time.Duration(i)*time.Second))
				wg.Go(func() {
					proven(s)
					w.try(w.st.Save(w.Context(), s))
					if i%2 == 0 {
						s.End(session.BySpecialist, noon().Add(time.Hour))
						w.try(w.st.Save(w.Context(), s))
					}
				})
				wg.Go(func() {
					found, err := lookup.ByCode(w.Context(), s.Address.Agency, jaak)
					w.try(err)
					for _, f := range found {
						if !f.Active() || f.Identity == nil || f.Identity.Code != jaak {
							w.Error("found a session that was not proven, or is over")
						}
					}
				})
			}
			wg.Wait()
			found, err := lookup.ByCode(w.Context(), "ppa", jaak)
			require.NoError(w, err)
			require.Len(w, found, n/2)
			for i, f := range found {
				require.Equal(w, channels.Peer(fmt.Sprint(n-1-2*i)), f.Address.Peer)
			}
		}},
	}
}

// lookup skips the check where sessions are not found by identities.
func (w *world) lookup() session.Lookup {
	w.Helper()
	l, ok := w.st.(session.Lookup)
	if !ok {
		w.Skip("the store finds no sessions by who was proven in them")
	}
	return l
}

// found checks which sessions of the agency are found, in order.
func (w *world) found(code eid.PersonalCode, want ...*session.Session) {
	w.Helper()
	got, err := w.lookup().ByCode(w.Context(), "ppa", code)
	require.NoError(w, err)
	require.Len(w, got, len(want))
	for i := range want {
		w.same(want[i], &got[i])
	}
}

// try reports an error from another goroutine than the check's own.
func (w *world) try(err error) {
	w.Helper()
	if err != nil {
		w.Error(err)
	}
}
