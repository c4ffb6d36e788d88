package birdtest

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Sent is a message that the API accepted, whether or not its sender heard of it.
type Sent struct {
	ID, ChannelID, ContactID string
	// To is the person's identifier as the channel writes it.
	To string
	// Body and Template are as they were sent; one of them is nil.
	Body, Template json.RawMessage
	// Reference is the sender's own mark.
	Reference string
	// ReplyTo is the message that is quoted.
	ReplyTo string
	At      time.Time
}

// Request is a request of the API that was refused or made to fail.
type Request struct {
	Method, Path string
	// Status of the answer, 0 when the connection was cut instead.
	Status int
	// Code of the answer; "" when it had none.
	Code string
	// Scripted is set when FailNext made it fail; it may have taken effect.
	Scripted bool
	At       time.Time
}

// Totals counts what happened since New.
type Totals struct {
	Requests int // of the API, all
	Accepted int // messages accepted by the API
	Refused  int // requests answered with an error of the service itself
	Scripted int // requests that FailNext touched
	Received int // messages from people
	Posted   int // webhooks accepted
	Failed   int // attempts at webhooks that failed
	Dropped  int // webhooks whose retries are used up
}

// journal is what the simulator has seen.
type journal struct {
	mu         sync.Mutex
	totals     Totals
	messages   []Sent
	references map[string]int
	requests   sim.Recent[Request]
}

// Sent returns every accepted message, oldest first.
func (j *journal) Sent() []Sent {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.messages)
}

// References returns how many messages were accepted under each reference. A
// service that neither loses nor doubles has exactly one under each.
func (j *journal) References() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.references)
}

// Requests returns the refused requests, oldest first, the last thousand of them.
func (j *journal) Requests() []Request { return j.requests.All() }

func (j *journal) sent(s Sent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.Accepted++
	if s.Reference != "" {
		j.references[s.Reference]++
	}
	j.messages = append(j.messages, s)
}

func (j *journal) received() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.Received++
}

// request counts a request and keeps it when it was refused or made to fail.
func (j *journal) request(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.Requests++
	switch {
	case r.Scripted:
		j.totals.Scripted++
	case r.Status >= 400:
		j.totals.Refused++
	default:
		return
	}
	j.requests.Add(r)
}

// Totals returns the counts.
func (s *Server) Totals() Totals {
	s.journal.mu.Lock()
	t := s.journal.totals
	s.journal.mu.Unlock()
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	t.Posted, t.Failed, t.Dropped = s.hooks.posted, s.hooks.failed, len(s.hooks.dropped)
	return t
}
