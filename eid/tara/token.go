package tara

import (
	"context"
	"errors"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// maxToken is the longest ID token that is looked at, in bytes.
const maxToken = 32 << 10

// read verifies an ID token and returns whom it names.
func (a *Authenticator) read(ctx context.Context, p *provider, b *begun, raw string) (eid.Identity, error) {
	id, err := a.verify(ctx, p, b, raw)
	var f *Failure
	if errors.As(err, &f) {
		f.Spent = true // the token came of it
		if f.Stage == Token {
			f.Token = []byte(raw[:min(len(raw), maxToken)])
		}
		if f.Err == nil { // and is gone with it
			f.Err = eid.ErrFailed
		}
	}
	return id, err
}

func (a *Authenticator) verify(ctx context.Context, p *provider, b *begun, raw string) (eid.Identity, error) {
	payload, err := a.signed(ctx, p, raw)
	if err != nil {
		return eid.Identity{}, err
	}
	now := a.cfg.Now()
	id, err := b.identity(payload, rules{now: now, skew: a.cfg.Skew, top: a.cfg.GovSSOClaims})
	if err != nil {
		return eid.Identity{}, err
	}
	id.At, id.Evidence = now, []byte(raw)
	return id, nil
}

// signed returns the claims of a token that one of TARA's keys has signed. The
// library checks the signature alone: its other checks quote what they refuse, and
// know no skew.
func (a *Authenticator) signed(ctx context.Context, p *provider, raw string) ([]byte, error) {
	if len(raw) > maxToken || strings.Count(raw, ".") != 2 {
		return nil, untrusted("form")
	}
	keys := &watched{KeySet: p.keys}
	_, err := oidc.NewVerifier(a.cfg.Issuer, keys, &oidc.Config{
		SupportedSigningAlgs: []string{oidc.RS256},
		SkipClientIDCheck:    true, SkipIssuerCheck: true, SkipExpiryCheck: true, // see begun.identity
	}).Verify(ctx, raw)
	switch {
	case keys.unreachable():
		return nil, unreachable(Keys, keys.err)
	case keys.payload == nil:
		return nil, untrusted("signature")
	case err != nil: // signed, and not what an ID token looks like
		return nil, untrusted("claims")
	}
	return keys.payload, nil
}

// watched keeps what a key set answered to one token, which the verifier turns
// into text.
type watched struct {
	oidc.KeySet
	payload []byte
	err     error
}

// VerifySignature implements oidc.KeySet.
func (w *watched) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	w.payload, w.err = w.KeySet.VerifySignature(ctx, jwt)
	return w.payload, w.err
}

// unreachable reports that no keys could be had to decide with.
func (w *watched) unreachable() bool {
	var status statusError
	var failed *httpx.Failure
	return errors.As(w.err, &status) || errors.As(w.err, &failed) ||
		errors.Is(w.err, context.Canceled) || errors.Is(w.err, context.DeadlineExceeded)
}
