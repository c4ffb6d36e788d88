package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/pagetext"
)

// demoConfig says where the demo runs.
type demoConfig struct {
	URL     string // of this server as the browser and the simulator reach it, without a slash at the end
	DataDir string // it exists
	// Provider is a name of demoMakers. Default: the first.
	Provider string
	// InChat asks people on WhatsApp who they are in the chat itself.
	InChat bool
	Logger *slog.Logger
	// Reconcile is how long the provider's word on a message of unknown outcome
	// is waited for. Default 5 s, so that a visitor sees what follows; a real
	// service waits 15 min.
	Reconcile time.Duration
}

// startDemo makes the demo. ctx ends when the server begins to stop; run ends
// with its own ctx, and closes what startDemo opened. See startFunc.
func startDemo(ctx context.Context, cfg demoConfig) (handler http.Handler, run func(context.Context) error, err error) {
	d, err := newDemo(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, d.app.drain)
	return d.handler, d.run, nil
}

func newDemo(ctx context.Context, cfg demoConfig) (*demo, error) {
	if cfg.Reconcile == 0 {
		cfg.Reconcile = 5 * time.Second
	}
	files, err := fs.Sub(demoTree, "demo")
	if err != nil {
		return nil, err
	}
	texts, err := pagetext.Load(files)
	if err != nil {
		return nil, err
	}
	d := &demo{cfg: cfg, texts: texts, bell: newDemoBell()}
	if err := d.simulate(ctx); err != nil {
		return nil, err
	}
	if err := d.serve(ctx); err != nil {
		return nil, errors.Join(err, d.gate.close())
	}
	return d, nil
}

// demo is a service with a simulated provider and the people behind it.
type demo struct {
	cfg      demoConfig
	texts    *pagetext.Catalog
	provider demoProvider
	driver   msp.Provider
	gate     *demoGate
	bell     *demoBell
	phones   []*demoPhone
	users    []demoUser
	eid      *demoEID
	app      *app
	handler  http.Handler
}

// simulate starts the provider, with a phone on each line.
func (d *demo) simulate(ctx context.Context) error {
	maker, err := demoMakerOf(d.cfg.Provider)
	if err != nil {
		return err
	}
	d.gate = &demoGate{post: http.DefaultTransport, posted: d.posted, now: time.Now, lost: make(map[string]bool), blindFor: d.cfg.Reconcile + 5*time.Second}
	d.provider, err = maker.make(demoSite{
		URL: d.cfg.URL, Hook: d.cfg.URL + "/webhooks/" + maker.name,
		Client: &http.Client{Transport: d.gate, Timeout: 10 * time.Second},
	})
	if err != nil {
		return err
	}
	d.gate.api, d.gate.wire = d.provider, d.provider
	api, err := d.gate.open(ctx)
	if err != nil {
		return err
	}
	if d.driver, err = d.provider.drive(api); err != nil {
		return errors.Join(err, d.gate.close())
	}
	for _, p := range demoPeople() {
		d.phones = append(d.phones, &demoPhone{line: p.line, peer: p.peer, owner: p.first, set: d.provider.handset(p),
			fetch: d.provider.open, changed: d.bell.ring, now: time.Now, files: make(map[string]demoFile)})
	}
	return nil
}

// serve opens the store and makes what answers.
func (d *demo) serve(ctx context.Context) error {
	p, err := d.parts()
	if err != nil {
		return err
	}
	store, err := sqlitestore.Open(ctx, demoStore(d.cfg.DataDir))
	if err != nil {
		return fmt.Errorf("the store cannot be opened: %w", err)
	}
	if d.app, err = newApp(p, store); err == nil {
		err = d.app.load(ctx)
	}
	if err == nil {
		err = d.people(ctx, store)
	}
	if err == nil {
		err = d.pages(ctx)
	}
	if err != nil {
		return errors.Join(err, store.Close())
	}
	return nil
}

