package audit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

// purged is a world with 30 entries of a, b and c, from which retention then removes
// what it declares.
func purged(t *testing.T, p func(seqs []int64) audit.Purge, remove string, at time.Duration) (*world, []int64) {
	w := newWorld(t)
	w.writes(30, "a", "b", "c")
	w.step()
	seqs := w.seqs()
	w.now = w.now.Add(at)
	w.log(p(seqs).Entry(ppa, w.now, "retention"))
	w.attack(fmt.Sprintf(remove, seqs[9]))
	return w, seqs
}

func conversation(seqs []int64) audit.Purge {
	return audit.Purge{Conversation: "a", From: 1, Through: seqs[29]}
}

func upTo(seqs []int64) audit.Purge { return audit.Purge{From: 1, Through: seqs[9]} }

const (
	year               = 365 * 24 * time.Hour
	removeConversation = "DELETE FROM log WHERE conversation = 'a' AND act <> 'log.purged' AND %d > 0"
	removeUpTo         = "DELETE FROM log WHERE seq <= %d"
)

func TestWhatRetentionRemovesAndDeclaresIsAccountedFor(t *testing.T) {
	for name, c := range map[string]struct {
		purge  func([]int64) audit.Purge
		remove string
	}{
		"a conversation":           {conversation, removeConversation},
		"all entries up to a time": {upTo, removeUpTo},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := purged(t, c.purge, c.remove, year)
			for range 2 { // before and after the purge is signed
				r := w.verify()
				require.Empty(t, found(r))
				require.Equal(t, []int64{10, 1}, []int64{r.Purged, int64(r.Purges)})
				w.writes(2, "d")
				w.step()
			}
			require.EqualValues(t, 35, w.verify().Witnessed.Size)
			// Leaves outlive it all, also for a Keeper that starts anew.
			w.close()
			w.open()
			w.writes(2, "a")
			w.step()
			require.Empty(t, found(w.verify()))
		})
	}
}

func TestAPurgeCoversNoMoreThanItDeclares(t *testing.T) {
	w, seqs := purged(t, conversation, "DELETE FROM log WHERE conversation IN ('a', 'b') AND act <> 'log.purged' AND %d > 0", year)
	r := w.verify()
	require.Len(t, r.Findings, 11)
	require.Contains(t, found(r), fmt.Sprintf("missing conversation %d-%d", seqs[1], seqs[28]))
	require.EqualValues(t, 10, r.Purged)

	w, seqs = purged(t, upTo, "DELETE FROM log WHERE seq <= %d + 1", year)
	require.Equal(t, []string{fmt.Sprintf("removed %d", seqs[10])}, found(w.verify()))
}

func TestAPurgeThatIsWrongCoversNothing(t *testing.T) {
	t.Run("it was edited", func(t *testing.T) {
		w, _ := purged(t, func(seqs []int64) audit.Purge { return audit.Purge{From: 1, Through: seqs[5]} }, removeUpTo, year)
		w.writes(1)
		w.step()
		w.attack(`UPDATE log SET detail = CAST('{"from":"1","through":"20"}' AS BLOB) WHERE act = 'log.purged'`)
		r := w.verify()
		require.Len(t, r.Findings, 11)
		require.Zero(t, r.Purged)
	})
	t.Run("it is gone itself", func(t *testing.T) {
		w, _ := purged(t, upTo, removeUpTo, year)
		w.writes(1)
		w.step()
		w.log(audit.Purge{From: 1, Through: w.seqs()[21]}.Entry(ppa, w.now, "retention"))
		w.attack("DELETE FROM log WHERE seq = (SELECT min(seq) FROM log WHERE act = 'log.purged')")
		r := w.verify()
		require.Len(t, r.Findings, 1)
		require.Equal(t, []any{audit.Removed, audit.ActPurged}, []any{r.Findings[0].Kind, r.Findings[0].Act})
	})
	t.Run("an intruder wrote it over fresh entries", func(t *testing.T) {
		w, seqs := purged(t, conversation, removeConversation, time.Hour)
		c := w.check()
		c.KeepFor = year
		r, err := audit.Verify(t.Context(), c)
		require.NoError(t, err)
		require.Len(t, r.Findings, 11)
		require.Contains(t, r.Findings[0].Detail, "came before its term")
		require.Equal(t, seqs[0], r.Findings[0].Seq)
	})
	t.Run("an intruder wrote it with a time to come", func(t *testing.T) {
		w := newWorld(t)
		w.writes(3, "a")
		w.step()
		seqs := w.seqs()
		w.log(audit.Purge{From: 1, Through: seqs[1]}.Entry(ppa, w.now.Add(3*year), "retention"))
		w.attack(fmt.Sprintf(removeUpTo+" AND %[1]d > 0", seqs[1]))
		for range 2 {
			c := w.check()
			c.KeepFor = year
			r, err := audit.Verify(t.Context(), c)
			require.NoError(t, err)
			require.Len(t, r.Findings, 2)
			w.step()
			w.now = w.now.Add(2 * year) // it is signed, so its age is known
		}
	})
}

func TestParsePurge(t *testing.T) {
	e := audit.Purge{Conversation: "a", From: 3, Through: 7}.Entry(ppa, noon(), "retention")
	e.Seq = 8
	p, err := audit.ParsePurge(e)
	require.NoError(t, err)
	require.Equal(t, audit.Purge{Conversation: "a", From: 3, Through: 7}, p)
	for name, change := range map[string]func(e *alt.LogEntry){
		"another act":      func(e *alt.LogEntry) { e.Act = "x" },
		"no detail":        func(e *alt.LogEntry) { e.Detail = nil },
		"no number":        func(e *alt.LogEntry) { e.Detail["from"] = "x" },
		"an end before it": func(e *alt.LogEntry) { e.Detail["through"] = "2" },
		"of what follows":  func(e *alt.LogEntry) { e.Seq = 7 },
	} {
		e := audit.Purge{Conversation: "a", From: 3, Through: 7}.Entry(ppa, noon(), "retention")
		e.Seq = 8
		change(&e)
		_, err := audit.ParsePurge(e)
		require.ErrorIs(t, err, alt.ErrInput, name)
	}
}
