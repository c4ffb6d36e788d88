package metatest

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Attempt is one post of a webhook.
type Attempt struct {
	Delivery
	// Status of the answer, 0 when there was none; Err is then why.
	Status int
	Err    error
	At     time.Time
}

// DeliveryError is a webhook that was not answered 2xx. It waits for its next attempt, or was dropped.
type DeliveryError struct {
	Object  string
	Attempt int // 1 for the first
	// Status is the answer's, 0 when there was none; Err is then why.
	Status int
	Err    error
}

func (e *DeliveryError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("metatest: %s, attempt %d: %v", e.Object, e.Attempt, e.Err)
	}
	return fmt.Sprintf("metatest: %s, attempt %d: answered %d", e.Object, e.Attempt, e.Status)
}

func (e *DeliveryError) Unwrap() error { return e.Err }

// maxAttempts bounds the log of attempts; the oldest go first.
const maxAttempts = 1000

// Deliveries returns the attempts at webhooks with their answers, oldest first, the last thousand of them.
func (h *hooks) Deliveries() []Attempt {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.log)
}

// DuplicateNext posts the next n accepted webhooks once more, byte for byte, right after their success.
func (h *hooks) DuplicateNext(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.repeat += n
}

// Deliver posts every webhook that is due when it is called, in order, and returns how many were answered 2xx. The
// others are queued for their next attempt; err joins a *DeliveryError for each of them, and the context's error if it
// ended first, which is no attempt.
func (h *hooks) Deliver(ctx context.Context) (n int, err error) {
	due := h.takeDue()
	var failures []error
	for i, d := range due {
		if ctx.Err() == nil {
			failure := h.post(ctx, d)
			if failure == nil && h.repeats() {
				failure = h.post(ctx, d)
			}
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

// repeats takes one duplicate from the script.
func (h *hooks) repeats() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.repeat == 0 {
		return false
	}
	h.repeat--
	return true
}

// post makes one attempt.
func (h *hooks) post(ctx context.Context, d *Delivery) error {
	h.seal(d)
	attempt := Attempt{Delivery: d.clone(), At: h.clock()}
	attempt.Attempt++
	attempt.Status, attempt.Err = h.call(ctx, d)
	accepted := attempt.Status/100 == 2
	h.mu.Lock()
	if len(h.log) == maxAttempts {
		h.log = slices.Delete(h.log, 0, 1)
	}
	h.log = append(h.log, attempt)
	if accepted {
		h.posted++
	}
	h.mu.Unlock()
	if accepted {
		return nil
	}
	return &DeliveryError{Object: d.Object, Attempt: d.Attempt + 1, Status: attempt.Status, Err: attempt.Err}
}

func (h *hooks) call(ctx context.Context, d *Delivery) (int, error) {
	r, err := d.Request(ctx)
	if err != nil {
		return 0, err
	}
	res, err := h.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // so that the connection can be used again
	return res.StatusCode, nil
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
	d.Due = h.clock().Add(h.pauses[d.Attempt-1])
	h.push(d)
}

// Run delivers webhooks as they fall due, until the context ends; it then returns nil. What fails shows in
// Deliveries, Pending and Dropped. It is for demonstrations and load: tests call Deliver.
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

// Handshake asks the webhook's address whether it knows Config.VerifyToken, as when it is entered in the app's settings.
func (s *Server) Handshake(ctx context.Context) error {
	s.hooks.mu.Lock()
	address := s.hooks.url
	s.hooks.mu.Unlock()
	return s.handshake(ctx, address, s.cfg.VerifyToken)
}

func (s *Server) handshake(ctx context.Context, address, word string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	challenge := strconv.FormatInt(s.now().UnixNano()%1_000_000_000+1_000_000_000, 10)
	q := u.Query()
	q.Set("hub.mode", "subscribe")
	q.Set("hub.challenge", challenge)
	q.Set("hub.verify_token", word)
	u.RawQuery = q.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	res, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || !hmac.Equal(body, []byte(challenge)) {
		return fmt.Errorf("metatest: the handshake was answered %d, not 200 with the challenge", res.StatusCode)
	}
	return nil
}

// Callback posts a signed_request for the person with this app-scoped id to an address of the service: that of the data
// deletion callback or of the deauthorize callback. It returns the answer.
func (s *Server) Callback(ctx context.Context, address, userID string) (status int, body []byte, err error) {
	form := url.Values{"signed_request": {s.SignedRequest(userID)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, 1<<16))
	return res.StatusCode, body, err
}
