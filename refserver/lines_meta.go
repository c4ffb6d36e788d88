package main

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// metaLines adds lines to an app at Meta.
type metaLines struct {
	conf      meta.Config // with the lines of the configuration
	app       *meta.App   // of these alone: it knows the app's secrets
	connector *meta.Connector
	dialog    string
	templates *templates // nil: nobody asks for them
}

// newMetaLines takes from conf what both have in common.
func newMetaLines(conf meta.Config, login meta.ConnectorConfig) (*metaLines, error) {
	conf.LinesLater = true
	login.AppID, login.AppSecrets = conf.AppID, conf.AppSecrets
	login.Version, login.Endpoints, login.HTTPClient, login.Timeout = conf.Version, conf.Endpoints, conf.HTTPClient, conf.Timeout
	login.Now, login.InsecureHTTP, login.LoginLife = conf.Now, conf.InsecureHTTP, lines.LoginFor
	m := &metaLines{conf: conf, dialog: "https://*.facebook.com"} // the dialog goes on to sites beside its own
	if u, err := url.Parse(login.Dialog); err == nil && u.Host != "" {
		m.dialog = u.Scheme + "://" + u.Host
	}
	var err error
	if m.connector, err = meta.NewConnector(login); err != nil {
		return nil, err
	}
	m.app, err = meta.New(conf)
	return m, err
}

// Name implements lines.Builder.
func (m *metaLines) Name() string { return m.app.Name() }

// Dialog implements lines.Login.
func (m *metaLines) Dialog() string { return m.dialog }

// Fixed implements lines.Builder.
func (m *metaLines) Fixed() []lines.Fixed {
	var all []lines.Fixed
	for _, l := range m.conf.Lines {
		all = append(all, lines.Fixed{
			ID: l.ID, Agency: l.Agency, Name: l.Name, Account: lines.Account{Kind: l.Kind, ID: l.Account, Above: l.Business},
		})
	}
	return all
}

// Build implements lines.Builder.
func (m *metaLines) Build(added []lines.Added, removed []string) (msp.Provider, error) {
	conf := m.conf
	conf.Lines, conf.Removed = slices.Clone(conf.Lines), slices.Concat(conf.Removed, removed)
	for _, a := range added {
		line := meta.Line{ID: a.ID, Agency: a.Agency, Name: a.Name, Kind: a.Kind, Account: a.Account.ID, Token: func() string { return string(a.Token) }}
		if a.Kind == channels.WhatsApp {
			line.Business = a.Above
		}
		conf.Lines = append(conf.Lines, line)
		// It was removed from the configuration once, and is back.
		conf.Removed = slices.DeleteFunc(conf.Removed, func(account string) bool { return account == a.Account.ID })
	}
	app, err := meta.New(conf)
	if err == nil && m.templates != nil {
		m.templates.app.Store(app)
	}
	return app, err
}

// State implements lines.Login.
func (m *metaLines) State(session string) (string, error) { return m.connector.NewState(session) }

// LoginURL implements lines.Login.
func (m *metaLines) LoginURL(state string) string { return m.connector.LoginURL(state) }

// Returned implements lines.Login.
func (m *metaLines) Returned(query url.Values, session string) (lines.Secret, error) {
	login, err := m.connector.Returned(query, session)
	return lines.Secret(login.Code), loginProblem(err)
}

// loginProblem is what is said of an error of a login.
func loginProblem(err error) error {
	for is, code := range map[error]string{
		meta.ErrLoginState: "login_state", meta.ErrLoginExpired: "login_expired", meta.ErrLoginDenied: "login_denied", meta.ErrLoginCode: "login_code",
	} {
		if errors.Is(err, is) {
			return lines.NewProblem(code)
		}
	}
	return err
}

