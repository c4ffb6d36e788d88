package audit_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

// Each attack changes the store's file by SQL, from outside and while nothing runs.
// There are 30 entries, in turn of the conversations a, b and c, two of the
// conversation rare, and two of a. %[1]d to %[8]d are the 10th to the 17th of them,
// %[9]d and %[10]d the last two, %[11]d the first, %[12]d and %[13]d those of rare.
func TestEveryChangeOfTheStoreIsFoundAndNamed(t *testing.T) {
	for name, c := range map[string]struct {
		sql  []string
		want []string
	}{
		"nothing":                 {nil, nil},
		"another detail":          {[]string{`UPDATE log SET detail = CAST('{"n":"9","code":"y"}' AS BLOB) WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"a detail taken away":     {[]string{`UPDATE log SET detail = NULL WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"another actor":           {[]string{`UPDATE log SET actor = 'mari' WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"another act":             {[]string{`UPDATE log SET act = 'message.queued' WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"another message":         {[]string{`UPDATE log SET message = 'in-1' WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"another line":            {[]string{`UPDATE log SET line = NULL WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"another time, by 1 µs":   {[]string{`UPDATE log SET at = at + 1 WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"another conversation":    {[]string{`UPDATE log SET conversation = 'b' WHERE seq = %[1]d`}, []string{"edited %[1]d"}},
		"two, one after another":  {[]string{`UPDATE log SET actor = 'x' WHERE seq IN (%[1]d, %[2]d)`}, []string{"edited %[1]d", "edited %[2]d"}},
		"one deleted":             {[]string{`DELETE FROM log WHERE seq = %[1]d`}, []string{"removed %[1]d"}},
		"the first deleted":       {[]string{`DELETE FROM log WHERE seq = (SELECT min(seq) FROM log)`}, []string{"removed %[11]d"}},
		"given to another agency": {[]string{`UPDATE log SET agency = 'rik' WHERE seq = %[1]d`}, []string{"removed %[1]d"}},
		"the last deleted":        {[]string{`DELETE FROM log WHERE seq = %[10]d`}, []string{"removed %[10]d", "cut tail %[10]d"}},
		"the tail deleted":        {[]string{`DELETE FROM log WHERE seq >= %[9]d`}, []string{"removed %[9]d", "cut tail %[9]d-%[10]d", "removed %[10]d"}},
		"one inserted, the rest moved on": {[]string{`UPDATE log SET seq = -seq WHERE seq > %[1]d`, `UPDATE log SET seq = 1 - seq WHERE seq < 0`,
			`INSERT INTO log (seq, agency, at, act, actor) SELECT %[1]d + 1, agency, at, 'login.succeeded', 'mari' FROM log WHERE seq = %[1]d`},
			[]string{"moved %[2]d", "inserted %[2]d", "moved %[3]d", "moved %[10]d"}},
		"two swapped":                  {[]string{`UPDATE log SET seq = -1 WHERE seq = %[1]d`, `UPDATE log SET seq = %[1]d WHERE seq = %[2]d`, `UPDATE log SET seq = %[2]d WHERE seq = -1`}, []string{"moved %[1]d", "moved %[2]d"}},
		"one moved to the end":         {[]string{`UPDATE log SET seq = %[10]d + 1 WHERE seq = %[1]d`}, []string{"moved %[1]d"}},
		"one put in place of another":  {[]string{`DELETE FROM log WHERE seq = %[2]d`, `UPDATE log SET seq = %[2]d WHERE seq = %[1]d`}, []string{"moved %[1]d", "edited %[2]d"}},
		"pointers between entries":     {[]string{`UPDATE log SET prev = NULL WHERE seq = %[1]d`}, nil},
		"a whole conversation deleted": {[]string{`DELETE FROM log WHERE conversation = 'rare'`}, []string{"removed %[12]d", "missing conversation %[12]d-%[13]d", "removed %[13]d"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.writes(30, "a", "b", "c")
			seqs := w.seqs()
			numbers := make([]any, 14)
			for i := range 8 {
				numbers[i] = seqs[9+i]
			}
			w.log(alt.LogEntry{Agency: ppa, At: w.now, Act: "x", Actor: "system", Conversation: "rare"})
			w.log(alt.LogEntry{Agency: ppa, At: w.now, Act: "y", Actor: "system", Conversation: "rare"})
			w.writes(2, "a")
			seqs = w.seqs()
			n := len(seqs)
			numbers[13] = ""
			numbers[8], numbers[9], numbers[10], numbers[11], numbers[12] = seqs[n-2], seqs[n-1], seqs[0], seqs[n-4], seqs[n-3]
			fill := func(s string) string { return strings.TrimSuffix(fmt.Sprintf(s+"%[14]s", numbers...), "") }
			w.step()
			require.Empty(t, found(w.verify()))

			var sql, want []string
			for _, s := range c.sql {
				sql = append(sql, fill(s))
			}
			for _, s := range c.want {
				want = append(want, fill(s))
			}
			w.attack(sql...)
			r := w.verify()
			if strings.Contains(name, "the rest") { // of 24 that follow
				require.Len(t, r.Findings, 25)
				require.Subset(t, found(r), want)
			} else {
				require.Equal(t, want, found(r))
			}
			require.Equal(t, len(want) == 0, r.OK())
			require.EqualValues(t, 34, r.Witnessed.Size, "the tree itself is what it was")
			// Nor does it help that the service goes on, and the attacked log is signed on.
			w.writes(3, "a")
			w.step()
			again := found(w.verify())
			for _, s := range want {
				switch {
				case strings.HasPrefix(s, "cut tail"):
					require.NotContains(t, again, s, "there are entries behind it")
				case !strings.HasPrefix(s, "moved"):
					require.Contains(t, again, s)
				}
			}
		})
	}
}

// An entry between two others has no number of its own to take, as numbers follow one
// another; where the store left a gap, it stands alone.
func TestAnEntryInAGapIsInserted(t *testing.T) {
	w := newWorld(t)
	w.writes(3, "a")
	w.close()
	w.open() // numbers go on behind a gap after a start
	w.writes(3, "a")
	w.step()
	seqs := w.seqs()
	require.Greater(t, seqs[3], seqs[2]+1)
	w.attack(fmt.Sprintf("INSERT INTO log (seq, agency, at, act, actor) VALUES (%d, 'ppa', 5, 'login.succeeded', 'mari')", seqs[2]+1))
	r := w.verify()
	require.Equal(t, []string{fmt.Sprintf("inserted %d", seqs[2]+1)}, found(r))
	require.Equal(t, "login.succeeded", r.Findings[0].Act)

	w.attack(fmt.Sprintf("UPDATE log SET seq = %d, act = 'message.received' WHERE seq = %d", seqs[2]+2, seqs[1]))
	require.ElementsMatch(t, []string{fmt.Sprintf("inserted %d", seqs[2]+1), fmt.Sprintf("moved %d", seqs[1])}, found(w.verify()))
}

func TestWhatIsNamedIsWhatWasSigned(t *testing.T) {
	w := newWorld(t)
	w.writes(3, "a")
	w.step()
	was := w.entries()[1]
	w.attack(fmt.Sprintf("UPDATE log SET act = 'nothing', conversation = 'b', at = 1 WHERE seq = %d", was.Seq))
	r := w.verify()
	require.Equal(t, []audit.Finding{{
		Kind: audit.Edited, Seq: was.Seq, Act: was.Act, Conversation: "a", At: was.At, Detail: "another time, act, conversation",
	}}, r.Findings)
	var text strings.Builder
	require.NoError(t, r.WriteText(&text))
	require.Contains(t, text.String(), "edited")
	require.NotContains(t, text.String(), "nothing")
}

// Only witnesses help against who has the store, the storage and the key.
func TestAHistoryThatWasWrittenAnewIsFoundByItsWitness(t *testing.T) {
	anew := func(w *world) {
		w.close()
		w.store = nil
		require.NoError(w, os.RemoveAll(w.path("audit")))
	}
	t.Run("with the key", func(t *testing.T) {
		w := newWorld(t)
		w.writes(10, "a")
		w.step()
		seqs := w.seqs()
		w.writes(10, "a")
		w.step()
		anew(w)
		w.attack(fmt.Sprintf("UPDATE log SET actor = 'x' WHERE seq = %d", seqs[3]))
		w.writes(5, "b")
		honest := slices.Clone(w.witness.notes.Bytes())
		w.step()
		w.witness.notes.Reset()
		w.witness.notes.Write(honest)
		r := w.verify()
		require.Equal(t, []string{"diverged at witness #1"}, found(r))
		require.EqualValues(t, 10, r.Findings[0].Count)
		require.Zero(t, r.Witnessed.Size)
	})
	t.Run("the tail only, and the divergence is narrowed", func(t *testing.T) {
		w := newWorld(t)
		w.writes(10, "a")
		w.step()
		w.writes(10, "a")
		w.step()
		seqs := w.seqs()
		anew(w)
		w.attack(fmt.Sprintf("DELETE FROM log WHERE seq = %d", seqs[15]))
		honest := slices.Clone(w.witness.notes.Bytes())
		w.writes(1, "a")
		w.step()
		w.witness.notes.Reset()
		w.witness.notes.Write(honest)
		r := w.verify()
		require.Contains(t, found(r), "split history at witness #2, storage #1")
		require.Contains(t, found(r), "diverged at witness #2")
		require.EqualValues(t, 10, r.Witnessed.Size)
	})
	t.Run("a tree and a log that were set back", func(t *testing.T) {
		w := newWorld(t)
		w.writes(10, "a")
		w.step()
		first := w.witness.notes.String()
		w.writes(10, "a")
		w.step()
		seqs := w.seqs()
		w.close()
		w.file("audit/checkpoints", func([]byte) []byte { return []byte(first) })
		w.file("audit/leaves", func(b []byte) []byte { return b[:10*audit.RecordSize] })
		w.attack(fmt.Sprintf("DELETE FROM log WHERE seq > %d", seqs[9]))
		r := w.verify()
		require.Equal(t, []string{"rolled back at witness #2"}, found(r))
		require.EqualValues(t, 10, r.Findings[0].Count)
		require.Contains(t, r.Findings[0].Detail, "the log does not have the last 10 of the entries")
		require.WithinDuration(t, w.now, r.Findings[0].At, time.Minute)
	})
}
