package smartidtest

import (
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Request is a request of the API, without personal data and secrets: the identifier at the end of its path, the
// texts for the person, the callback, the challenge and the digest are not kept.
type Request struct {
	Method string
	// Path is the endpoint, with {id} for what names a person or a session: "/v3/session/{id}". Empty: there is no
	// such endpoint.
	Path string
	// Status of the answer, 0 when the connection was cut instead.
	Status int
	// Refused are the names of the members that were wrong, or the codes of the problem.
	Refused []string
	// Scripted is set when FailNext touched it.
	Scripted bool

	// Level is the level that a well-formed request asks for. The fields below are of such requests too.
	Level string
	// Algorithm and Hash of the signature: "rsassa-pss", "SHA-512".
	Algorithm, Hash string
	// Interactions are the types that were offered, in order.
	Interactions []string
	// Callback says that a callback was given, ShareIP that the address of the device was asked for, Nonce that there
	// was a nonce.
	Callback, ShareIP, Nonce bool
	// Ignored are the members that the service does not know.
	Ignored []string

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
	e := &c.entry
	e.Level, e.Algorithm, e.Hash = a.level, a.scheme.algorithm, a.scheme.hash
	for _, s := range a.screens {
		e.Interactions = append(e.Interactions, s.kind)
	}
	e.Callback, e.ShareIP, e.Nonce, e.Ignored = a.callback != "", a.shareIP, a.nonce != "", a.ignored
}
