package storetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// keeping checks alt.Lines.
func keeping() []check {
	return []check{
		{"a line is kept with everything, and its log entry", func(w *world) {
			l := storedLine(ppa, page)
			w.put(l)
			require.EqualValues(w, 1, l.Version)
			w.restart()
			require.Equal(w, []alt.StoredLine{*l}, w.stored(ppa))
			require.Equal(w, []string{"line.put"}, w.acts(alt.LogQuery{}))
			bare := &alt.StoredLine{Agency: ppa, ID: "bare", State: alt.LinePending, Added: w.now()}
			w.put(bare)
			w.restart()
			require.Equal(w, []alt.StoredLine{*bare, *l}, w.stored(ppa), "by id")
		}},
		{"a line is saved by its version", func(w *world) {
			l := storedLine(ppa, page)
			w.put(l)
			stale := *l
			l.State, l.Sealed, l.KeyID = alt.LineRejected, []byte("newer secret"), "newer"
			w.put(l)
			again := storedLine(ppa, page)
			for _, old := range []*alt.StoredLine{again, &stale} {
				w.unchanged(func() {
					require.ErrorIs(w, w.st.PutLine(w.Context(), old, entry("line.put")), alt.ErrConflict)
				})
			}
			require.EqualValues(w, 1, stale.Version, "what was refused is as it was")
			unknown := storedLine(ppa, sms)
			unknown.Version = 1
			require.ErrorIs(w, w.st.PutLine(w.Context(), unknown, entry("line.put")), alt.ErrConflict)
			require.Equal(w, []alt.StoredLine{*l}, w.stored(ppa))
		}},
		{"one of many who save at once succeeds", func(w *world) {
			errs := make([]error, 8)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() { errs[i] = w.st.PutLine(w.Context(), storedLine(ppa, page), entry("line.put")) })
			}
			wg.Wait()
			saved := 0
			for _, err := range errs {
				if err == nil {
					saved++
					continue
				}
				require.ErrorIs(w, err, alt.ErrConflict)
			}
			require.Equal(w, 1, saved)
			require.Len(w, w.acts(alt.LogQuery{}), 1)
		}},
		{"a removed line is a tombstone without its secret", func(w *world) {
			l := storedLine(ppa, page)
			w.put(l)
			w.wait(time.Hour)
			log := alt.LogEntry{Agency: ppa, At: w.now(), Act: "line.removed", Actor: "mari", Line: page}
			require.NoError(w, w.st.RemoveLine(w.Context(), ppa, page, log))
			w.restart()
			want := *l
			want.State, want.Sealed, want.KeyID, want.Version, want.Removed, want.By = alt.LineRemoved, nil, "", 2, w.now(), "mari"
			require.Equal(w, []alt.StoredLine{want}, w.stored(ppa))
			w.unchanged(func() { require.NoError(w, w.st.RemoveLine(w.Context(), ppa, page, log)) })
			require.Equal(w, []string{"line.put", "line.removed"}, w.acts(alt.LogQuery{}))
			w.unchanged(func() { require.ErrorIs(w, w.st.RemoveLine(w.Context(), ppa, sms, log), alt.ErrNotFound) })
		}},
		{"a line that was removed can come back", func(w *world) {
			l := storedLine(ppa, page)
			w.put(l)
			w.removeLine(page)
			require.ErrorIs(w, w.st.PutLine(w.Context(), storedLine(ppa, page), entry("line.put")), alt.ErrConflict, "not by mistake")
			back := storedLine(ppa, page)
			back.Version = w.stored(ppa)[0].Version
			w.put(back)
			require.Equal(w, []alt.StoredLine{*back}, w.stored(ppa))
		}},
		{"an agency's lines are its own", func(w *world) {
			l, theirs := storedLine(ppa, page), storedLine(rik, page)
			theirs.Account = "another"
			w.put(l)
			w.put(theirs)
			require.Equal(w, []alt.StoredLine{*l}, w.stored(ppa))
			w.removeLine(page)
			require.Equal(w, []alt.StoredLine{*theirs}, w.stored(rik))
			require.Empty(w, w.stored("none"))
			_, err := w.st.Lines(w.Context(), "")
			require.ErrorIs(w, err, alt.ErrInput)
			w.unchanged(func() {
				log := entry("line.removed")
				require.ErrorIs(w, w.st.RemoveLine(w.Context(), rik, page, log), alt.ErrInput, "whose log entry is it?")
				require.ErrorIs(w, w.st.PutLine(w.Context(), theirs, log), alt.ErrInput)
			})
		}},
		{"a malformed line is refused", func(w *world) {
			for field, change := range map[string]func(*alt.StoredLine){
				"Agency":   func(l *alt.StoredLine) { l.Agency = "" },
				"ID":       func(l *alt.StoredLine) { l.ID = "No Good" },
				"State":    func(l *alt.StoredLine) { l.State = alt.LineRemoved },
				"Removed":  func(l *alt.StoredLine) { l.Removed = w.now() },
				"Added":    func(l *alt.StoredLine) { l.Added = time.Time{} },
				"Sealed":   func(l *alt.StoredLine) { l.Sealed = make([]byte, alt.MaxSealed+1) },
				"Version":  func(l *alt.StoredLine) { l.Version = -1 },
				"Account":  func(l *alt.StoredLine) { l.Account = strings.Repeat("x", 257) },
				"Business": func(l *alt.StoredLine) { l.Business = strings.Repeat("x", 257) },
			} {
				l := storedLine(ppa, page)
				change(l)
				w.unchanged(func() {
					err := w.st.PutLine(w.Context(), l, entry("line.put"))
					require.ErrorIs(w, err, alt.ErrInput)
					require.ErrorContains(w, err, "StoredLine."+field+":")
				})
			}
		}},
		{"a secret at the limit is kept whole, and nobody else holds it", func(w *world) {
			l := storedLine(ppa, page)
			l.Sealed = []byte(strings.Repeat("s", alt.MaxSealed))
			w.put(l)
			l.Sealed[0] = 'x'
			w.stored(ppa)[0].Sealed[1] = 'x'
			require.Equal(w, strings.Repeat("s", alt.MaxSealed), string(w.stored(ppa)[0].Sealed))
		}},
		{"a secret that was replaced or removed is in no file", func(w *world) {
			if w.subject.Files == nil {
				w.Skip("the store has no files")
			}
			lines := make([]*alt.StoredLine, 40)
			for round := range 3 {
				for i := range lines {
					if lines[i] == nil {
						lines[i] = storedLine(ppa, channels.ID(fmt.Sprint("line-", i)))
					}
					lines[i].Sealed = []byte(fmt.Sprintf("SEALED-%d-%d-%s", round, i, strings.Repeat("s", 97*i*(round+1))))
					w.put(lines[i])
				}
			}
			require.True(w, w.inFiles("SEALED-2-"))
			w.noTrace("SEALED-0-")
			w.noTrace("SEALED-1-")
			for _, l := range lines {
				w.removeLine(l.ID)
			}
			w.noTrace("SEALED")
			w.restart()
			w.noTrace("SEALED")
		}},
		{"a change that fails at any statement leaves nothing of it", func(w *world) {
			w.eachFault(func(n int) []op {
				l := storedLine(ppa, channels.ID(fmt.Sprint("line-", n)))
				log := entry("line.put")
				log.Line = l.ID
				return []op{{
					do:   func() error { return w.st.PutLine(w.Context(), l, log) },
					done: func() bool { return w.whole(l.ID, alt.LineActive, "line.put") },
				}}
			})
			w.eachFault(func(n int) []op {
				id := channels.ID(fmt.Sprint("gone-", n))
				w.put(storedLine(ppa, id))
				return []op{{
					do: func() error {
						log := entry("line.removed")
						log.Line = id
						return w.st.RemoveLine(w.Context(), ppa, id, log)
					},
					done: func() bool { return w.whole(id, alt.LineRemoved, "line.removed") },
				}}
			})
		}},
	}
}

