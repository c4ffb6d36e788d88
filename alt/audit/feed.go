package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Sink takes the security log out of the store, to where an agency collects such
// logs of all its systems.
type Sink interface {
	// Name is for logs: no secret, no address with one.
	Name() string
	// Write takes entries in their order; nil says that it has them for good. It must
	// end with ctx. After an error all of them come again, and after a crash some
	// that it has: Agency and Seq tell an entry from all others, and Seq only grows.
	Write(ctx context.Context, entries []alt.LogEntry) error
}

// FeedConfig of a Feed. Agency, Ledger, Sink and Shift are required.
type FeedConfig struct {
	Agency channels.Agency
	Ledger Ledger
	Sink   Sink
	// Shift keeps how far the log was handed over, so that another process, or this
	// one after a restart, goes on there. It has a name of its own for each sink.
	Shift *Shift
	// Poll is how often the log is looked at. Default DefaultPoll.
	Poll time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets failures. Nil: nobody does.
	Logger *slog.Logger
}

// FeedStatus is how a Feed is doing.
type FeedStatus struct {
	Working  bool      // this process does it
	Last     int64     // the entry that the sink got last
	At       time.Time // of that entry
	Failures int       // in a row
	Since    time.Time // of the first of these
}

// Feed follows the log of one agency and hands each entry to a sink: all of them,
// in order, at least once, after they were committed. What acts waits for nobody
// here.
type Feed struct {
	cfg FeedConfig

	mu     sync.Mutex
	status FeedStatus
}

// NewFeed checks cfg. It does no I/O.
func NewFeed(cfg FeedConfig) (*Feed, error) {
	switch {
	case cfg.Agency == "":
		return nil, errors.New("audit: FeedConfig.Agency is required")
	case cfg.Ledger == nil:
		return nil, errors.New("audit: FeedConfig.Ledger is required")
	case cfg.Sink == nil:
		return nil, errors.New("audit: FeedConfig.Sink is required")
	case cfg.Shift == nil:
		return nil, errors.New("audit: FeedConfig.Shift is required")
	case cfg.Poll < 0:
		return nil, errors.New("audit: FeedConfig.Poll must not be negative")
	}
	if cfg.Poll == 0 {
		cfg.Poll = DefaultPoll
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Feed{cfg: cfg}, nil
}

// feedNote is how far the log was handed over.
type feedNote struct {
	Seq    int64     `json:"seq"`
	At     time.Time `json:"at"`
	Cursor string    `json:"cursor,omitempty"`
}

// Status returns how it is doing.
func (f *Feed) Status() FeedStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

// Run hands entries over whenever it is this process's to do, until ctx ends, the
// last ones included, and returns nil. A sink that fails is tried again, with growing waits of at most a
// minute, and gets what it missed.
func (f *Feed) Run(ctx context.Context) error {
	return f.cfg.Shift.Run(ctx, func(ctx context.Context) error {
		f.set(func(s *FeedStatus) { s.Working = true })
		defer f.set(func(s *FeedStatus) { s.Working = false })
		from, err := f.begin(ctx)
		if err != nil {
			return err
		}
		for {
			err := f.hand(ctx, from)
			switch {
			case errors.Is(err, ErrLost), errors.Is(context.Cause(ctx), ErrLost):
				return nil // whoever has it now goes on
			case ctx.Err() != nil:
				return f.last(ctx)
			}
			wait := f.cfg.Poll
			if err != nil {
				n := f.Status().Failures
				wait = max(wait, min(firstWait<<min(n-1, 10), longest))
				f.cfg.Logger.WarnContext(ctx, "security log not handed over", "agency", f.cfg.Agency, "sink", f.cfg.Sink.Name(), "error", err)
				if from, err = f.begin(ctx); err != nil {
					return err
				}
			}
			t := time.NewTimer(wait)
			select {
			case <-t.C:
			case <-ctx.Done():
				t.Stop()
			}
		}
	})
}

// last hands over what was written before the process stopped.
func (f *Feed) last(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
	defer cancel()
	from, err := f.begin(ctx)
	if err != nil {
		return err
	}
	return f.hand(ctx, from)
}

// begin returns a follower that goes on where the last one stopped.
func (f *Feed) begin(ctx context.Context) (*follower, error) {
	from := &follower{ledger: f.cfg.Ledger, agency: f.cfg.Agency}
	note := f.cfg.Shift.Note()
	if len(note) == 0 {
		return from, nil
	}
	var at feedNote
	if err := json.Unmarshal(note, &at); err != nil {
		return nil, errors.New("audit: the note of how far the log was handed over cannot be read")
	}
	from.after(ctx, at.Seq, at.Cursor)
	f.set(func(s *FeedStatus) { s.Last, s.At = at.Seq, at.At })
	return from, nil
}

// hand gives the sink what is new.
func (f *Feed) hand(ctx context.Context, from *follower) error {
	for {
		page, err := from.next(ctx)
		if err == nil && len(page) > 0 {
			err = f.give(ctx, page, from.cursor)
		}
		f.set(func(s *FeedStatus) {
			switch {
			case err == nil:
				s.Failures, s.Since = 0, time.Time{}
			case s.Failures == 0:
				s.Failures, s.Since = 1, f.cfg.Now()
			default:
				s.Failures++
			}
		})
		if err != nil || len(page) == 0 {
			return err
		}
	}
}

func (f *Feed) give(ctx context.Context, page []alt.LogEntry, cursor string) error {
	limited, cancel := context.WithTimeout(ctx, recordFor)
	defer cancel()
	if err := f.cfg.Sink.Write(limited, page); err != nil {
		return err
	}
	last := page[len(page)-1]
	note, err := json.Marshal(feedNote{Seq: last.Seq, At: last.At, Cursor: cursor})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	saving, stop := context.WithTimeout(context.WithoutCancel(ctx), stopFor) // or the end of Run would have it come again
	defer stop()
	if err := f.cfg.Shift.Save(saving, note); err != nil {
		return err
	}
	f.set(func(s *FeedStatus) { s.Last, s.At = last.Seq, last.At })
	return nil
}

func (f *Feed) set(change func(*FeedStatus)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.status)
}
