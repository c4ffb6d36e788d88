package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// readTree walks leaves, stored hashes and the log side by side, and measures the
// tree at each checkpoint.
func (v *verification) readTree(ctx context.Context) error {
	for v.front.size < v.state.Len {
		records, err := v.Storage.Records(ctx, v.front.size, 4096)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return fmt.Errorf("%w: leaf %d cannot be read", ErrDamaged, v.front.size)
		}
		from := tlog.StoredHashCount(v.front.size)
		indexes := make([]int64, tlog.StoredHashCount(v.front.size+int64(len(records)))-from)
		for i := range indexes {
			indexes[i] = from + int64(i)
		}
		stored, err := v.Storage.ReadHashes(indexes)
		if err != nil {
			return err
		}
		var made []tlog.Hash
		for _, r := range records {
			place := v.front.size
			made = v.push(r.Hash(), made[:0], stored)
			if err := v.compare(ctx, place, r, stored[0]); err != nil {
				return err
			}
			stored = stored[len(made):]
			v.measure(place + 1)
		}
	}
	return nil
}

// push adds a leaf to the tree of leaves, and to that of stored hashes.
func (v *verification) push(leaf tlog.Hash, made, stored []tlog.Hash) []tlog.Hash {
	place := v.front.size
	if !v.differ && stored[0] != leaf {
		v.differ, v.other = true, v.front.clone()
	}
	made = v.front.push(leaf, made)
	other := made
	if v.differ {
		other = v.other.push(stored[0], nil)
	}
	for i := range made {
		if stored[i] != made[i] && stored[i] != other[i] {
			v.find(Finding{Kind: AlteredHash, Where: fmt.Sprintf("hash %d", tlog.StoredHashCount(place)+int64(i)), Detail: "it is not that of the hashes below it"})
		}
	}
	return made
}

// measure compares the tree with the checkpoint of its size, if there is one.
func (v *verification) measure(size int64) {
	i, ok := slices.BinarySearchFunc(v.marks, size, func(m mark, size int64) int { return cmp.Compare(m.Size, size) })
	if !ok {
		return
	}
	m := v.marks[i]
	switch {
	case v.front.root() == m.Root:
		// The leaves are right, so the hashes that differ are not.
		for _, f := range v.suspects {
			v.find(Finding{Kind: AlteredHash, Where: "hash of " + f.Where, Detail: "it is not that of the leaf"})
		}
		v.met(m)
	case v.differ && v.other.root() == m.Root:
		v.clearSuspects()
		v.front = v.other.clone()
		v.met(m)
	default:
		v.against = append(v.against, m)
		return
	}
	v.suspects = nil
}

// clearSuspects tells of leaves that differ from their hashes.
func (v *verification) clearSuspects() {
	for _, f := range v.suspects {
		v.find(f)
	}
	v.suspects = nil
}

// met notes a checkpoint with which the tree agrees. It settles all that lies before
// it, so that earlier ones with which the tree does not agree contradict this one;
// but those of a witness stand against one that only the storage has.
func (v *verification) met(m mark) {
	v.differ = false
	if !m.witnessed && slices.ContainsFunc(v.against, func(a mark) bool { return a.witnessed }) {
		return
	}
	for _, a := range v.against {
		v.find(Finding{Kind: SplitHistory, Count: a.Size, At: a.At, Where: a.where + ", " + m.where,
			Detail: "both are signed, and the tree of the later one does not begin with that of the first: the key signed two histories"})
	}
	v.against = nil
	v.good, v.report.Proven = m.Checkpoint, m.Checkpoint
	if m.witnessed {
		v.report.Witnessed = m.Checkpoint
	}
}

// settle tells where the tree left what was signed, if it did not come back.
func (v *verification) settle() {
	v.clearSuspects()
	if len(v.against) == 0 {
		return
	}
	m := v.against[0]
	v.find(Finding{Kind: Diverged, Count: m.Size - v.good.Size, At: m.At, Where: m.where,
		Detail: fmt.Sprintf("of the leaves %d to %d at least one is not what was signed", v.good.Size, m.Size-1)})
}

// readRest looks at what the log has behind the storage's last leaf. Where a
// checkpoint counts more leaves than the storage has, it says whether the log still
// is what was signed.
func (v *verification) readRest(ctx context.Context) error {
	for {
		e, ok, err := v.log.peek(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		v.pop(e)
		if v.blind > 0 {
			v.blind--
			continue
		}
		v.declared(e, v.front.size)
		l := LeafOf(e, v.chain.next(clip(e.Conversation, maxConversation), v.front.size))
		v.front.push(l.Record().Hash(), nil)
		v.measure(v.front.size)
		v.report.Pending++
		if len(v.later) < v.MaxFindings {
			v.later[l.Digest] = l.Seq
		}
	}
	v.settle()
	if n := len(v.marks); n > 0 && v.marks[n-1].Size > v.state.Len {
		m := v.marks[n-1]
		detail := "the storage lost leaves; the log still has their entries as they were signed"
		switch {
		case v.front.size < m.Size:
			detail = fmt.Sprintf("the storage lost leaves, and the log does not have the last %d of the entries", m.Size-v.front.size)
		case v.good.Size < m.Size:
			detail = "the storage lost leaves, and the log does not have their entries as they were signed"
		}
		v.find(Finding{Kind: RolledBack, Count: m.Size - v.state.Len, At: m.At, Where: m.where, Detail: detail})
		v.report.Pending = max(0, v.front.size-m.Size)
	}
	return nil
}
