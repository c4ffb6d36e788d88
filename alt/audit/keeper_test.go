package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	w, stranger := newWorld(t), newKey(t)
	for field, change := range map[string]func(c *audit.Config){
		"Config.Agency":    func(c *audit.Config) { c.Agency = "" },
		"Config.Origin":    func(c *audit.Config) { c.Origin = "" },
		"Origin is no":     func(c *audit.Config) { c.Origin = "a\nb" },
		"Config.Ledger":    func(c *audit.Config) { c.Ledger = nil },
		"Config.Storage":   func(c *audit.Config) { c.Storage = nil },
		"Config.Signers":   func(c *audit.Config) { c.Signers = nil },
		"Config.Verifiers": func(c *audit.Config) { c.Verifiers = note.VerifierList(stranger.verifier) },
		"Config.Every":     func(c *audit.Config) { c.Every = time.Hour },
		"Config.Poll":      func(c *audit.Config) { c.Poll = -1 },
	} {
		cfg := w.config()
		change(&cfg)
		_, err := audit.New(cfg)
		require.ErrorContains(t, err, field)
	}
	for field, change := range map[string]func(c *audit.Check){
		"Check.Agency":    func(c *audit.Check) { c.Agency = "" },
		"Check.Origin":    func(c *audit.Check) { c.Origin = "" },
		"Check.Ledger":    func(c *audit.Check) { c.Ledger = nil },
		"Check.Storage":   func(c *audit.Check) { c.Storage = nil },
		"Check.Verifiers": func(c *audit.Check) { c.Verifiers = nil },
	} {
		c := w.check()
		change(&c)
		_, err := audit.Verify(t.Context(), c)
		require.ErrorContains(t, err, field)
	}
}

func TestTenThousandEntriesAreSignedAndVerified(t *testing.T) {
	w := newWorld(t)
	w.writes(10_000, "a", "b", "c", "d", "e", "f", "g")
	w.log(alt.LogEntry{Agency: "rik", At: w.now, Act: "x", Actor: "another agency's"})
	w.step()
	r := w.verify()
	require.Empty(t, found(r))
	require.Equal(t, []int64{10_000, 10_000, 10_000, 10_000, 0}, []int64{r.Entries, r.Leaves, r.Proven.Size, r.Witnessed.Size, r.Pending})

	// The hashes are those of RFC 6962, and the root is what others would compute.
	root, err := tlog.TreeHash(10_000, w.storage)
	require.NoError(t, err)
	require.Equal(t, root, r.Proven.Root)

	w.close()
	w.open()
	w.writes(20_000, "a", "z") // more than one batch
	w.step()
	r = w.verify()
	require.Empty(t, found(r))
	require.Equal(t, []int64{26_000, 4000}, []int64{r.Proven.Size, r.Pending})
	w.step()
	require.EqualValues(t, 30_000, w.verify().Witnessed.Size)
}

func TestACheckpointIsMadeWhenThereIsSomethingNewAndTheLastOneIsOld(t *testing.T) {
	w := newWorld(t)
	size := func(after time.Duration) int64 {
		w.now = w.now.Add(after)
		require.NoError(t, w.keeper.Step(t.Context()))
		return w.keeper.Status().Checkpoint.Size
	}
	require.Zero(t, size(0))
	w.writes(1)
	require.EqualValues(t, 1, size(0), "the first at once")
	w.writes(1) // takes a second
	require.EqualValues(t, 1, size(28*time.Second))
	require.EqualValues(t, 1, w.keeper.Status().Pending)
	require.EqualValues(t, 1, w.verify().Pending)
	require.EqualValues(t, 2, size(time.Second))
	before := w.keeper.Status().Checkpoint
	require.EqualValues(t, 2, size(time.Hour), "nothing new")
	require.Equal(t, before, w.keeper.Status().Checkpoint)
	w.writes(1)
	require.EqualValues(t, 3, size(-2*time.Hour), "a clock that was set back")
}

func TestEntriesAreFollowedOverStartsAndFullPages(t *testing.T) {
	w := newWorld(t)
	for _, n := range []int{1, 999, 1000, 1, 1001, 1999} {
		w.writes(n, "a", "b")
		w.step()
		require.Empty(t, found(w.verify()))
		w.close()
		w.open()
		w.step()
		require.Empty(t, found(w.verify()))
	}
	require.EqualValues(t, 5001, w.verify().Proven.Size)
}

