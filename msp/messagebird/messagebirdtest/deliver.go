package messagebirdtest

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"sync"
	"time"
)

// DeliveryError is a webhook that was not answered as expected. It waits for its next attempt, or was dropped.
type DeliveryError struct {
	Event   string
	Attempt int // 1 for the first
	// Status is the answer's, 0 when there was none; Err is then why.
	Status int
	Err    error
}

func (e *DeliveryError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("messagebirdtest: %s, attempt %d: %v", e.Event, e.Attempt, e.Err)
	}
	return fmt.Sprintf("messagebirdtest: %s, attempt %d: answered %d", e.Event, e.Attempt, e.Status)
}

func (e *DeliveryError) Unwrap() error { return e.Err }

// Deliver posts every webhook that is due when it is called, in order, and returns how many were accepted: a
// 2xx, or the code that the webhook's settings expect. The others are queued for their next attempt; err joins
// a *DeliveryError for each of them, and the context's error if it ended first, which is no attempt.
func (h *hooks) Deliver(ctx context.Context) (n int, err error) {
	due := h.takeDue()
	if h.parallel <= 1 || len(due) <= 1 {
		return h.deliver(ctx, due)
	}
	lanes := make([][]*Delivery, h.parallel)
	for _, d := range due {
		sum := fnv.New32a()
		_, _ = io.WriteString(sum, d.lane)
		i := sum.Sum32() % uint32(h.parallel)
		lanes[i] = append(lanes[i], d)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, lane := range lanes {
		wg.Go(func() {
			accepted, failure := h.deliver(ctx, lane)
			mu.Lock()
			defer mu.Unlock()
			n, err = n+accepted, errors.Join(err, failure)
		})
	}
	wg.Wait()
	return n, err
}

func (h *hooks) deliver(ctx context.Context, due []*Delivery) (n int, err error) {
	var failures []error
	for i, d := range due {
		if ctx.Err() == nil {
			h.sign(d)
			failure := h.post(ctx, d)
			if failure == nil {
				n++
				continue
			}
			if ctx.Err() == nil {
				failures = append(failures, failure)
				h.again(d)
				continue
			}
		}
		for _, rest := range due[i:] {
			h.push(rest)
		}
		failures = append(failures, ctx.Err())
		break
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
	if !expected(res.StatusCode, d.settings.Expect) {
		return &DeliveryError{Event: d.Event, Attempt: d.Attempt + 1, Status: res.StatusCode}
	}
	h.mu.Lock()
	h.posted++
	h.mu.Unlock()
	return nil
}

func expected(status int, setting string) bool {
	if setting == "" || setting == "2xx" {
		return status/100 == 2
	}
	return strconv.Itoa(status) == setting
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

// Run delivers webhooks as they fall due, until the context ends; it then returns nil. What fails shows in
// Totals, Pending and Dropped. It is for demonstrations and load: tests call Deliver.
func (h *hooks) Run(ctx context.Context) error {
	// A clock that is not the machine's may jump, so a long wait is looked at again.
	const look = 200 * time.Millisecond
	timer := time.NewTimer(look)
	defer timer.Stop()
	for ctx.Err() == nil {
		_, _ = h.Deliver(ctx) // failures are in the queue again
		wait, ok := h.next()
		if !ok || wait > look {
			wait = look
		}
		timer.Reset(max(wait, 0))
		select {
		case <-ctx.Done():
		case <-h.kick:
		case <-timer.C:
		}
	}
	return nil
}
