package metatest

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
	ID, Account string
	// To is the person's id as the request had it.
	To string
	// Type is "text", "image", "template", "interactive", ...; Content is the object of a WhatsApp message's type,
	// or a Messenger or Instagram message, as it was sent.
	Type    string
	Content json.RawMessage
	// Text is what there is to read of it: a text, a caption, the body of an offer or of a template.
	Text string
	// MessagingType and Tag are Messenger's and Instagram's.
	MessagingType, Tag string
	// Mark is the sender's own: metadata or biz_opaque_callback_data.
	Mark string
	// ReplyTo is the id of the message that it answers.
	ReplyTo string
	At      time.Time
}

// Request is a request of the API that was refused or made to fail.
type Request struct {
	Method string
	// Path is below the version.
	Path string
	// Status of the answer, 0 when the connection was cut instead.
	Status int
	// Code and Subcode of the error; 0 when it had none.
	Code, Subcode int
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
	mu       sync.Mutex
	totals   Totals
	messages []Sent
	marks    map[string]int
	requests sim.Recent[Request]
	actions  []Action
}

// Action is something that the service did besides sending: typing, marking as read, a reaction.
type Action struct {
	Account, To string
	// Action is "typing_on", "typing_off", "mark_seen", "react", "unreact"; on WhatsApp "read" and "typing".
	Action string
	// MessageID and Reaction are those of what was read or reacted to.
	MessageID, Reaction string
	At                  time.Time
}

// Actions returns what the service did besides sending, oldest first.
func (j *journal) Actions() []Action {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.actions)
}

func (j *journal) act(a Action) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.actions = append(j.actions, a)
}

// Sent returns every accepted message, oldest first.
func (j *journal) Sent() []Sent {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.messages)
}

// Marks returns how many messages were accepted under each mark (metadata or biz_opaque_callback_data). A service that
// neither loses nor doubles has exactly one under each.
func (j *journal) Marks() map[string]int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return maps.Clone(j.marks)
}

// Requests returns the refused and the scripted requests, oldest first, the last thousand of them.
func (j *journal) Requests() []Request { return j.requests.All() }

func (j *journal) sent(m Sent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.Accepted++
	j.messages = append(j.messages, m)
	if m.Mark != "" {
		j.marks[m.Mark]++
	}
}

func (j *journal) received() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.Received++
}

// request logs a call; c is nil when it could not be read.
func (j *journal) request(c *call, a answer, scripted bool, at time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.totals.Requests++
	if scripted {
		j.totals.Scripted++
	} else if a.code != 0 {
		j.totals.Refused++
	}
	if !scripted && a.code == 0 {
		return
	}
	r := Request{Status: a.status, Code: a.code, Subcode: a.subcode, Scripted: scripted, At: at}
	if c != nil {
		r.Method, r.Path = c.r.Method, c.plain()
	}
	j.requests.Add(r)
}

// Totals returns the counters.
func (s *Server) Totals() Totals {
	s.journal.mu.Lock()
	t := s.journal.totals
	s.journal.mu.Unlock()
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	t.Posted, t.Failed, t.Dropped = s.hooks.posted, s.hooks.failed, len(s.hooks.dropped)
	return t
}
