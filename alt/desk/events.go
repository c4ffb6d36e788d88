package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
)

const (
	// maxBehind is how many changed conversations are told one by one; who
	// missed more reads the list again.
	maxBehind = 1000
	// breath is the least time between two looks at the store.
	breath = 50 * time.Millisecond
	// retryAfter is what a client waits before it connects again.
	retryAfter = 3 * time.Second
)

// stream is one live answer to GET /v1/events. It needs no goroutine but its
// request's own, and buffers one round of events at most.
type stream struct {
	d   *Desk
	c   *call
	out *http.ResponseController
	buf bytes.Buffer
	at  int64 // the last position that was told
}

// errOver ends a stream without a fault.
var errOver = errors.New("desk: stream over")

// events answers GET /v1/events.
func (d *Desk) events(c *call) error {
	after, given := c.after()
	_, latest, err := d.svc.Store().Changed(c.ctx(), c.me.Agency, math.MaxInt64, 1)
	if err != nil {
		return err
	}
	leave, ok := d.streams.enter(c.me)
	if !ok {
		return tooMany("too_many_streams", retryAfter)
	}
	defer leave()
	wake, stop := d.svc.Watch()
	defer stop()

	c.w.Header().Set("Content-Type", "text/event-stream")
	c.w.Header().Set("X-Accel-Buffering", "no") // a proxy that collects would delay
	c.w.WriteHeader(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return nil
	}
	s := &stream{d: d, c: c, out: http.NewResponseController(c.w)}
	s.begin(after, given, latest)
	err = s.run(wake)
	if err != nil && !errors.Is(err, errOver) && c.ctx().Err() == nil {
		d.cfg.Logger.WarnContext(c.ctx(), "desk: stream ended", "error", err)
	}
	return nil // the answer has begun: there is no other way to say so
}

// after returns the position that the client knows: the last event of an
// earlier connection, or where its list was read.
func (c *call) after() (position string, given bool) {
	if id := c.r.Header.Values("Last-Event-Id"); len(id) > 0 {
		return id[0], true
	}
	return c.query.Get("after"), c.query.Has("after")
}

// begin says where the stream starts.
func (s *stream) begin(after string, given bool, latest int64) {
	_, _ = fmt.Fprintf(&s.buf, "retry: %d\n\n", retryAfter.Milliseconds())
	if !given {
		s.mark("ready", latest)
		return
	}
	n, err := strconv.ParseInt(after, 10, 64)
	if err != nil || n < 0 || n > latest {
		s.mark("reset", latest) // of another store, or of none
		return
	}
	s.mark("ready", n)
}

// mark writes an event that is about the stream itself, and goes on from at.
func (s *stream) mark(name string, at int64) {
	s.at = at
	s.event(name, at, struct {
		Position int64 `json:"position"`
	}{at})
}

func (s *stream) event(name string, id int64, v any) {
	_, _ = fmt.Fprintf(&s.buf, "event: %s\nid: %d\ndata: ", name, id)
	enc := json.NewEncoder(&s.buf) // ends the line itself
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // plain values, which always encode
	s.buf.WriteByte('\n')
}

// run tells what changes until the client, the caller's rights or the desk end.
func (s *stream) run(wake <-chan struct{}) error {
	poll := time.NewTicker(s.d.cfg.Poll)
	defer poll.Stop()
	beat := time.NewTicker(s.d.cfg.Heartbeat)
	defer beat.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	waiting := true // for pause
	for {
		select {
		case <-s.c.ctx().Done():
			return errOver
		case <-s.d.streams.done:
			return errOver
		case <-beat.C:
			s.buf.WriteString(":\n\n")
			if err := s.flush(); err != nil {
				return err
			}
		case <-wake:
			if !waiting {
				waiting = true
				pause.Reset(breath)
			}
		case <-pause.C:
			waiting = false
			if err := s.look(); err != nil {
				return err
			}
		case <-poll.C: // other replicas wake nobody here
			if err := s.look(); err != nil {
				return err
			}
		}
	}
}

// look tells all that changed since the last look, in the order of commits.
func (s *stream) look() error {
	if !s.d.still(s.c.r, s.c.me) {
		return errOver
	}
	ctx := s.c.ctx()
	page, latest, err := s.d.svc.Store().Changed(ctx, s.c.me.Agency, s.at, maxBehind+1)
	if err != nil {
		return err
	}
	if len(page) > maxBehind {
		s.mark("reset", latest)
		return s.flush()
	}
	for _, conv := range page {
		if err := s.tell(conv); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *stream) tell(conv alt.Conversation) error {
	v, err := s.d.view(s.c.ctx(), s.c.me, conv)
	if err != nil {
		return err
	}
	s.event("conversation", conv.Position, v)
	s.at = conv.Position
	if s.buf.Len() > 1<<16 {
		return s.flush()
	}
	return nil
}

// flush writes what is buffered. A client that does not take it in time is
// dropped: it comes back with the last id that it saw.
func (s *stream) flush() error {
	if s.buf.Len() == 0 {
		return nil
	}
	err := s.out.SetWriteDeadline(time.Now().Add(s.d.cfg.SlowClient))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err = s.buf.WriteTo(s.c.w)
	s.buf.Reset()
	if err != nil {
		return fmt.Errorf("desk: client does not read: %w", err)
	}
	if err := s.out.Flush(); err != nil {
		return err
	}
	if err := s.out.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}
