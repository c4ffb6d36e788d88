package audit_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/audit"
)

// twice is a world with two checkpoints of ten entries each, whose storage is changed
// while nothing has it open, and then read.
func twice(t *testing.T) *world {
	w := newWorld(t)
	for range 2 {
		w.writes(10, "a", "b")
		w.step()
	}
	require.Empty(t, found(w.verify()))
	return w
}

// reads closes the Keeper's side and opens the storage for reading.
func (w *world) reads(change func()) *audit.Report {
	w.Helper()
	require.NoError(w, w.storage.Close())
	change()
	var err error
	w.storage, err = audit.ReadDir(w.path("audit"))
	require.NoError(w, err)
	return w.verify()
}

func TestEveryChangeOfTheStorageIsFoundAndNamed(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[at] ^= 1; return b }
	}
	leaf := audit.RecordSize
	for name, c := range map[string]struct {
		file   string
		change func(b []byte) []byte
		want   []string
		proven int64
	}{
		"a digest in a leaf":       {"leaves", flip(5*leaf + 40), []string{"altered leaf at leaf 5"}, 20},
		"a number in a leaf":       {"leaves", flip(5*leaf + 15), []string{"altered leaf at leaf 5"}, 20},
		"a conversation in a leaf": {"leaves", flip(15*leaf + 64), []string{"altered leaf at leaf 15"}, 20},
		"a leaf that is no leaf":   {"leaves", flip(5 * leaf), []string{"altered leaf at leaf 5"}, 20},
		"two leaves swapped": {"leaves", func(b []byte) []byte {
			c := bytes.Clone(b)
			copy(c[5*leaf:], b[6*leaf:7*leaf])
			copy(c[6*leaf:], b[5*leaf:6*leaf])
			return c
		}, []string{"altered leaf at leaf 5", "altered leaf at leaf 6"}, 20},
		"the hash of a leaf":     {"hashes", flip(3 * 32), []string{"altered hash at hash of leaf 2"}, 20},
		"a hash further up":      {"hashes", flip(2 * 32), []string{"altered hash at hash 2"}, 20},
		"leaves taken away":      {"leaves", func(b []byte) []byte { return b[:15*leaf] }, []string{"rolled back at witness #2"}, 20},
		"leaves, and some bytes": {"leaves", func(b []byte) []byte { return b[:15*leaf+7] }, []string{"rolled back at witness #2"}, 20},
		"no leaves any more":     {"leaves", func([]byte) []byte { return nil }, []string{"rolled back at witness #2"}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			w := twice(t)
			r := w.reads(func() { w.file("audit/"+c.file, c.change) })
			require.Equal(t, c.want, found(r))
			require.Equal(t, c.proven, r.Witnessed.Size, "what was signed can be shown all the same")
		})
	}
}

func TestEveryChangeOfCheckpointsIsFoundAndNamed(t *testing.T) {
	stranger := newKey(t)
	sign := func(w *world, k key, c audit.Checkpoint) string {
		b, err := c.Sign(k.signer)
		require.NoError(w, err)
		return string(b) + "\n"
	}
	for name, c := range map[string]struct {
		change func(w *world, checkpoints string) string
		want   []string
	}{
		"another size": {func(_ *world, s string) string { return strings.Replace(s, "\n10\n", "\n9\n", 1) }, []string{"forged checkpoint at storage #1"}},
		"another time": {func(_ *world, s string) string { return strings.Replace(s, "\ntime 2026", "\ntime 2025", 1) }, []string{"forged checkpoint at storage #1"}},
		"another log's name": {func(_ *world, s string) string { return strings.Replace(s, origin+"\n10", "alt.example.ee/rik\n10", 1) },
			[]string{"forged checkpoint at storage #1"}},
		"signed by a stranger": {func(w *world, s string) string {
			return s + sign(w, stranger, audit.Checkpoint{Origin: origin, Size: 20, At: w.now})
		}, []string{"forged checkpoint at storage #3"}},
		"of another log, with the key": {func(w *world, s string) string {
			return sign(w, w.keys[0], audit.Checkpoint{Origin: "alt.example.ee/rik", Size: 20, At: w.now}) + s
		}, []string{"forged checkpoint at storage #1"}},
		"a second history, with the key": {func(w *world, s string) string {
			return s + sign(w, w.keys[0], audit.Checkpoint{Origin: origin, Size: 20, Root: [32]byte{1}, At: w.now})
		}, []string{"split history at witness #2, storage #3"}},
		"a tree that never was, with the key": {func(w *world, s string) string {
			return sign(w, w.keys[0], audit.Checkpoint{Origin: origin, Size: 15, Root: [32]byte{1}, At: w.now}) + s
		}, []string{"split history at storage #1, witness #2"}},
		"the first taken away": {func(_ *world, s string) string { return s[strings.Index(s, "\n\n"+origin)+2:] }, nil},
		"the last taken away": {func(_ *world, s string) string { return s[:strings.LastIndex(s, "\n"+origin+"\n")+1] },
			[]string{"rolled back at witness #2"}},
		"all taken away": {func(*world, string) string { return "" }, []string{"rolled back at witness #2"}},
		"a torn one":     {func(_ *world, s string) string { return s + origin + "\n21\nxyz" }, nil},
		"junk between":   {func(_ *world, s string) string { return "junk\n\n" + strings.Repeat("x", 40_000) + "\n\n" + s }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := twice(t)
			r := w.reads(func() {
				w.file("audit/checkpoints", func(b []byte) []byte {
					changed := c.change(w, string(b))
					require.NotEqual(t, string(b), changed)
					return []byte(changed)
				})
			})
			require.Equal(t, c.want, found(r))
			require.EqualValues(t, 20, r.Witnessed.Size, "what the witness has is not doubted")
		})
	}
}

