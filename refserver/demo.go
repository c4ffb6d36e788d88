package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// demoConfig says where the demo runs.
type demoConfig struct {
	URL     string // of this server as the browser and the simulator reach it, without a slash at the end
	DataDir string // it exists
	Logger  *slog.Logger
	// Reconcile is how long the provider's word on a message of unknown outcome
	// is waited for. Default 5 s, so that a visitor sees what follows; a real
	// service waits 15 min.
	Reconcile time.Duration
}

// demoPerson is an invented person with a phone.
type demoPerson struct {
	line        channels.ID
	kind        channels.Kind
	platform    string
	channel     string // the provider's id of the line
	number      string // the agency's side of it
	first, last string
	peer        channels.Peer
}

func demoPeople() []demoPerson {
	return []demoPerson{
		{line: "messenger", kind: channels.Messenger, platform: "facebook", channel: "6d1f0c52a77b4b0c9d6c1f1d1e8f2a01",
			number: "1000000000000001", first: "Mari", last: "Maasikas", peer: "2000000000000001"},
		{line: "whatsapp", kind: channels.WhatsApp, platform: "whatsapp", channel: "6d1f0c52a77b4b0c9d6c1f1d1e8f2a02",
			number: "+3725550000", first: "Juhan", last: "Juurikas", peer: "+37255500002"},
	}
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
	texts, err := loadPageTexts(files)
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
	cfg     demoConfig
	texts   *pageTexts
	sim     *messagebirdtest.Server
	api     string // of the provider
	access  string // to it
	sign    string // its webhooks
	gate    *demoGate
	bell    *demoBell
	phones  []*demoPhone
	users   []demoUser
	app     *app
	handler http.Handler
}

// simulate starts the provider, with a phone on each line.
func (d *demo) simulate(ctx context.Context) error {
	d.access, d.sign = rand.Text(), rand.Text()
	d.gate = &demoGate{post: http.DefaultTransport, posted: d.posted, now: time.Now, lost: make(map[string]bool), blindFor: d.cfg.Reconcile + 5*time.Second}
	conf := messagebirdtest.Config{
		AccessKeys: []string{d.access}, SigningKey: d.sign,
		Webhooks: []messagebirdtest.Webhook{{URL: d.cfg.URL + "/webhooks/messagebird"}},
		Client:   &http.Client{Transport: d.gate, Timeout: 10 * time.Second},
	}
	for _, p := range demoPeople() {
		conf.Channels = append(conf.Channels, messagebirdtest.Channel{ID: p.channel, Platform: p.platform, Name: string(p.line), Number: p.number})
	}
	var err error
	if d.sim, err = messagebirdtest.New(conf); err != nil {
		return err
	}
	d.gate.api = d.sim
	if d.api, err = d.gate.open(ctx); err != nil {
		return err
	}
	d.sim.SetURL(d.api)
	for _, p := range demoPeople() {
		set := d.sim.Person(p.channel, string(p.peer)).Named(p.first, p.last)
		d.phones = append(d.phones, &demoPhone{line: p.line, peer: p.peer, owner: p.first, set: simHandset{set},
			fetch: d.fetch, changed: d.bell.ring, now: time.Now, files: make(map[string]demoFile)})
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
	conf := messagebird.Config{
		AccessKey:   func() string { return d.access },
		SigningKeys: func() []string { return []string{d.sign} },
		Endpoints: messagebird.Endpoints{
			Conversations: d.api + "/v1", Files: d.api + "/v1", Media: strings.TrimPrefix(d.api, "http://"),
		},
		// The simulator forgets its conversations with every restart.
		SendVia:      messagebird.ViaSend,
		InsecureHTTP: true, InsecurePublicFiles: true, // it is on this machine
	}
	for _, p := range demoPeople() {
		conf.Lines = append(conf.Lines, messagebird.Line{ID: p.line, Kind: p.kind, Name: string(p.line), ChannelID: p.channel})
	}
	provider, err := messagebird.New(conf)
	if err != nil {
		return parts{}, err
	}
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
	return parts{
		alt: alt.Config{
			Agency: demoAgency, Providers: []msp.Provider{provider}, PublicURL: d.cfg.URL + "/webhooks",
			TurnWorkers: 4, SendWorkers: 2, MediaWorkers: 2, ReconcileFor: d.cfg.Reconcile, Now: time.Now,
		},
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
		Phones: d.phones, Gate: d.gate, Bell: d.bell, Texts: d.texts, Now: time.Now, Logger: d.cfg.Logger, Stop: ctx.Done(),
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
				return d.texts.tags[0].String()
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
	d.sim.Take() // the service has these messages already
	return nil
}

// run lets all of them work until ctx ends.
func (d *demo) run(ctx context.Context) error {
	var wg sync.WaitGroup
	outside, stop := context.WithCancel(context.WithoutCancel(ctx))
	wg.Go(func() { _ = d.sim.Run(outside) }) // ends with outside, without an error
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

// fetch reads a file from the provider, as a phone does.
func (d *demo) fetch(ctx context.Context, url string) (demoFile, error) {
	if !strings.HasPrefix(url, d.api+"/") {
		return demoFile{}, errors.New("demo: a file of elsewhere")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return demoFile{}, err
	}
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(r)
	if err != nil {
		return demoFile{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return demoFile{}, fmt.Errorf("demo: a file was answered with %d", resp.StatusCode)
	}
	f := demoFile{Type: resp.Header.Get("Content-Type"), Name: fileName(resp.Header)}
	f.Data, err = io.ReadAll(io.LimitReader(resp.Body, demoMaxFile))
	return f, err
}

// simHandset is a simulated phone as a handset.
type simHandset struct{ *messagebirdtest.Phone }

// Attach implements handset.
func (h simHandset) Attach(kind channels.MediaKind, f demoFile) string {
	file := messagebirdtest.File{ContentType: f.Type, Data: f.Data}
	switch kind {
	case channels.Image:
		return h.SendsImage(file)
	case channels.Audio:
		return h.SendsAudio(file)
	case channels.Video:
		return h.SendsVideo(file)
	}
	file.Caption = f.Name // where the wire has a file's name
	return h.SendsFile(file)
}

// Arrived implements handset.
func (h simHandset) Arrived(ctx context.Context, n int) ([]arrival, error) {
	box, err := h.Wait(ctx, n+1)
	if err != nil {
		return nil, err
	}
	var all []arrival
	for _, m := range box {
		all = append(all, arrival{ID: m.ID, Content: m.Content, At: m.At})
	}
	return all, nil
}
