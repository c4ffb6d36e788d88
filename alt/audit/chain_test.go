package audit_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

// A keeper of another make has the key, and breaks the chain of a conversation, so
// that an entry could be left out of what is shown of it.
func TestALeafThatHidesTheOneBeforeItIsFound(t *testing.T) {
	w := newWorld(t)
	w.writes(3, "a")
	seqs := w.seqs()
	b := audit.Batch{}
	stored := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, _ error) {
		for _, i := range indexes {
			list = append(list, b.Hashes[i])
		}
		return list, nil
	})
	for i, e := range w.entries() {
		r := audit.LeafOf(e, -1).Record()
		made, err := tlog.StoredHashesForRecordHash(int64(i), r.Hash(), stored)
		require.NoError(t, err)
		b.Records, b.Hashes = append(b.Records, r), append(b.Hashes, made...)
	}
	root, err := tlog.TreeHash(3, stored)
	require.NoError(t, err)
	b.Note, err = audit.Checkpoint{Origin: origin, Size: 3, Root: root, At: w.now}.Sign(w.keys[0].signer)
	require.NoError(t, err)
	require.NoError(t, w.storage.Append(t.Context(), b))
	r := w.verify()
	require.Equal(t, []string{fmt.Sprintf("broken chain %d at leaf 1", seqs[1]), fmt.Sprintf("broken chain %d at leaf 2", seqs[2])}, found(r))
	require.EqualValues(t, 3, r.Proven.Size)
}

// A batch that does not follow what is there is refused, whoever gives it.
func TestABatchThatDoesNotFollowIsRefused(t *testing.T) {
	w := newWorld(t)
	w.writes(2, "a")
	w.step()
	for _, b := range []audit.Batch{
		{First: 0, Records: make([]audit.Record, 1), Hashes: make([]tlog.Hash, 1)},
		{First: 3, Records: make([]audit.Record, 1), Hashes: make([]tlog.Hash, 3)},
		{First: 2, Records: make([]audit.Record, 1), Hashes: make([]tlog.Hash, 2)},
		{First: 2, Records: make([]audit.Record, audit.MaxBatch+1)},
	} {
		require.Error(t, w.storage.Append(t.Context(), b))
	}
	w.writes(2, "a")
	w.step()
	require.Empty(t, found(w.verify()))
	proofs, err := exporter(w).Export(t.Context(), alt.LogQuery{Conversation: "a"})
	require.NoError(t, err)
	require.Len(t, proofs, 4)
}
