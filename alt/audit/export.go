package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Exporter makes proofs. Agency, Ledger and Storage are required.
type Exporter struct {
	Agency  channels.Agency
	Ledger  Ledger
	Storage Storage
	// TooYoung is told of each entry that an export leaves out because no checkpoint
	// counts it yet. Nil: such an entry is an error.
	TooYoung func(alt.LogEntry)
}

// Export returns proofs of the entries that q finds, oldest first, by the latest
// checkpoint. Agency, Limit and Cursor of q are not used. An entry that no checkpoint
// counts yet has no proof (TooYoung), and neither has one that was changed: the error
// says which.
// alt.ErrNotFound when there are no entries.
func (x Exporter) Export(ctx context.Context, q alt.LogQuery) ([]Proof, error) {
	q.Agency, q.Limit, q.Cursor = x.Agency, pageSize, ""
	st, err := x.state(ctx)
	if err != nil {
		return nil, err
	}
	var proofs []Proof
	for {
		page, next, err := x.Ledger.Log(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("audit: read the log: %w", err)
		}
		for _, e := range page {
			p, err := x.prove(ctx, st, e)
			switch {
			case err == nil:
				proofs = append(proofs, p)
			case errors.Is(err, errTooYoung) && x.TooYoung != nil:
				x.TooYoung(e)
			default:
				return nil, fmt.Errorf("entry %d: %w", e.Seq, err)
			}
		}
		if next == "" {
			break
		}
		q.Cursor = next
	}
	if len(proofs) == 0 {
		return nil, alt.ErrNotFound
	}
	return proofs, nil
}

// Session returns proofs of the entries of one session: those of its conversation
// from its start to its end, or to the latest one while it lasts. It looks for them
// through the whole log. alt.ErrNotFound when there is no such session.
func (x Exporter) Session(ctx context.Context, id string) ([]Proof, error) {
	log := &reader{follower: follower{ledger: x.Ledger, agency: x.Agency}}
	var first, last alt.LogEntry
	for last.Seq == 0 {
		e, ok, err := log.peek(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		log.page = log.page[1:]
		switch {
		case e.Detail["session"] != id:
		case e.Act == "session.started":
			first = e
		case e.Act == "session.ended":
			last = e
		}
	}
	if first.Seq == 0 || first.Conversation == "" {
		return nil, alt.ErrNotFound
	}
	proofs, err := x.Export(ctx, alt.LogQuery{Conversation: first.Conversation})
	return slices.DeleteFunc(proofs, func(p Proof) bool {
		return p.Entry.Seq < first.Seq && !p.Entry.At.Equal(first.At) || last.Seq != 0 && p.Entry.Seq > last.Seq
	}), err
}

// Entry returns the proof of the entry with a number. alt.ErrNotFound when no
// checkpoint counts one, or when it is not in the log any more.
func (x Exporter) Entry(ctx context.Context, seq int64) (Proof, error) {
	st, err := x.state(ctx)
	if err != nil {
		return Proof{}, err
	}
	_, l, err := x.find(ctx, st, seq)
	if err != nil {
		return Proof{}, err
	}
	q := alt.LogQuery{Agency: x.Agency, Conversation: l.Conversation, Limit: pageSize}
	if len(l.Conversation) == maxConversation {
		q.Conversation = "" // it may have been cut
	}
	for {
		page, next, err := x.Ledger.Log(ctx, q)
		if err != nil {
			return Proof{}, fmt.Errorf("audit: read the log: %w", err)
		}
		for _, e := range page {
			if e.Seq == seq {
				return x.prove(ctx, st, e)
			}
		}
		if next == "" {
			return Proof{}, fmt.Errorf("entry %d: %w", seq, alt.ErrNotFound)
		}
		q.Cursor = next
	}
}

// errTooYoung says that an entry is younger than the last checkpoint, if it is one.
var errTooYoung = fmt.Errorf("%w: no checkpoint counts it yet", alt.ErrNotFound)

// state returns what a proof can lead to.
func (x Exporter) state(ctx context.Context) (State, error) {
	st, err := x.Storage.State(ctx)
	if err != nil {
		return State{}, err
	}
	if st.Note == nil {
		return State{}, fmt.Errorf("%w: there is no checkpoint yet", alt.ErrNotFound)
	}
	size, err := sizeOf(st.Note)
	if err != nil || size != st.Len {
		return State{}, ErrDamaged
	}
	return st, nil
}

func (x Exporter) prove(ctx context.Context, st State, e alt.LogEntry) (Proof, error) {
	place, l, err := x.find(ctx, st, e.Seq)
	switch {
	case err != nil:
		return Proof{}, err
	case LeafOf(e, l.Prev) != l:
		return Proof{}, fmt.Errorf("%w: the entry is not the one that was signed", ErrDiverged)
	case !faithful(e):
		return Proof{}, errors.New("audit: the entry cannot be written as JSON")
	}
	path, err := tlog.ProveRecord(st.Len, place, x.Storage)
	if err != nil {
		return Proof{}, fmt.Errorf("audit: %w", err)
	}
	return Proof{Format: ProofFormat, Entry: e, Place: place, Prev: l.Prev, Path: path, Checkpoint: string(st.Note)}, nil
}

// find looks for the leaf of an entry; leaves are in the order of Seq.
func (x Exporter) find(ctx context.Context, st State, seq int64) (int64, Leaf, error) {
	var l Leaf
	var err error
	read := func(i int) Leaf {
		var records []Record
		if err == nil {
			records, err = x.Storage.Records(ctx, int64(i), 1)
		}
		if err == nil && len(records) == 0 {
			err = ErrDamaged
		}
		if err != nil {
			return Leaf{}
		}
		var leaf Leaf
		leaf, err = records[0].Leaf()
		return leaf
	}
	i := sort.Search(int(st.Len), func(i int) bool { return read(i).Seq >= seq })
	if err == nil && i < int(st.Len) {
		l = read(i)
	}
	switch {
	case err != nil:
		return 0, Leaf{}, err
	case i == int(st.Len):
		return 0, Leaf{}, errTooYoung
	case l.Seq != seq:
		return 0, Leaf{}, fmt.Errorf("%w: no checkpoint counts it", alt.ErrNotFound)
	}
	return int64(i), l, nil
}
