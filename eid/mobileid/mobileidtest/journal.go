package mobileidtest

import (
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Request is a request of the API, without personal data and secrets: neither the person, nor the text, nor the hash.
type Request struct {
	Method string
	// Path is the endpoint, with {id} for a session: "/authentication/session/{id}". Empty: there is no such endpoint.
	Path string
	// Status of the answer, 0 when the connection was cut instead.
	Status int
	// Refused is the member that was wrong.
	Refused string
	// Scripted is set when FailNext touched it.
	Scripted bool

	// HashType, Language and Format are those of a well-formed request for a session; Text is the length of the text
	// that is shown, in characters.
	HashType, Language, Format string
	Text                       int

	At time.Time
}

// journal is what the simulator has seen.
type journal struct {
	requests sim.Recent[Request]
}

// Requests returns all requests, oldest first, the last thousand of them. A poll is listed when it has been answered.
func (j *journal) Requests() []Request { return j.requests.All() }

func (j *journal) add(r Request) { j.requests.Add(r) }

// asked notes what a well-formed request asks for.
func (c *call) asked(a *ask) {
	c.entry.HashType, c.entry.Language, c.entry.Format = a.hashType, a.language, a.format
	c.entry.Text = len([]rune(a.text))
}
