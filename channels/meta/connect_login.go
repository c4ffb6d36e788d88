package meta

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Errors of a login, to be compared with errors.Is. After each the person starts
// again.
var (
	// ErrLoginState: what came back belongs to no login of this browser.
	ErrLoginState = errors.New("meta: not a login of this browser")
	// ErrLoginExpired: the login took longer than ConnectorConfig.LoginLife.
	ErrLoginExpired = errors.New("meta: the login took too long")
	// ErrLoginDenied: the person, or Meta, broke the login off.
	ErrLoginDenied = errors.New("meta: the login was broken off")
	// ErrLoginCode: the code was used before, has ended or is another app's. The
	// error of Exchange is a *channels.Error around it.
	ErrLoginCode = errors.New("meta: the code of the login is not valid")
)

// A state is, in base64url: 8 bytes of when it ends (Unix seconds), 16 random
// bytes, and the HMAC-SHA256 over both and the session.
const (
	stateTime  = 8
	stateNonce = 16
	stateHead  = stateTime + stateNonce
	// minSession keeps names and counters from being taken for a cookie's value.
	minSession = 16
)

// Login is a login that came back from the dialog.
type Login struct {
	// Code goes to Exchange, once.
	Code Secret
	// ID is the login's name and no secret. Whoever stores it until Expires and
	// refuses it the second time makes the state good for one use only.
	ID      string
	Expires time.Time
}

// NewState returns the state of a new login by one browser. Session is the
// random value of the browser's cookie, at least 16 bytes; the cookie must be
// SameSite=Lax or None, or it will not come back with the person.
func (c *Connector) NewState(session string) (string, error) {
	secrets := c.app.secrets()
	switch {
	case len(session) < minSession:
		return "", unfit("login", "session is shorter than 16 bytes")
	case len(secrets) == 0:
		return "", unfit("login", "ConnectorConfig.AppSecrets gave no secret")
	}
	var head [stateHead]byte
	_, _ = binary.Encode(head[:], binary.BigEndian, c.cfg.Now().Add(c.cfg.LoginLife).Unix()) // there is room for it
	_, _ = rand.Read(head[stateTime:])                                                       // never fails: the runtime ends the program instead
	mac := stateMAC(secrets[0], head[:], session)
	return base64.RawURLEncoding.EncodeToString(slices.Concat(head[:], mac)), nil
}

// stateMAC binds the head of a state to a session. Its key is derived, so that a
// state can never be taken for another signature with the app's secret.
func stateMAC(secret string, head []byte, session string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "liidestuja meta login state", sha256.Size)
	if err != nil {
		panic(err) // the length is a constant within the limit of the function
	}
	m := hmac.New(sha256.New, key)
	m.Write(head)
	m.Write([]byte(session))
	return m.Sum(nil)
}

// LoginURL is where the browser is sent to log in and to choose accounts.
func (c *Connector) LoginURL(state string) string {
	query := url.Values{
		"client_id": {c.cfg.AppID}, "redirect_uri": {c.cfg.RedirectURL}, "state": {state},
		"response_type": {"code"}, "config_id": {c.cfg.LoginConfig},
	}
	return c.cfg.Dialog + "/" + c.cfg.Version + "/dialog/oauth?" + query.Encode()
}

// Returned reads the query with which the dialog sent the browser back to
// RedirectURL. Nothing in it is believed before its state proves that it answers
// a login of this session. The error is ErrLoginState, ErrLoginExpired or
// ErrLoginDenied.
func (c *Connector) Returned(query url.Values, session string) (Login, error) {
	if len(query["state"]) != 1 || len(session) < minSession {
		return Login{}, ErrLoginState
	}
	state, err := httpx.DecodeBase64URL(query.Get("state"))
	if err != nil || len(state) != stateHead+sha256.Size {
		return Login{}, ErrLoginState
	}
	head, genuine := state[:stateHead], false
	for _, secret := range c.app.secrets() { // all of them, whichever fits
		if hmac.Equal(stateMAC(secret, head, session), state[stateHead:]) {
			genuine = true
		}
	}
	if !genuine {
		return Login{}, ErrLoginState
	}
	var end int64
	_, _ = binary.Decode(head, binary.BigEndian, &end) // there is enough of it
	login := Login{ID: base64.RawURLEncoding.EncodeToString(head[stateTime:]), Expires: time.Unix(end, 0).UTC()}
	switch {
	case !c.cfg.Now().Before(login.Expires):
		return Login{}, ErrLoginExpired
	case len(query["code"]) != 1 || query.Get("code") == "" || query.Has("error"):
		return Login{}, ErrLoginDenied
	}
	login.Code = Secret(query.Get("code"))
	return login, nil
}

// UserToken is what a login gives: it speaks for the person who logged in, or
// for the system user of the business.
type UserToken struct {
	Token Secret
	// Expires is zero when the token has no end, or Meta did not tell it.
	Expires time.Time
}

// Exchange turns the code of a login into a token, and a token of hours into one
// of months. A code is good for one exchange: an error that is [ErrLoginCode]
// says that it is spent.
func (c *Connector) Exchange(ctx context.Context, code Secret) (UserToken, error) {
	if code == "" {
		return UserToken{}, unfit("exchange", "the code is empty")
	}
	first, failure := c.grant(ctx, url.Values{"redirect_uri": {c.cfg.RedirectURL}, "code": {string(code)}})
	if failure != nil {
		switch failure.Provider { // nothing else that we send can be wrong with 100
		case "100", "100/36007", "100/36009":
			failure.Err = ErrLoginCode
		}
		return UserToken{}, failure
	}
	if first.Expires.IsZero() {
		return first, nil // of a system user: there is no longer one
	}
	long, failure := c.grant(ctx, url.Values{"grant_type": {"fb_exchange_token"}, "fb_exchange_token": {string(first.Token)}})
	if failure != nil {
		return UserToken{}, failure
	}
	return long, nil
}

// grant asks for a token. The secrets travel in the body: addresses end up in
// logs of proxies.
func (c *Connector) grant(ctx context.Context, form url.Values) (UserToken, *channels.Error) {
	const op = "exchange"
	secrets := c.app.secrets()
	if len(secrets) == 0 {
		return UserToken{}, unfit(op, "ConnectorConfig.AppSecrets gave no secret")
	}
	form.Set("client_id", c.cfg.AppID)
	form.Set("client_secret", secrets[0])
	asked := c.cfg.Now()
	reply, err := c.graph.Do(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: "/oauth/access_token", Form: form})
	if err != nil {
		return UserToken{}, failed(op, "", err)
	}
	var w struct {
		Token   Secret `json:"access_token"`
		Expires loose  `json:"expires_in"`
	}
	if failure := c.guest("").judge(op, reply, &w); failure != nil {
		return UserToken{}, failure
	}
	if w.Token == "" {
		return UserToken{}, unclear(op, "", reply.Status, errNoToken)
	}
	t := UserToken{Token: w.Token}
	if life, err := time.ParseDuration(string(w.Expires) + "s"); err == nil && life > 0 {
		t.Expires = asked.Add(life)
	}
	return t, nil
}
