package meta

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// ConnectorConfig describes the app to which accounts are connected. AppID,
// AppSecrets, LoginConfig and RedirectURL are required; every other field has a
// usable zero value.
type ConnectorConfig struct {
	// AppID is Meta's id of the app, a number.
	AppID string
	// AppSecrets returns the app's secrets, the current one first, as
	// Config.AppSecrets does. It is asked at each use, concurrently.
	AppSecrets func() []string
	// LoginConfig is the id of the configuration of Facebook Login for Business,
	// which says what permissions the dialog asks for.
	LoginConfig string
	// RedirectURL is our page that the dialog returns to: an absolute address,
	// written as in the app's settings.
	RedirectURL string

	// Version of the Graph API and of the dialog. Default DefaultVersion.
	Version string
	// Endpoints are the addresses of the API. Default: the real ones.
	Endpoints Endpoints
	// Dialog is the base of the login dialog, without version and trailing slash.
	// Default "https://www.facebook.com".
	Dialog string
	// HTTPClient is the way out. Default: a client of our own.
	HTTPClient *http.Client
	// Timeout bounds a call of the API. Default 15 s.
	Timeout time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// LoginLife is how long a login may take from NewState to Returned. Default
	// 10 minutes.
	LoginLife time.Duration
	// InsecureHTTP allows addresses without TLS, for simulators on loopback.
	InsecureHTTP bool
}

// Connector connects accounts to an app and takes them away again. It keeps
// nothing: tokens and logins are the caller's to store. All methods may be
// called concurrently, and every error is a *channels.Error or one of the named
// errors of this package. The way of a Facebook Page, with the linked Instagram
// account:
//
//	state, err := c.NewState(session)                // session: the random value of the browser's cookie
//	http.Redirect(w, r, c.LoginURL(state), 303)      // the person logs in and chooses pages
//	login, err := c.Returned(r.URL.Query(), session) // back at RedirectURL; take login.ID once
//	user, err := c.Exchange(ctx, login.Code)
//	pages, err := c.Pages(ctx, user.Token)           // the person chooses one that MayConnect
//	err = c.Subscribe(ctx, page.Messenger())         // then store its token, sealed, and add the line
//
// Of a WhatsApp number: the same up to Exchange, then [Connector.Inspect] names
// the business accounts, [Connector.Numbers] their numbers,
// [Connector.Register] makes a new one ready, and Subscribe follows.
type Connector struct {
	cfg       ConnectorConfig
	app       *App // of accounts that are no lines yet
	graph     *httpx.Client
	instagram *httpx.Client
}

// NewConnector checks cfg and returns the connector. It does no I/O; it asks the
// source of secrets once. Errors name the field of ConnectorConfig.
func NewConnector(cfg ConnectorConfig) (*Connector, error) {
	setDefault(&cfg.Version, DefaultVersion)
	setDefault(&cfg.Endpoints.Graph, "https://graph.facebook.com")
	setDefault(&cfg.Endpoints.Instagram, "https://graph.instagram.com")
	setDefault(&cfg.Dialog, "https://www.facebook.com")
	setDefault(&cfg.LoginLife, 10*time.Minute)
	cfg.Dialog = strings.TrimSuffix(cfg.Dialog, "/")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	c := &Connector{cfg: cfg, app: &App{cfg: Config{AppSecrets: cfg.AppSecrets, Now: cfg.Now}}}
	var err error
	if c.graph, err = c.client(cfg.Endpoints.Graph); err != nil {
		return nil, fmt.Errorf("meta: ConnectorConfig.Endpoints.Graph: %w", err)
	}
	if c.instagram, err = c.client(cfg.Endpoints.Instagram); err != nil {
		return nil, fmt.Errorf("meta: ConnectorConfig.Endpoints.Instagram: %w", err)
	}
	return c, nil
}

func (cfg ConnectorConfig) check() error {
	bad := func(field, what string) error { return errors.New("meta: ConnectorConfig." + field + " " + what) }
	switch {
	case !number(cfg.AppID):
		return bad("AppID", "is required and a number")
	case cfg.AppSecrets == nil || len(cfg.AppSecrets()) == 0 || slices.Contains(cfg.AppSecrets(), ""):
		return bad("AppSecrets", "is required, and no secret may be empty")
	case !number(cfg.LoginConfig):
		return bad("LoginConfig", "is required and a number")
	case !cfg.webAddress(cfg.RedirectURL) || strings.Contains(cfg.RedirectURL, "#"):
		return bad("RedirectURL", "is required: an https address without a fragment")
	case !regexp.MustCompile(`^v[0-9]{1,3}\.[0-9]$`).MatchString(cfg.Version):
		return bad("Version", "is not a version such as "+DefaultVersion)
	case !cfg.webAddress(cfg.Dialog) || strings.ContainsAny(cfg.Dialog, "?#"):
		return bad("Dialog", "is not an https address without query and fragment")
	case cfg.Timeout < 0:
		return bad("Timeout", "must not be negative")
	case cfg.LoginLife < 0:
		return bad("LoginLife", "must not be negative")
	}
	return nil
}

// webAddress reports whether a browser may be sent to s.
func (cfg ConnectorConfig) webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Hostname() != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && cfg.InsecureHTTP)
}

func (c *Connector) client(base string) (*httpx.Client, error) {
	return httpx.New(httpx.Config{
		BaseURL: strings.TrimSuffix(base, "/") + "/" + c.cfg.Version, Client: c.cfg.HTTPClient,
		Timeout: c.cfg.Timeout, InsecureHTTP: c.cfg.InsecureHTTP,
	})
}

// guest is an account that is no line yet, and is called like one.
func (c *Connector) guest(token Secret) *line {
	return &line{app: c.app, api: c.graph, conf: Line{Token: func() string { return string(token) }}}
}

// appToken stands for the app itself.
func (c *Connector) appToken() Secret {
	secrets := c.app.secrets()
	if len(secrets) == 0 {
		return "" // which no call is made with
	}
	return Secret(c.cfg.AppID + "|" + secrets[0])
}

// unfit is the error of arguments that no call can be made with.
func unfit(op, reason string) *channels.Error {
	return &channels.Error{Op: op, Class: channels.ErrMalformed, Outcome: channels.NotSent, Err: errors.New(reason)}
}
