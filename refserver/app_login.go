package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt/login"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// eidService is a service behind a method of authentication, as this server has
// met it last.
type eidService struct {
	name  string
	trust *trust.Store // nil: it has no certificates of its own
	now   func() time.Time
	inner eid.Authenticator

	mu    sync.Mutex
	state string
	since time.Time
}

func newEIDService(m eid.Authenticator, store *trust.Store, now func() time.Time) *eidService {
	if now == nil {
		now = time.Now
	}
	return &eidService{inner: m, trust: store, now: now, state: stateUnknown}
}

// method returns the authenticator that is watched. It has a live link where the
// service's own has.
func (s *eidService) method() eid.Authenticator {
	s.name = string(s.inner.Method())
	if live, ok := s.inner.(eid.LiveLinker); ok {
		return watchedLive{watchedMethod{s.inner, s}, live}
	}
	return watchedMethod{s.inner, s}
}

// saw learns from the outcome of a call. Whatever says something of the
// authentication is an answer.
func (s *eidService) saw(ctx context.Context, err error) {
	is := func(answers ...error) bool {
		return slices.ContainsFunc(answers, func(answer error) bool { return errors.Is(err, answer) })
	}
	state := stateDown
	switch {
	case is(eid.ErrRequest, eid.ErrState, eid.ErrExpired), ctx.Err() != nil:
		return // it may not have been asked
	case err == nil, is(eid.ErrPending, eid.ErrRefused, eid.ErrNoAccount, eid.ErrTooWeak, eid.ErrUntrusted):
		state = stateUp
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != state {
		s.state, s.since = state, s.now().UTC()
	}
}

// system returns the service as the heartbeat tells it.
func (s *eidService) system() system {
	s.mu.Lock()
	defer s.mu.Unlock()
	return system{Name: s.name, State: s.state, Since: s.since, Lines: []lineHealth{}}
}

// watchedMethod tells its service what came of each call.
type watchedMethod struct {
	eid.Authenticator
	service *eidService
}

// Begin implements eid.Authenticator.
func (m watchedMethod) Begin(ctx context.Context, r eid.Request) (eid.Challenge, error) {
	c, err := m.Authenticator.Begin(ctx, r)
	m.service.saw(ctx, err)
	return c, err
}

// Resolve implements eid.Authenticator.
func (m watchedMethod) Resolve(ctx context.Context, s eid.State, answer url.Values) (eid.Identity, error) {
	id, err := m.Authenticator.Resolve(ctx, s, answer)
	m.service.saw(ctx, err)
	return id, err
}

// watchedLive is a watchedMethod with a live link.
type watchedLive struct {
	watchedMethod
	eid.LiveLinker
}

// expiring is an authority whose certificate runs out soon: whoever it has issued
// certificates to cannot log in any more then.
type expiring struct {
	Service string    `json:"service"`
	SHA256  string    `json:"sha256"`
	Expires time.Time `json:"expires"`
}

// warnAuthority is how early the end of an authority's certificate is told: the
// next one has to be fetched and compared by people.
const warnAuthority = 90 * 24 * time.Hour

// expiringAt returns the certificates that run out soon after a time.
func (p *loginParts) expiringAt(now time.Time) (all []expiring) {
	for _, a := range p.authorities() {
		for _, cert := range a.store.Expiring(now.Add(warnAuthority)) {
			all = append(all, expiring{a.service, cert.SHA256, cert.NotAfter.UTC()})
		}
	}
	return all
}

// systems are the services behind the methods.
func (p *loginParts) systems() (all []system) {
	if p == nil {
		return nil
	}
	for _, s := range p.services {
		all = append(all, s.system())
	}
	return all
}

// watchAuthorities tells the operator every day which certificate ends soon.
func (a *app) watchAuthorities(ctx context.Context) {
	tick := time.NewTicker(24 * time.Hour)
	defer tick.Stop()
	for {
		for _, e := range a.login.expiringAt(a.svc.Now()) {
			a.logger.WarnContext(ctx, "certificate of an authority ends", "service", e.Service, "sha256", e.SHA256, "ends", e.Expires.Format(time.DateOnly))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// loginPages makes the pages of logins, where there are any.
func (a *app) loginPages(p parts) error {
	a.login = p.login
	if p.login == nil {
		return nil
	}
	cfg := p.login.pages
	cfg.Service, cfg.Logger, cfg.Now = a.svc, a.logger, p.alt.Now
	pages, err := login.New(cfg)
	if err != nil {
		return &stageError{err, placeOfLogins}
	}
	a.loginWeb = http.StripPrefix(loginPath, pages)
	a.stopping, a.stop = context.WithCancel(context.Background())
	return nil
}

// loginRoutes mounts the pages of logins, where there are any.
func (a *app) loginRoutes(mux *http.ServeMux) {
	if a.login == nil {
		return
	}
	mux.Handle(loginPath+"/", a.loginWeb)
	// Pages that wait for somebody's decision would keep the server from stopping.
	mux.Handle("GET "+loginPath+"/live", until(a.stopping, a.loginWeb))
}

// until ends requests that are under way with a context.
func until(stopping context.Context, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(stopping, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
