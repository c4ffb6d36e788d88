package audit_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

func exporter(w *world) audit.Exporter {
	return audit.Exporter{Agency: ppa, Ledger: w.store, Storage: w.storage}
}

func TestAnOutsidePartyChecksOneEntry(t *testing.T) {
	for _, n := range []int{1, 2, 7, 64, 100} {
		w := newWorld(t)
		w.writes(n, "a", "b", "")
		w.step()
		for _, e := range w.entries() {
			p, err := exporter(w).Entry(t.Context(), e.Seq)
			require.NoError(t, err)
			b, err := json.Marshal(p)
			require.NoError(t, err)
			read, err := audit.ReadProofs(bytes.NewReader(b))
			require.NoError(t, err)
			c, err := read[0].Verify(origin, w.verifiers())
			require.NoError(t, err)
			require.EqualValues(t, n, c.Size)
		}
	}
}

func TestAProofOfAnythingElseIsRefused(t *testing.T) {
	w := newWorld(t)
	w.writes(20, "a", "b")
	w.step()
	good, err := exporter(w).Entry(t.Context(), w.seqs()[7])
	require.NoError(t, err)
	for name, change := range map[string]func(p *audit.Proof){
		"another format":          func(p *audit.Proof) { p.Format = "x" },
		"another number":          func(p *audit.Proof) { p.Entry.Seq++ },
		"another time":            func(p *audit.Proof) { p.Entry.At = p.Entry.At.Add(time.Microsecond) },
		"another actor":           func(p *audit.Proof) { p.Entry.Actor = "mari" },
		"another agency":          func(p *audit.Proof) { p.Entry.Agency = "rik" },
		"another detail":          func(p *audit.Proof) { p.Entry.Detail = map[string]string{"n": "7"} },
		"a text moved to a field": func(p *audit.Proof) { p.Entry.Act, p.Entry.Actor = p.Entry.Act+p.Entry.Actor, "" },
		"another place":           func(p *audit.Proof) { p.Place++ },
		"a place outside":         func(p *audit.Proof) { p.Place = 20 },
		"a negative place":        func(p *audit.Proof) { p.Place, p.Prev = -1, -2 },
		"another leaf before":     func(p *audit.Proof) { p.Prev-- },
		"no leaf before":          func(p *audit.Proof) { p.Prev = -1 },
		"a shorter path":          func(p *audit.Proof) { p.Path = p.Path[1:] },
		"a longer path":           func(p *audit.Proof) { p.Path = append(p.Path, p.Path[0]) },
		"another path":            func(p *audit.Proof) { p.Path[0][0] ^= 1 },
		"another checkpoint":      func(p *audit.Proof) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n20\n", "\n21\n", 1) },
		"no checkpoint":           func(p *audit.Proof) { p.Checkpoint = "" },
	} {
		p := good
		p.Path = append(p.Path[:0:0], p.Path...)
		change(&p)
		_, err := p.Verify(origin, w.verifiers())
		require.Error(t, err, name)
		require.True(t, isProof(err), name)
	}
	_, err = good.Verify("another/origin", w.verifiers())
	require.ErrorIs(t, err, audit.ErrForged)
	_, err = good.Verify(origin, note.VerifierList(newKey(t).verifier))
	require.ErrorIs(t, err, audit.ErrForged)
	_, err = good.Verify(origin, w.verifiers())
	require.NoError(t, err)
}

func isProof(err error) bool {
	return strings.Contains(err.Error(), audit.ErrProof.Error()) || strings.Contains(err.Error(), audit.ErrForged.Error())
}

