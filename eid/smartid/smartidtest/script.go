package smartidtest

import (
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Failure is a scripted failure of the API. Without Status, Body and hang-up the request is served as usual, only late.
type Failure struct {
	// Method limits the failure to one method. Default: any.
	Method string
	// Path limits it to one endpoint, as Request.Path has it. Default: any.
	Path string

	// Status of the false answer, such as 429, 480, 503 or 580. Default 200 when there is a Body.
	Status int
	// Body, if not nil, is sent instead of a problem, as it is: a gateway's HTML, half of a JSON object.
	Body []byte
	// Header is added to the answer, false or not, under canonical names.
	Header http.Header
	// AfterAccept lets the request take effect before the false answer is given.
	AfterAccept bool

	// HangUpBefore cuts the connection before anything happened.
	HangUpBefore bool
	// HangUpAfter lets the request take effect and cuts the connection instead of answering: the client cannot know
	// the outcome.
	HangUpAfter bool
	// Delay passes between the effect of the request and its answer, in real time.
	Delay time.Duration
}

// script holds the failures to come.
type script = sim.Script[Failure]

func (f *Failure) matches(c *call) bool {
	return (f.Method == "" || f.Method == c.r.Method) && (f.Path == "" || f.Path == c.pattern)
}

// answers reports whether the failure has an answer of its own.
func (f *Failure) answers() bool { return f.Status != 0 || f.Body != nil }

// answer is the false answer.
func (f *Failure) answer(version int) answer {
	status := f.Status
	setDefault(&status, http.StatusOK)
	if f.Body == nil {
		return (&fault{status: status, detail: title(status)}).answer(version)
	}
	return answer{status: status, kind: http.DetectContentType(f.Body), body: f.Body}
}
