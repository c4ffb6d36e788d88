package audit

import (
	"context"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxBatch is how many leaves one checkpoint adds at most.
const MaxBatch = 16_384

// Storage keeps a tree: leaves, hashes and checkpoints, of which nothing is ever
// changed. One Keeper appends; any number of readers may read at the same time.
type Storage interface {
	// Append adds a batch durably. It becomes visible whole or not at all, a crash
	// included. After an error the same batch may be given again, with more.
	Append(ctx context.Context, b Batch) error
	// State returns what there is, by the latest checkpoint.
	State(ctx context.Context) (State, error)
	// Records returns the leaves first, first + 1, … up to max of them, fewer only
	// at the end of what there is.
	Records(ctx context.Context, first int64, max int) ([]Record, error)
	// HashReader reads hashes by tlog.StoredHashIndex.
	tlog.HashReader
	// Checkpoints returns the signed notes, oldest first, a blank line behind each.
	// The caller closes it.
	Checkpoints(ctx context.Context) (io.ReadCloser, error)
}

// Batch is what one checkpoint adds.
type Batch struct {
	First   int64       // place of the first leaf
	Records []Record    // at most MaxBatch
	Hashes  []tlog.Hash // from tlog.StoredHashIndex(0, First) on
	// Note is the checkpoint that follows; nil: the leaves are those of a checkpoint
	// that is there already.
	Note []byte
	// Cursor is where the Ledger is read on. It is a hint: losing it costs a look at
	// the whole log.
	Cursor string
}

// State of a storage.
type State struct {
	// Len is how many leaves there are with their hashes: as many as the latest
	// checkpoint says, or fewer when some were lost.
	Len    int64
	Note   []byte // the latest checkpoint; nil: none was made yet
	Cursor string
}
