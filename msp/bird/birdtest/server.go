package birdtest

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

// Server is one simulated workspace: its API, its webhooks and the people it
// talks with. It is an http.Handler for both hosts of the API at once. All
// methods may be called concurrently.
type Server struct {
	hooks   // Pending, Take, Requeue, Dropped, Deliver, Run
	journal // Sent, References, Requests
	script  // FailNext, Heal

	cfg     Config
	keys    [][32]byte // hashes of the access keys
	routes  *http.ServeMux
	limit   *sim.Limiter
	changed sim.Bell

	mu    sync.Mutex
	state state
	base  string
	http  *http.Server
}

// New returns a workspace with these channels, without people or messages. It
// does no I/O and starts nothing.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, keys: hashKeys(cfg.AccessKeys), limit: sim.NewLimiter(cfg.Rate.PerSecond, 0, cfg.Now)}
	s.journal.references = map[string]int{}
	s.hooks.now, s.hooks.client, s.hooks.pauses = s.now, cfg.Client, cfg.Retry
	s.hooks.plainURL, s.hooks.kick = cfg.SignWithoutQuery, make(chan struct{}, 1)
	s.state = state{
		channels: map[string]*channel{}, contacts: map[string]*contact{}, people: map[identifier]*contact{},
		messages: map[string]*message{}, conversations: map[string]*conversation{}, blobs: map[string]File{},
	}
	for _, c := range cfg.Channels {
		s.state.channels[c.ID] = &channel{Channel: c, rules: rulesOf(c), connector: newID()}
	}
	for _, w := range cfg.Webhooks {
		s.state.hooks = append(s.state.hooks, &webhook{Webhook: w, id: newID(), created: s.now()})
	}
	s.routes = s.handlers()
	return s, nil
}

// now is the time as the service writes it.
func (s *Server) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// Start listens on Config.Addr, serves the API there and returns its URL, such as
// "http://127.0.0.1:40123". Links in webhooks name this address from now on.
func (s *Server) Start() (string, error) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.cfg.Addr)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = ln.Close()
		return "", errors.New("birdtest: already started")
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.base = "http://" + ln.Addr().String()
	server := s.http
	go func() { _ = server.Serve(ln) }() // ends with Close
	return s.base, nil
}

// Close ends what Start began and cuts its connections. The workspace stays as
// it is.
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
// started by Start: links to media name it. Without it they name the host of the
// real service.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}
