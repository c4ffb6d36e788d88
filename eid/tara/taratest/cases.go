package taratest

import (
	"net/url"
	"time"
)

// Case is one way in which a login goes wrong. A client must refuse it.
type Case string

// Cases that TARA never shows and an attacker, or a broken service, might.
const (
	WrongIssuer     Case = "wrong issuer"
	WrongAudience   Case = "wrong audience"
	SharedAudience  Case = "two audiences without azp"
	WrongParty      Case = "azp of another client"
	WrongNonce      Case = "wrong nonce"
	EmptyNonce      Case = "empty nonce"
	NoNonce         Case = "no nonce"
	WrongState      Case = "wrong state in the token"
	WrongReturn     Case = "wrong state in the return"
	NoReturn        Case = "no state in the return"
	TwoReturns      Case = "two states in the return"
	LowLevel        Case = "level below what was asked"
	NoLevel         Case = "no level"
	UnknownLevel    Case = "unknown level"
	OtherMeans      Case = "means that nobody offers"
	NoMeans         Case = "no means"
	Expired         Case = "expired"
	NoExpiry        Case = "no expiry"
	FromFuture      Case = "issued in the future"
	Undated         Case = "no time of issue"
	NoCountry       Case = "subject without a country"
	NoSubject       Case = "no subject"
	BadBirth        Case = "date of birth that does not exist"
	AlgNone         Case = "not signed"
	AlgHS256        Case = "signed with the public key as a secret"
	StrangeKey      Case = "signed by a key that is not published"
	ForgedKey       Case = "signed by another key under a published name"
	Spoiled         Case = "spoiled signature"
	Swapped         Case = "claims of another token"
	NotAToken       Case = "not a token"
	NoToken         Case = "no ID token"
	ErrorWithStatus Case = "an error in an answer of success"
)

// Cases returns all of them.
func Cases() []Case {
	return []Case{
		WrongIssuer, WrongAudience, SharedAudience, WrongParty, WrongNonce, EmptyNonce, NoNonce, WrongState,
		WrongReturn, NoReturn, TwoReturns, LowLevel, NoLevel, UnknownLevel, OtherMeans, NoMeans, Expired, NoExpiry,
		FromFuture, Undated, NoCountry, NoSubject, BadBirth, AlgNone, AlgHS256, StrangeKey, ForgedKey, Spoiled, Swapped,
		NotAToken, NoToken, ErrorWithStatus,
	}
}

// Next spoils the next logins, one for each case, behind those that wait already.
func (s *Server) Next(c ...Case) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cases = append(s.cases, c...)
}

// NextClaims has the claims of the next login changed before they are signed. They
// are as JSON is decoded into: text, numbers, lists, maps.
func (s *Server) NextClaims(change func(claims map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims = append(s.claims, change)
}

// back spoils the query with which the browser comes back.
func (c Case) back(q url.Values) {
	switch c {
	case WrongReturn:
		q.Set("state", "another-"+q.Get("state"))
	case NoReturn:
		q.Del("state")
	case TwoReturns:
		q.Add("state", q.Get("state"))
	}
}

// spoil changes claims that were to be signed.
func (c Case) spoil(claims map[string]any, now time.Time) {
	switch c {
	case WrongIssuer:
		claims["iss"] = "https://tara.invalid"
	case WrongAudience:
		claims["aud"] = "another-client"
	case SharedAudience:
		claims["aud"] = []any{claims["aud"], "another-client"}
	case WrongParty:
		claims["azp"] = "another-client"
	case WrongNonce:
		claims["nonce"] = "another-nonce"
	case EmptyNonce:
		claims["nonce"] = ""
	case NoNonce:
		delete(claims, "nonce")
	case WrongState:
		claims["state"] = "another-state"
	case LowLevel:
		claims["acr"] = "low"
	case NoLevel:
		delete(claims, "acr")
	case UnknownLevel:
		claims["acr"] = "highest"
	case OtherMeans:
		claims["amr"] = []string{"banklink"}
	case NoMeans:
		claims["amr"] = []string{}
	case Expired:
		claims["exp"] = now.Add(-SessionLife).Unix()
	case NoExpiry:
		delete(claims, "exp")
	case FromFuture:
		claims["iat"] = now.Add(SessionLife).Unix()
		claims["exp"] = now.Add(SessionLife + TokenLife).Unix()
	case Undated:
		delete(claims, "iat")
	case NoCountry:
		claims["sub"] = "60001019906"
	case NoSubject:
		delete(claims, "sub")
	case BadBirth:
		for _, at := range []any{claims, claims["profile_attributes"]} {
			if m, ok := at.(map[string]any); ok {
				m["date_of_birth"], m["birthdate"] = "2000-02-30", "2000-02-30"
			}
		}
	}
}