// parts are the same as those that a configuration makes.
func (d *demo) parts() (parts, error) {
	bot, err := newEchoBot("et", nil, nil)
	if err != nil {
		return parts{}, err
	}
	d.users = []demoUser{
		{ID: "kadri", Name: "Kadri Kask", Role: desk.Specialist},
		{ID: "peeter", Name: "Peeter Pärn", Role: desk.Specialist},
		{ID: "anu", Name: "Anu Haab", Role: desk.Auditor},
		{ID: "rein", Name: "Rein Rebane", Role: desk.Admin},
	}
	tokens := make([]desk.Token, len(d.users))
	for i, u := range d.users {
		token, hash := desk.NewToken()
		d.users[i].Token = token
		tokens[i] = desk.Token{ID: u.ID, Name: u.Name, Role: u.Role, Agency: demoAgency, Hash: hash}
	}
	conf := alt.Config{
		Agency: demoAgency, Providers: []msp.Provider{d.driver}, PublicURL: d.cfg.URL + "/webhooks",
		TurnWorkers: 4, SendWorkers: 2, MediaWorkers: 2, ReconcileFor: d.cfg.Reconcile, Now: time.Now,
	}
	d.provider.adapt(&conf)
	added, err := d.lineParts()
	if err != nil {
		return parts{}, err
	}
	if d.eid, err = newDemoEID(d.cfg, d.texts, d.bell.ring); err != nil {
		return parts{}, err
	}
	return parts{
		alt: conf, agencies: demoAgencies(), lines: added, login: d.eid.login,
		bot:    &demoMenu{bot: bot, texts: d.texts},
		desk:   desk.Config{Tokens: desk.Tokens(tokens...), MaxUpload: demoMaxFile},
		logger: d.cfg.Logger, build: readBuild(),
		data: d.cfg.DataDir,
	}, nil
}

// pages mounts the pages beside what every server answers.
func (d *demo) pages(ctx context.Context) error {
	p, err := newPages(pagesConfig{
		Desk:   &deskAPI{base: d.cfg.URL, client: &http.Client{Timeout: 30 * time.Second}, users: d.users},
		Phones: d.phones, Gate: d.gate, Bell: d.bell, Texts: d.texts, Lines: d.app.lines != nil, EID: d.eid, InChat: d.cfg.InChat, Logins: d.app.svc.LoginPages(), Now: time.Now, Logger: d.cfg.Logger, Stop: ctx.Done(),
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	d.app.routes(mux)
	d.handler = onlyLocal(mux)
	return p.routes(mux)
}

// people get back what their phones showed before a restart. The new simulator
// must know that they have written: nobody else may be written to.
func (d *demo) people(ctx context.Context, store alt.Store) error {
	for _, p := range d.phones {
		p.language = func(ctx context.Context) string {
			known, err := store.Dossier(ctx, channels.Address{Agency: demoAgency, Channel: p.line, Peer: p.peer})
			if err != nil || known.Contact == nil || known.Contact.Language == "" {
				return d.texts.Tags[0].String()
			}
			return known.Contact.Language
		}
		wrote, err := p.recall(ctx, store, demoAgency)
		if err != nil {
			return err
		}
		if wrote {
			p.set.Says("-")
		}
	}
	d.provider.forget() // the service has these messages already
	return nil
}

// run lets all of them work until ctx ends.
func (d *demo) run(ctx context.Context) error {
	var wg sync.WaitGroup
	outside, stop := context.WithCancel(context.WithoutCancel(ctx))
	wg.Go(func() { d.provider.post(outside) })
	for _, p := range d.phones {
		wg.Go(func() { p.watch(outside) })
	}
	err := d.app.run(ctx)
	stop() // the provider is there until the service has finished
	wg.Wait()
	return errors.Join(err, d.gate.close())
}

// posted tells the phones that the service has accepted a message.
func (d *demo) posted(id string) {
	for _, p := range d.phones {
		p.posted(id)
	}
}
