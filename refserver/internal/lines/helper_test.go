package lines_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

const (
	canaryToken = "token-canary-4711"
	agency      = channels.Agency("ppa")
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// down is a failure of a provider that does not answer.
func down() error {
	return &channels.Error{Op: "test", Class: channels.ErrUnavailable, Outcome: channels.NotSent, Provider: "503"}
}

// fakeProvider is an account at a provider of which everything can be said.
type fakeProvider struct {
	choices    []lines.Choice
	fixed      []lines.Fixed
	standing   lines.Standing
	dead       bool
	fail       map[string]error // by the name of the act
	subscribed []string         // what is subscribed now
	acts       []string

	onSubscribe func() // nil: nothing
}

func (p *fakeProvider) act(name string, a lines.Account) error {
	p.acts = append(p.acts, name)
	if err := p.fail[name]; err != nil {
		return err
	}
	s := p.Subscription(a)
	p.subscribed = slices.DeleteFunc(p.subscribed, func(x string) bool { return x == s })
	if name == "subscribe" {
		p.subscribed = append(p.subscribed, s)
	}
	return nil
}

func (p *fakeProvider) Name() string         { return "fake" }
func (p *fakeProvider) Dialog() string       { return "https://dialog.example" }
func (p *fakeProvider) Fixed() []lines.Fixed { return p.fixed }
func (p *fakeProvider) Build(added []lines.Added, removed []string) (msp.Provider, error) {
	b := &built{removed: removed}
	for _, f := range p.fixed {
		b.lines = append(b.lines, channels.Info{ID: f.ID, Agency: f.Agency, Kind: f.Kind})
	}
	for _, a := range added {
		b.lines = append(b.lines, channels.Info{ID: a.ID, Agency: a.Agency, Kind: a.Kind, Name: a.Name})
	}
	return b, p.fail["build"]
}
func (p *fakeProvider) State(session string) (string, error) { return "state-of-" + session, nil }
func (p *fakeProvider) LoginURL(state string) string {
	return "https://dialog.example/?state=" + url.QueryEscape(state)
}
func (p *fakeProvider) Returned(q url.Values, session string) (lines.Secret, error) {
	switch {
	case q.Get("state") != "state-of-"+session:
		return "", lines.NewProblem("login_state")
	case q.Get("code") == "":
		return "", lines.NewProblem("login_denied")
	}
	return lines.Secret(q.Get("code")), nil
}
func (p *fakeProvider) Choices(context.Context, lines.Secret) ([]lines.Choice, error) {
	return p.choices, p.fail["choices"]
}
func (p *fakeProvider) Subscribe(_ context.Context, a lines.Account) error {
	if p.onSubscribe != nil {
		p.onSubscribe()
	}
	return p.act("subscribe", a)
}
func (p *fakeProvider) Unsubscribe(_ context.Context, a lines.Account) error {
	return p.act("unsubscribe", a)
}
func (p *fakeProvider) Subscription(a lines.Account) string {
	if a.Above != "" {
		return a.Above
	}
	return a.ID
}
func (p *fakeProvider) Register(context.Context, lines.Account, lines.Secret) error {
	p.acts = append(p.acts, "register")
	return p.fail["register"]
}
func (p *fakeProvider) Standing(context.Context, lines.Account) (lines.Standing, string, error) {
	return p.standing, "reason", p.fail["standing"]
}
func (p *fakeProvider) Alive(context.Context, lines.Account) (bool, string, error) {
	return !p.dead, "190/458", p.fail["alive"]
}
func (p *fakeProvider) Signed(value string) (time.Time, error) {
	if value != "signed" {
		return time.Time{}, errors.New("not signed")
	}
	return noon(), nil
}

// built is what the provider made for the service.
type built struct {
	msp.Provider
	lines   []channels.Info
	removed []string
}

func (*built) Name() string { return "fake" }

// fakeService serves what it is given, unless it fails so many times.
type fakeService struct {
	now     *built
	refuses int
}

func (s *fakeService) SetProvider(p msp.Provider) error {
	if s.refuses > 0 {
		s.refuses--
		return errors.New("two lines have one name")
	}
	s.now = p.(*built)
	return nil
}
func (s *fakeService) Lines() []channels.Info {
	if s.now == nil {
		return nil
	}
	return s.now.lines
}
func (s *fakeService) Health(channels.ID) alt.LineHealth { return alt.LineHealth{State: alt.HealthUp} }

// faultyStore fails some calls.
type faultyStore struct {
	*memstore.Store
	fail map[string]error
}

func (s *faultyStore) PutLine(ctx context.Context, l *alt.StoredLine, e alt.LogEntry) error {
	if err := s.fail["put"]; err != nil {
		return err
	}
	return s.Store.PutLine(ctx, l, e)
}
func (s *faultyStore) RemoveLine(ctx context.Context, a channels.Agency, id channels.ID, e alt.LogEntry) error {
	if err := s.fail["remove"]; err != nil {
		return err
	}
	return s.Store.RemoveLine(ctx, a, id, e)
}

// scene is a Manager among fakes.
type scene struct {
	*testing.T
	m        *lines.Manager
	provider *fakeProvider
	service  *fakeService
	store    *faultyStore
	who      lines.Who
	keys     []sealed.Key
	clock    time.Time
}

func key(id string) sealed.Key {
	return sealed.Key{ID: id, Secret: []byte(strings.Repeat(id+"0123456789abcdef", 4)[:sealed.KeySize])}
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{
		T: t, who: lines.Who{ID: "rein", Agency: agency}, keys: []sealed.Key{key("k1")}, clock: noon(),
		store: &faultyStore{memstore.New(memstore.Config{}), make(map[string]error)},
		provider: &fakeProvider{fail: make(map[string]error), choices: []lines.Choice{
			{Account: account("1001", ""), Name: "Politsei", Standing: lines.StandingReady},
			{Account: lines.Account{Kind: channels.Instagram, ID: "2001", Above: "1001", Token: canaryToken}, Name: "@politsei", Standing: lines.StandingReady},
			{Account: account("1002", ""), Name: "Arhiiv", Standing: lines.StandingForbidden, Reason: "MESSAGING"},
			{Account: lines.Account{Kind: channels.WhatsApp, ID: "3001", Above: "4001", Token: canaryToken}, Name: "Number", Standing: lines.StandingUnfinished},
			{Account: lines.Account{Kind: channels.WhatsApp, ID: "3002", Above: "4001", Token: canaryToken}, Name: "Waits", Standing: lines.StandingPending},
			{Account: lines.Account{Kind: channels.WhatsApp, ID: "3003", Above: "4001", Token: canaryToken}, Name: "Refused", Standing: lines.StandingRejected},
		}},
	}
	s.restart()
	return s
}

func account(id, above string) lines.Account {
	return lines.Account{Kind: channels.Messenger, ID: id, Above: above, Token: canaryToken}
}

// restart is a new process over the same store: what only memory knew is gone.
func (s *scene) restart() {
	s.Helper()
	s.service = &fakeService{}
	s.rewire(s.service)
	require.NoError(s, s.m.Load(s.Context()))
}

// rewire puts another service in the place of the scene's.
func (s *scene) rewire(service lines.Service) {
	s.Helper()
	cfg := s.config()
	cfg.Service = service
	var err error
	s.m, err = lines.New(cfg)
	require.NoError(s, err)
}

func (s *scene) config() lines.Config {
	s.Helper()
	ring, err := sealed.NewRing(s.keys...)
	require.NoError(s, err)
	return lines.Config{
		Service: s.service, Store: s.store, Providers: []lines.Provider{s.provider}, Agencies: []channels.Agency{agency, "amet"}, Ring: ring,
		Now: func() time.Time { return s.clock },
	}
}

// login goes through a login and returns its id.
func (s *scene) login() string {
	s.Helper()
	l, err := s.m.Begin(s.Context(), s.who, "fake")
	require.NoError(s, err)
	cookie, dialog, err := s.m.Open(s.Context(), s.who, l.ID)
	require.NoError(s, err)
	u, err := url.Parse(dialog)
	require.NoError(s, err)
	id, err := s.m.Return(s.Context(), "fake", cookie, url.Values{"state": {u.Query().Get("state")}, "code": {"c"}})
	require.NoError(s, err)
	require.Equal(s, l.ID, id)
	return id
}

// add makes an account a line.
func (s *scene) add(id channels.ID, k channels.Kind, account string) (lines.View, error) {
	s.Helper()
	v, _, err := s.m.Add(s.Context(), s.who, lines.Request{Login: s.login(), Kind: k, Account: account, ID: id, PIN: "123456"})
	return v, err
}

// remove removes a line that is confirmed.
func (s *scene) remove(id channels.ID, force bool) error {
	s.Helper()
	v, err := s.m.Line(s.Context(), s.who, id)
	require.NoError(s, err)
	return s.m.Remove(s.Context(), s.who, id, v.Confirm, force)
}

// serving are the names of the lines in service, and removed those that are dropped.
func (s *scene) serving() (ids, removed []string) {
	for _, l := range s.service.Lines() {
		ids = append(ids, string(l.ID))
	}
	return ids, s.service.now.removed
}

// state of a stored line; "" when there is none.
func (s *scene) state(id channels.ID) string {
	s.Helper()
	v, err := s.m.Line(s.Context(), s.who, id)
	if err != nil {
		return ""
	}
	return v.State
}

// acts are those of the security log, without logins.
func (s *scene) acts() []string {
	s.Helper()
	entries, _, err := s.store.Log(s.Context(), alt.LogQuery{Agency: s.who.Agency, Limit: 1000})
	require.NoError(s, err)
	var acts []string
	for _, e := range entries {
		require.NotContains(s, e.Detail, canaryToken)
		if e.Act != "line.login" {
			acts = append(acts, e.Act)
		}
	}
	return acts
}

// fails requires a problem of this code.
func (s *scene) fails(code string, err error) {
	s.Helper()
	require.Error(s, err)
	require.Equal(s, code, lines.AsProblem(err).Code, "%v", err)
	require.NotContains(s, err.Error(), canaryToken)
}

// watching tells what is put into service.
type watching struct {
	*fakeService
	saw func(*built)
}

func (s *watching) SetProvider(p msp.Provider) error {
	s.saw(p.(*built))
	return s.fakeService.SetProvider(p)
}
