package audit

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
)

// reader hands out the log entry by entry.
type reader struct {
	follower
	page []alt.LogEntry
	done bool
}

// peek returns the next entry; false at the end.
func (r *reader) peek(ctx context.Context) (alt.LogEntry, bool, error) {
	if len(r.page) == 0 && !r.done {
		var err error
		if r.page, err = r.follower.next(ctx); err != nil {
			return alt.LogEntry{}, false, err
		}
		r.done = len(r.page) == 0
	}
	if r.done {
		return alt.LogEntry{}, false, nil
	}
	return r.page[0], true, nil
}

// span is a run of leaves: from, and the one behind the last.
type span struct{ from, end int64 }

// edit is a leaf whose entry says something else.
type edit struct{ was, is Leaf }

// pop takes an entry from the log.
func (v *verification) pop(e alt.LogEntry) {
	v.log.page = v.log.page[1:]
	v.report.Entries++
	v.last = e.Seq
}

// compare looks for the entry of a leaf.
func (v *verification) compare(ctx context.Context, place int64, r Record, stored tlog.Hash) error {
	l, bad := r.Leaf()
	readable := bad == nil
	if differs := r.Hash() != stored; differs || !readable {
		found, err := v.doubt(ctx, place, readable, differs, stored)
		if err != nil || found {
			return err
		}
	}
	if !readable {
		v.blind++
		return nil
	}
	if v.chain.next(l.Conversation, place) != l.Prev {
		v.find(Finding{Kind: BrokenChain, Seq: l.Seq, Conversation: l.Conversation, Act: l.Act, At: l.At, Where: fmt.Sprintf("leaf %d", place),
			Detail: "it does not name the leaf before it of its conversation"})
	}
	for {
		e, ok, err := v.log.peek(ctx)
		switch {
		case err != nil:
			return err
		case !ok || e.Seq > l.Seq:
			v.gone(place)
			return nil
		case e.Seq == l.Seq:
			v.pop(e)
			if is := LeafOf(e, l.Prev); is != l {
				v.keepEdit(edit{l, is})
			} else {
				v.declared(e, place)
			}
			return nil
		}
		v.pop(e)
		if v.blind > 0 {
			v.blind--
		} else {
			v.keepAdded(LeafOf(e, -1))
		}
	}
}

// doubt takes down a leaf that cannot be read or is not that of its hash. If the
// next entry of the log is what the hash was made of, the leaf alone is wrong, and
// nothing is said about the entry.
func (v *verification) doubt(ctx context.Context, place int64, readable, differs bool, stored tlog.Hash) (found bool, err error) {
	f := Finding{Kind: AlteredLeaf, Where: fmt.Sprintf("leaf %d", place), Detail: "it is not the leaf that was signed"}
	if !readable {
		f.Detail = "it cannot be read"
	}
	if differs {
		v.suspects = append(v.suspects, f) // the next checkpoint says which of the two is right
	} else {
		v.find(f)
	}
	e, ok, err := v.log.peek(ctx)
	if err != nil || !ok {
		return false, err
	}
	conv := clip(e.Conversation, maxConversation)
	if LeafOf(e, v.chain.before(conv, place)).Record().Hash() != stored {
		return false, nil
	}
	v.chain.next(conv, place)
	v.pop(e)
	v.declared(e, place)
	return true, nil
}

// declared takes note of a purge.
func (v *verification) declared(e alt.LogEntry, place int64) {
	to := &v.purges
	switch e.Act {
	case ActPurged:
	case ActContentsPurged:
		to = &v.purgedContents
	default:
		return
	}
	p, err := ParsePurge(e)
	if err != nil {
		return // it declares nothing, so what it meant to cover is found
	}
	to.add(purge{Purge: p, seq: e.Seq, at: e.At, leaf: place})
	v.report.Purges++
}

func (v *verification) gone(place int64) {
	if n := len(v.missing); n > 0 && v.missing[n-1].end == place {
		v.missing[n-1].end++
		return
	}
	v.missing = append(v.missing, span{place, place + 1})
}

// What is kept for the end is bounded as the findings are.

func (v *verification) keepEdit(e edit) {
	if len(v.edits) >= v.MaxFindings {
		v.report.More++
		return
	}
	v.edits = append(v.edits, e)
}

func (v *verification) keepAdded(l Leaf) {
	if len(v.added) >= v.MaxFindings {
		v.report.More++
		return
	}
	v.added = append(v.added, l)
}
