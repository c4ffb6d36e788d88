package mobileidtest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/internal/sim"
)

// Server is the simulated service with its certificate authority, its people and their phones. It is an http.Handler.
// All methods may be called concurrently.
type Server struct {
	journal // Requests
	script  // FailNext, Heal

	cfg     Config
	ca      *testca.CA
	changed sim.Bell

	mu       sync.Mutex
	people   map[string]*account // by number
	sessions map[string]*session
	last     map[string][]byte // the status of the last approved session of each kind
	http     *http.Server

	orders       orders // for sessions
	certificates orders // for certificates

	forgery forgery
}

// New returns a service with these parties and people. It does no I/O and starts nothing. Errors name the field of
// Config.
func New(cfg Config) (*Server, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, ca: cfg.CA, sessions: map[string]*session{}, people: map[string]*account{}, last: map[string][]byte{}}
	if s.ca == nil {
		ca, err := testca.New(testca.Config{Now: cfg.Now})
		if err != nil {
			return nil, fmt.Errorf("mobileidtest: certificate authority: %w", err)
		}
		s.ca = ca
	}
	for i, p := range cfg.People {
		if _, err := s.AddPerson(p); err != nil {
			return nil, fmt.Errorf("mobileidtest: Config.People[%d]: %w", i, err)
		}
	}
	if cfg.DemoNumbers {
		for _, p := range demoNumbers() {
			if _, err := s.AddPerson(p); err != nil && !errors.Is(err, ErrTaken) {
				return nil, err
			}
		}
	}
	return s, nil
}

// CA returns the certificate authority that issues the people's certificates. Its responder says what they are worth.
func (s *Server) CA() *testca.CA { return s.ca }

// Anchors and Intermediates are what a relying party must trust to believe the service's certificates.
func (s *Server) Anchors() []*x509.Certificate { return s.ca.Anchors() }

// Intermediates returns the authorities between the anchors and the people.
func (s *Server) Intermediates() []*x509.Certificate { return s.ca.Intermediates() }

// Start listens on Config.Addr, serves the API there and returns its URL, such as "http://127.0.0.1:40123". The
// endpoints are below it, and below /mid-api as in the real environments.
func (s *Server) Start() (string, error) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.cfg.Addr)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = ln.Close()
		return "", errors.New("mobileidtest: already started")
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	server := s.http
	go func() { _ = server.Serve(ln) }() // ends with Close
	return "http://" + ln.Addr().String(), nil
}

// Close ends what Start began and cuts its connections. People and sessions stay as they are.
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

// now is the service's time.
func (s *Server) now() time.Time { return s.cfg.Now().UTC() }
