package smartidtest

import (
	"slices"
	"sync"
	"time"
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

// maxRequests bounds the journal; the oldest go first.
const maxRequests = 1000

// journal is what the simulator has seen.
type journal struct {
	mu       sync.Mutex
	requests []Request
}

// Requests returns all requests, oldest first, the last thousand of them. A poll is listed when it has been answered.
func (j *journal) Requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.requests)
}

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.requests) == maxRequests {
		j.requests = slices.Delete(j.requests, 0, 1)
	}
	j.requests = append(j.requests, r)
}

// asked notes what a well-formed request asks for.
func (c *call) asked(a *ask) {
	e := &c.entry
	e.Level, e.Algorithm, e.Hash = a.level, a.scheme.algorithm, a.scheme.hash
	for _, s := range a.screens {
		e.Interactions = append(e.Interactions, s.kind)
	}
	e.Callback, e.ShareIP, e.Nonce, e.Ignored = a.callback != "", a.shareIP, a.nonce != "", a.ignored
}
