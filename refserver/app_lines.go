package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// lineParts are what adding lines while the server runs needs.
type lineParts struct {
	ring      *sealed.Ring
	providers []lines.Provider
	public    string       // the address of the server, without a slash at the end
	home      string       // where the pages' heading leads; empty: nowhere
	secret    func(string) // is told tokens, for the redaction of the log; may be nil
}

// lineService is the service as the management of lines sees it: what is changed
// there the monitor sees too.
type lineService struct {
	*alt.Service
	monitor *monitor
	traces  *traces
}

// SetProvider implements lines.Service.
func (s lineService) SetProvider(p msp.Provider) error {
	if err := s.Service.SetProvider(s.traces.provider(p)); err != nil {
		return err
	}
	s.monitor.provider(p)
	return nil
}

// manage makes the management of lines and its pages.
func (a *app) manage(p parts) (err error) {
	a.lines, err = lines.New(lines.Config{
		Service: lineService{a.svc, a.monitor, a.traces}, Store: a.store, Providers: p.lines.providers, Agencies: a.agencies(),
		Home: p.alt.Agency, Spread: p.spread(),
		Ring: p.lines.ring, Secret: p.lines.secret, Now: p.alt.Now, Logger: p.logger,
	})
	if err != nil {
		return err
	}
	a.api = a.lines.API(a.desk.API(), func(login string) string { return lines.LoginURL(p.lines.public, login) })
	a.pages, err = a.lines.Pages(lines.PagesConfig{Desk: a.desk.API(), PublicURL: p.lines.public, Home: p.lines.home})
	return err
}

// load puts stored lines into service. A server that could not serve them must not
// start and leave people without an answer.
func (a *app) load(ctx context.Context) error {
	if a.lines != nil {
		return a.lines.Load(ctx)
	}
	for _, agency := range a.agencies() {
		list, err := a.store.Lines(ctx, agency)
		if err != nil {
			return err
		}
		for _, l := range list {
			if l.State != alt.LineRemoved {
				return fmt.Errorf("line_keys: the line %q of %s was added while the server ran, and its token was sealed with the key %q; without line_keys it cannot be served", l.ID, l.Agency, l.KeyID)
			}
		}
	}
	return nil
}

// lineRoutes mounts the management of lines, where there is one.
func (a *app) lineRoutes(mux *http.ServeMux) {
	if a.lines == nil {
		return
	}
	if a.roles.has(roleDesk) {
		mux.Handle(lines.APIPath, a.api)
	}
	if a.roles.has(rolePages) {
		mux.Handle("/lines", a.pages)
		mux.Handle("/lines/", a.pages)
	}
}

// agencies returns all that may have lines.
func (a *app) agencies() []channels.Agency {
	all := slices.Clone(a.owners)
	for _, l := range a.svc.Lines() {
		all = append(all, l.Agency)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
