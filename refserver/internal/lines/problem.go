package lines

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Problem is why an act was not done, in the form of RFC 9457. It repeats nothing
// of the request and holds no secret.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	// Field names what of the request is meant.
	Field string `json:"field,omitempty"`
	// Reason is the provider's own code, for who knows it.
	Reason string `json:"reason,omitempty"`
	// Confirm is what a removal must be repeated with.
	Confirm string `json:"confirm,omitempty"`

	cause error
}

// kinds are all problems: code, status and title. The codes are part of the API and
// of the pages' texts ("problem." and the code): they never change their meaning.
func kinds() map[string]Problem {
	return map[string]Problem{
		"malformed_request":   {Status: 400, Title: "The request body is not what this operation takes"},
		"malformed_parameter": {Status: 400, Title: "A query parameter is malformed, repeated or unknown"},
		"unauthenticated":     {Status: 401, Title: "A valid token is required"},
		"role":                {Status: 403, Title: "Only an administrator may do this"},
		"agency":              {Status: 403, Title: "The server serves no lines of this agency"},
		"cross_origin":        {Status: 403, Title: "The request comes from another site"},
		"not_found":           {Status: 404, Title: "There is no such thing"},
		"method_not_allowed":  {Status: 405, Title: "The method is not allowed here"},
		"id_taken":            {Status: 409, Title: "Another line has this name, or had it"},
		"account_taken":       {Status: 409, Title: "The account is another line's already"},
		"confirm":             {Status: 409, Title: "A removal must be confirmed with the value of confirm"},
		"configured":          {Status: 409, Title: "The line is one of the configuration and is removed there"},
		"conflict":            {Status: 409, Title: "The line changed meanwhile; read it again"},
		"login_not_ready":     {Status: 409, Title: "The login is not finished, or has failed"},
		"too_large":           {Status: 413, Title: "The request is too large"},
		"media_type":          {Status: 415, Title: "The content type is not the one that this operation takes"},
		"malformed_id":        {Status: 422, Title: "The name of the line must be 1-64 characters of a-z, 0-9, '-', '_', '.'"},
		"malformed_name":      {Status: 422, Title: "The name for people is longer than 128 bytes, or no text"},
		"malformed_pin":       {Status: 422, Title: "The PIN must be six digits"},
		"not_chosen":          {Status: 422, Title: "The account is none of those that were chosen in the login"},
		"choice_forbidden":    {Status: 422, Title: "Who logged in may not connect this account"},
		"choice_rejected":     {Status: 422, Title: "The provider refused this account"},
		"choice_unfinished":   {Status: 422, Title: "The account must be registered first: a PIN is required"},
		"login_state":         {Status: 409, Title: "What came back belongs to no login of this browser"},
		"login_expired":       {Status: 409, Title: "The login took too long; begin again"},
		"login_denied":        {Status: 409, Title: "The login was broken off; begin again"},
		"login_code":          {Status: 409, Title: "The login was used already; begin again"},
		"too_many_failures":   {Status: 429, Title: "Too many wrong tokens came from here"},
		"internal":            {Status: 500, Title: "The request failed"},
		"provider_rejected":   {Status: 502, Title: "The provider refused it; nothing was changed"},
		"provider_dead":       {Status: 502, Title: "The provider does not accept the token any more; log in again"},
		"not_unsubscribed":    {Status: 502, Title: "The provider did not end the subscription; nothing was removed and the line is served on"},
		"half_added":          {Status: 500, Title: "The line is not added, but the provider may go on sending its messages; add it again or end that at the provider"},
		"not_served":          {Status: 500, Title: "The change is stored, but takes effect with the next start only"},
		"unavailable":         {Status: 503, Title: "It cannot be done now; nothing was changed"},
		"provider_down":       {Status: 503, Title: "The provider cannot be reached now; nothing was changed"},
	}
}

func problem(code string) *Problem {
	p, ok := kinds()[code]
	if !ok {
		code, p = "internal", kinds()["internal"]
	}
	p.Code, p.Type = code, "urn:liidestuja:lines:"+code
	return &p
}

// NewProblem is the problem of a code; one that is not known is "internal".
func NewProblem(code string) *Problem { return problem(code) }

// in names the field of the request that is meant.
func (p *Problem) in(field string) *Problem { p.Field = field; return p }

// because keeps the cause for the technical log.
func (p *Problem) because(err error) *Problem { p.cause = err; return p }

// Error returns the code.
func (p *Problem) Error() string { return "lines: " + p.Code }

// Unwrap returns the cause, if any.
func (p *Problem) Unwrap() error { return p.cause }

// LogValue returns the code and the cause, which is an error of ours or of a driver
// and holds no secret.
func (p *Problem) LogValue() slog.Value {
	if p.cause != nil {
		return slog.StringValue(p.Code + ": " + p.cause.Error())
	}
	return slog.StringValue(p.Code)
}

// AsProblem returns the answer to an error; nil for nil.
func AsProblem(err error) *Problem {
	var p *Problem
	var e *channels.Error
	var big *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case errors.As(err, &big):
		return problem("too_large")
	case errors.As(err, &e):
		return providerSays(e)
	case errors.Is(err, alt.ErrConflict):
		return problem("conflict")
	case errors.Is(err, alt.ErrNotFound):
		return problem("not_found")
	}
	return problem("unavailable").because(err)
}

// providerSays is the answer to an act that the provider did not do.
func providerSays(e *channels.Error) *Problem {
	code := "provider_rejected"
	switch {
	case errors.Is(e, channels.ErrCredentials):
		code = "provider_dead"
	case errors.Is(e, channels.ErrUnavailable), errors.Is(e, channels.ErrRateLimited):
		code = "provider_down"
	}
	p := problem(code).because(e)
	p.Reason = e.Provider
	return p
}
