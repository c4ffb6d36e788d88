package mobileid

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Method implements [eid.Authenticator].
func (a *Authenticator) Method() eid.Method { return eid.MobileID }

// Begin implements [eid.Authenticator]: the person's phone rings, and shows the
// relying party's name, the text and the control code, which is also in
// Challenge.Code. It needs Request.Code, of Estonia or Lithuania, and
// Request.Phone. Request.Text has at most 100 characters of GSM 03.38, five of
// them of its extension table, or else at most 50 characters. Who knows a code
// and a number can make the phone ring: callers limit how often.
//
// Beside eid.ErrRequest it returns a [*Failure] that is ErrUnavailable,
// ErrCredentials or ErrProtocol. That somebody has no Mobile-ID is said by Resolve.
func (a *Authenticator) Begin(ctx context.Context, r eid.Request) (eid.Challenge, error) {
	if r.Level < eid.Undefined || r.Level > eid.High {
		return eid.Challenge{}, refuse("Level")
	}
	body, err := a.session(r.Code, r.Phone, r.Text, r.Language)
	if err != nil {
		return eid.Challenge{}, err
	}
	chosen := make([]byte, 64)
	if _, err := io.ReadFull(a.rand, chosen); err != nil {
		return eid.Challenge{}, fmt.Errorf("eid/mobileid: Config.Rand: %w", err)
	}
	body.HashType, body.Hash = a.hash, a.hash.Sum(chosen)
	return a.begin(ctx, body, state{Op: opAuthentication, Code: r.Code, Level: r.Required()})
}

// Resolve implements [eid.Authenticator]. It waits at the service for
// Config.PollTimeout at most. The answer of a browser is not looked at: there is
// none. Errors are those of [Verifier.Verify] and, as a [*Failure], those of the
// service. A session is asked for once at a time: who comes meanwhile gets the
// same answer.
func (a *Authenticator) Resolve(ctx context.Context, sealed eid.State, _ url.Values) (eid.Identity, error) {
	s, answer, err := a.await(ctx, sealed, opAuthentication)
	if err != nil {
		return eid.Identity{}, err
	}
	return a.verifier.Verify(ctx, answer, Asked{Hash: s.Hash, Digest: s.Digest, Code: s.Code, Level: s.Level}, a.now())
}

// session makes the body of a session but for its hash.
func (a *Authenticator) session(code eid.PersonalCode, phone eid.Phone, text, language string) (request, error) {
	r, err := a.person(code, phone)
	if err != nil {
		return request{}, err
	}
	switch language {
	case "et", "":
		r.Language = "EST"
	case "en":
		r.Language = "ENG"
	case "ru":
		r.Language = "RUS"
	default:
		return request{}, refuse("Language")
	}
	if text != "" {
		r.DisplayText = text
		if r.DisplayTextFormat, err = displayFormat(text); err != nil {
			return request{}, err
		}
	}
	return r, nil
}

// person makes the part of a body that says who asks and who is asked. A code is
// checked to its last digit before it costs anything.
func (a *Authenticator) person(code eid.PersonalCode, phone eid.Phone) (request, error) {
	if _, err := eid.ParsePersonalCode(string(code)); err != nil || code.Country() != "EE" && code.Country() != "LT" {
		return request{}, refuse("Code")
	}
	estonian, lithuanian := strings.HasPrefix(string(phone), "+372"), strings.HasPrefix(string(phone), "+370")
	if phone.Valid() != nil || !estonian && !lithuanian {
		return request{}, refuse("Phone")
	}
	return request{
		RelyingPartyUUID: a.uuid, RelyingPartyName: a.name,
		PhoneNumber: string(phone), NationalIdentityNumber: code.Number(),
	}, nil
}

// begin starts a session and seals what has to be known of it.
func (a *Authenticator) begin(ctx context.Context, body request, s state) (eid.Challenge, error) {
	expires := a.now().Add(lifetime) // not later than the service's own count
	session, err := a.start(ctx, s.Op, body)
	if err != nil {
		return eid.Challenge{}, err
	}
	s.Session, s.Hash, s.Digest, s.Expires = session, body.HashType, body.Hash, expires
	sealed, err := a.seal(s)
	if err != nil {
		return eid.Challenge{}, err
	}
	return eid.Challenge{State: sealed, Code: ControlCode(body.Hash), Expires: expires}, nil
}

// await asks for a session, or shares the answer of who is just asking.
func (a *Authenticator) await(ctx context.Context, sealed eid.State, op string) (state, []byte, error) {
	s, err := a.open(sealed, op)
	if err != nil {
		return state{}, nil, err
	}
	left := s.Expires.Sub(a.now())
	if left <= 0 {
		return state{}, nil, fmt.Errorf("eid/mobileid: %w", eid.ErrExpired)
	}
	answer, err := a.flights.do(ctx, s.Session, func() ([]byte, error) {
		return a.poll(ctx, op, s.Session, a.wait(ctx, left))
	})
	return s, answer, err
}

// wait is how long a poll may take, so that a caller with less time gets
// ErrPending and not the end of its ctx.
func (a *Authenticator) wait(ctx context.Context, left time.Duration) time.Duration {
	wait := min(a.patience, left)
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)-travel/2)
	}
	return max(wait, minPoll)
}

func refuse(field string) error {
	return fmt.Errorf("eid/mobileid: %w: %s", eid.ErrRequest, field)
}
