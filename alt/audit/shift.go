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

// ShiftStore is the part of alt.Store that a Shift needs.
type ShiftStore interface {
	Flow(ctx context.Context, agency channels.Agency, key string) (alt.Flow, error)
	Commit(ctx context.Context, it alt.Item, c alt.Changes) error
}

// ErrLost says that another process has taken over.
var ErrLost = errors.New("audit: another process has the work")

const (
	// DefaultShift is how long a process that is gone holds up the others.
	DefaultShift = 30 * time.Second
	// apartBy is how far the clocks of two processes may be apart.
	apartBy = 10 * time.Second
	// shiftKept is how long a store keeps a note that nobody renews.
	shiftKept = 10 * 365 * 24 * time.Hour
)

// ShiftConfig of a Shift. Store, Agency, Name and Holder are required.
type ShiftConfig struct {
	Store  ShiftStore
	Agency channels.Agency
	Name   string // of the work, like "audit.keeper"
	// Holder names the process, and is another one after each start.
	Holder string
	// For is how long the work is the process's without being renewed; the others
	// wait 10 s longer, because clocks differ. Default DefaultShift.
	For time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Logger gets who begins and ends. Nil: nobody does.
	Logger *slog.Logger
}

// Shift lets one of several processes over a store do some work at a time, and
// keeps a note of how far it came. It lies in a flow of the store: who was taken
// the work from cannot save any more.
type Shift struct {
	cfg ShiftConfig

	mu   sync.Mutex
	flow alt.Flow
	note []byte
	held time.Time // when it was last known to be ours; zero: it is not
}

// shiftNote is what the flow holds. Nothing of it is a secret.
type shiftNote struct {
	Holder string    `json:"holder"`
	Until  time.Time `json:"until"`
	Note   []byte    `json:"note,omitempty"`
}

// NewShift checks cfg. It does no I/O.
func NewShift(cfg ShiftConfig) (*Shift, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("audit: ShiftConfig.Store is required")
	case cfg.Agency == "":
		return nil, errors.New("audit: ShiftConfig.Agency is required")
	case cfg.Name == "":
		return nil, errors.New("audit: ShiftConfig.Name is required")
	case cfg.Holder == "":
		return nil, errors.New("audit: ShiftConfig.Holder is required")
	case cfg.For < 0:
		return nil, errors.New("audit: ShiftConfig.For must not be negative")
	}
	if cfg.For == 0 {
		cfg.For = DefaultShift
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Shift{cfg: cfg}, nil
}

// Run does the work whenever it is this process's to do, until ctx ends, and
// returns nil. The ctx of work ends with the cause ErrLost when another process may
// have taken over.
func (s *Shift) Run(ctx context.Context, work func(ctx context.Context) error) error {
	tick := time.NewTicker(s.cfg.For / 3)
	defer tick.Stop()
	for ctx.Err() == nil {
		if ok, err := s.Take(ctx); err == nil && ok {
			s.cfg.Logger.InfoContext(ctx, "shift begins", "work", s.cfg.Name, "agency", s.cfg.Agency)
			s.while(ctx, tick.C, work)
			s.cfg.Logger.InfoContext(ctx, "shift ends", "work", s.cfg.Name, "agency", s.cfg.Agency)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// while works as long as the shift is held.
func (s *Shift) while(ctx context.Context, tick <-chan time.Time, work func(ctx context.Context) error) {
	held, end := context.WithCancelCause(ctx)
	defer end(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := work(held); err != nil && held.Err() == nil {
			s.cfg.Logger.ErrorContext(ctx, "shift failed", "work", s.cfg.Name, "agency", s.cfg.Agency, "error", err)
		}
	}()
	for working := true; working; {
		select {
		case <-done:
			working = false
		case <-tick:
			if !s.renewed(held) {
				end(ErrLost)
			}
		}
	}
	// Whoever waits need not wait for the end of a shift that is given up.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopFor)
	defer cancel()
	_ = s.write(last, time.Time{}, nil)
	s.mu.Lock()
	s.held = time.Time{}
	s.mu.Unlock()
}

// renewed reports whether the work is still ours. A store that cannot be reached
// says nothing until the time is over.
func (s *Shift) renewed(ctx context.Context) bool {
	err := s.write(ctx, s.cfg.Now().Add(s.cfg.For), nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	return err == nil || !errors.Is(err, ErrLost) && s.cfg.Now().Sub(s.held) < s.cfg.For
}

// Take makes the work this process's, unless another one has it.
func (s *Shift) Take(ctx context.Context) (bool, error) {
	f, err := s.cfg.Store.Flow(ctx, s.cfg.Agency, s.cfg.Name)
	if errors.Is(err, alt.ErrNotFound) {
		f, err = alt.Flow{Agency: s.cfg.Agency, Key: s.cfg.Name}, nil
	}
	if err != nil {
		return false, fmt.Errorf("audit: shift: %w", err)
	}
	var old shiftNote
	if f.Version > 0 {
		if err := json.Unmarshal(f.Sealed, &old); err != nil {
			return false, fmt.Errorf("audit: shift: the note of %s cannot be read", s.cfg.Name)
		}
	}
	if now := s.cfg.Now(); old.Holder != s.cfg.Holder && now.Before(old.Until.Add(apartBy)) && !old.Until.IsZero() {
		return false, nil
	}
	s.mu.Lock()
	s.flow, s.note = f, old.Note
	s.mu.Unlock()
	err = s.write(ctx, s.cfg.Now().Add(s.cfg.For), nil)
	if errors.Is(err, ErrLost) {
		return false, nil
	}
	return err == nil, err
}

// Note returns what Save kept last, in whichever process.
func (s *Shift) Note() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.note
}

// Save keeps a note, durably when it returns nil. ErrLost when another process has
// taken over.
func (s *Shift) Save(ctx context.Context, note []byte) error {
	return s.write(ctx, s.cfg.Now().Add(s.cfg.For), note)
}

// write saves the flow; a nil note is the one before.
func (s *Shift) write(ctx context.Context, until time.Time, note []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if note == nil {
		note = s.note
	}
	b, err := json.Marshal(shiftNote{Holder: s.cfg.Holder, Until: until, Note: note})
	if err != nil {
		return fmt.Errorf("audit: shift: %w", err)
	}
	now := s.cfg.Now()
	f := s.flow
	f.Sealed, f.Expires = b, now.Add(shiftKept)
	flows := []alt.Flow{f}
	err = s.cfg.Store.Commit(ctx, alt.Item{}, alt.Changes{Flows: flows})
	switch {
	case errors.Is(err, alt.ErrConflict):
		return ErrLost
	case err != nil:
		return fmt.Errorf("audit: shift: %w", err)
	}
	s.flow, s.note, s.held = flows[0], note, now
	return nil
}