func storedLine(agency channels.Agency, id channels.ID) *alt.StoredLine {
	return &alt.StoredLine{
		Agency: agency, ID: id, Provider: "acme", Kind: channels.Messenger, Account: "1234", Business: "99", Name: "Politsei- ja Piirivalveamet",
		State: alt.LineActive, Sealed: []byte("sealed \x00 of " + agency), KeyID: "2026-11", Added: noon(), By: "mari",
	}
}

func (w *world) put(l *alt.StoredLine) {
	w.Helper()
	log := entry("line.put")
	log.Agency, log.Line = l.Agency, l.ID
	require.NoError(w, w.st.PutLine(w.Context(), l, log))
}

func (w *world) removeLine(id channels.ID) {
	w.Helper()
	log := entry("line.removed")
	log.Line = id
	require.NoError(w, w.st.RemoveLine(w.Context(), ppa, id, log))
}

func (w *world) stored(agency channels.Agency) []alt.StoredLine {
	w.Helper()
	lines, err := w.st.Lines(w.Context(), agency)
	require.NoError(w, err)
	return lines
}

// whole reports whether a line is in a state, and requires that its entry in the
// log is there if and only if it is.
func (w *world) whole(id channels.ID, state alt.LineState, act string) bool {
	w.Helper()
	there := false
	for _, l := range w.stored(ppa) {
		there = there || l.ID == id && l.State == state
	}
	entries, _, err := w.st.Log(w.Context(), alt.LogQuery{Agency: ppa, Limit: 1000})
	require.NoError(w, err)
	told := 0
	for _, e := range entries {
		if e.Line == id && e.Act == act {
			told++
		}
	}
	require.Equal(w, there, told == 1, "%d entries of %s %s", told, act, id)
	return there
}
