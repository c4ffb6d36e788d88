package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	defaultAddr = "127.0.0.1:8080"
	defaultData = "./liidestuja-data"
	// shutdownFor bounds how long requests under way are waited for.
	shutdownFor = 15 * time.Second
)

// startFunc makes what is served, when the address is known at which browsers
// and providers on this machine reach it ("http://127.0.0.1:8080"). Its ctx ends
// when the server begins to stop: live streams end then and readiness is taken
// back. run works until its own ctx ends, which is when the last request was
// answered, and then finishes what it began and closes what it opened.
type startFunc func(ctx context.Context, url string) (handler http.Handler, run func(ctx context.Context) error, err error)

// serveHTTP listens, serves until ctx ends, and stops in order: readiness goes
// false, the listener closes, requests under way are answered, run ends. announce
// is told the address to open.
func serveHTTP(ctx context.Context, conf listenConf, logger *slog.Logger, start startFunc, announce func(url string) error) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", or(conf.Addr, defaultAddr))
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	defer func() { _ = ln.Close() }()
	scheme, secure := "http", (*tls.Config)(nil)
	if conf.TLS != nil {
		certs, err := newCertificates(*conf.TLS, logger)
		if err != nil {
			return err
		}
		scheme, secure = "https", &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certs.get}
	}
	address := (&url.URL{Scheme: scheme, Host: reachable(ln.Addr())}).String()
	handler, work, err := start(ctx, address)
	if err != nil {
		return err
	}
	srv := conf.server(handler, logger)
	srv.TLSConfig = secure
	running, finish := context.WithCancel(context.WithoutCancel(ctx))
	defer finish()
	ended, served := make(chan error, 1), make(chan error, 1)
	go func() { ended <- work(running) }()
	go func() {
		if secure != nil {
			served <- srv.ServeTLS(ln, "", "")
			return
		}
		served <- srv.Serve(ln)
	}()
	if err := announce(address + "/"); err != nil {
		finish()
		return errors.Join(err, <-ended)
	}
	select {
	case <-ctx.Done():
		logger.InfoContext(ctx, "stopping")
	case err = <-ended:
		return errors.Join(errors.New("the service ended without being told to"), err, srv.Close())
	case err = <-served:
		finish()
		return errors.Join(err, <-ended)
	}
	pause(running, conf.StopDelay.std())
	last, cancel := context.WithTimeout(running, shutdownFor)
	defer cancel()
	if err := srv.Shutdown(last); err != nil {
		logger.WarnContext(last, "requests were cut off", "error", err)
		_ = srv.Close()
	}
	finish()
	err = <-ended
	logger.InfoContext(last, "stopped")
	return err
}

// pause lets a load balancer see that readiness is gone before the listener is.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// secure reports whether browsers reach the server by TLS.
func (p *parts) secure() bool { return p.listen.TLS != nil || p.listen.BehindProxy }

func (conf listenConf) server(handler http.Handler, logger *slog.Logger) *http.Server {
	d := func(v duration, usual time.Duration) time.Duration {
		if v == 0 {
			return usual
		}
		return v.std()
	}
	maxHeader := int(conf.MaxHeaderBytes)
	if maxHeader == 0 {
		maxHeader = 32 << 10
	}
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: d(conf.ReadHeaderTimeout, 10*time.Second),
		ReadTimeout:       d(conf.ReadTimeout, 30*time.Second),
		// Live streams set a later end for themselves.
		WriteTimeout:   d(conf.WriteTimeout, 60*time.Second),
		IdleTimeout:    d(conf.IdleTimeout, 2*time.Minute),
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(httpLog{logger.Handler()}, slog.LevelWarn),
	}
}

// httpLog takes what net/http complains of: broken handshakes and the like. It
// names peers, which our log does not.
type httpLog struct{ slog.Handler }

// Handle implements slog.Handler.
func (h httpLog) Handle(ctx context.Context, r slog.Record) error {
	own := slog.NewRecord(r.Time, r.Level, "http server", 0)
	own.AddAttrs(slog.Any("error", errors.New(withoutPeers(r.Message))))
	return h.Handler.Handle(ctx, own)
}

// reachable returns the host and port to open for a listener; one that listens
// everywhere is reached at this machine.
func reachable(a net.Addr) string {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil || !ap.Addr().IsUnspecified() {
		return a.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ap.Port()).String()
}

// hostOf returns the host of an address to listen at.
func hostOf(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		return "", errors.New(`must be a host and a port like "127.0.0.1:8080"`)
	}
	if _, err := net.LookupPort("tcp", port); err != nil { //nolint:noctx // of a number or a name in a local file
		return "", errors.New("has a port that is none")
	}
	return host, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// sourceBehind returns who a request comes from, for the limit of wrong tokens:
// the last address in X-Forwarded-For that is none of our own proxies.
func sourceBehind(trusted []netip.Prefix) func(*http.Request) string {
	client := clientBehind(trusted)
	return func(r *http.Request) string {
		from := client(r)
		if !from.IsValid() {
			return r.RemoteAddr
		}
		if from.Is6() {
			if p, err := from.WithZone("").Prefix(64); err == nil {
				return p.String()
			}
		}
		return from.String()
	}
}

// clientBehind returns the address of who a request comes from, as sourceBehind
// finds it; the zero one when it cannot be told.
func clientBehind(trusted []netip.Prefix) func(*http.Request) netip.Addr {
	ours := func(a netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(a.Unmap()) {
				return true
			}
		}
		return a.IsLoopback()
	}
	return func(r *http.Request) netip.Addr {
		ap, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			return netip.Addr{}
		}
		from := ap.Addr()
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0 && ours(from); i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			from = hop
		}
		return from.Unmap()
	}
}
