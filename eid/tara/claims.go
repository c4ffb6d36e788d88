package tara

import (
	"crypto/subtle"
	"encoding/json"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// claims are what is read of an ID token. What is absent stays nil or empty; a
// value of another type spoils the token.
type claims struct {
	Issuer    string   `json:"iss"`
	Audience  audience `json:"aud"`
	Party     *string  `json:"azp"`
	Expires   *float64 `json:"exp"`
	IssuedAt  *float64 `json:"iat"`
	Subject   string   `json:"sub"`
	Means     []string `json:"amr"`
	Level     *string  `json:"acr"`
	State     *string  `json:"state"`
	Nonce     string   `json:"nonce"`
	Profile   profile  `json:"profile_attributes"`
	Born      string   `json:"birthdate"`
	GivenName string   `json:"given_name"`
	Family    string   `json:"family_name"`
}

type profile struct {
	Born       string `json:"date_of_birth"`
	GivenName  string `json:"given_name"`
	FamilyName string `json:"family_name"`
}

// audience is one text or a list of them.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		*a = audience{""}
		return json.Unmarshal(b, &(*a)[0])
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// rules are what of the configuration decides on claims.
type rules struct {
	now  time.Time
	skew time.Duration
	top  bool // the profile is at the top
}

// identity reads the claims of a token whose signature is good, and returns whom
// they name if they answer b. Its errors are a *Failure that names the claim.
func (b *begun) identity(payload []byte, r rules) (eid.Identity, error) {
	var c claims
	if httpx.DecodeJSON(payload, &c, httpx.JSONLimits{}) != nil {
		return eid.Identity{}, untrusted("claims")
	}
	if rule := b.broken(&c, r); rule != "" {
		return eid.Identity{}, untrusted(rule)
	}
	if c.Level == nil {
		return eid.Identity{}, &Failure{Stage: Token, Code: "acr", Err: eid.ErrTooWeak}
	}
	level, err := eid.ParseLevel(*c.Level)
	switch {
	case err != nil || level == eid.Undefined:
		return eid.Identity{}, untrusted("acr")
	case !level.AtLeast(b.Level):
		return eid.Identity{}, &Failure{Stage: Token, Code: "acr", Err: eid.ErrTooWeak}
	}
	return b.person(&c, level, r.top)
}

// broken returns the first claim that does not belong to what was asked, "" when
// all do.
func (b *begun) broken(c *claims, r rules) string {
	expires, ends := instant(c.Expires)
	issued, dated := instant(c.IssuedAt)
	switch {
	case c.Issuer != b.Issuer:
		return "iss"
	case !slices.Contains(c.Audience, b.Client):
		return "aud"
	case c.Party != nil && *c.Party != b.Client, len(c.Audience) > 1 && c.Party == nil:
		return "azp" // who shares a token must be told apart from whom it was made for
	case !ends || !expires.After(r.now.Add(-r.skew)):
		return "exp"
	case !dated || issued.After(r.now.Add(r.skew)):
		return "iat"
	case subtle.ConstantTimeCompare([]byte(c.Nonce), []byte(b.Nonce)) != 1:
		return "nonce"
	case c.State != nil && subtle.ConstantTimeCompare([]byte(*c.State), []byte(b.Word)) != 1:
		return "state"
	case !b.offered(c.Means):
		return "amr"
	}
	return ""
}

// offered reports whether all means of a token, at least one, are of those that
// were asked for.
func (b *begun) offered(means []string) bool {
	for _, m := range means {
		if m == "" || len(b.Means) > 0 && !slices.Contains(b.Means, m) {
			return false
		}
	}
	return len(means) > 0
}

// person reads who it is.
func (b *begun) person(c *claims, level eid.Level, top bool) (eid.Identity, error) {
	if len(c.Subject) < 3 {
		return eid.Identity{}, untrusted("sub")
	}
	code, err := eid.NewPersonalCode(c.Subject[:2], c.Subject[2:])
	if err != nil {
		return eid.Identity{}, untrusted("sub")
	}
	if b.Code != "" && subtle.ConstantTimeCompare([]byte(code), []byte(b.Code)) != 1 {
		return eid.Identity{}, untrusted("another person")
	}
	who := c.Profile
	if top {
		who = profile{Born: c.Born, GivenName: c.GivenName, FamilyName: c.Family}
	}
	born := code.Born()
	if who.Born != "" {
		if born, err = eid.ParseDate(who.Born); err != nil {
			return eid.Identity{}, untrusted("date_of_birth")
		}
	}
	return eid.Identity{
		Code: code, GivenName: who.GivenName, FamilyName: who.FamilyName, Born: born, Method: eid.TARA, Level: level,
	}, nil
}

// instant reads a NumericDate, and false when there is none that a clock could show.
func instant(seconds *float64) (time.Time, bool) {
	if seconds == nil || *seconds < 0 || *seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(*seconds), 0), true
}

func untrusted(rule string) *Failure {
	return &Failure{Stage: Token, Code: rule, Err: eid.ErrUntrusted}
}
