package smartid

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Authenticator authenticates with API v3. It implements [eid.Authenticator] and
// [eid.LiveLinker], and signs besides.
type Authenticator struct{ s *settings }

var (
	_ eid.Authenticator = (*Authenticator)(nil)
	_ eid.LiveLinker    = (*Authenticator)(nil)
)

// New checks cfg and returns an authenticator. It does no I/O. Errors name the
// field.
func New(cfg Config) (*Authenticator, error) {
	cfg.Flow = orDefault(cfg.Flow, DeviceLink)
	if cfg.Flow != DeviceLink && cfg.Flow != Notification {
		return nil, fmt.Errorf("eid/smartid: Config.Flow is unknown")
	}
	s, err := cfg.check(interactionsIn(cfg.Flow))
	if err != nil {
		return nil, err
	}
	return &Authenticator{s}, nil
}

// Method returns [eid.SmartID].
func (*Authenticator) Method() eid.Method { return eid.SmartID }

// Begin implements [eid.Authenticator].
//
// By device link, whoever answers is the person unless r.Code is given. LiveLink
// has the text of the QR code, and with a ReturnURL the challenge has a Link for
// a person on the device with the app; both are of the same session. A person
// who took the link is proven only with the query of the return.
//
// By notification r.Code is required, ReturnURL is not used, and the challenge
// has the control code.
func (a *Authenticator) Begin(ctx context.Context, r eid.Request) (eid.Challenge, error) {
	if a.s.Flow == Notification && r.Code == "" {
		return eid.Challenge{}, fmt.Errorf("%w: Code: required", eid.ErrRequest)
	}
	return a.begin(ctx, r, "")
}

// BeginDocument is Begin for the account with this number, which an earlier
// [Verified] has named: the same person on the same device, as for a known chat
// account that has to prove itself again.
func (a *Authenticator) BeginDocument(ctx context.Context, r eid.Request, document string) (eid.Challenge, error) {
	if !validDocument(document) {
		return eid.Challenge{}, fmt.Errorf("%w: document", eid.ErrRequest)
	}
	return a.begin(ctx, r, document)
}

func (a *Authenticator) begin(ctx context.Context, r eid.Request, document string) (eid.Challenge, error) {
	if r.Code != "" && r.Code.Valid() != nil {
		return eid.Challenge{}, fmt.Errorf("%w: Code", eid.ErrRequest)
	}
	certificates, err := a.s.certificatesFor(a.s.Environment.Authentication, r.Required())
	if err != nil {
		return eid.Challenge{}, err
	}
	st, err := a.newState(kindAuthentication, r.Text, r.Language, r.ReturnURL)
	if err != nil {
		return eid.Challenge{}, err
	}
	challenge, err := a.s.draw(64)
	if err != nil {
		return eid.Challenge{}, err
	}
	st.challenge, st.hash, st.algorithm = base64.StdEncoding.EncodeToString(challenge), string(a.s.Hash), algorithmPSS
	st.certificates, st.level = string(certificates), r.Required().String()
	st.code, st.document = string(r.Code), document

	req := a.request(st, protocolACSP)
	req.Parameters = &protocolParameters{
		Challenge: st.challenge, Algorithm: st.algorithm, Parameters: &hashParameters{a.s.Hash},
	}
	path, linked := "/authentication/device-link", a.s.Flow == DeviceLink
	if !linked {
		path, req.VCType = "/authentication/notification", "numeric4"
	}
	if _, err := a.start(ctx, st, addressed(path, document, r.Code), req, linked); err != nil {
		return eid.Challenge{}, err
	}
	c := a.challenge(st, SessionAuthentication)
	if !linked {
		c.Code = ControlCode(challenge)
	}
	return c, nil
}

// newState begins a state with what the person will see and where a browser
// comes back to.
func (a *Authenticator) newState(kind byte, text, language, returnURL string) (*state, error) {
	lang, err := wireLanguage(language)
	if err != nil {
		return nil, err
	}
	st := &state{kind: kind, lang: lang}
	if kind != kindChoice {
		offer, err := a.s.screens(text, language)
		if err != nil {
			return nil, err
		}
		st.interactions = encodeInteractions(offer)
	}
	if returnURL == "" || a.s.Flow != DeviceLink {
		return st, nil
	}
	value, err := a.s.draw(16)
	if err != nil {
		return nil, err
	}
	st.value = base64.RawURLEncoding.EncodeToString(value)
	if st.callback, err = callbackURL(returnURL, st.value, a.s.InsecureHTTP); err != nil {
		return nil, err
	}
	st.flow = string(Web2App)
	if a.s.App {
		st.flow = string(App2App)
	}
	return st, nil
}

// request is what all sessions are begun with.
func (a *Authenticator) request(st *state, protocol string) *sessionRequest {
	return &sessionRequest{
		RelyingPartyUUID: a.s.RelyingPartyUUID, RelyingPartyName: a.s.RelyingPartyName, CertificateLevel: CertificateLevel(st.certificates),
		SignatureProtocol: protocol, Interactions: st.interactions, Properties: a.s.properties(), Callback: st.callback,
	}
}

// start makes the call, and completes the state with what the service answers.
func (a *Authenticator) start(ctx context.Context, st *state, path string, req *sessionRequest, linked bool) (*sessionReply, error) {
	var reply sessionReply
	if err := a.s.api.post(ctx, opBegin, path, req, &reply); err != nil {
		return nil, err
	}
	if !reply.usable(linked, a.s.InsecureHTTP) {
		return nil, misunderstood(opBegin, nil)
	}
	st.id = reply.ID
	if linked {
		st.base, st.token, st.secret = reply.Base, reply.Token, reply.Secret
	}
	st.begun = a.s.Now().Truncate(time.Millisecond)
	st.expires = st.begun.Add(a.s.Lifetime)
	return &reply, nil
}

// challenge returns what the caller gets of a state.
func (a *Authenticator) challenge(st *state, t SessionType) eid.Challenge {
	c := eid.Challenge{State: a.s.seal(st), Expires: st.expires}
	switch {
	case st.callback == "":
	case st.flow == string(App2App):
		c.Link = a.s.link(st, t).App2App()
	default:
		c.Link = a.s.link(st, t).Web2App()
	}
	return c
}

// link returns what the links of a session are computed from.
func (s *settings) link(st *state, t SessionType) Link {
	_, secret := st.binding()
	return Link{
		SchemeName: s.Environment.SchemeName, RelyingPartyName: s.RelyingPartyName, Session: t, Challenge: st.challenge,
		Interactions: st.interactions, Callback: st.callback, Base: st.base, Token: st.token, Secret: secret, Language: st.lang,
	}
}

// LiveLink implements [eid.LiveLinker]: the text of the QR code at that time, of
// anything begun by device link. It is to be shown for a second and never made in
// advance.
func (a *Authenticator) LiveLink(s eid.State, now time.Time) (string, error) {
	if len(s) < 2 {
		return "", foreign("state of another kind or version")
	}
	purpose := SessionAuthentication
	switch s[1] {
	case kindAuthentication:
	case kindSignature:
		purpose = SessionSignature
	case kindChoice:
		purpose = SessionCertificateChoice
	default:
		return "", foreign("state of another kind or version")
	}
	st, err := a.s.open(s, s[1])
	switch {
	case err != nil:
		return "", err
	case !st.byLink():
		return "", foreign("session without a device link")
	case !now.Before(st.begun.Add(a.s.QRFor)) || !now.Before(st.expires):
		return "", fmt.Errorf("eid/smartid: %w", eid.ErrExpired)
	}
	return a.s.link(st, purpose).QR(now.Sub(st.begun)), nil
}
