package metatest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Sections of an entry.
const (
	sectionMessaging = "messaging"
	sectionStandby   = "standby"
	sectionChanges   = "changes"
)

// event is one happening of a webhook: its place in the envelope and its value.
type event struct {
	object, entry string
	section       string
	at            time.Time
	timed         bool // the entry has a time
	value         json.RawMessage
	url           string // "" for the app's own address
}

// Delivery is one webhook on its way: one or several events of one product.
type Delivery struct {
	// Object is "page", "instagram" or "whatsapp_business_account".
	Object string
	// URL is the address that is called.
	URL  string
	Body []byte
	// Header carries the signature. It is nil until the first attempt, or until Take.
	Header http.Header
	// Attempt counts the posts that were made.
	Attempt int
	// Due is when it is to be posted next.
	Due time.Time

	events []event
	seq    uint64
}

// Request returns the delivery as a new request, ready to be sent, as often as wanted.
func (d Delivery) Request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
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
	client *http.Client
	pauses []time.Duration
	clock  func() time.Time
	kick   chan struct{} // something was queued

	mu      sync.Mutex
	url     string
	queue   []*Delivery // by Due, then by seq
	seq     uint64
	dropped []Delivery
	log     []Attempt
	repeat  int
	posted  int
	failed  int
}

// SetWebhook changes the address that webhooks are posted to, also for those that wait and were never posted.
func (h *hooks) SetWebhook(url string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.queue {
		if d.URL == h.url && d.Attempt == 0 {
			d.URL = url
		}
	}
	h.url = url
}

// emit queues events as one webhook. They are of one product.
func (h *hooks) emit(events ...event) {
	d := &Delivery{Object: events[0].object, URL: events[0].url, Due: h.clock(), events: events}
	d.Body = h.wireForm(envelope(events))
	h.push(d)
}

// Emit queues a webhook with any body, which is signed and posted as it is: unknown objects, broken JSON.
func (h *hooks) Emit(body []byte) {
	h.push(&Delivery{Body: slices.Clone(body), Due: h.clock()})
}

// push queues a delivery: a new one behind those that are due at the same time, a returned one at its old place.
func (h *hooks) push(d *Delivery) {
	h.mu.Lock()
	if d.seq == 0 {
		h.seq++
		d.seq = h.seq
	}
	setDefault(&d.URL, h.url)
	i, _ := slices.BinarySearchFunc(h.queue, d, compareDue)
	h.queue = slices.Insert(h.queue, i, d)
	h.mu.Unlock()
	select {
	case h.kick <- struct{}{}:
	default: // Run knows already
	}
}

func compareDue(a, b *Delivery) int {
	return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.seq, b.seq))
}

// Batch merges the webhooks that wait and were never posted into one for each product and address, as Meta does under
// load: accounts mixed, in the order in which things happened.
func (h *hooks) Batch() {
	h.mu.Lock()
	defer h.mu.Unlock()
	type place struct{ object, url string }
	first := map[place]*Delivery{}
	h.queue = slices.DeleteFunc(h.queue, func(d *Delivery) bool {
		at := place{d.Object, d.URL}
		head := first[at]
		if d.Header != nil || len(d.events) == 0 {
			return false
		}
		if head == nil {
			first[at] = d
			return false
		}
		head.events = append(head.events, d.events...)
		return true
	})
	for _, d := range first {
		d.Body = h.wireForm(envelope(d.events))
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
	return waiting
}

// Take removes every waiting webhook, due or not, signs those that were never sent, and returns them in order:
// for tests that post, change, shuffle or withhold them on their own.
func (h *hooks) Take() []Delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	var taken []Delivery
	for _, d := range h.queue {
		h.seal(d)
		taken = append(taken, *d)
	}
	h.queue = nil
	return taken
}

// Requeue puts webhooks back, due at once and in this order: redelivered unchanged, byte for byte.
func (h *hooks) Requeue(deliveries ...Delivery) {
	for _, d := range deliveries {
		d := d.clone()
		d.Due, d.seq = h.clock(), 0
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
	now := h.clock()
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

// next is how long it is until something is due; ok is false when nothing waits.
func (h *hooks) next() (wait time.Duration, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.queue) == 0 {
		return 0, false
	}
	return h.queue[0].Due.Sub(h.clock()), true
}

// seal signs a delivery that goes out for the first time; a retry is the first attempt again.
func (h *hooks) seal(d *Delivery) {
	if d.Header == nil {
		d.Header = h.Sign(d.Body)
	}
}
