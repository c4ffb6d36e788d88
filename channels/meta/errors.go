package meta

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// wireError is Meta's error object, in answers and in reports.
type wireError struct {
	Code      json.Number `json:"code"`
	Subcode   json.Number `json:"error_subcode"`
	Transient bool        `json:"is_transient"`
}

// looseError is the same in an answer, of which one odd value must not hide the
// rest.
type looseError struct {
	Code      loose `json:"code"`
	Subcode   loose `json:"error_subcode"`
	Transient yes   `json:"is_transient"`
}

func (w looseError) plain() wireError {
	return wireError{json.Number(w.Code), json.Number(w.Subcode), bool(w.Transient)}
}

// fault is the error that w speaks of. A code that is not in the table is a
// refusal that nobody repeats; whether the message went out is then not known,
// unless Meta calls the fault transient.
func (w wireError) fault(op string, line channels.ID) *channels.Error {
	code, subcode := codeText(w.Code), codeText(w.Subcode)
	e := &channels.Error{Op: op, Channel: line, Class: channels.ErrRejected, Provider: code}
	if subcode != "" {
		e.Provider += "/" + subcode
	}
	v, known := verdictOf(code, subcode)
	if known {
		e.Class, e.RetryAfter, e.Person, e.Instead = v.class, v.wait, v.person, v.instead
	}
	if known && !v.unclear {
		e.Outcome = channels.NotSent
	} else if w.Transient && code != "" {
		e.Class, e.Outcome = channels.ErrUnavailable, channels.NotSent
	}
	return e
}

// codeText keeps out of Error.Provider what is no code.
func codeText(n json.Number) string {
	if i, err := strconv.ParseInt(n.String(), 10, 64); err == nil {
		return strconv.FormatInt(i, 10)
	}
	return ""
}

// judge reads an answer into to, or returns the error in it: an error object
// whatever the HTTP status says, or a status that is no success.
func (l *line) judge(op string, reply *httpx.Reply, to any) *channels.Error {
	var w struct {
		Error *looseError `json:"error"`
	}
	status := reply.Status
	err := httpx.DecodeJSON(reply.Body, &w, httpx.JSONLimits{Lenient: true})
	var e *channels.Error
	switch {
	case err == nil && w.Error != nil:
		e = w.Error.plain().fault(op, l.info.ID)
	case status < 200 || status > 299:
		e = wordless(op, l.info.ID, status)
	default:
		if err := httpx.DecodeJSON(reply.Body, to, httpx.JSONLimits{Lenient: true}); err != nil {
			return unclear(op, l.info.ID, status, err)
		}
		return nil
	}
	now := l.app.cfg.Now()
	if asked, ok := httpx.RetryAfter(reply.Header, now); ok {
		e.RetryAfter = max(e.RetryAfter, asked)
	}
	if errors.Is(e, channels.ErrRateLimited) && !e.Person {
		e.RetryAfter = max(e.RetryAfter, regain(reply.Header))
	}
	return e
}

// wordless judges an answer without an error object, such as a gateway's: there
// the HTTP status is all that is said. A refusal of the request (4xx) is
// certain; after anything else the message may be on its way.
func wordless(op string, line channels.ID, status int) *channels.Error {
	e := &channels.Error{Op: op, Channel: line, Class: channels.ErrUnavailable, Provider: httpCode(status)}
	switch {
	case status == http.StatusRequestTimeout || status < 400 || status > 499:
		return e
	case status == http.StatusTooManyRequests:
		e.Class = channels.ErrRateLimited
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Class = channels.ErrCredentials
	case status == http.StatusRequestEntityTooLarge:
		e.Class = channels.ErrTooLong
	default:
		e.Class = channels.ErrRejected
	}
	e.Outcome = channels.NotSent
	return e
}

// failed makes the error of a call without a usable answer.
func failed(op string, line channels.ID, err error) *channels.Error {
	e := &channels.Error{Op: op, Channel: line, Class: channels.ErrUnavailable, Err: err}
	var f *httpx.Failure
	if !errors.As(err, &f) {
		return e
	}
	switch {
	case f.Status != 0: // without its text, no answer is certain
		e.Provider = httpCode(f.Status)
	case f.Impossible():
		e.Class = channels.ErrMalformed
	}
	if f.Sent == httpx.NotSent {
		e.Outcome = channels.NotSent
	}
	return e
}

// unclear is the error of a success that does not say what became of the
// message.
func unclear(op string, line channels.ID, status int, err error) *channels.Error {
	return &channels.Error{Op: op, Channel: line, Class: channels.ErrMalformed, Provider: httpCode(status), Err: err}
}

func httpCode(status int) string { return "http_" + strconv.Itoa(status) }

// refuse is the error of what we do not ask of Meta in the first place.
func (l *line) refuse(op string, class error, reason string) *channels.Error {
	return &channels.Error{Op: op, Channel: l.info.ID, Class: class, Outcome: channels.NotSent, Err: errors.New(reason)}
}

// withoutToken is the error of a call that no access token was given for.
func (l *line) withoutToken(op string) *channels.Error {
	return &channels.Error{Op: op, Channel: l.info.ID, Class: channels.ErrCredentials, Outcome: channels.NotSent, Err: errNoToken}
}

// orNil keeps a nil *channels.Error from becoming an error that is not nil.
func orNil(err *channels.Error) error {
	if err == nil {
		return nil
	}
	return err
}
