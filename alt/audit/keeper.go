package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

const (
	// DefaultEvery leaves half of the 60 s, by which a witnessed checkpoint may lag
	// behind an entry, to polling and the way to a witness.
	DefaultEvery = 30 * time.Second
	// DefaultPoll is how often the log is looked at.
	DefaultPoll = 5 * time.Second
)

// Config of a Keeper. Agency, Origin, Ledger, Storage, Signers and Verifiers are
// required.
type Config struct {
	// Agency whose log it is. Each agency has a tree of its own, so that its auditor
	// needs nothing of another's.
	Agency channels.Agency
	// Origin names the log in checkpoints, like "alt.example.ee/ppa": no spaces, no
	// plus sign. It never changes.
	Origin string
	// Ledger is the store; Storage belongs to this Keeper alone, and should lie on
	// another disk than the store.
	Ledger  Ledger
	Storage Storage
	// Signers sign each checkpoint: one key, or the old and the new one while keys
	// rotate.
	Signers []note.Signer
	// Verifiers know the keys that signed the checkpoints in Storage, past ones too.
	Verifiers note.Verifiers
	// Witnesses get each checkpoint. One that is away gets the latest when it is back.
	Witnesses []Witness
	// Every is how old an entry becomes at most before a checkpoint counts it, give
	// or take a Poll. Default DefaultEvery; at most 60 s.
	Every time.Duration
	// Poll is how often Run looks at the log. Default DefaultPoll.
	Poll time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets failures. Nil: nobody does.
	Logger *slog.Logger
}

func (c *Config) check() error {
	switch {
	case c.Agency == "":
		return errors.New("audit: Config.Agency is required")
	case c.Origin == "":
		return errors.New("audit: Config.Origin is required")
	case c.Ledger == nil:
		return errors.New("audit: Config.Ledger is required")
	case c.Storage == nil:
		return errors.New("audit: Config.Storage is required")
	case len(c.Signers) == 0:
		return errors.New("audit: Config.Signers is required")
	case c.Verifiers == nil:
		return errors.New("audit: Config.Verifiers is required")
	case c.Every < 0 || c.Every > time.Minute:
		return errors.New("audit: Config.Every must be 60 s at most")
	case c.Poll < 0:
		return errors.New("audit: Config.Poll must not be negative")
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	if c.Poll == 0 {
		c.Poll = DefaultPoll
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	// A checkpoint that is signed with a key that Verifiers lack would stop the next
	// start, so a first one is signed for nobody.
	b, err := Checkpoint{Origin: c.Origin, Size: 1, At: c.Now()}.Sign(c.Signers...)
	if err != nil {
		return err
	}
	if _, err := OpenCheckpoint(b, c.Origin, c.Verifiers); err != nil {
		return errors.New("audit: Config.Verifiers do not know any of Config.Signers, or Config.Origin is no name")
	}
	return nil
}

// Keeper follows the log of one agency. Its methods may be called concurrently.
type Keeper struct {
	cfg      Config
	couriers []*courier

	mu      sync.Mutex // held by a Step
	started bool
	from    follower
	front   frontier // of all leaves, those of batch included
	chain   chain
	batch   Batch // not stored yet

	status struct {
		sync.Mutex
		Status
	}
}

// New checks cfg and returns a Keeper. It reads and writes nothing yet.
func New(cfg Config) (*Keeper, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	k := &Keeper{cfg: cfg, from: follower{ledger: cfg.Ledger, agency: cfg.Agency}}
	for _, w := range cfg.Witnesses {
		k.couriers = append(k.couriers, newCourier(w))
	}
	return k, nil
}

// Step reads what is new in the log, and writes a checkpoint when it is time for
// one. It ends at the end of the log. ErrDiverged and ErrDamaged do not go away by
// themselves: Verify says more.
func (k *Keeper) Step(ctx context.Context) error { return k.step(ctx, false) }

func (k *Keeper) step(ctx context.Context, now bool) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.read(ctx)
	if err == nil && len(k.batch.Records) > 0 && (now || k.due()) {
		err = k.seal(ctx)
	}
	k.status.Lock()
	defer k.status.Unlock()
	k.status.Pending, k.status.Err = int64(len(k.batch.Records)), err
	return err
}

// due reports whether the latest checkpoint is old. A clock that was set back makes
// one more checkpoint, not none for hours.
func (k *Keeper) due() bool {
	age := k.cfg.Now().Sub(k.Status().Checkpoint.At)
	return age >= k.cfg.Every || age < 0
}

func (k *Keeper) read(ctx context.Context) error {
	if !k.started {
		if err := k.start(ctx); err != nil {
			return err
		}
		k.started = true
	}
	for {
		if len(k.batch.Records)+pageSize > MaxBatch {
			if err := k.seal(ctx); err != nil {
				return err
			}
		}
		page, err := k.from.next(ctx)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			k.add(e)
		}
	}
}

func (k *Keeper) add(e alt.LogEntry) {
	place := k.front.size
	r := LeafOf(e, k.chain.next(clip(e.Conversation, maxConversation), place)).Record()
	k.batch.Records = append(k.batch.Records, r)
	k.batch.Hashes = k.front.push(r.Hash(), k.batch.Hashes)
}

// seal signs and stores what was read. What could not be stored stays, for the next
// time.
func (k *Keeper) seal(ctx context.Context) error {
	c := Checkpoint{Origin: k.cfg.Origin, Size: k.front.size, Root: k.front.root(), At: k.cfg.Now().UTC().Truncate(time.Millisecond)}
	b, err := c.Sign(k.cfg.Signers...)
	if err != nil {
		return err
	}
	k.batch.Note, k.batch.Cursor = b, k.from.cursor
	if err := k.cfg.Storage.Append(ctx, k.batch); err != nil {
		return err
	}
	k.batch = Batch{First: k.front.size, Records: k.batch.Records[:0], Hashes: k.batch.Hashes[:0]}
	k.signed(c, b)
	return nil
}

// signed tells everybody of a checkpoint.
func (k *Keeper) signed(c Checkpoint, b []byte) {
	k.status.Lock()
	k.status.Checkpoint = c
	k.status.Unlock()
	for _, w := range k.couriers {
		w.give(c.Size, b)
	}
}

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
