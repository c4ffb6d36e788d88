package audit

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
)

// start takes up the tree where the last checkpoint left it. Leaves that were lost
// are made again out of the log, if that gives the root that was signed.
func (k *Keeper) start(ctx context.Context) error {
	st, err := k.cfg.Storage.State(ctx)
	if err != nil {
		return err
	}
	if st.Note == nil {
		return nil
	}
	c, err := OpenCheckpoint(st.Note, k.cfg.Origin, k.cfg.Verifiers)
	if err != nil {
		return err
	}
	if k.front, err = frontierAt(st.Len, k.cfg.Storage); err != nil {
		return err
	}
	if err := k.resume(ctx, st); err != nil {
		return err
	}
	if st.Len < c.Size {
		err = k.rebuild(ctx, c)
	} else if k.front.root() != c.Root {
		err = ErrDamaged
	}
	if err != nil {
		k.front, k.chain, k.batch, k.from = frontier{}, chain{}, Batch{}, follower{ledger: k.cfg.Ledger, agency: k.cfg.Agency}
		return err
	}
	k.signed(c, st.Note)
	return nil
}

// resume reads back what the last leaves say.
func (k *Keeper) resume(ctx context.Context, st State) error {
	k.batch.First, k.chain = st.Len, chain{swept: st.Len}
	for at := max(0, st.Len-Window); at < st.Len; {
		records, err := k.cfg.Storage.Records(ctx, at, MaxBatch)
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return ErrDamaged
		}
		for _, r := range records {
			l, err := r.Leaf()
			if err != nil {
				return ErrDamaged
			}
			k.chain.next(l.Conversation, at)
			at++
			if at == st.Len {
				k.from.after(ctx, l.Seq, st.Cursor)
			}
		}
	}
	return nil
}

func (k *Keeper) rebuild(ctx context.Context, c Checkpoint) error {
	lost := c.Size - k.front.size
	var missing []alt.LogEntry
	for int64(len(missing)) < lost {
		page, err := k.from.next(ctx)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return ErrDiverged
		}
		missing = append(missing, page...)
	}
	if err := k.restore(ctx, c, missing[:lost]); err != nil {
		return err
	}
	for _, e := range missing[lost:] {
		k.add(e)
	}
	return nil
}

// restore stores leaves that were lost, once they have proven to be the ones that
// were signed.
func (k *Keeper) restore(ctx context.Context, c Checkpoint, missing []alt.LogEntry) error {
	for _, e := range missing {
		k.add(e)
	}
	if k.front.root() != c.Root {
		return ErrDiverged
	}
	b := k.batch
	for len(b.Records) > 0 {
		n := min(len(b.Records), MaxBatch)
		hashes := tlog.StoredHashCount(b.First+int64(n)) - tlog.StoredHashCount(b.First)
		if err := k.cfg.Storage.Append(ctx, Batch{First: b.First, Records: b.Records[:n], Hashes: b.Hashes[:hashes]}); err != nil {
			return err
		}
		b = Batch{First: b.First + int64(n), Records: b.Records[n:], Hashes: b.Hashes[hashes:]}
	}
	k.batch = Batch{First: c.Size}
	k.cfg.Logger.WarnContext(ctx, "audit leaves were lost and made again", "agency", k.cfg.Agency, "leaves", len(missing), "size", c.Size)
	return nil
}
