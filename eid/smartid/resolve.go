package smartid

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Resolve implements [eid.Authenticator]. It waits for a decision as long as
// PollTimeout, or nearly until the deadline of ctx. An answer given on the same
// device stays ErrPending without the query of its return; with it, ErrPending
// means that the same query is to be tried again.
func (a *Authenticator) Resolve(ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
	v, err := a.ResolveVerified(ctx, s, answer)
	if err != nil {
		return eid.Identity{}, err
	}
	return v.Identity, nil
}

// ResolveVerified is Resolve with all that was verified, such as the number of
// the account.
func (a *Authenticator) ResolveVerified(ctx context.Context, s eid.State, answer url.Values) (*Verified, error) {
	st, err := a.s.open(s, kindAuthentication)
	if err != nil {
		return nil, err
	}
	session, back, err := a.s.await(ctx, st, answer)
	if err != nil {
		return nil, err
	}
	asked := a.s.asked(st)
	asked.Return = back
	return a.s.verifier.Verify(ctx, session, asked, a.s.Now())
}

// await returns the answer to a session once there is one that may be verified,
// and the return that goes with it.
func (s *settings) await(ctx context.Context, st *state, answer url.Values) (Session, *Return, error) {
	left := st.expires.Sub(s.Now())
	if left <= 0 {
		return Session{}, nil, fmt.Errorf("eid/smartid: %w", eid.ErrExpired)
	}
	var back *Return
	if len(answer) > 0 {
		var err error
		if back, err = st.returned(answer); err != nil {
			return Session{}, nil, err
		}
	}
	session, err := s.api.session(ctx, st.id, left)
	if err != nil {
		return Session{}, nil, err
	}
	if err := session.Err(); err != nil {
		return Session{}, nil, err
	}
	if sig := session.status.Signature; back == nil && sig != nil && sig.FlowType.returns() && slices.Contains(st.flows(), sig.FlowType) {
		// The answer is there, and what makes it one comes with the browser. To ask
		// again would bring the same at once, so the wait takes place here.
		return Session{}, nil, pending(ctx, s.api.patience(ctx, left))
	}
	return session, back, nil
}

// pending waits, and returns ErrPending, or the error of ctx when it ends first.
func pending(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return eid.ErrPending
	}
}

// returned reads the query of a return, and tells whether it belongs to the
// session, before anything is asked about it.
func (s *state) returned(answer url.Values) (*Return, error) {
	back, err := ParseReturn(answer)
	if err != nil {
		return nil, err
	}
	value, secret := s.binding()
	if err := back.Belongs(value, secret); err != nil {
		return nil, err
	}
	return back, nil
}

// binding returns what a return has to show. A signature that is linked to a
// choice has that of the choice: the app comes back once, at the end of both.
func (s *state) binding() (value string, secret []byte) {
	value, text := s.value, s.secret
	if s.linkedSecret != "" {
		value, text = s.linkedValue, s.linkedSecret
	}
	secret, _ = httpx.DecodeBase64(text) // valid has seen it
	return value, secret
}

// asked returns what the session was begun with.
func (s *settings) asked(st *state) Asked {
	level, _ := eid.ParseLevel(st.level) // valid has seen it
	value, secret := st.binding()
	return Asked{
		SchemeName: s.Environment.SchemeName, RelyingPartyName: s.RelyingPartyName, Challenge: st.challenge,
		Interactions: st.interactions, Callback: st.callback, Value: value, Secret: secret, Hash: Hash(st.hash), Flows: st.flows(),
		Certificates: CertificateLevel(st.certificates), Level: level, Code: eid.PersonalCode(st.code), Document: st.document,
	}
}
