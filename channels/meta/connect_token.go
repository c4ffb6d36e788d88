package meta

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// TokenState is what Meta says of an access token.
type TokenState struct {
	// Valid is false for a token that is dead or another app's.
	Valid bool
	// Reason is the provider's code of what is wrong, such as "190/460", which
	// Advice explains; empty for a valid token.
	Reason string
	// User is the id within the app of who logged in, by which SignedRequest names
	// them; empty for a token that is of nobody. It is not to be logged.
	User string
	// Expires is when the token ends; zero: it has no end.
	Expires time.Time
	// DataUntil is when the person's consent has to be renewed; zero: never.
	DataUntil time.Time
	// Scopes are the permissions that were granted, and Missing those that the
	// account needs and were not.
	Scopes, Missing []string
	// Businesses are the WhatsApp Business Accounts that the token is for.
	Businesses []string
}

// Inspect asks what a.Token is good for. Of a, Kind, Token and InstagramLogin
// are needed. A dead token is a TokenState, not an error: errors are of the
// asking. Meta takes the token to be inspected in the query alone; the secret
// that the question is asked with travels in a header.
func (c *Connector) Inspect(ctx context.Context, a Account) (TokenState, error) {
	const op = "inspect"
	switch {
	case a.Token == "":
		return TokenState{}, unfit(op, "Account.Token is required")
	case a.ownLogin():
		return TokenState{}, &channels.Error{Op: op, Class: channels.ErrUnsupported, Outcome: channels.NotSent}
	}
	var w struct {
		Data *struct {
			AppID     loose    `json:"app_id"`
			User      loose    `json:"user_id"`
			Valid     yes      `json:"is_valid"`
			Expires   moment   `json:"expires_at"`
			DataUntil moment   `json:"data_access_expires_at"`
			Scopes    []string `json:"scopes"`
			Granular  []struct {
				Scope   string   `json:"scope"`
				Targets []string `json:"target_ids"`
			} `json:"granular_scopes"`
			Error *struct {
				wireError
				Subcode loose `json:"subcode"`
			} `json:"error"`
		} `json:"data"`
	}
	call := httpx.Call{Op: op, Method: http.MethodGet, Path: "/debug_token", Query: url.Values{"input_token": {string(a.Token)}}}
	if failure := c.guest(c.appToken()).call(ctx, call, &w); failure != nil {
		return TokenState{}, harmless(failure)
	}
	if w.Data == nil {
		return TokenState{}, unclear(op, "", http.StatusOK, errNoToken)
	}
	s := TokenState{
		Valid: bool(w.Data.Valid), User: string(w.Data.User), Expires: w.Data.Expires.Time, DataUntil: w.Data.DataUntil.Time, Scopes: w.Data.Scopes,
	}
	if app := string(w.Data.AppID); app != "" && app != c.cfg.AppID {
		s.Valid, s.Reason = false, "other_app"
	}
	if e := w.Data.Error; e != nil && !s.Valid {
		s.Reason = e.wireError.fault(op, "").Provider
		if subcode := e.Subcode.Word(); subcode != "" {
			s.Reason = codeText(e.Code) + "/" + subcode
		}
	}
	for _, g := range w.Data.Granular {
		if g.Scope == "whatsapp_business_management" {
			s.Businesses = slices.DeleteFunc(g.Targets, func(id string) bool { return !number(id) })
		}
		if !slices.Contains(s.Scopes, g.Scope) {
			s.Scopes = append(s.Scopes, g.Scope)
		}
	}
	for _, scope := range a.scopes() {
		if !slices.Contains(s.Scopes, scope) {
			s.Missing = append(s.Missing, scope)
		}
	}
	return s, nil
}