// Choices implements lines.Login. The token says what the person agreed to.
func (m *metaLines) Choices(ctx context.Context, code lines.Secret) ([]lines.Choice, error) {
	user, err := m.connector.Exchange(ctx, meta.Secret(code))
	if err != nil {
		return nil, loginProblem(err)
	}
	state, err := m.connector.Inspect(ctx, meta.Account{Kind: channels.WhatsApp, Token: user.Token})
	if err != nil {
		return nil, err
	}
	var all []lines.Choice
	if slices.Contains(state.Scopes, "pages_show_list") {
		pages, err := m.connector.Pages(ctx, user.Token)
		if err != nil {
			return nil, err
		}
		for _, p := range pages {
			all = append(all, choicesOfPage(p)...)
		}
	}
	for _, business := range state.Businesses {
		numbers, err := m.connector.Numbers(ctx, user.Token, business)
		if err != nil {
			return nil, err
		}
		for _, n := range numbers {
			standing, reason := standingOf(n)
			all = append(all, lines.Choice{
				Account: lines.Account{Kind: channels.WhatsApp, ID: n.ID, Above: n.Business, Token: lines.Secret(user.Token)},
				Name:    strings.TrimSpace(n.Name + " " + string(n.Display)), Standing: standing, Reason: reason,
			})
		}
	}
	return all, nil
}

// choicesOfPage are the page and its Instagram account.
func choicesOfPage(p meta.Page) []lines.Choice {
	standing, reason := lines.StandingReady, ""
	if !p.MayConnect() {
		standing, reason = lines.StandingForbidden, "MESSAGING"
	}
	all := []lines.Choice{{
		Account: lines.Account{Kind: channels.Messenger, ID: p.ID, Token: lines.Secret(p.Token)}, Name: p.Name, Standing: standing, Reason: reason,
	}}
	if a, ok := p.LinkedAccount(); ok {
		all = append(all, lines.Choice{
			Account: lines.Account{Kind: channels.Instagram, ID: a.ID, Above: a.Page, Token: lines.Secret(a.Token)},
			Name:    "@" + p.Instagram.Username, Standing: standing, Reason: reason,
		})
	}
	return all
}

func standingOf(n meta.Number) (lines.Standing, string) {
	switch n.State {
	case meta.NumberReady, meta.NumberRestricted: // a restricted one receives
		return lines.StandingReady, n.Reason
	case meta.NumberUnregistered:
		return lines.StandingUnfinished, n.Reason
	case meta.NumberRejected:
		return lines.StandingRejected, n.Reason
	}
	return lines.StandingPending, n.Reason
}

// account is one as the connector takes it.
func (m *metaLines) account(a lines.Account) meta.Account {
	out := meta.Account{Kind: a.Kind, ID: a.ID, Token: meta.Secret(a.Token)}
	switch a.Kind {
	case channels.Instagram:
		out.Page = a.Above
	case channels.WhatsApp:
		out.Business = a.Above
	}
	return out
}

// Subscribe implements lines.Subscriptions.
func (m *metaLines) Subscribe(ctx context.Context, a lines.Account) error {
	return m.connector.Subscribe(ctx, m.account(a))
}

// Unsubscribe implements lines.Subscriptions.
func (m *metaLines) Unsubscribe(ctx context.Context, a lines.Account) error {
	return m.connector.Unsubscribe(ctx, m.account(a))
}

// Subscription implements lines.Subscriptions: messages of an Instagram account come by
// way of its page, those of a number by way of its business account.
func (m *metaLines) Subscription(a lines.Account) string {
	if a.Kind == channels.Messenger {
		return a.ID
	}
	return a.Above
}

// Register implements lines.Standings.
func (m *metaLines) Register(ctx context.Context, a lines.Account, pin lines.Secret) error {
	return m.connector.Register(ctx, meta.Secret(a.Token), a.ID, meta.Secret(pin))
}

// Standing implements lines.Standings.
func (m *metaLines) Standing(ctx context.Context, a lines.Account) (lines.Standing, string, error) {
	if a.Kind != channels.WhatsApp {
		alive, reason, err := m.Alive(ctx, a)
		if err != nil || alive {
			return lines.StandingReady, "", err
		}
		return lines.StandingRejected, reason, nil
	}
	numbers, err := m.connector.Numbers(ctx, meta.Secret(a.Token), a.Above)
	if err != nil {
		return "", "", err
	}
	for _, n := range numbers {
		if n.ID == a.ID {
			standing, reason := standingOf(n)
			return standing, reason, nil
		}
	}
	return lines.StandingRejected, "gone", nil
}

// Alive implements lines.Standings.
func (m *metaLines) Alive(ctx context.Context, a lines.Account) (alive bool, reason string, err error) {
	state, err := m.connector.Inspect(ctx, m.account(a))
	return state.Valid, state.Reason, err
}

// Signed implements lines.Provider.
func (m *metaLines) Signed(value string) (time.Time, error) {
	r, err := m.app.SignedRequest(value)
	return r.Issued, err
}
