package messagebirdtest

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

// Server is one simulated account: its API, its webhooks and the people it talks with. It is an http.Handler for
// all hosts of the API at once. All methods may be called concurrently.
type Server struct {
	hooks   // Sign, Pending, Take, Requeue, Dropped, Deliver, Run
	journal // Sent, Tracks, Requests
	script  // FailNext, Heal

	cfg     Config
	keys    [][32]byte // hashes of the access keys
	routes  map[string]methods
	limit   *sim.Limiter
	changed sim.Bell

	mu    sync.Mutex
	state state
	sms   smsState
	base  string
	http  *http.Server
}

// New returns an account with these channels, without people or messages. It does no I/O and starts nothing.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, keys: hashKeys(cfg.AccessKeys), routes: routes(), limit: sim.NewLimiter(cfg.Rate.PerSecond, cfg.Rate.Burst, cfg.Now)}
	s.journal.tracks = map[string]int{}
	s.hooks.signer = signer{key: cfg.SigningKey, alg: cfg.Algorithm, older: cfg.OlderSignature, now: s.now}
	s.hooks.client, s.hooks.pauses = cfg.Client, cfg.Retry
	s.hooks.resign, s.hooks.parallel = cfg.ResignRetries, cfg.Parallel
	s.hooks.kick = make(chan struct{}, 1)
	s.state = state{
		channels: map[string]*channel{}, contacts: map[string]*contact{}, peers: map[peer]*contact{},
		conversations: map[string]*conversation{}, messages: map[string]*message{}, inboxes: map[inbox][]*message{},
		blobs: map[string]blob{},
	}
	s.sms.numbers = map[string]Number{}
	for _, n := range cfg.Numbers {
		s.sms.numbers[digitsOf(n.Number)] = n
	}
	for _, c := range cfg.Channels {
		s.state.channels[c.ID] = &channel{Channel: c, rules: rulesOf(c), created: s.now()}
	}
	for _, w := range cfg.Webhooks {
		if w.Events == nil {
			w.Events = allEvents()
		}
		s.state.hooks = append(s.state.hooks, &webhook{id: newID(), url: w.URL, channel: w.ChannelID, events: w.Events,
			enabled: true, created: s.now()})
	}
	return s, nil
}

// now is the time as the service writes it.
func (s *Server) now() time.Time { return s.cfg.Now().UTC() }

// Start listens on Config.Addr, serves the API there and returns its URL, such as "http://127.0.0.1:40123". Links
// in answers and webhooks name this address from now on.
func (s *Server) Start() (string, error) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.cfg.Addr)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = ln.Close()
		return "", errors.New("messagebirdtest: already started")
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.base = "http://" + ln.Addr().String()
	server := s.http
	go func() { _ = server.Serve(ln) }() // ends with Close
	return s.base, nil
}

// Close ends what Start began and cuts its connections. The account stays as it is.
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

// SetURL tells the address under which the server can be reached when it was not started by Start: links in answers
// and webhooks name it. Without it they name the hosts of the real service.
func (s *Server) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = strings.TrimSuffix(base, "/")
}

// apiBase is the address of links into the API. Server.mu is held.
func (s *Server) apiBase() string {
	if s.base == "" {
		return "https://conversations.messagebird.com"
	}
	return s.base
}

// mediaBase is the address of links to media. Server.mu is held.
func (s *Server) mediaBase() string {
	if s.base == "" {
		return "https://media.messagebird.com"
	}
	return s.base
}
