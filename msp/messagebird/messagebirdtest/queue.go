package messagebirdtest

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Delivery is one webhook on its way: an event for one URL.
type Delivery struct {
	// Event is the event's type; WebhookID is "" for a report to a message's own reportUrl.
	Event, WebhookID string
	// Method is GET for what the SMS API tells in a query. Default: POST.
	Method string
	// URL is the address that is called and signed.
	URL string
	// Header carries the signature. It is nil until the first attempt, or until Take: only then the token's
	// time begins.
	Header http.Header
	Body   []byte
	// Attempt counts the posts that were made.
	Attempt int
	// Due is when it is to be posted next.
	Due time.Time

	settings    settings
	contentType string // of the body, if it is not JSON
	lane        string // deliveries of one lane keep their order
	seq         uint64
}

// Request returns the delivery as a new request, ready to be sent, as often as wanted.
func (d Delivery) Request(ctx context.Context) (*http.Request, error) {
	setDefault(&d.Method, http.MethodPost)
	r, err := http.NewRequestWithContext(ctx, d.Method, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	r.Header = d.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	return r, nil
}

func (d *Delivery) clone() Delivery {
	c := *d
	c.Header, c.Body = d.Header.Clone(), slices.Clone(d.Body)
	return c
}

// hooks is the queue of webhooks and what becomes of them.
type hooks struct {
	signer
	client   *http.Client
	pauses   []time.Duration
	resign   bool
	parallel int
	kick     chan struct{} // something was queued

	mu      sync.Mutex
	queue   dueQueue
	seq     uint64
	dropped []Delivery
	posted  int
	failed  int
}

// push queues a delivery: a new one behind those that are due at the same time, a returned one at its old place.
func (h *hooks) push(d *Delivery) {
	h.mu.Lock()
	if d.seq == 0 {
		h.seq++
		d.seq = h.seq
	}
	heap.Push(&h.queue, d)
	h.mu.Unlock()
	select {
	case h.kick <- struct{}{}:
	default: // Run knows already
	}
}

// Pending returns the webhooks that wait, in the order in which they will be posted. The queue is not touched.
func (h *hooks) Pending() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := make([]Delivery, 0, len(h.queue))
	for _, d := range h.queue {
		waiting = append(waiting, d.clone())
	}
	slices.SortFunc(waiting, func(a, b Delivery) int { return compareDue(&a, &b) })
	return waiting
}

// Take removes every waiting webhook, due or not, signs those that were never sent, and returns them in order:
// for tests that post, change, shuffle or withhold them on their own.
func (h *hooks) Take() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	var taken []Delivery
	for len(h.queue) > 0 {
		d := heap.Pop(&h.queue).(*Delivery)
		h.sign(d)
		taken = append(taken, *d)
	}
	return taken
}

// Requeue puts webhooks back, due at once and in this order: redelivered unchanged, token and all.
func (h *hooks) Requeue(deliveries ...Delivery) {
	for _, d := range deliveries {
		d := d.clone()
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
	var due []*Delivery
	for len(h.queue) > 0 && !h.queue[0].Due.After(now) {
		due = append(due, heap.Pop(&h.queue).(*Delivery))
	}
	return due
}

// next is how long it is until something is due; ok is false when nothing waits.
func (h *hooks) next() (wait time.Duration, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return 0, false
	}
	return h.queue[0].Due.Sub(h.now()), true
}

// sign signs a delivery that goes out for the first time, and every attempt when retries are signed anew.
func (h *hooks) sign(d *Delivery) {
	if d.Header != nil && !h.resign {
		return
	}
	d.Header = h.Sign(d.URL, d.Body)
	if d.contentType != "" {
		d.Header.Set("Content-Type", d.contentType)
	}
	for name, value := range d.settings.Headers {
		d.Header.Set(name, value)
	}
	if d.settings.Username != "" {
		r := http.Request{Header: d.Header}
		r.SetBasicAuth(d.settings.Username, d.settings.Password)
	}
}

// dueQueue is a heap by due time, then by order of arrival.
type dueQueue []*Delivery

func compareDue(a, b *Delivery) int {
	return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.seq, b.seq))
}

func (q dueQueue) Len() int           { return len(q) }
func (q dueQueue) Less(i, j int) bool { return compareDue(q[i], q[j]) < 0 }
func (q dueQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *dueQueue) Push(x any)        { *q = append(*q, x.(*Delivery)) }
func (q *dueQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return last
}
