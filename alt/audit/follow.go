package audit

import (
	"context"
	"fmt"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Ledger is the part of alt.Ledger that is read here. Entries must become visible in
// the order of Seq: once one was returned, none with a smaller number may appear.
type Ledger interface {
	Log(ctx context.Context, q alt.LogQuery) (page []alt.LogEntry, next string, err error)
}

// pageSize is how many entries are asked for at once.
const pageSize = 1000

// follower reads a log that grows. A Ledger gives no cursor at its end, so the last
// page is read again from its beginning, and what was seen is passed over.
type follower struct {
	ledger Ledger
	agency channels.Agency
	cursor string // of the page that holds the last entry
	last   int64  // its Seq
	begun  bool   // last says something: Seq may be any number
}

// next returns entries that follow the last; none at the end of the log.
func (f *follower) next(ctx context.Context) ([]alt.LogEntry, error) {
	for {
		page, next, err := f.ledger.Log(ctx, alt.LogQuery{Agency: f.agency, Limit: pageSize, Cursor: f.cursor})
		if err != nil {
			return nil, fmt.Errorf("audit: read the log after entry %d: %w", f.last, err)
		}
		for f.begun && len(page) > 0 && page[0].Seq <= f.last {
			page = page[1:]
		}
		for i, e := range page {
			if i > 0 && e.Seq <= page[i-1].Seq {
				return nil, fmt.Errorf("audit: entry %d comes after entry %d in the log", e.Seq, page[i-1].Seq)
			}
		}
		if len(page) > 0 {
			f.last, f.begun = page[len(page)-1].Seq, true
		}
		if next != "" {
			f.cursor = next
		}
		if len(page) > 0 || next == "" {
			return page, nil
		}
	}
}

// after makes the follower go on behind an entry. A cursor that the Ledger does not
// know (any more) is forgotten.
func (f *follower) after(ctx context.Context, seq int64, cursor string) {
	f.last, f.begun = seq, true
	if cursor == "" {
		return
	}
	page, _, err := f.ledger.Log(ctx, alt.LogQuery{Agency: f.agency, Limit: 1, Cursor: cursor})
	// What lies before the page must have been seen.
	if err == nil && len(page) > 0 && page[0].Seq <= seq {
		f.cursor = cursor
	}
}
