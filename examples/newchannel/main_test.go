package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func Example() {
	main()
	// Output:
	// webhook: accepted
	// Mari reads: TERE
}

const secret = "canary-of-the-toy"

func TestToyPassesTheConformanceSuite(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{
		Peer: "Mari", New: newInstance, Secrets: []string{secret}, SignatureHeaders: []string{"Toy-Signature"},
		NewWithoutSecret: func() error { _, err := newToy("http://127.0.0.1", ""); return err },
	})
}

// newInstance is the toy with its provider.
func newInstance(t channeltest.TB) *channeltest.Instance {
	var taken atomic.Int64
	var next atomic.Value
	next.Store(channeltest.Behaviour(""))
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m wire
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &m) != nil || utf8.RuneCountInString(m.Text) > 500 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		switch next.Swap(channeltest.Behaviour("")) {
		case channeltest.Limits:
			w.Header().Set("Retry-After", strconv.Itoa(int(channeltest.RetryAfter/time.Second)))
			w.WriteHeader(http.StatusTooManyRequests)
		case channeltest.Denies:
			w.WriteHeader(http.StatusUnauthorized)
		case channeltest.Breaks:
			w.WriteHeader(http.StatusInternalServerError)
		case channeltest.Swallow:
			taken.Add(1)
			panic(http.ErrAbortHandler)
		default:
			taken.Add(1)
		}
	}))
	t.Cleanup(provider.Close)
	line, err := newToy(provider.URL, secret)
	if err != nil {
		t.Fatalf("%v", err)
	}
	count := 0
	return &channeltest.Instance{
		Line: line, Taken: func() int { return int(taken.Load()) },
		Behave: func(b channeltest.Behaviour) bool { next.Store(b); return b != channeltest.Absent },
		Post: func(texts ...string) *channels.Request {
			var batch []wire
			for _, text := range texts {
				count++
				batch = append(batch, wire{strconv.Itoa(count), "Mari", text})
			}
			body, _ := json.Marshal(batch)
			r := &channels.Request{Method: http.MethodPost, PublicURL: "https://agency.example/webhooks/toy", Header: http.Header{}, Body: body, At: time.Now()}
			r.Header.Set("Toy-Signature", line.sign(r.PublicURL, body))
			return r
		},
	}
}
