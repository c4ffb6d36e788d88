package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"
)

func cmdServe() command {
	return command{
		name: "serve", args: "[-config FILE | -demo PROVIDER [-demo-in-chat]] [-addr HOST:PORT] [-data FOLDER] [-roles ROLE,ROLE]", short: "serve; without -config a demo (this is the default)",
		long: `Serves until SIGINT or SIGTERM, then stops in order: readiness goes false, the
listener closes, requests under way are answered, messages under way are
finished. A second signal ends the program at once.

The address to open is printed to the standard output; the log goes to the
standard error as JSON.

  -config FILE      the configuration; without it a demo with invented people runs
  -demo PROVIDER    whose simulator the demo runs on: messagebird (default), bird
                    or meta
  -demo-in-chat     ask who somebody is in the WhatsApp chat of the demo itself, by
                    Mobile-ID, and not behind a link: the older and weaker way
  -addr HOST:PORT   where to listen (default 127.0.0.1:8080, or listen.addr of
                    the configuration; port 0 takes a free one)
  -data FOLDER      where the store lies (default ./liidestuja-data, or data of
                    the configuration)
  -roles ROLE,ROLE  what this process does, instead of roles of the configuration:
                    webhooks, workers, desk, pages (default all)`,
		examples: []string{"refserver", "refserver -demo meta", "refserver -addr 127.0.0.1:0 -data /tmp/demo", "refserver serve -config /etc/liidestuja.yaml"},
		run:      (*console).serve,
	}
}

func (c *console) serve(ctx context.Context, args []string) error {
	f := c.flags()
	at, addr, provider, some := f.where(), f.String("addr", "", ""), f.String("demo", "", ""), f.String("roles", "", "")
	inChat := f.Bool("demo-in-chat", false, "")
	if err := f.parse(args, 0, 0); err != nil {
		return err
	}
	announce := func(url string) error {
		_, err := fmt.Fprintf(c.stdout, "Liidestuja: %s\n", url)
		return err
	}
	if _, err := demoMakerOf(*provider); err != nil {
		return f.usage(fmt.Errorf("-demo: %w", err))
	}
	if *at.config != "" && *inChat {
		return f.usage(errors.New("-demo-in-chat: it is login.lines of a configuration"))
	}
	if *at.config != "" && *provider != "" {
		return f.usage(errors.New("-demo: a server with -config runs no demo"))
	}
	if *at.config == "" && *some != "" {
		return f.usage(errors.New("-roles: a demo has all of them"))
	}
	if *at.config == "" {
		logger := newLog(c.stderr, slog.LevelWarn, &redactor{}, readBuild())
		conf := listenConf{Addr: or(*addr, defaultAddr)}
		if host, err := hostOf(conf.Addr); err != nil || !loopback(host) {
			return f.usage(errors.New("-addr: the demo lets anybody in, so it listens at 127.0.0.1 or localhost only, and needs a port"))
		}
		return serveHTTP(ctx, conf, logger, demoStart(demoConfig{DataDir: or(*at.data, defaultData), Provider: *provider, InChat: *inChat, Logger: logger}), announce)
	}
	p, err := c.configured(*at.config, instead{data: *at.data, addr: *addr, roles: *some})
	if err != nil {
		return err
	}
	return serveHTTP(ctx, p.listen, p.logger, p.start, announce)
}

// instead are flags that take the place of fields of the configuration.
type instead struct{ data, addr, roles string }

// configured reads a configuration and makes the parts of a server, with a log.
func (c *console) configured(path string, flags instead) (*parts, error) {
	l, err := loadConfig(path)
	if err != nil {
		return nil, err
	}
	l.Data, l.Listen.Addr = or(flags.data, l.Data), or(flags.addr, l.Listen.Addr)
	if flags.roles != "" {
		l.Roles = strings.Split(flags.roles, ",")
	}
	v := newVault(c.env, time.Now)
	p, err := l.compile(v)
	if err != nil {
		return nil, err
	}
	p.build, p.stdout, p.stderr = readBuild(), c.stdout, c.stderr
	p.logger = newLog(c.stderr, slog.Level(p.log), &redactor{known: v.known}, p.build)
	v.setLogger(p.logger)
	return p, nil
}

// start opens the store and wires the server; it is a startFunc. A database that
// cannot be used yet is waited for.
func (p *parts) start(ctx context.Context, _ string) (http.Handler, func(context.Context) error, error) {
	server, run, err := p.wire(ctx)
	if p.worthWaiting(err) {
		server, run = p.await(ctx, err)
		err = nil
	}
	return server, run, err
}

func (p *parts) wire(ctx context.Context) (http.Handler, func(context.Context) error, error) {
	store, err := p.open(ctx)
	if err != nil {
		return nil, nil, &storeError{err}
	}
	if p.follow != nil {
		p.traces = p.follow(p.logger, p.build)
	}
	a, err := newApp(*p, store)
	if err == nil {
		err = a.load(ctx)
	}
	run := p.traces.around(a.run)
	if err == nil {
		run, err = a.withMetrics(ctx, p.metrics.Addr, run)
	}
	if err != nil {
		p.traces.close(ctx)
		return nil, nil, errors.Join(err, store.Close())
	}
	context.AfterFunc(ctx, a.drain)
	mux := http.NewServeMux()
	a.routes(mux)
	return web(a.measured(mux), p.logger, p.secure()), run, nil
}

// demoStart returns the startFunc of the demo; cfg lacks the URL.
func demoStart(cfg demoConfig) startFunc {
	return func(ctx context.Context, url string) (http.Handler, func(context.Context) error, error) {
		if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
			return nil, nil, err
		}
		cfg.URL = url
		h, run, err := startDemo(ctx, cfg)
		if err != nil {
			return nil, nil, err
		}
		return web(h, cfg.Logger, false), run, nil
	}
}
