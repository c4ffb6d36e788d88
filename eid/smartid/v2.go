package smartid

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// ConfigV2 is what an [AuthenticatorV2] needs. The fields are those of [Config],
// with the same defaults.
type ConfigV2 struct {
	Environment                        Environment // [DemoV2], [LiveV2], or a simulator's
	RelyingPartyUUID, RelyingPartyName string
	Trust                              *trust.Store
	Revocation                         trust.Checker
	InsecureSkipRevocation             bool
	Pins                               []string
	InsecureNoPins                     bool
	Client                             *http.Client
	Hash                               Hash // one of SHA-2
	Certificates                       CertificateLevel
	// Interactions: API v2 has VerificationCodeChoice besides.
	Interactions          []InteractionType
	ShareIP               bool
	PollTimeout, Lifetime time.Duration
	Now                   func() time.Time
	Rand                  io.Reader
	InsecureHTTP          bool
}

// Format prints where it goes, whatever the verb.
func (c ConfigV2) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "smartid.ConfigV2("+c.Environment.BaseURL+")")
}

// LogValue gives where it goes.
func (c ConfigV2) LogValue() slog.Value { return slog.StringValue(c.Environment.BaseURL) }

// AuthenticatorV2 authenticates with API v2, for agencies whose contract is still
// for that one. The service calls the app of a person whose code is known; there
// are no device links. It implements [eid.Authenticator].
type AuthenticatorV2 struct{ s *settings }

var _ eid.Authenticator = (*AuthenticatorV2)(nil)

// NewV2 checks cfg and returns an authenticator. It does no I/O. Errors name the
// field.
func NewV2(cfg ConfigV2) (*AuthenticatorV2, error) {
	screens := interactionsIn(Notification)
	screens.allowed = append(screens.allowed, VerificationCodeChoice)
	s, err := Config{
		Environment: cfg.Environment, RelyingPartyUUID: cfg.RelyingPartyUUID, RelyingPartyName: cfg.RelyingPartyName,
		Flow: Notification, Trust: cfg.Trust, Revocation: cfg.Revocation, InsecureSkipRevocation: cfg.InsecureSkipRevocation,
		Pins: cfg.Pins, InsecureNoPins: cfg.InsecureNoPins, Client: cfg.Client, Hash: cfg.Hash,
		Certificates: cfg.Certificates, Interactions: cfg.Interactions, ShareIP: cfg.ShareIP, PollTimeout: cfg.PollTimeout,
		Lifetime: cfg.Lifetime, QRFor: time.Second, Now: cfg.Now, Rand: cfg.Rand, InsecureHTTP: cfg.InsecureHTTP,
	}.check(screens)
	if err != nil {
		return nil, err
	}
	if _, _, ok := s.Hash.sha2(); !ok {
		return nil, errors.New("eid/smartid: Config.Hash is not known to API v2")
	}
	return &AuthenticatorV2{s}, nil
}

// Method returns [eid.SmartID].
func (*AuthenticatorV2) Method() eid.Method { return eid.SmartID }

// Begin implements [eid.Authenticator]. r.Code is required; ReturnURL is not
// used. The control code is to be shown at once: on the device with the app, the
// app covers it as soon as the service has called it.
func (a *AuthenticatorV2) Begin(ctx context.Context, r eid.Request) (eid.Challenge, error) {
	if r.Code == "" {
		return eid.Challenge{}, fmt.Errorf("%w: Code: required", eid.ErrRequest)
	}
	return a.begin(ctx, r, "")
}

// BeginDocument is Begin for the account with this number, which an earlier
// [Verified] has named.
func (a *AuthenticatorV2) BeginDocument(ctx context.Context, r eid.Request, document string) (eid.Challenge, error) {
	if !validDocument(document) {
		return eid.Challenge{}, fmt.Errorf("%w: document", eid.ErrRequest)
	}
	return a.begin(ctx, r, document)
}

// requestV2 begins an authentication of API v2.
type requestV2 struct {
	RelyingPartyUUID string             `json:"relyingPartyUUID"`
	RelyingPartyName string             `json:"relyingPartyName"`
	CertificateLevel CertificateLevel   `json:"certificateLevel"`
	Hash             string             `json:"hash"`
	HashType         string             `json:"hashType"`
	Interactions     []interaction      `json:"allowedInteractionsOrder"`
	Properties       *requestProperties `json:"requestProperties,omitempty"`
}

func (a *AuthenticatorV2) begin(ctx context.Context, r eid.Request, document string) (eid.Challenge, error) {
	if r.Code != "" && r.Code.Valid() != nil {
		return eid.Challenge{}, fmt.Errorf("%w: Code", eid.ErrRequest)
	}
	certificates, err := a.s.certificatesFor(a.s.Environment.Authentication, r.Required())
	if err != nil {
		return eid.Challenge{}, err
	}
	lang, err := wireLanguage(r.Language)
	if err != nil {
		return eid.Challenge{}, err
	}
	offer, err := a.s.screens(r.Text, r.Language)
	if err != nil {
		return eid.Challenge{}, err
	}
	// Random bytes of a hash's length serve as the hash: nobody needs what it is of.
	algorithm, _ := a.s.Hash.crypto()
	hash, err := a.s.draw(algorithm.Size())
	if err != nil {
		return eid.Challenge{}, err
	}
	hashType, pkcs1, _ := a.s.Hash.sha2()
	st := &state{
		kind: kindAuthenticationV2, lang: lang,
		challenge: base64.StdEncoding.EncodeToString(hash), interactions: encodeInteractions(offer),
		hash: string(a.s.Hash), algorithm: pkcs1, certificates: string(certificates), level: r.Required().String(),
		code: string(r.Code), document: document,
	}
	var reply sessionReply
	err = a.s.api.post(ctx, opBegin, addressed("/authentication", document, r.Code), requestV2{
		RelyingPartyUUID: a.s.RelyingPartyUUID, RelyingPartyName: a.s.RelyingPartyName, CertificateLevel: certificates,
		Hash: st.challenge, HashType: hashType, Interactions: offer, Properties: a.s.properties(),
	}, &reply)
	switch {
	case err != nil:
		return eid.Challenge{}, err
	case !reply.usable(false, false):
		return eid.Challenge{}, misunderstood(opBegin, nil)
	}
	st.id = reply.ID
	st.begun = a.s.Now().Truncate(time.Millisecond)
	st.expires = st.begun.Add(a.s.Lifetime)
	return eid.Challenge{State: a.s.seal(st), Code: ControlCode(hash), Expires: st.expires}, nil
}

// Resolve implements [eid.Authenticator]. answer must be empty: no browser
// comes back with one.
func (a *AuthenticatorV2) Resolve(ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
	v, err := a.ResolveVerified(ctx, s, answer)
	if err != nil {
		return eid.Identity{}, err
	}
	return v.Identity, nil
}

// ResolveVerified is Resolve with all that was verified.
func (a *AuthenticatorV2) ResolveVerified(ctx context.Context, s eid.State, answer url.Values) (*Verified, error) {
	st, err := a.s.open(s, kindAuthenticationV2)
	if err != nil {
		return nil, err
	}
	session, _, err := a.s.await(ctx, st, answer)
	if err != nil {
		return nil, err
	}
	return a.s.verifier.VerifyV2(ctx, session, a.s.askedV2(st), a.s.Now())
}
