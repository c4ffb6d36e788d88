package trust

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Checker tells whether a certificate was revoked. It is asked once the chain was
// verified. Nil means good at that time, which is close to now; the errors are
// below, and whatever else goes wrong is an error too, so that nothing unknown is
// ever taken for good.
type Checker interface {
	Check(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) error
}

// What a Checker found. Their texts and those of what wraps them say nothing of
// the person.
var (
	// ErrRevoked: the issuer has revoked or suspended the certificate. It is also
	// eid.ErrUntrusted.
	ErrRevoked = fmt.Errorf("eid/trust: certificate is revoked: %w", eid.ErrUntrusted)
	// ErrUnknownStatus: the issuer does not know the certificate, or the certificate
	// does not say where to ask. It is also eid.ErrUntrusted.
	ErrUnknownStatus = fmt.Errorf("eid/trust: certificate is not known to be good: %w", eid.ErrUntrusted)
	// ErrStatusUnreachable: nobody could be asked, or nothing came back that can be
	// believed. It may be asked again; it is not eid.ErrUntrusted.
	ErrStatusUnreachable = errors.New("eid/trust: revocation status could not be obtained")
)
