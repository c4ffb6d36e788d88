package birdtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Delivery is one webhook on its way: an event for one URL.
type Delivery struct {
	// Event is the event's name; WebhookID is the subscription's.
	Event, WebhookID string
	// URL is the address that is called and signed.
	URL string
	// Header carries the signature. It is nil until the first attempt, or until
	// Take: only then the request's time is taken.
	Header http.Header
	Body   []byte
	// Attempt counts the posts that were made.
	Attempt int
	// Due is when it is to be posted next.
	Due time.Time

	key string
	seq uint64
}

// Request returns the delivery as a new request, ready to be sent, as often as
// wanted.
func (d Delivery) Request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	if r.Header = d.Header.Clone(); r.Header == nil {
		r.Header = http.Header{}
	}
	return r, nil
}

// DeliveryError is a webhook that was not answered with 2xx. It waits for its
// next attempt, or was dropped.
type DeliveryError struct {
	Event   string
	Attempt int // 1 for the first
	// Status is the answer's, 0 when there was none; Err is then why.
	Status int
	Err    error
}

func (e *DeliveryError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("birdtest: %s, attempt %d: %v", e.Event, e.Attempt, e.Err)
	}
	return fmt.Sprintf("birdtest: %s, attempt %d: answered %d", e.Event, e.Attempt, e.Status)
}

func (e *DeliveryError) Unwrap() error { return e.Err }

// hooks is the queue of webhooks and what becomes of them.
type hooks struct {
	now      func() time.Time
	client   *http.Client
	pauses   []time.Duration
	plainURL bool
	kick     chan struct{} // something was queued

	mu      sync.Mutex
	queue   []*Delivery // by due time, then by order of arrival
	seq     uint64
	dropped []Delivery
	posted  int
	failed  int
}

func compareDue(a, b *Delivery) int {
	if c := a.Due.Compare(b.Due); c != 0 {
		return c
	}
	if a.seq < b.seq {
		return -1
	}
	return 1
}

// push queues a delivery: a new one behind those that are due at the same time,
// a returned one at its old place.
func (h *hooks) push(d *Delivery) {
	h.mu.Lock()
	if d.seq == 0 {
		h.seq++
		d.seq = h.seq
	}
	i, _ := slices.BinarySearchFunc(h.queue, d, compareDue)
	h.queue = slices.Insert(h.queue, i, d)
	h.mu.Unlock()
	select {
	case h.kick <- struct{}{}:
	default: // Run knows already
	}
}

// Pending returns the webhooks that wait, in the order in which they will be
// posted. The queue is not touched.
func (h *hooks) Pending() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return copies(h.queue)
}

// Take removes every waiting webhook, due or not, signs those that were never
// sent, and returns them in order.
func (h *hooks) Take() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.queue {
		h.sign(d)
	}
	taken := copies(h.queue)
	h.queue = nil
	return taken
}

func copies(queue []*Delivery) []Delivery {
	var all []Delivery
	for _, d := range queue {
		c := *d
		c.Header, c.Body = d.Header.Clone(), slices.Clone(d.Body)
		all = append(all, c)
	}
	return all
}

// Requeue puts webhooks back, due at once and in this order: repeated unchanged,
// with their time and signature.
func (h *hooks) Requeue(deliveries ...Delivery) {
	for _, d := range deliveries {
		d.Header, d.Body = d.Header.Clone(), slices.Clone(d.Body)
		d.Due, d.seq = h.now(), 0
		h.push(&d)
	}
}

// Dropped returns the webhooks whose retries are used up, oldest first.
func (h *hooks) Dropped() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.dropped)
}

// takeDue removes what is due now, in order.
func (h *hooks) takeDue() []*Delivery {
	now := h.now()
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for n < len(h.queue) && !h.queue[n].Due.After(now) {
		n++
	}
	due := slices.Clone(h.queue[:n])
	h.queue = slices.Delete(h.queue, 0, n)
	return due
}

// Deliver posts every webhook that is due when it is called, in order, and
// returns how many were answered with 2xx. The others are queued for their next
// attempt; err joins a *DeliveryError for each of them, and the context's error
// if it ended first, which is no attempt.
func (h *hooks) Deliver(ctx context.Context) (n int, err error) {
	var failures []error
	due := h.takeDue()
	for i, d := range due {
		failure := ctx.Err()
		if failure == nil {
			h.sign(d)
			failure = h.post(ctx, d)
		}
		switch {
		case failure == nil:
			n++
		case ctx.Err() != nil:
			for _, rest := range due[i:] {
				h.push(rest)
			}
			return n, errors.Join(append(failures, ctx.Err())...)
		default:
			failures = append(failures, failure)
			h.again(d)
		}
	}
	return n, errors.Join(failures...)
}

// post makes one attempt.
func (h *hooks) post(ctx context.Context, d *Delivery) error {
	r, err := d.Request(ctx)
	if err != nil {
		return &DeliveryError{Event: d.Event, Attempt: d.Attempt + 1, Err: err}
	}
	res, err := h.client.Do(r)
	if err != nil {
		return &DeliveryError{Event: d.Event, Attempt: d.Attempt + 1, Err: err}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // so that the connection can be used again
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		return &DeliveryError{Event: d.Event, Attempt: d.Attempt + 1, Status: res.StatusCode}
	}
	h.mu.Lock()
	h.posted++
	h.mu.Unlock()
	return nil
}

// again queues the next attempt, or drops the delivery after the last.
func (h *hooks) again(d *Delivery) {
	d.Attempt++
	h.mu.Lock()
	h.failed++
	if d.Attempt > len(h.pauses) {
		h.dropped = append(h.dropped, *d)
		h.mu.Unlock()
		return
	}
	h.mu.Unlock()
	d.Due = h.now().Add(h.pauses[d.Attempt-1])
	h.push(d)
}

// Run delivers webhooks as they fall due, until the context ends; it then
// returns nil. What fails shows in Totals, Pending and Dropped. It is for
// demonstrations: tests call Deliver.
func (h *hooks) Run(ctx context.Context) error {
	const look = 200 * time.Millisecond // a clock that is not the machine's may jump
	timer := time.NewTimer(look)
	defer timer.Stop()
	for ctx.Err() == nil {
		_, _ = h.Deliver(ctx) // failures are in the queue again
		timer.Reset(look)
		select {
		case <-ctx.Done():
		case <-h.kick:
		case <-timer.C:
		}
	}
	return nil
}
