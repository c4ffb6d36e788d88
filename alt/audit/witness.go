package audit

import (
	"context"
	"sync"
	"time"
)

// Witness keeps checkpoints where whoever can change the store cannot. What it has
// is what Verify measures the log by.
type Witness interface {
	// Name is for logs and findings: no secret, no address with one.
	Name() string
	// Record keeps a checkpoint, a signed note, durably when it returns nil. It must
	// end with ctx. The same one may come again. Its error is logged.
	Record(ctx context.Context, note []byte) error
}

// WitnessStatus is how far a witness is.
type WitnessStatus struct {
	Name     string
	Size     int64     // of the latest checkpoint that it has; 0: none of this process
	At       time.Time // when it got that
	Behind   bool      // there is a later one
	Failures int       // in a row
}

const (
	recordFor = 30 * time.Second // one try
	firstWait = time.Second      // after a failure, doubled with each
	longest   = time.Minute
)

// courier brings the latest checkpoint to one witness.
type courier struct {
	to   Witness
	news chan struct{} // there is a new one

	mu     sync.Mutex
	size   int64 // of note
	note   []byte
	has    int64 // what the witness has
	at     time.Time
	failed int
	next   time.Time
	busy   sync.Mutex // one try at a time
}

func newCourier(to Witness) *courier { return &courier{to: to, news: make(chan struct{}, 1)} }

// give hands over a checkpoint in place of the one before, which it covers.
func (c *courier) give(size int64, note []byte) {
	c.mu.Lock()
	c.size, c.note = size, note
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

func (c *courier) due(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.has < c.size && !now.Before(c.next)
}

// deliver tries once, if there is something.
func (c *courier) deliver(ctx context.Context, now func() time.Time) error {
	c.busy.Lock()
	defer c.busy.Unlock()
	c.mu.Lock()
	size, note, has := c.size, c.note, c.has
	c.mu.Unlock()
	if has >= size {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recordFor)
	defer cancel()
	err := c.to.Record(ctx, note)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.next = now().Add(min(firstWait<<min(c.failed, 10), longest))
		c.failed++
		return err
	}
	c.has, c.at, c.failed, c.next = size, now(), 0, time.Time{}
	return nil
}

func (c *courier) status() WitnessStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	return WitnessStatus{Name: c.to.Name(), Size: c.has, At: c.at, Behind: c.has < c.size, Failures: c.failed}
}
