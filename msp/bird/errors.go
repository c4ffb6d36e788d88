package bird

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// verdict is what a code means to us.
type verdict struct {
	class   error
	instead []channels.Alternative
}

// failureOf translates the codes with which Bird groups the failures of all its
// channels. A code that is not known goes by its thousands: a check of the
// message, a service of Bird, the customer's account, the platform.
func failureOf(code string) (verdict, bool) {
	other := []channels.Alternative{channels.UseOtherChannel}
	switch code {
	case "12002": // the platform has no such type of message
		return verdict{channels.ErrUnsupported, nil}, true
	case "12003", "15001", "15005": // destination not served, network failure, unknown subscriber
		return verdict{channels.ErrUnreachable, other}, true
	}
	if len(code) != 5 {
		return verdict{}, false
	}
	switch code[:2] {
	case "11", "14":
		return verdict{class: channels.ErrRejected}, true
	case "12":
		return verdict{class: channels.ErrUnavailable}, true
	}
	return verdict{}, false
}

// platformCode translates the codes of WhatsApp, which Bird passes on as the
// source of a failure. They have six digits, as those of no other platform.
func platformCode(code string) (verdict, bool) {
	other := []channels.Alternative{channels.UseOtherChannel}
	switch code {
	case "131026": // not on WhatsApp, undeliverable
		return verdict{channels.ErrUnreachable, other}, true
	case "131047": // outside the window for free answers
		return verdict{channels.ErrWindowClosed, []channels.Alternative{channels.UseTemplate, channels.UseOtherChannel}}, true
	case "131050": // the person wants no marketing
		return verdict{channels.ErrOptedOut, other}, true
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

// refused makes the error of an answer that is no success. Its codes are words,
// of which there is no list, so the status decides.
func (p *Provider) refused(op string, line channels.ID, reply *httpx.Reply) *channels.Error {
	outcome, class := statusVerdict(reply.Status)
	e := &channels.Error{Op: op, Channel: line, Class: class, Outcome: outcome, Provider: "http_" + strconv.Itoa(reply.Status)}
	e.RetryAfter, _ = httpx.RetryAfter(reply.Header, p.cfg.Now())
	var w struct {
		Code loose `json:"code"`
	}
	if httpx.DecodeJSON(reply.Body, &w, httpx.JSONLimits{Lenient: true}) == nil && isCode(string(w.Code)) {
		e.Provider = string(w.Code)
	}
	return e
}

// isCode keeps free text, which may quote a person's message, out of errors.
func isCode(s string) bool {
	return s != "" && len(s) <= 48 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == ""
}

// digits returns a code that is a number, "" for all else.
func digits(s string) string {
	if len(s) > 9 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
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

// unclear is the error of a success that does not say what came of it.
func unclear(op string, line channels.ID, status int, err error) *channels.Error {
	return &channels.Error{Op: op, Channel: line, Class: channels.ErrMalformed, Provider: "http_" + strconv.Itoa(status), Err: err}
}

// refuse is the error of a message that we do not send in the first place.
func (l *line) refuse(class error, reason string) *channels.Error {
	return &channels.Error{Op: "send", Channel: l.info.ID, Class: class, Outcome: channels.NotSent, Err: errors.New(reason)}
}

// orNil keeps a nil *channels.Error from becoming an error that is not nil.
func orNil(err *channels.Error) error {
	if err == nil {
		return nil
	}
	return err
}

func success(r *httpx.Reply) bool { return r.Status >= 200 && r.Status < 300 }

// repeatable makes a call that can be made again without harm, so that it is
// never of unknown outcome, and decodes its answer into to, unless that is nil.
func (p *Provider) repeatable(ctx context.Context, line channels.ID, call httpx.Call, to any) *channels.Error {
	reply, err := p.api.Do(ctx, call)
	var e *channels.Error
	switch {
	case err != nil:
		e = p.failed(call.Op, line, err)
	case !success(reply):
		e = p.refused(call.Op, line, reply)
	case to == nil:
		return nil
	default:
		err := httpx.DecodeJSON(reply.Body, to, httpx.JSONLimits{})
		if err == nil {
			return nil
		}
		e = unclear(call.Op, line, reply.Status, err)
	}
	e.Outcome = channels.NotSent
	return e
}

// missing reports whether the API has no such thing: the one answer that a
// repeated deletion must not take for a failure.
func missing(e *channels.Error) bool {
	return e != nil && errors.Is(e, channels.ErrRejected) && (e.Provider == "ResourceNotFound" || e.Provider == "http_404")
}
