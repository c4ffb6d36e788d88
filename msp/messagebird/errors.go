package messagebird

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// verdict is what a code of MessageBird means to us.
type verdict struct {
	class   error
	instead []channels.Alternative
}

// codeOf translates the codes of refused requests and failed messages. Those
// of six digits are WhatsApp's own, which are passed on where MessageBird has
// none of its own; that it does so is not established, but no other code looks
// like them.
func codeOf(code string) (verdict, bool) {
	template := []channels.Alternative{channels.UseTemplate, channels.UseOtherChannel}
	other := []channels.Alternative{channels.UseOtherChannel}
	switch code {
	case "2", "1001": // request not allowed, invalid credential
		return verdict{class: channels.ErrCredentials}, true
	case "9", "10", "20", "98": // missing, invalid, not found, no such call
		return verdict{class: channels.ErrRejected}, true
	case "25", "99": // not enough balance, internal error: both pass
		return verdict{class: channels.ErrUnavailable}, true
	case "103", "131050": // the person sent STOP
		return verdict{channels.ErrOptedOut, other}, true
	case "301": // failed to send
		return verdict{class: channels.ErrRejected}, true
	case "302", "131026": // not registered on WhatsApp, undeliverable
		return verdict{channels.ErrUnreachable, other}, true
	case "470", "131047": // outside the window for free answers
		return verdict{channels.ErrWindowClosed, template}, true
	case "132000", "132001", "132005", "132007", "132008", "132012", "132015", "132016":
		return verdict{class: channels.ErrTemplate}, true
	}
	return verdict{}, false
}

// statusVerdict translates the HTTP status of a refused call. A refusal of the
// request itself (4xx) is certain; after anything else the message may be on
// its way.
func statusVerdict(status int) (outcome channels.Outcome, class error) {
	switch {
	case status == http.StatusTooManyRequests:
		return channels.NotSent, channels.ErrRateLimited
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return channels.NotSent, channels.ErrCredentials
	case status == http.StatusPaymentRequired:
		return channels.NotSent, channels.ErrUnavailable
	case status == http.StatusRequestEntityTooLarge:
		return channels.NotSent, channels.ErrTooLong
	case status == http.StatusRequestTimeout:
		return channels.OutcomeUnknown, channels.ErrUnavailable
	case status >= 400 && status < 500:
		return channels.NotSent, channels.ErrRejected
	}
	return channels.OutcomeUnknown, channels.ErrUnavailable
}

// decides reports whether the status alone settles the class, whatever the
// body says.
func decides(status int) bool {
	return status < 400 || status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// refused makes the error of an answer that is no success.
func (p *Provider) refused(op string, line channels.ID, reply *httpx.Reply) *channels.Error {
	outcome, class := statusVerdict(reply.Status)
	e := &channels.Error{Op: op, Channel: line, Class: class, Outcome: outcome, Provider: "http_" + strconv.Itoa(reply.Status)}
	e.RetryAfter, _ = httpx.RetryAfter(reply.Header, p.cfg.Now())
	for i, code := range codesOf(reply.Body) {
		v, known := codeOf(code)
		if i == 0 || known {
			e.Provider = code
		}
		if !known {
			continue
		}
		if !decides(reply.Status) {
			e.Class, e.Instead = v.class, v.instead
		}
		break
	}
	return e
}

// codesOf reads {"errors":[{"code":…}]}, which may be absent, not JSON, or
// followed by null.
func codesOf(body []byte) []string {
	var e struct {
		Errors []fault `json:"errors"`
	}
	if httpx.DecodeJSON(body, &e, httpx.JSONLimits{TrailingNull: true, Lenient: true}) != nil {
		return nil
	}
	var codes []string
	for _, f := range e.Errors {
		if c := f.code(); c != "" {
			codes = append(codes, c)
		}
	}
	return codes
}

// failed makes the error of a call without a usable answer.
func (p *Provider) failed(op string, line channels.ID, err error) *channels.Error {
	e := &channels.Error{Op: op, Channel: line, Class: channels.ErrUnavailable, Err: err}
	var f *httpx.Failure
	if !errors.As(err, &f) {
		return e
	}
	switch {
	case errors.Is(err, errNoKey):
		e.Class = channels.ErrCredentials
	case f.Impossible():
		e.Class = channels.ErrMalformed
	case f.Status != 0:
		// The head of the answer came: a refusal is one without its text too.
		if f.Status >= 400 {
			e.Outcome, e.Class = statusVerdict(f.Status)
		}
		e.Provider = "http_" + strconv.Itoa(f.Status)
		return e
	}
	if f.Sent == httpx.NotSent {
		e.Outcome = channels.NotSent
	}
	return e
}

// unclear is the error of a success that does not say what became of the
// message.
func unclear(op string, line channels.ID, status int, err error) *channels.Error {
	return &channels.Error{Op: op, Channel: line, Class: channels.ErrMalformed, Provider: "http_" + strconv.Itoa(status), Err: err}
}

// refuse is the error of a message that we do not send in the first place.
func (l *line) refuse(class error, reason string) *channels.Error {
	return &channels.Error{Op: "send", Channel: l.info.ID, Class: class, Outcome: channels.NotSent, Err: errors.New(reason)}
}