func TestNoEntryOfAConversationIsLeftOut(t *testing.T) {
	w := newWorld(t)
	w.writes(12, "a", "b", "c")
	w.step()
	w.close()
	w.open() // a Keeper that starts anew knows the chains
	w.writes(9, "c", "a", "b")
	w.step()
	proofs, err := exporter(w).Export(t.Context(), alt.LogQuery{Conversation: "a"})
	require.NoError(t, err)
	require.Len(t, proofs, 7)
	c, err := audit.VerifyConversation(proofs, origin, w.verifiers())
	require.NoError(t, err)
	require.EqualValues(t, 21, c.Size)
	for i := range proofs[:6] {
		left := append(append([]audit.Proof{}, proofs[:i]...), proofs[i+1:]...)
		_, err = audit.VerifyConversation(left, origin, w.verifiers())
		require.ErrorIs(t, err, audit.ErrProof, i)
		require.ErrorContains(t, err, "left out")
	}
	_, err = audit.VerifyConversation(proofs[:6], origin, w.verifiers())
	require.NoError(t, err, "of the end it says nothing")
	_, err = audit.VerifyConversation(nil, origin, w.verifiers())
	require.ErrorIs(t, err, audit.ErrProof)
	proofs[1], proofs[2] = proofs[2], proofs[1]
	_, err = audit.VerifyConversation(proofs, origin, w.verifiers())
	require.ErrorIs(t, err, audit.ErrProof)
	other, err := exporter(w).Export(t.Context(), alt.LogQuery{Conversation: "b"})
	require.NoError(t, err)
	_, err = audit.VerifyConversation(append(proofs[:1], other[1:]...), origin, w.verifiers())
	require.ErrorContains(t, err, "another conversation")
}

func TestWhatCannotBeProvenIsNotExported(t *testing.T) {
	w := newWorld(t)
	_, err := exporter(w).Entry(t.Context(), 1)
	require.ErrorIs(t, err, alt.ErrNotFound, "there is no checkpoint")
	w.writes(3, "a")
	w.step()
	w.writes(1, "b")
	seqs := w.seqs()
	_, err = exporter(w).Entry(t.Context(), seqs[3])
	require.ErrorIs(t, err, alt.ErrNotFound, "too young")
	_, err = exporter(w).Export(t.Context(), alt.LogQuery{})
	require.ErrorIs(t, err, alt.ErrNotFound, "too young")
	x, young := exporter(w), 0
	x.TooYoung = func(alt.LogEntry) { young++ }
	proofs, err := x.Export(t.Context(), alt.LogQuery{})
	require.NoError(t, err)
	require.Equal(t, []int{3, 1}, []int{len(proofs), young}, "or left out and told")
	_, err = exporter(w).Export(t.Context(), alt.LogQuery{Conversation: "x"})
	require.ErrorIs(t, err, alt.ErrNotFound)
	w.attackOnly("UPDATE log SET actor = 'x'")
	_, err = exporter(w).Entry(t.Context(), seqs[1])
	require.ErrorIs(t, err, audit.ErrDiverged)
	w.attackOnly("DELETE FROM log")
	_, err = exporter(w).Entry(t.Context(), seqs[1])
	require.ErrorIs(t, err, alt.ErrNotFound)
}

func TestATextThatJSONCannotHoldIsNotExported(t *testing.T) {
	w := newWorld(t)
	w.log(alt.LogEntry{Agency: ppa, At: w.now, Act: "x", Actor: "\xff"})
	w.step()
	require.Empty(t, found(w.verify()))
	_, err := exporter(w).Entry(t.Context(), w.seqs()[0])
	require.ErrorContains(t, err, "JSON")
}

// A session's entries are those of its conversation, from its start to its end.
func TestTheEntriesOfASessionAreExported(t *testing.T) {
	w := newWorld(t)
	w.writes(3, "a", "b")
	e := func(act, session string) alt.LogEntry {
		w.now = w.now.Add(time.Second)
		return alt.LogEntry{Agency: ppa, At: w.now, Act: act, Actor: "bot", Conversation: "a", Detail: map[string]string{"session": session}}
	}
	opened := e("conversation.opened", "")
	started := e("session.started", "s1")
	opened.At = started.At
	w.log(opened, started)
	w.writes(4, "a", "b")
	w.log(e("session.ended", "s1"))
	w.writes(2, "a")
	w.log(e("session.started", "s2"))
	w.writes(2, "b", "a")
	w.step()
	for session, want := range map[string]int{"s1": 5, "s2": 2} {
		proofs, err := exporter(w).Session(t.Context(), session)
		require.NoError(t, err)
		require.Len(t, proofs, want, session)
		for _, p := range proofs {
			require.Equal(t, "a", p.Entry.Conversation)
			_, err := p.Verify(origin, w.verifiers())
			require.NoError(t, err)
		}
	}
	_, err := exporter(w).Session(t.Context(), "s3")
	require.ErrorIs(t, err, alt.ErrNotFound)
}
