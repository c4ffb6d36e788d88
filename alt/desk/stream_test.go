package desk_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is a client's end of a stream.
type wire struct {
	mu       sync.Mutex
	head     http.Header
	status   int
	pending  strings.Builder
	text     string // as flushed
	stuck    bool   // the client takes nothing
	deadline time.Time
}

func (w *wire) Header() http.Header    { return w.head }
func (w *wire) WriteHeader(status int) { w.status = status }

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	stuck, wait := w.stuck, time.Until(w.deadline)
	w.mu.Unlock()
	if stuck {
		<-time.After(wait)
		return 0, os.ErrDeadlineExceeded
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending.Write(p)
}

func (w *wire) SetWriteDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = t
	return nil
}

func (w *wire) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text += w.pending.String()
	w.pending.Reset()
	return nil
}

// event is one event of a stream.
type event struct {
	name, id string
	data     object
}

// take returns the events since the last take, and how many heartbeats.
func (w *wire) take(t *testing.T) (events []event, beats int) {
	t.Helper()
	w.mu.Lock()
	text := w.text
	w.text = ""
	w.mu.Unlock()
	for block := range strings.SplitSeq(text, "\n\n") {
		var e event
		for line := range strings.SplitSeq(block, "\n") {
			field, value, _ := strings.Cut(line, ": ")
			switch field {
			case "event":
				e.name = value
			case "id":
				e.id = value
			case "data":
				require.NoError(t, json.Unmarshal([]byte(value), &e.data))
			case ":":
				beats++
			case "retry", "":
			default:
				require.Fail(t, "a strange line", line)
			}
		}
		if e.name == "conversation" {
			contract().shows(t, e.data)
		}
		if e.name != "" {
			events = append(events, e)
		}
	}
	return events, beats
}

// listen opens a stream. The function that is returned ends it from the
// client's side and waits for its end.
func (w *world) listen(who, after string, headers ...header) (*wire, chan struct{}, func()) {
	w.Helper()
	url := "/v1/events"
	if after != "" {
		url += "?after=" + after
	}
	ctx, cancel := context.WithCancel(w.Context())
	r := w.request(who, "GET", url, nil, headers...).WithContext(ctx)
	contract().request(w.T, r, true)
	c, done := &wire{head: make(http.Header)}, make(chan struct{})
	go func() {
		defer close(done)
		w.api.ServeHTTP(c, r)
	}()
	synctest.Wait()
	return c, done, func() { cancel(); <-done }
}

// breathe lets the streams tell what there is. The time is the bubble's own and
// costs nothing.
func breathe() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func told(events []event) []string {
	out := []string{}
	for _, e := range events {
		if e.name == "conversation" {
			out = append(out, e.data["id"].(string))
		}
	}
	return out
}
