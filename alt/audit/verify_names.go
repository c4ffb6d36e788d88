package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// account names what was changed, once the whole log is known: an entry that is gone
// may have been purged, or stand elsewhere.
func (v *verification) account(ctx context.Context) error {
	found := v.later // entries that are not where they belong
	for _, l := range v.added {
		found[l.Digest] = l.Seq
	}
	signed := make(map[[sha256.Size]byte]bool) // what stood where something else stands
	for _, e := range v.edits {
		found[e.is.Digest], signed[e.was.Digest] = e.is.Seq, true
	}
	moved := make(map[int64]bool) // by where they stand now
	for _, e := range v.edits {
		at, ok := found[e.was.Digest]
		if !ok {
			v.find(named(Edited, e.was, difference(e)))
			continue
		}
		moved[at] = true
		v.find(named(Moved, e.was, fmt.Sprintf("it stands as entry %d", at)))
		if !signed[e.is.Digest] {
			v.added = append(v.added, e.is)
		}
	}
	if err := v.removed(ctx, found, moved); err != nil {
		return err
	}
	for _, l := range v.added {
		if !moved[l.Seq] {
			v.find(named(Inserted, l, "it was not there when the entries around it were signed"))
		}
	}
	slices.SortStableFunc(v.report.Findings, func(a, b Finding) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

// named is a finding about an entry, as its leaf has it.
func named(k Kind, l Leaf, detail string) Finding {
	return Finding{Kind: k, Seq: l.Seq, Conversation: l.Conversation, Act: l.Act, At: l.At, Detail: detail}
}

// difference says what of an entry was changed, as far as its leaf tells.
func difference(e edit) string {
	var what []string
	for _, f := range []struct {
		name    string
		changed bool
	}{{"time", !e.was.At.Equal(e.is.At)}, {"act", e.was.Act != e.is.Act}, {"conversation", e.was.Conversation != e.is.Conversation}} {
		if f.changed {
			what = append(what, f.name)
		}
	}
	if len(what) == 0 {
		return "its actor, line, message or detail is another"
	}
	return "another " + strings.Join(what, ", ")
}

// loss is what is gone of one conversation, and no purge accounts for.
type loss struct{ count, first, last int64 }

// removed looks at leaves whose entries are gone.
func (v *verification) removed(ctx context.Context, found map[[sha256.Size]byte]int64, moved map[int64]bool) error {
	losses := make(map[string]*loss)
	var tail Finding
	for _, s := range v.missing {
		tail = Finding{Kind: CutTail, Detail: "the log ends before it"}
		err := v.eachLeaf(ctx, s, func(l Leaf) {
			by, early := v.purges.covers(l, v.KeepFor, v.marks, v.now)
			if by != 0 {
				v.report.Purged++
				return
			}
			if at, ok := found[l.Digest]; ok {
				moved[at] = true
				v.find(named(Moved, l, fmt.Sprintf("it stands as entry %d", at)))
				return
			}
			detail := "no purge accounts for it"
			if early != 0 {
				detail = fmt.Sprintf("the purge of entry %d came before its term", early)
			}
			v.find(named(Removed, l, detail))
			if tail.Count == 0 {
				tail.Seq, tail.At = l.Seq, l.At
			}
			tail.Count, tail.Through = tail.Count+1, l.Seq
			if l.Conversation == "" {
				return
			}
			of := losses[l.Conversation]
			if of == nil {
				of = &loss{first: l.Seq}
				losses[l.Conversation] = of
			}
			of.count, of.last = of.count+1, l.Seq
		})
		if err != nil {
			return err
		}
	}
	if n := len(v.missing); n > 0 && v.missing[n-1].end == v.state.Len && tail.Count > 0 && v.last < tail.Seq {
		v.find(tail)
	}
	return v.conversations(ctx, losses)
}

// conversations tells of those that are gone altogether.
func (v *verification) conversations(ctx context.Context, losses map[string]*loss) error {
	if len(losses) == 0 {
		return nil
	}
	left := make(map[string]int64, len(losses)) // leaves that are not known to be missing
	err := v.eachLeaf(ctx, span{0, v.state.Len}, func(l Leaf) {
		if losses[l.Conversation] != nil {
			left[l.Conversation]++
		}
	})
	if err != nil {
		return err
	}
	for _, s := range v.missing {
		err := v.eachLeaf(ctx, s, func(l Leaf) {
			of := losses[l.Conversation]
			if of == nil {
				return
			}
			if left[l.Conversation]--; left[l.Conversation] == 0 {
				v.find(Finding{Kind: MissingConversation, Seq: of.first, Through: of.last, Count: of.count, Conversation: l.Conversation, At: l.At,
					Detail: "nothing is left of it in the log"})
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eachLeaf calls f with the leaves of a span that can be read.
func (v *verification) eachLeaf(ctx context.Context, s span, f func(Leaf)) error {
	for s.from < s.end {
		records, err := v.Storage.Records(ctx, s.from, int(min(s.end-s.from, 4096)))
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return fmt.Errorf("%w: leaf %d cannot be read", ErrDamaged, s.from)
		}
		for _, r := range records {
			if l, err := r.Leaf(); err == nil {
				f(l)
			}
		}
		s.from += int64(len(records))
	}
	return nil
}
