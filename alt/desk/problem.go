package desk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// problem is an answer that is none, in the form of RFC 9457. It repeats
// nothing of the request.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	// Field names what of the request is meant.
	Field string `json:"field,omitempty"`
	// Instead says what may be tried in place of a refused message.
	Instead []channels.Alternative `json:"instead,omitempty"`
	Limit   *limitView             `json:"limit,omitempty"`
	Holder  *holderView            `json:"holder,omitempty"`

	header http.Header
}

// kinds are all problems: code, status and title. The codes are part of the
// API: they never change their meaning.
func kinds() map[string]problem {
	return map[string]problem{
		"malformed_request":   {Status: 400, Title: "The request body is not what this operation takes"},
		"malformed_parameter": {Status: 400, Title: "A query parameter is malformed, repeated or unknown"},
		"malformed_header":    {Status: 400, Title: "A header is malformed or missing"},
		"malformed_cursor":    {Status: 400, Title: "The cursor does not belong to this list"},
		"unauthenticated":     {Status: 401, Title: "A valid token is required"},
		"role":                {Status: 403, Title: "The role does not allow this operation"},
		"cross_origin":        {Status: 403, Title: "The request comes from another site"},
		"reason_required":     {Status: 403, Title: "The conversation is open to others for a reason only"},
		"policy":              {Status: 403, Title: "It is switched off here, or was asked for too often"},
		"not_holder":          {Status: 403, Title: "Only whoever has the conversation may see this"},
		"not_found":           {Status: 404, Title: "There is no such thing"},
		"method_not_allowed":  {Status: 405, Title: "The method is not allowed here"},
		"held":                {Status: 409, Title: "Somebody else holds the conversation"},
		"ended":               {Status: 409, Title: "The conversation has ended"},
		"conflict":            {Status: 409, Title: "The conversation changed meanwhile; read it again"},
		"line_removed":        {Status: 409, Title: "The line is no longer configured"},
		"not_settled":         {Status: 409, Title: "The verdict does not suit the letter"},
		"window_closed":       {Status: 409, Title: "The reply window is closed"},
		"opted_out":           {Status: 409, Title: "The person wants no messages"},
		"cannot_initiate":     {Status: 409, Title: "The person has not written on this line"},
		"unreachable":         {Status: 409, Title: "The person is not known by the same name there"},
		"too_large":           {Status: 413, Title: "The request is too large"},
		"media_type":          {Status: 415, Title: "The content type is not the one that this operation takes"},
		"file_type":           {Status: 415, Title: "Files of this type are not taken"},
		"key_reused":          {Status: 422, Title: "The idempotency key was used for another request"},
		"content_malformed":   {Status: 422, Title: "The content is malformed"},
		"content_too_long":    {Status: 422, Title: "The content is longer than the line carries"},
		"content_unsupported": {Status: 422, Title: "The line does not carry this content"},
		"template_refused":    {Status: 422, Title: "The line does not carry templates"},
		"unknown_file":        {Status: 422, Title: "The file was not uploaded by this caller, or too long ago"},
		"unknown_quote":       {Status: 422, Title: "The message to quote is not one of the conversation"},
		"too_many_failures":   {Status: 429, Title: "Too many wrong tokens came from here"},
		"too_many_streams":    {Status: 429, Title: "The caller has too many open streams"},
		"internal":            {Status: 500, Title: "The request failed"},
		"unavailable":         {Status: 503, Title: "The service cannot answer now"},
	}
}

func newProblem(code string) *problem {
	p, ok := kinds()[code]
	if !ok {
		code, p = "internal", kinds()["internal"]
	}
	p.Code, p.Type = code, "urn:liidestuja:desk:"+code
	return &p
}

// inField is a problem with the field that is meant.
func inField(code, field string) *problem {
	p := newProblem(code)
	p.Field = field
	return p
}

// Error returns the code.
func (p *problem) Error() string { return "desk: " + p.Code }

// asProblem returns the answer to an error; nil for nil.
func asProblem(err error) *problem {
	var p *problem
	var big *http.MaxBytesError
	var refused *channels.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case errors.As(err, &big), errors.Is(err, alt.ErrTooBig):
		return newProblem("too_large")
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.Is(err, alt.ErrNotFound):
		return newProblem("not_found")
	case errors.Is(err, alt.ErrHeld):
		return newProblem("held")
	case errors.Is(err, alt.ErrPolicy):
		return newProblem("policy")
	case errors.Is(err, alt.ErrConflict):
		return newProblem("conflict")
	case errors.Is(err, alt.ErrUnknownLine):
		return newProblem("line_removed")
	case errors.Is(err, alt.ErrIDReused):
		return newProblem("key_reused")
	case errors.Is(err, alt.ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return newProblem("unavailable")
	}
	return newProblem("internal")
}

// refusal is the answer to a message that cannot be sent as things stand.
func refusal(e *channels.Error) *problem {
	code := "internal"
	for class, c := range map[error]string{
		channels.ErrWindowClosed:   "window_closed",
		channels.ErrOptedOut:       "opted_out",
		channels.ErrCannotInitiate: "cannot_initiate",
		channels.ErrUnreachable:    "unreachable",
		channels.ErrTooLong:        "content_too_long",
		channels.ErrUnsupported:    "content_unsupported",
		channels.ErrTemplate:       "template_refused",
		channels.ErrMalformed:      "content_malformed",
	} {
		if errors.Is(e.Class, class) {
			code = c
		}
	}
	p := newProblem(code)
	p.Instead = e.Instead
	return p
}

// fail writes the answer to an error.
func (d *Desk) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	if p.Status >= http.StatusInternalServerError && r.Context().Err() == nil {
		d.cfg.Logger.ErrorContext(r.Context(), "desk: request failed", "operation", r.Pattern, "code", p.Code, "error", err)
	}
	maps.Copy(w.Header(), p.header)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="desk"`)
	}
	writeJSON(w, p.Status, "application/problem+json", p)
}

func writeJSON(w http.ResponseWriter, status int, mediaType string, v any) {
	// Text is written as it is: it goes to a program, with a type that no
	// browser takes for a page.
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		status, mediaType = http.StatusInternalServerError, "application/problem+json"
		b.Reset()
		_ = enc.Encode(newProblem("internal"))
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(b.String()))
}

// isInput reports that the store found an argument malformed.
func isInput(err error) bool { return errors.Is(err, alt.ErrInput) }
