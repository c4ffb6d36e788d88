package smartid

import (
	"context"
	"fmt"

	"github.com/liidestuja/liidestuja/eid"
)

// ChoiceRequest says how a person is asked which account they sign with.
type ChoiceRequest struct {
	// Level is the least of the certificate. Undefined stands for High.
	Level eid.Level
	// Language and ReturnURL are as in [eid.Request].
	Language, ReturnURL string
}

// BeginCertificateChoice asks whoever answers for their certificate, by device
// link. It proves nothing of the person: only the signature that follows does.
func (a *Authenticator) BeginCertificateChoice(ctx context.Context, r ChoiceRequest) (eid.Challenge, error) {
	if a.s.Flow != DeviceLink {
		return eid.Challenge{}, fmt.Errorf("%w: Config.Flow: only by device link", eid.ErrRequest)
	}
	r.Level = orDefault(r.Level, eid.High)
	certificates, err := a.s.certificatesFor(a.s.Environment.Signing, r.Level)
	if err != nil {
		return eid.Challenge{}, err
	}
	st, err := a.newState(kindChoice, "", r.Language, r.ReturnURL)
	if err != nil {
		return eid.Challenge{}, err
	}
	st.certificates, st.level = string(certificates), r.Level.String()
	const path = "/signature/certificate-choice/device-link/anonymous"
	if _, err := a.start(ctx, st, path, a.request(st, ""), true); err != nil {
		return eid.Challenge{}, err
	}
	return a.challenge(st, SessionCertificateChoice), nil
}

// ResolveCertificateChoice returns the certificate that was chosen, verified.
// The app stays open until a signature linked to the choice is begun, so that is
// done at once.
func (a *Authenticator) ResolveCertificateChoice(ctx context.Context, s eid.State) (*SigningCertificate, error) {
	st, err := a.s.open(s, kindChoice)
	if err != nil {
		return nil, err
	}
	session, _, err := a.s.await(ctx, st, nil)
	if err != nil {
		return nil, err
	}
	return a.s.verifier.VerifyChoice(ctx, session, CertificateLevel(st.certificates), a.s.Now())
}