// A crash may leave any part of a write. Whatever it is, what was signed before is
// there after a start, and the tree goes on as if nothing had been.
func TestACrashAtEachWriteLosesNothing(t *testing.T) {
	for _, torn := range []string{"before", "half", "after"} {
		for i, file := range []string{"leaves", "hashes", "checkpoints"} {
			t.Run(torn+" the write of "+file, func(t *testing.T) {
				w := newWorld(t)
				w.writes(7, "a")
				w.step()
				w.writes(9, "a", "b")
				n := 0
				audit.Fault(w.storage, func(name string, b []byte) ([]byte, error) {
					if n++; n != i+1 {
						return b, nil
					}
					require.Equal(t, file, name)
					return map[string][]byte{"before": nil, "half": b[:len(b)/2+1], "after": b}[torn], errScripted
				})
				w.now = w.now.Add(time.Minute)
				require.ErrorIs(t, w.keeper.Step(t.Context()), errScripted)
				require.Empty(t, found(w.verify()), "who reads now sees the last checkpoint")
				r := w.reads(func() {})
				require.Empty(t, found(r))

				w.close()
				w.open()
				w.step()
				r = w.verify()
				require.Empty(t, found(r))
				require.EqualValues(t, 16, r.Witnessed.Size)
				require.Zero(t, r.Unreadable)
			})
			t.Run(torn+" the write of "+file+", without a crash", func(t *testing.T) {
				w := newWorld(t)
				w.writes(7, "a")
				w.step()
				w.writes(9, "a", "b")
				failing := true
				audit.Fault(w.storage, func(name string, b []byte) ([]byte, error) {
					if failing && name == file {
						return map[string][]byte{"before": nil, "half": b[:len(b)/2+1], "after": b}[torn], errScripted
					}
					return b, nil
				})
				w.now = w.now.Add(time.Minute)
				require.ErrorIs(t, w.keeper.Step(t.Context()), errScripted)
				require.ErrorIs(t, w.keeper.Status().Err, errScripted)
				w.writes(2, "c")
				failing = false
				w.step()
				r := w.verify()
				require.Empty(t, found(r))
				require.EqualValues(t, 18, r.Witnessed.Size)
				require.Zero(t, r.Unreadable)
			})
		}
	}
}

func TestKeysRotate(t *testing.T) {
	w := newWorld(t)
	w.writes(3)
	w.step()
	old := w.keys[0]
	w.close()
	w.keys = []key{newKey(t), old} // both sign
	w.open()
	w.writes(3)
	w.step()
	both := w.witness.notes.String()
	require.Equal(t, 3, strings.Count(both, "— "+origin), "one signature, then two")

	cfg := w.config()
	cfg.Signers = cfg.Signers[:1]
	require.NoError(t, w.storage.Close())
	w.storage, _ = audit.OpenDir(w.path("audit"))
	cfg.Storage = w.storage
	var err error
	w.keeper, err = audit.New(cfg) // the new one alone
	require.NoError(t, err)
	w.writes(3)
	w.step()
	r := w.verify()
	require.Empty(t, found(r))
	require.EqualValues(t, 9, r.Witnessed.Size)

	w.keys = w.keys[:1]
	r = w.verify()
	require.Equal(t, []string{"forged checkpoint at witness #1", "forged checkpoint at storage #1"}, found(r), "who knows the new key only")
	require.EqualValues(t, 9, r.Witnessed.Size)
	w.keys = []key{old}
	require.Equal(t, []string{"forged checkpoint at witness #3", "forged checkpoint at storage #3"}, found(w.verify()), "who knows the old key only")
}

func TestLongNamesAreCutInTheLeafAndCoveredByItsDigest(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("õ", 100)
	w.log(alt.LogEntry{Agency: ppa, At: w.now, Act: long + "1", Actor: "x", Conversation: long + "1"})
	w.log(alt.LogEntry{Agency: ppa, At: w.now, Act: long + "1", Actor: "x", Conversation: long + "2"})
	w.step()
	require.Empty(t, found(w.verify()))
	seqs := w.seqs()
	w.attack(fmt.Sprintf("UPDATE log SET act = act || 'x' WHERE seq = %d", seqs[0]), fmt.Sprintf("UPDATE log SET conversation = conversation || 'x' WHERE seq = %d", seqs[1]))
	require.Equal(t, []string{fmt.Sprintf("edited %d", seqs[0]), fmt.Sprintf("edited %d", seqs[1])}, found(w.verify()))
}

func TestALogThatCannotBeReadIsAnErrorAndNoFinding(t *testing.T) {
	w := newWorld(t)
	w.writes(3)
	w.step()
	w.attackOnly(fmt.Sprintf("UPDATE log SET detail = x'78' WHERE seq = %d", w.seqs()[1]))
	_, err := audit.Verify(t.Context(), w.check())
	require.ErrorContains(t, err, "read the log after entry 0")
	err = w.keeper.Step(t.Context())
	require.Error(t, err)
}
