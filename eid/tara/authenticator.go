package tara

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/liidestuja/liidestuja/eid"
)

// Authenticator authenticates people through TARA. It implements
// [eid.Authenticator]; all methods may be called concurrently.
type Authenticator struct {
	cfg       Config
	means     []string     // the only ones that are accepted; none: all
	web       *http.Client // for exchanges
	directory *directory
}

var _ eid.Authenticator = (*Authenticator)(nil)

// New checks cfg and returns an authenticator. It does no I/O. Errors name the
// field of Config.
func New(cfg Config) (*Authenticator, error) {
	origin, err := cfg.check()
	if err != nil {
		return nil, err
	}
	api, err := newAPI(cfg, origin)
	if err != nil {
		return nil, fmt.Errorf("tara: Config.Issuer: %w", err)
	}
	return &Authenticator{
		cfg: cfg, means: asked(cfg.Scopes),
		web: newWeb(api, origin, 1), directory: newDirectory(cfg, origin, api),
	}, nil
}

// Method returns eid.TARA.
func (*Authenticator) Method() eid.Method { return eid.TARA }

// Begin returns the address to which the person's browser is to be sent. The
// first call of all, and one every hour, asks TARA for its endpoints. Text and
// Phone of the request have no use here; with a Code, only that person is
// accepted. Errors wrap eid.ErrRequest, or are a *Failure of the stage Discovery.
func (a *Authenticator) Begin(ctx context.Context, r eid.Request) (eid.Challenge, error) {
	b, language, err := a.ask(r)
	if err != nil {
		return eid.Challenge{}, err
	}
	p, err := a.directory.get(ctx)
	if err != nil {
		return eid.Challenge{}, err
	}
	if b.Word, err = a.newWord(); err != nil {
		return eid.Challenge{}, err
	}
	if b.Nonce, err = a.newWord(); err != nil {
		return eid.Challenge{}, err
	}
	state, err := b.seal()
	if err != nil {
		return eid.Challenge{}, err
	}
	link := a.oauth(p, b.Redirect, "").AuthCodeURL(b.Word,
		oauth2.SetAuthURLParam("nonce", b.Nonce),
		oauth2.SetAuthURLParam("acr_values", b.Level.String()),
		oauth2.SetAuthURLParam("ui_locales", language))
	return eid.Challenge{State: state, Link: link, Expires: b.Expires}, nil
}

// ask checks a request and turns it into what is kept of it.
func (a *Authenticator) ask(r eid.Request) (b begun, language string, err error) {
	b = begun{
		Issuer: a.cfg.Issuer, Client: a.cfg.ClientID, Redirect: a.cfg.RedirectURL,
		Level: r.Level, Means: a.means, Code: r.Code,
		// Without a monotonic reading, which would not survive the State.
		Expires: a.cfg.Now().Add(a.cfg.Lifetime).Round(0).UTC(),
	}
	if b.Level == eid.Undefined {
		b.Level = a.cfg.Level
	}
	language = r.Language
	setDefault(&language, "et")
	switch {
	case b.Level < eid.Low || b.Level > eid.High:
		err = fmt.Errorf("%w: Level", eid.ErrRequest)
	case language != "et" && language != "en" && language != "ru":
		err = fmt.Errorf("%w: Language", eid.ErrRequest)
	case r.Code != "" && r.Code.Valid() != nil:
		err = fmt.Errorf("%w: Code", eid.ErrRequest)
	case r.ReturnURL != "" && r.ReturnURL != a.cfg.RedirectURL:
		err = fmt.Errorf("%w: ReturnURL is not the registered one", eid.ErrRequest)
	}
	return b, language, err
}

// oauth is the client at these endpoints. The style is named, because one that was
// not would be found out by sending a code twice.
func (a *Authenticator) oauth(p *provider, redirect, secret string) *oauth2.Config {
	endpoint := p.endpoint
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if a.cfg.SecretInForm {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: a.cfg.ClientID, ClientSecret: secret, Endpoint: endpoint,
		RedirectURL: redirect, Scopes: scope(a.cfg.Scopes),
	}
}
