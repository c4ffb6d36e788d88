package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Rule is the rule that a certificate breaks, as an error: it wraps
// [eid.ErrUntrusted], and errors.Is finds the rule itself. It says nothing of the
// person.
type Rule string

// Rules.
const (
	RuleForm     Rule = "form"         // it cannot be read
	RuleCA       Rule = "leaf is a CA" // it could issue others
	RuleKey      Rule = "key"          // of a kind or length that is not accepted
	RuleValidity Rule = "validity"     // not valid yet or any more, or one of its authorities
	RuleChain    Rule = "chain"        // no authority of the store issued it
	RulePurpose  Rule = "purpose"      // made for something else
	RulePolicy   Rule = "policy"       // issued under no policy of the profile
	RuleSubject  Rule = "subject"      // it does not say clearly whose it is
)

// Error names the rule.
func (r Rule) Error() string { return "eid/trust: certificate refused: " + string(r) }

// Unwrap makes every rule match eid.ErrUntrusted.
func (Rule) Unwrap() error { return eid.ErrUntrusted }

// Purpose is one thing that a certificate may have been made for.
type Purpose struct {
	// Usage are bits of the key usage, of which the certificate has all. Others do
	// not matter. Never zero.
	Usage x509.KeyUsage
	// ExtUsage is an extended usage that the certificate has. Nil: none is asked for.
	ExtUsage asn1.ObjectIdentifier
}

// Policy says what level certificates of a kind are of.
type Policy struct {
	Level eid.Level
	// All are certificate policies, all of which the certificate carries. At least
	// one.
	All []asn1.ObjectIdentifier
}

// Profile is what is asked of a certificate. It is data of an environment: the
// policies of a demo are not those of the live service.
type Profile struct {
	// Purposes: the certificate serves one of them. At least one.
	Purposes []Purpose
	// Policies: the certificate fits one of them. Of several the highest level
	// counts. At least one.
	Policies []Policy
}

// Valid returns an error with the name of the field unless the profile asks for
// something everywhere. Constructors call it, so that an omission is noticed
// before somebody authenticates.
func (p Profile) Valid() error {
	if len(p.Purposes) == 0 || len(p.Policies) == 0 {
		return errors.New("eid/trust: Profile.Purposes and Profile.Policies are required")
	}
	for i, purpose := range p.Purposes {
		if purpose.Usage == 0 {
			return fmt.Errorf("eid/trust: Profile.Purposes[%d].Usage is required", i)
		}
	}
	for i, policy := range p.Policies {
		if len(policy.All) == 0 || policy.Level < eid.Low || policy.Level > eid.High {
			return fmt.Errorf("eid/trust: Profile.Policies[%d] needs a level and a policy", i)
		}
	}
	return nil
}

// Verified is what a certificate turned out to be.
type Verified struct {
	// Chain begins with the certificate and ends with an anchor; at least two.
	Chain []*x509.Certificate
	// Issuer is Chain[1], which a [Checker] needs.
	Issuer *x509.Certificate
	// Level is that of the policy.
	Level eid.Level
}

// Verify tells whether leaf was issued by an authority of the store for what the
// profile says, and all of the chain was valid at that time. Every error wraps
// [eid.ErrUntrusted] and, but for a profile that is itself wrong, is a [Rule].
// Revocation is a matter of a [Checker].
func (s *Store) Verify(leaf *x509.Certificate, p Profile, at time.Time) (*Verified, error) {
	if err := p.Valid(); err != nil {
		return nil, fmt.Errorf("%w: %w", eid.ErrUntrusted, err)
	}
	switch {
	case leaf == nil || len(leaf.Raw) == 0 || len(leaf.Raw) > maxLeaf:
		return nil, RuleForm
	case leaf.IsCA || leaf.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0:
		return nil, RuleCA
	case !strongKey(leaf.PublicKey):
		return nil, RuleKey
	case at.Before(leaf.NotBefore) || at.After(leaf.NotAfter):
		return nil, RuleValidity
	case !slices.ContainsFunc(p.Purposes, func(q Purpose) bool { return q.served(leaf) }):
		return nil, RulePurpose
	}
	level := eid.Undefined
	for _, policy := range p.Policies {
		if policy.fits(leaf) {
			level = max(level, policy.Level)
		}
	}
	if level == eid.Undefined {
		return nil, RulePolicy
	}
	chain, err := s.chain(leaf, at)
	if err != nil {
		return nil, err
	}
	return &Verified{Chain: chain, Issuer: chain[1], Level: level}, nil
}

// chain leaves the path to crypto/x509, which refuses SHA-1 and MD5 signatures,
// critical extensions that it does not know, and paths longer than an authority
// may have.
func (s *Store) chain(leaf *x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	if chain := s.memory.recall(leaf, at); chain != nil {
		return chain, nil
	}
	chains, err := leaf.Verify(anyUsage(s.anchors, s.intermediates, at))
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return nil, RuleValidity
	case err != nil || len(chains) == 0 || len(chains[0]) < 2:
		return nil, RuleChain // the cause holds the certificate
	}
	s.memory.remember(chains[0][1:])
	return chains[0], nil
}

func (p Purpose) served(leaf *x509.Certificate) bool {
	if leaf.KeyUsage&p.Usage != p.Usage {
		return false
	}
	if p.ExtUsage == nil {
		return true
	}
	if slices.ContainsFunc(leaf.UnknownExtKeyUsage, p.ExtUsage.Equal) {
		return true
	}
	return slices.ContainsFunc(leaf.ExtKeyUsage, func(u x509.ExtKeyUsage) bool { return u.OID().EqualASN1OID(p.ExtUsage) })
}

func (p Policy) fits(leaf *x509.Certificate) bool {
	for _, want := range p.All {
		if !slices.ContainsFunc(leaf.Policies, func(have x509.OID) bool { return have.EqualASN1OID(want) }) {
			return false
		}
	}
	return true
}

// strongKey admits what the services use: RSA from 2048 bits, and the curves of
// NIST from 256.
func strongKey(key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		return bits >= 2047 && bits <= 16384 // Smart-ID has keys of a bit less than their name says
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256() || k.Curve == elliptic.P384() || k.Curve == elliptic.P521()
	}
	return false
}

func keyName(key any) string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "EC " + k.Curve.Params().Name
	}
	return "unknown"
}
