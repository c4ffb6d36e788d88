package taratest

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is the simulated service. It is an http.Handler; all methods may be
// called concurrently.
type Server struct {
	cfg Config

	mu       sync.Mutex
	base     string
	http     *http.Server
	keys     []*key              // the last one signs
	sessions map[string]*request // of pages that wait for a choice
	grants   map[string]*grant   // by code
	cases    []Case
	claims   []func(map[string]any)
	outages  map[Endpoint][]Outage
	totals   Totals
}

// Endpoint names one address of the service.
type Endpoint string

// Endpoints.
const (
	Discovery Endpoint = "discovery"
	Authorize Endpoint = "authorize"
	Token     Endpoint = "token"
	Keys      Endpoint = "keys"
)

// Totals counts what was asked for since New, outages included.
type Totals struct {
	Discovery, Authorize, Token, Keys int
	// Issued counts ID tokens, Replays codes that were shown again.
	Issued, Replays int
}

// New returns a service with one key and nobody signed in. It does no I/O and
// starts nothing. Errors name the field of Config.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, sessions: map[string]*request{}, grants: map[string]*grant{}, outages: map[Endpoint][]Outage{},
	}
	if err := s.Rotate(); err != nil {
		return nil, err
	}
	return s, nil
}

// Start listens on Config.Addr and returns the address, such as
// "http://127.0.0.1:40123".
func (s *Server) Start() (string, error) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.cfg.Addr)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = ln.Close()
		return "", errors.New("taratest: already started")
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.http = server
	s.base = "http://" + ln.Addr().String()
	go func() { _ = server.Serve(ln) }() // ends with Close
	return s.base, nil
}

// Close ends what Start began and cuts its connections.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	s.http = nil
	return err
}

// SetURL tells the address under which the server can be reached when it was not
// started by Start.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

// Issuer returns how tokens name the service.
func (s *Server) Issuer() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issuer()
}

// issuer needs Server.mu.
func (s *Server) issuer() string {
	switch {
	case s.cfg.Issuer != "":
		return s.cfg.Issuer
	case s.cfg.GovSSO:
		return s.base + "/"
	}
	return s.base
}

// Totals returns what was asked for so far.
func (s *Server) Totals() Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.totals
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	var endpoint Endpoint
	var serve http.HandlerFunc
	switch r.URL.Path {
	case "/.well-known/openid-configuration", "/oidc/.well-known/openid-configuration":
		endpoint, serve = Discovery, s.serveDiscovery
	case "/oidc/authorize":
		endpoint, serve = Authorize, s.serveAuthorize
	case "/oidc/token":
		endpoint, serve = Token, s.serveToken
	case "/oidc/jwks":
		endpoint, serve = Keys, s.serveKeys
	default:
		http.NotFound(w, r)
		return
	}
	// No outage waiting is one that does nothing.
	s.count(endpoint).play(w, r, serve)
}

// count notes the call and takes the outage that waits for it.
func (s *Server) count(e Endpoint) Outage {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e {
	case Discovery:
		s.totals.Discovery++
	case Authorize:
		s.totals.Authorize++
	case Token:
		s.totals.Token++
	case Keys:
		s.totals.Keys++
	}
	waiting := s.outages[e]
	if len(waiting) == 0 {
		return Outage{}
	}
	s.outages[e] = waiting[1:]
	return waiting[0]
}

func (s *Server) serveDiscovery(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	base, issuer := s.base, s.issuer()
	s.mu.Unlock()
	method := "client_secret_basic"
	if s.cfg.SecretInForm {
		method = "client_secret_post"
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                base + "/oidc/authorize",
		"token_endpoint":                        base + "/oidc/token",
		"jwks_uri":                              base + "/oidc/jwks",
		"scopes_supported":                      []string{"openid", "idcard", "mid", "smartid", "eidas", "eidasonly", "eidas:country:cz", "email", "phone"},
		"response_types_supported":              []string{"code"},
		"grant_types_supported":                 []string{"authorization_code"},
		"subject_types_supported":               []string{"public"},
		"claim_types_supported":                 []string{"normal"},
		"acr_values_supported":                  []string{"low", "substantial", "high"},
		"ui_locales_supported":                  []string{"et", "en", "ru"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{method},
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone; there is nobody to tell
}