func TestWithoutAnyCheckpointNothingIsProven(t *testing.T) {
	w := twice(t)
	w.witness.notes.Reset()
	r := w.reads(func() { w.file("audit/checkpoints", func([]byte) []byte { return nil }) })
	require.Equal(t, []string{"missing checkpoint"}, found(r))
	require.EqualValues(t, 20, r.Pending)
	require.Zero(t, r.Proven.Size)
}

// Who knows neither the store nor the key can take away checkpoints only: a start
// must not sign another history then.
func TestAKeeperDoesNotStartOverADamagedStorage(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(w *world)
		want   error
	}{
		"checkpoints are gone, and more leaves are there than a crash leaves": {func(w *world) {
			w.file("audit/checkpoints", func([]byte) []byte { return nil })
			w.file("audit/leaves", func(b []byte) []byte { return append(b, make([]byte, audit.MaxBatch*audit.RecordSize)...) })
		}, audit.ErrDamaged},
		"a leaf was altered and its hashes were lost": {func(w *world) {
			w.file("audit/leaves", func(b []byte) []byte { b[19*audit.RecordSize+40] ^= 1; return b })
			w.file("audit/hashes", func(b []byte) []byte { return b[:100] })
		}, audit.ErrDamaged},
		"a hash of the frontier was altered": {func(w *world) {
			w.file("audit/hashes", func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
		}, audit.ErrDamaged},
		"a leaf cannot be read": {func(w *world) {
			w.file("audit/leaves", func(b []byte) []byte { b[0] = 9; return b })
		}, audit.ErrDamaged},
		"the last checkpoint is forged": {func(w *world) {
			w.file("audit/checkpoints", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("time 2026"), []byte("time 2027")) })
		}, audit.ErrForged},
		"leaves are lost and the log is another": {func(w *world) {
			w.file("audit/leaves", func(b []byte) []byte { return b[:15*audit.RecordSize] })
			w.attackOnly("UPDATE log SET actor = 'x' WHERE seq = (SELECT max(seq) FROM log)")
		}, audit.ErrDiverged},
		"leaves are lost and the log's end is too": {func(w *world) {
			w.file("audit/leaves", func(b []byte) []byte { return b[:15*audit.RecordSize] })
			w.attackOnly("DELETE FROM log WHERE seq = (SELECT max(seq) FROM log)")
		}, audit.ErrDiverged},
	} {
		t.Run(name, func(t *testing.T) {
			w := twice(t)
			w.close()
			c.damage(w)
			var before, after []byte
			w.file("audit/checkpoints", func(b []byte) []byte { before = b; return b })
			err := w.tryStart()
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, w.tryStart(), c.want, "it does not go away")
			w.file("audit/checkpoints", func(b []byte) []byte { after = b; return b })
			require.Equal(t, before, after, "nothing is signed")
		})
	}
}

func TestWhatWasLostIsMadeAgainAsItWasSigned(t *testing.T) {
	for name, damage := range map[string]func(w *world){
		"some leaves":    func(w *world) { w.file("audit/leaves", func(b []byte) []byte { return b[:5*audit.RecordSize+1] }) },
		"all leaves":     func(w *world) { w.file("audit/leaves", func([]byte) []byte { return nil }) },
		"some hashes":    func(w *world) { w.file("audit/hashes", func(b []byte) []byte { return b[:300] }) },
		"the whole tree": func(w *world) { _ = os.Remove(w.path("audit/leaves")); _ = os.Remove(w.path("audit/hashes")) },
		"the cursor":     func(w *world) { _ = os.Remove(w.path("audit/cursor")) },
		"a wrong cursor": func(w *world) { w.file("audit/cursor", func([]byte) []byte { return []byte("20 zzzzzz\n") }) },
		"a cursor that skips entries": func(w *world) {
			w.file("audit/cursor", func([]byte) []byte { return []byte("20 " + strconv.FormatInt(w.last-1, 36) + "\n") })
		},
		"a broken cursor": func(w *world) { w.file("audit/cursor", func([]byte) []byte { return []byte("\x00") }) },
	} {
		t.Run(name, func(t *testing.T) {
			w := twice(t)
			w.writes(3, "a")
			w.last = w.seqs()[22]
			w.close()
			var leaves, again []byte
			w.file("audit/leaves", func(b []byte) []byte { leaves = b; return b })
			damage(w)
			w.open()
			w.step()
			require.Empty(t, found(w.verify()))
			require.EqualValues(t, 23, w.verify().Witnessed.Size)
			w.close()
			w.file("audit/leaves", func(b []byte) []byte { again = b; return b })
			require.Equal(t, leaves, again[:len(leaves)])
		})
	}
}

func TestOneKeeperHasTheFolder(t *testing.T) {
	w := newWorld(t)
	_, err := audit.OpenDir(w.path("audit"))
	require.ErrorIs(t, err, audit.ErrLocked)
	d, err := audit.ReadDir(w.path("audit"))
	require.NoError(t, err)
	require.Error(t, d.Append(t.Context(), audit.Batch{}))
	require.NoError(t, d.Close())
	_, err = audit.ReadDir(w.path("nothing"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
