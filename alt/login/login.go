package login

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
)

// Config of New. Service is required, with alt.Config.Logins.
type Config struct {
	Service *alt.Service
	// URL is alt.Logins.URL again, where the pages are mounted. Required.
	URL string
	// ClientIP returns the address of the browser, for the limit of requests.
	// Default: that of the connection, which is a proxy's where there is one.
	ClientIP func(r *http.Request) netip.Addr
	// PerMinute bounds the changes that one address makes in a minute: links
	// opened and methods begun. Default 30, because many people can share one.
	PerMinute int
	// SmartIDCode asks for a personal code before Smart-ID, which notifications and
	// version 2 of its API need.
	SmartIDCode bool
	// Notice stands above every page, for demonstrations and trials. Default: none.
	Notice *Notice
	// Logger gets the technical log, without personal data. Default: none.
	Logger *slog.Logger
	// Now is the clock of waiting. Default time.Now.
	Now func() time.Time
}

// Notice is what people are told on every page.
type Notice struct {
	// Text is by language; "et" is required, and stands in for others.
	Text map[string]string
	// Link leads to more, in another window, and More is what it says, as Text.
	// Optional.
	Link string
	More map[string]string
}

func (n *Notice) check() error {
	switch {
	case n == nil:
		return nil
	case n.Text["et"] == "":
		return errors.New(`login: Config.Notice.Text: "et" is required`)
	case n.Link != "" && n.More["et"] == "":
		return errors.New(`login: Config.Notice.More: "et" is required with Link`)
	}
	return nil
}

// pages is the handler.
type pages struct {
	cfg    Config
	flow   *alt.LoginPages
	base   string // path of the mount, without a trailing slash
	secure bool
	look   *look
	limit  *limiter
	mux    *http.ServeMux
}

// New returns the pages. It is mounted with http.StripPrefix at the path of
// Config.URL.
func New(cfg Config) (http.Handler, error) {
	if cfg.Service == nil || cfg.Service.LoginPages() == nil {
		return nil, errors.New("login: Config.Service: required, with alt.Config.Logins")
	}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || strings.HasSuffix(cfg.URL, "/") {
		return nil, errors.New("login: Config.URL: must be alt.Logins.URL")
	}
	if cfg.PerMinute < 0 {
		return nil, errors.New("login: Config.PerMinute: must not be negative")
	}
	if err := cfg.Notice.check(); err != nil {
		return nil, err
	}
	if cfg.PerMinute == 0 {
		cfg.PerMinute = 30
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.ClientIP == nil {
		cfg.ClientIP = connection
	}
	look, err := newLook()
	if err != nil {
		return nil, err
	}
	p := &pages{cfg: cfg, flow: cfg.Service.LoginPages(), base: u.Path, secure: u.Scheme == "https", look: look,
		limit: newLimiter(cfg.PerMinute, cfg.Now), mux: http.NewServeMux()}
	p.mux.HandleFunc("GET /{$}", p.show)
	p.mux.HandleFunc("POST /method", p.begin)
	p.mux.HandleFunc("POST /cancel", p.cancel)
	p.mux.HandleFunc("GET /return", p.back)
	p.mux.HandleFunc("GET /live", p.live)
	p.mux.HandleFunc("GET /login.css", p.static)
	p.mux.HandleFunc("GET /login.js", p.static)
	p.mux.HandleFunc("GET /icon.svg", p.static)
	p.mux.HandleFunc("GET /{agency}/{link}", p.offer)
	p.mux.HandleFunc("POST /{agency}/{link}", p.open)
	// A form of another site must not spend a link or choose a method.
	return headers(http.NewCrossOriginProtection().Handler(p.mux)), nil
}

// connection is the address at the other end.
func connection(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// headers keep the pages to themselves.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Robots-Tag", "noindex")
		next.ServeHTTP(w, r)
	})
}
