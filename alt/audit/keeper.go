package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

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
	if _, err := parseCheckpoint(Checkpoint{Origin: c.Origin, Size: 1}.text()); err != nil {
		return errors.New("audit: Config.Origin is no name")
	}
	// A checkpoint that is signed with a key that Verifiers lack would stop the next
	// start, so something that is no checkpoint is signed first.
	b, err := note.Sign(&note.Note{Text: "a trial of the keys\n"}, c.Signers...)
	if err != nil {
		return fmt.Errorf("audit: Config.Signers: %w", err)
	}
	if _, err := note.Open(b, c.Verifiers); err != nil {
		return errors.New("audit: Config.Verifiers do not know any of Config.Signers")
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
