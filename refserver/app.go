package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// parts are what a server is made of. A configuration makes them, and so does
// the demo.
type parts struct {
	alt    alt.Config         // all but Store, Handler, Observe and Logger
	bot    alt.Handler        // answers before the desk; nil: nobody does
	people desk.HandlerConfig // the desk's side towards persons
	desk   desk.Config        // its API; all but Service and Logger
	logger *slog.Logger       // nil: none
	build  build

	accounts  []account         // for the management of webhooks
	templates []*templates      // of apps at Meta
	agencies  []channels.Agency // that the configuration names
	lines     *lineParts        // nil: all lines are those of the configuration
	login     *loginParts       // nil: nobody is asked who they are
	versions  []version         // of APIs that end one day
	listen    listenConf        // of a configuration
	log       level
	metrics   metricsConf
	follow    func(*slog.Logger, build) *traces // nil: traces go nowhere
	traces    *traces                           // of a server that runs; made by follow

	keepers        []keeperParts // of the security log; none: nobody signs it
	outputs        []outputParts // of the same; none: it is in the store alone
	stdout, stderr io.Writer     // for it

	roles    roles
	data     string         // the folder of the store
	postgres *postgresParts // the store is there instead; nil: it is in data
	key      []byte
	keyFile  string
	rawFor   time.Duration
}

// app is a wired service: what is served over HTTP and what runs behind it.
type app struct {
	svc      *alt.Service
	desk     *desk.Desk
	store    alt.Store
	hooks    []string // names of webhooks
	roles    roles
	data     string // empty: the store is in no folder
	logger   *slog.Logger
	build    build
	started  time.Time
	versions []version
	owners   []channels.Agency
	// templates of apps at Meta.
	templates []*templates
	lines     *lines.Manager // nil: all lines are those of the configuration
	api       http.Handler   // of lines
	pages     http.Handler
	login     *loginParts     // nil: nobody is asked who they are
	loginWeb  http.Handler    // their pages
	stopping  context.Context // ends when the server begins to stop; of the logins only
	stop      context.CancelFunc
	monitor   *monitor
	probe     *probe
	metrics   *metrics // nil: nobody reads them
	traces    *traces  // nil: nothing is followed
	watch     *watch   // nil: nobody follows the security log here
	draining  atomic.Bool
}

// stageError says which constructor refused, and where its fields stand in a
// configuration.
type stageError struct {
	err   error
	place func(field string) string
}

// Error implements error.
func (e *stageError) Error() string { return e.err.Error() }

// Unwrap returns the constructor's error.
func (e *stageError) Unwrap() error { return e.err }

// newApp wires the parts over a store. It does no I/O and starts nothing.
func newApp(p parts, store alt.Store) (*app, error) {
	if p.logger == nil {
		p.logger = slog.New(slog.DiscardHandler)
	}
	people, err := desk.NewHandler(p.people)
	if err != nil {
		return nil, &stageError{err, placeOfPeople}
	}
	links := []alt.Link{{Name: linkDesk, Kind: alt.HeldByDesk, Handler: people}}
	if p.bot != nil {
		links = slices.Insert(links, 0, alt.Link{Name: linkBot, Kind: alt.HeldByBot, Handler: p.bot})
	}
	a := &app{store: store, roles: p.roles, data: p.data, logger: p.logger, build: p.build, monitor: newMonitor(p.alt.Now), versions: p.versions, owners: p.agencies, templates: p.templates}
	p.alt.Store, p.alt.Handler, p.alt.Logger, p.alt.Observe = store, alt.Chain(links...), p.logger, a.monitor.observe
	p.alt.Operator = a.operator
	a.instrument(&p)
	p.alt.LinesLater = p.lines != nil
	if p.login != nil {
		p.alt.Logins = &p.login.logins
	}
	if a.svc, err = alt.New(p.alt); err != nil {
		return nil, &stageError{err, placeOfService}
	}
	p.desk.Service, p.desk.Logger = a.svc, p.logger
	if a.desk, err = desk.New(p.desk); err != nil {
		return nil, &stageError{err, placeOfDesk}
	}
	for _, prov := range p.alt.Providers {
		a.hooks = append(a.hooks, prov.Name())
		a.monitor.provider(prov)
	}
	if p.lines != nil {
		if err := a.manage(p); err != nil {
			return nil, err
		}
	}
	if err := a.loginPages(p); err != nil {
		return nil, err
	}
	a.started = a.svc.Now()
	a.probe = newProbe(a.writable, a.svc.Now)
	return a, a.newWatch(p)
}

// operator logs what is about no person: an account warning, a request that was
// not understood.
func (a *app) operator(ctx context.Context, e channels.Event) {
	attrs := []any{"line", e.Meta().Channel, "event", e.Type(), "trace", e.Meta().Trace}
	switch e := e.(type) {
	case *channels.LineChanged:
		attrs = append(attrs, "subject", e.Subject, "state", e.State)
		for _, t := range a.templates {
			t.changed(e)
		}
	case *channels.Malformed:
		attrs = append(attrs, "reason", e.Reason)
	}
	a.logger.WarnContext(ctx, "line reported", attrs...)
}

// patternMedia is where links to files lead. The token must not reach a log.
const patternMedia = "/media/"

// routes mounts everything that the server answers.
func (a *app) routes(mux *http.ServeMux) {
	if a.roles.has(roleWebhooks) {
		hooks := http.StripPrefix("/webhooks", a.traces.webhooks(a.svc.Webhooks()))
		for _, name := range a.hooks { // a pattern each, so that the log can name it
			mux.Handle("/webhooks/"+name, hooks)
		}
		mux.Handle("/webhooks/", hooks)
		mux.Handle(patternMedia, http.StripPrefix("/media", a.svc.Media()))
	}
	if a.roles.has(roleDesk) {
		mux.Handle("/v1/", a.desk.API())
	}
	a.lineRoutes(mux)
	if a.roles.has(rolePages) {
		a.loginRoutes(mux)
	}
	a.health(mux)
}

// drain takes readiness back and ends live streams: the server is about to stop.
func (a *app) drain() {
	a.draining.Store(true)
	a.desk.Close()
	if a.login != nil {
		a.stop()
	}
}

// run works the queues and answers the commands of this machine until ctx ends,
// finishes what was begun, and closes the store.
func (a *app) run(ctx context.Context) error {
	stop, err := a.listenAdmin(ctx)
	if err != nil {
		// People are served all the same; the commands say that nobody answers.
		a.logger.WarnContext(ctx, "commands cannot reach this server", "error", err)
		stop = func() {}
	}
	if a.lines != nil {
		go a.lines.Run(ctx)
	}
	work := a.svc.Follow
	if a.roles.has(roleWorkers) {
		work = a.svc.Run
		go a.watchVersions(ctx)
		go a.watchTemplates(ctx)
		if a.login != nil {
			go a.watchAuthorities(ctx)
		}
	}
	ended := a.watch.begin(ctx)
	err = work(ctx)
	ended()
	stop()
	return errors.Join(err, a.store.Close())
}
