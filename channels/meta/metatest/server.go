package metatest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// Server is one simulated app with its accounts: the Graph API, the login dialog, the webhooks, and the people at the
// other end. It is an http.Handler for all hosts of the API at once. All methods may be called concurrently.
type Server struct {
	hooks   // Sign, Pending, Take, Requeue, Batch, Deliver, Deliveries, Run
	journal // Sent, Marks, Requests, Totals
	script  // FailNext, Heal

	cfg     Config
	changed sim.Bell
	routes  map[string]handler

	mu    sync.Mutex
	state state
	base  string
	http  *http.Server
}

// New returns an app with these accounts, without people or messages. It does no I/O and starts nothing. Errors name
// the field of Config.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, routes: routes(), base: strings.TrimSuffix(cfg.PublicURL, "/")}
	s.state = state{
		accounts: map[string]*account{}, subs: map[string]*subscription{}, tokens: map[string]*grant{}, codes: map[string]code{},
		messages: map[string]*message{}, media: map[string]*medium{}, links: map[string]link{},
		objects: map[string]appSubscription{},
		seq:     1_000_000_000_000_000,
	}
	s.hooks = hooks{signer: signer{key: cfg.AppSecrets[0], raw: cfg.RawUTF8, escaped: cfg.SignEscaped},
		client: cfg.Client, pauses: cfg.Retry, clock: cfg.Now, url: cfg.Webhook, kick: make(chan struct{}, 1)}
	s.journal.marks = map[string]int{}
	if err := s.register(); err != nil {
		return nil, err
	}
	return s, nil
}

// now is the time of the simulator.
func (s *Server) now() time.Time { return s.cfg.Now().UTC() }

// Start listens on Config.Addr, serves the API there and returns its URL, such as "http://127.0.0.1:40123".
func (s *Server) Start() (string, error) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.cfg.Addr)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = ln.Close()
		return "", errors.New("metatest: already started")
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	url := "http://" + ln.Addr().String()
	setDefault(&s.base, url)
	server := s.http
	go func() { _ = server.Serve(ln) }() // ends with Close
	return url, nil
}

// Close ends what Start began and cuts its connections. The app stays as it is.
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

// SetURL tells the address under which the server can be reached when it was not started by Start.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

// address is the base of links. Server.mu is held.
func (s *Server) address() string {
	if s.base == "" {
		return "https://lookaside.fbsbx.com"
	}
	return s.base
}
