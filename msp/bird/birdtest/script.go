package birdtest

import (
	"net/http"
	"path"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Failure is a scripted failure of the API. Without Status and without a hang-up the request is served as
// usual, only late.
type Failure struct {
	// Method limits the failure to one method. Default: any.
	Method string
	// Path limits it to paths that match this pattern of path.Match, such as "/workspaces/*/channels/*/messages".
	// Default: any.
	Path string

	// Status of the false answer. 0: no false answer.
	Status int
	// Code and Message go into the service's error envelope.
	Code, Message string
	// Body, if not nil, is sent instead of the envelope, as it is: a gateway's HTML, half of a JSON object.
	Body []byte
	// RetryAfter is sent in the header of the same name, in whole seconds. 0: no header.
	RetryAfter time.Duration
	// AfterAccept lets the request take effect before the false answer is given.
	AfterAccept bool

	// HangUpBeforeRead cuts the connection before anything is read: nothing happened.
	HangUpBeforeRead bool
	// HangUpAfterAccept lets the request take effect and cuts the connection instead of answering: the sender
	// cannot know the outcome.
	HangUpAfterAccept bool
	// Delay passes between the effect of the request and its answer, in real time.
	Delay time.Duration
}

// script holds the failures to come.
type script = sim.Script[Failure]

func (f *Failure) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	ok, _ := path.Match(f.Path, r.URL.Path) // a pattern that cannot be read matches nothing
	return f.Path == "" || ok
}

// answer is the false answer.
func (f *Failure) answer() answer {
	a := refusal{f.Status, f.Code, f.Message}.answer()
	if f.Body != nil {
		a.body, a.code = f.Body, ""
		a.header = http.Header{"Content-Type": {http.DetectContentType(f.Body)}}
	}
	sim.RetryAfter(a.header, f.RetryAfter)
	return a
}
