package storetest

import (
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// flowing checks alt.Flows.
func flowing() []check {
	return []check{
		{"a flow is kept with everything, by its agency and key", func(w *world) {
			f := w.flow(ppa, "login:1")
			w.commit(alt.Item{}, alt.Changes{Flows: []alt.Flow{f, w.flow(rik, "login:1")}})
			w.restart()
			f.Version = 1
			require.Equal(w, f, w.storedFlow(ppa, "login:1"))
			_, err := w.st.Flow(w.Context(), ppa, "login:2")
			require.ErrorIs(w, err, alt.ErrNotFound)
			f.Sealed, f.Expires = []byte("newer"), f.Expires.Add(time.Minute)
			w.commit(alt.Item{}, alt.Changes{Flows: []alt.Flow{f}})
			w.restart()
			f.Version = 2
			require.Equal(w, f, w.storedFlow(ppa, "login:1"))
			require.EqualValues(w, 1, w.storedFlow(rik, "login:1").Version, "another agency's is another one")
		}},
		{"a commit tells the new version", func(w *world) {
			c := alt.Changes{Flows: []alt.Flow{w.flow(ppa, "login:1")}}
			w.commit(alt.Item{}, c)
			require.EqualValues(w, 1, c.Flows[0].Version)
			w.commit(alt.Item{}, c)
			require.EqualValues(w, 2, c.Flows[0].Version)
		}},
		{"a flow is saved and spent by its version, with all else of the commit or nothing", func(w *world) {
			f := w.flow(ppa, "login:1")
			w.commit(alt.Item{}, alt.Changes{Flows: []alt.Flow{f}})
			stale := f // version 0: as if it were new
			future := f
			future.Version = 2
			unknown := w.flow(ppa, "login:2")
			unknown.Version = 1
			spentBefore := unknown
			spentBefore.Spent = true
			for _, wrong := range []alt.Flow{stale, future, unknown, spentBefore} {
				c := everything(at(mari))
				c.Flows = []alt.Flow{w.flow(ppa, "login:3"), wrong}
				w.unchanged(func() {
					require.ErrorIs(w, w.st.Commit(w.Context(), alt.Item{}, c), alt.ErrConflict)
				})
				_, err := w.st.Flow(w.Context(), ppa, "login:3")
				require.ErrorIs(w, err, alt.ErrNotFound, "all of them or none")
			}
		}},
		{"of many who spend a flow at once one succeeds", func(w *world) {
			f := w.flow(ppa, "word:1")
			w.commit(alt.Item{}, alt.Changes{Flows: []alt.Flow{f}})
			f.Version, f.Spent = 1, true
			errs := make([]error, 8)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					log := entry("word.taken")
					errs[i] = w.st.Commit(w.Context(), alt.Item{}, alt.Changes{Flows: []alt.Flow{f}, Log: []alt.LogEntry{log}})
				})
			}
			wg.Wait()
			taken := 0
			for _, err := range errs {
				if err == nil {
					taken++
					continue
				}
				require.ErrorIs(w, err, alt.ErrConflict)
			}
			require.Equal(w, 1, taken)
			require.Equal(w, []string{"word.taken"}, w.acts(alt.LogQuery{}))
			w.restart()
			_, err := w.st.Flow(w.Context(), ppa, "word:1")
			require.ErrorIs(w, err, alt.ErrNotFound)
			w.commit(alt.Item{}, alt.Changes{Flows: []alt.Flow{w.flow(ppa, "word:1")}})
		}},
		{"flows whose time is over are destroyed, so many at once", func(w *world) {
			for i, key := range []string{"a", "b", "c", "d"} {
				f := w.flow(ppa, key)
				f.Expires = w.now().Add(time.Duration(i) * time.Minute)
				w.commit(alt.Item{}, alt.Changes{Flows: []alt.Flow{f}})
			}
			before := w.now().Add(2*time.Minute + time.Second) // a, b and c
			n, err := w.st.ExpireFlows(w.Context(), before, 2)
			require.NoError(w, err)
			require.Equal(w, 2, n)
			n, err = w.st.ExpireFlows(w.Context(), before, 2)
			require.NoError(w, err)
			require.Equal(w, 1, n)
			n, err = w.st.ExpireFlows(w.Context(), before, 2)
			require.NoError(w, err)
			require.Zero(w, n)
			w.storedFlow(ppa, "d")
			_, err = w.st.Flow(w.Context(), ppa, "c")
			require.ErrorIs(w, err, alt.ErrNotFound)
		}},
		{"a malformed flow is refused", func(w *world) {
			for name, spoil := range map[string]func(f *alt.Flow){
				"Agency":  func(f *alt.Flow) { f.Agency = "" },
				"Key":     func(f *alt.Flow) { f.Key = "õ" },
				"Sealed":  func(f *alt.Flow) { f.Sealed = make([]byte, alt.MaxFlow+1) },
				"Expires": func(f *alt.Flow) { f.Expires = time.Time{} },
				"Version": func(f *alt.Flow) { f.Version = -1 },
				"Spent":   func(f *alt.Flow) { f.Spent = true },
			} {
				f := w.flow(ppa, "login:1")
				spoil(&f)
				err := w.st.Commit(w.Context(), alt.Item{}, alt.Changes{Flows: []alt.Flow{f}})
				require.ErrorIs(w, err, alt.ErrInput, name)
				require.ErrorContains(w, err, "Flow."+name)
			}
			twice := w.flow(ppa, strings.Repeat("k", 128))
			require.ErrorIs(w, w.st.Commit(w.Context(), alt.Item{}, alt.Changes{Flows: []alt.Flow{twice, twice}}), alt.ErrInput)
		}},
	}
}

func (w *world) flow(agency channels.Agency, key string) alt.Flow {
	return alt.Flow{Agency: agency, Key: key, Sealed: []byte("sealed " + key), Expires: w.now().Add(5 * time.Minute)}
}

// storedFlow returns a flow as it is stored.
func (w *world) storedFlow(agency channels.Agency, key string) alt.Flow {
	w.Helper()
	f, err := w.st.Flow(w.Context(), agency, key)
	require.NoError(w, err)
	f.Expires = f.Expires.UTC()
	return f
}
