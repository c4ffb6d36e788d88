package metatest

import (
	"net/http"
	"path"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Failure is a scripted failure of the API. Without Code, Status, Body and hang-up the request is served as usual,
// only late.
type Failure struct {
	// Method limits the failure to one method. Default: any.
	Method string
	// Path limits it to paths below the version that match this pattern of path.Match, such as "/*/messages" or
	// "/oauth/access_token". Default: any.
	Path string
	// Sends limits it to messages: not typing, not a mark that something was read.
	Sends bool
	// Account limits it to the account with this id. Default: any.
	Account string

	// Code and Subcode of the error. 0: no error.
	Code, Subcode int
	// Message and Type of the error. Default: words of the simulator, "OAuthException".
	Message, Type string
	// Details of WhatsApp errors. Default none.
	Details string
	// Transient is the error's is_transient.
	Transient bool
	// Status of the false answer. Default: one that fits Code. 200 is an error within a success.
	Status int
	// Body, if not nil, is sent instead of the envelope, as it is: a gateway's HTML, half of a JSON object.
	Body []byte
	// Header is added to the answer, false or not, under canonical names.
	Header http.Header
	// AfterAccept lets the request take effect before the false answer is given.
	AfterAccept bool
	// Late lets WhatsApp accept the message and report it as failed with Code afterwards.
	Late bool

	// HangUpBefore cuts the connection before anything happened.
	HangUpBefore bool
	// HangUpAfter lets the request take effect and cuts the connection instead of answering: the sender cannot
	// know the outcome.
	HangUpAfter bool
	// Delay passes between the effect of the request and its answer, in real time.
	Delay time.Duration
}

// script holds the failures to come.
type script = sim.Script[Failure]

func (f *Failure) matches(c *call, server *Server) bool {
	if f.Method != "" && f.Method != c.r.Method || f.Sends && !c.sends() {
		return false
	}
	if f.Account != "" && f.Account != c.node && f.Account != server.tokenAccount(c.r) {
		return false
	}
	ok, _ := path.Match(f.Path, c.plain()) // a pattern that cannot be read matches nothing
	return f.Path == "" || ok
}

// answers reports whether the failure has an answer of its own.
func (f *Failure) answers() bool { return !f.Late && (f.Code != 0 || f.Status != 0 || f.Body != nil) }

// touched reports whether there is a failure at all.
func (f *Failure) touched() bool {
	return f.answers() || f.Late || f.HangUpBefore || f.HangUpAfter || f.Delay > 0 || f.Header != nil
}

// answer is the false answer.
func (f *Failure) answer() answer {
	bad := fault{status: f.Status, code: f.Code, subcode: f.Subcode, message: f.Message, kind: f.Type, details: f.Details,
		transient: f.Transient}
	if bad.message == "" {
		bad.message = wrong(f.Code, "").message
	}
	a := bad.answer()
	if f.Body != nil {
		a.body, a.code, a.subcode = f.Body, 0, 0
		a.header = http.Header{"Content-Type": {http.DetectContentType(f.Body)}}
		if f.Code == 0 && f.Status == 0 {
			a.status = http.StatusOK
		}
	}
	return a
}
