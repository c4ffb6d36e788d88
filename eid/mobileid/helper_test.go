package mobileid_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// What must never be seen in an error or a log.
const (
	uuid    = "c0ffee00-1111-4222-8333-444455556666"
	name    = "Terviseamet"
	code    = eid.PersonalCode("EE60001019906")
	phone   = eid.Phone("+37200000766")
	session = "1dcc1600-29a6-4e95-a95c-d69b31febcfb"
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// authority is made once, because keys take time. Nothing changes it.
var authority = sync.OnceValues(func() (*testca.CA, error) { return testca.New(testca.Config{Now: noon}) })

// begun is what the service was asked to begin.
type begun struct {
	RelyingPartyUUID, RelyingPartyName       string
	PhoneNumber, NationalIdentityNumber      string
	Hash                                     []byte
	HashType                                 string
	Language, DisplayText, DisplayTextFormat string
}

// service plays Mobile-ID: what a test does not set has its usual answer.
type service struct {
	// start and poll answer with a status and a body.
	start func(op string, b begun) (int, string)
	poll  func(r *http.Request) (int, string)

	mu     sync.Mutex
	bodies map[string][]string // of calls that begin something, by operation
	last   begun               // session
	polls  []url.Values
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	status, answer := http.StatusNotFound, ""
	switch path := strings.Split(strings.TrimPrefix(r.URL.Path, "/mid-api/"), "/"); {
	case r.Method == http.MethodPost && len(path) == 1:
		raw, _ := io.ReadAll(r.Body)
		var b begun
		if json.Unmarshal(raw, &b) != nil {
			break
		}
		s.mu.Lock()
		s.bodies[path[0]] = append(s.bodies[path[0]], string(raw))
		if path[0] != "certificate" {
			s.last = b
		}
		s.mu.Unlock()
		status, answer = s.start(path[0], b)
	case r.Method == http.MethodGet && len(path) == 3 && path[1] == "session":
		s.mu.Lock()
		s.polls = append(s.polls, r.URL.Query())
		s.mu.Unlock()
		status, answer = s.poll(r)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

func (s *service) asked() begun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

func (s *service) begunOf(op string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bodies[op]
}

func (s *service) polled() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.polls
}

// rig is an authenticator and the service that it speaks with.
type rig struct {
	testing.TB
	service *service
	ca      *testca.CA
	m       *mobileid.Authenticator
	cfg     mobileid.Config
	mu      sync.Mutex
	now     time.Time
}

func newRig(t testing.TB, change ...func(*mobileid.Config)) *rig {
	t.Helper()
	ca, err := authority()
	require.NoError(t, err)
	r := &rig{TB: t, ca: ca, now: noon()}
	mary := r.person(testca.Person{})
	r.service = &service{
		bodies: map[string][]string{},
		start: func(op string, _ begun) (int, string) {
			if op == "certificate" {
				return 200, `{"result":"OK","cert":"` + base64.StdEncoding.EncodeToString(r.person(testca.Person{Kind: testca.MobileIDSigning}).DER) + `"}`
			}
			return 200, `{"sessionID":"` + session + `"}`
		},
		poll: r.phoneOf(mary),
	}
	srv := httptest.NewServer(r.service)
	t.Cleanup(srv.Close)
	store, err := trust.New(trust.Config{Anchors: ca.Anchors(), Intermediates: ca.Intermediates()})
	require.NoError(t, err)
	r.cfg = mobileid.Config{
		Environment: mobileid.Demo(), RelyingPartyUUID: uuid, RelyingPartyName: name,
		Trust: store, InsecureSkipRevocation: true, InsecureNoPins: true, InsecureHTTP: true,
		Now: r.clock, PollTimeout: time.Second,
	}
	r.cfg.Environment.BaseURL = srv.URL + "/mid-api"
	for _, c := range change {
		c(&r.cfg)
	}
	r.m, err = mobileid.New(r.cfg)
	require.NoError(t, err)
	return r
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// person issues a certificate, of the person who is asked unless p says another.
func (r *rig) person(p testca.Person) *testca.Certificate {
	r.Helper()
	if p.Kind == 0 {
		p.Kind = testca.MobileID
	}
	if p.Code == "" {
		p.Code = code
	}
	p.GivenName, p.FamilyName = "MARY ÄNN", "O’CONNEŽ-ŠUSLIK TESTNUMBER"
	cert, err := r.ca.Issue(p)
	require.NoError(r, err)
	return cert
}

func (r *rig) begin() eid.Challenge {
	r.Helper()
	c, err := r.m.Begin(r.Context(), eid.Request{Code: code, Phone: phone})
	require.NoError(r, err)
	return c
}

func (r *rig) resolve(c eid.Challenge) (eid.Identity, error) {
	return r.m.Resolve(r.Context(), c.State, nil)
}

// answers makes the service answer polls so.
func (r *rig) answers(status int, body string) {
	r.service.poll = func(*http.Request) (int, string) { return status, body }
}

// phoneOf answers polls as a phone with that certificate does.
func (r *rig) phoneOf(c *testca.Certificate) func(*http.Request) (int, string) {
	return func(*http.Request) (int, string) { return 200, signed(r.TB, c, r.service.asked()) }
}

// signed is the answer of a phone with that certificate.
func signed(t testing.TB, c *testca.Certificate, b begun) string {
	t.Helper()
	value, algorithm := sign(t, c, b.HashType, b.Hash)
	return answer(t, c.DER, algorithm, value)
}

func answer(t testing.TB, der []byte, algorithm string, value []byte) string {
	t.Helper()
	out := map[string]any{
		"state": "COMPLETE", "result": "OK", "time": "2026-11-22T12:00:00", "traceId": "4a295f2786d6dc89",
		"signature": map[string]string{"value": base64.StdEncoding.EncodeToString(value), "algorithm": algorithm},
	}
	if der != nil {
		out["cert"] = base64.StdEncoding.EncodeToString(der)
	}
	b, err := json.Marshal(out)
	require.NoError(t, err)
	return string(b)
}

// sign does what the card does.
func sign(t testing.TB, c *testca.Certificate, hashType string, hash []byte) (value []byte, algorithm string) {
	t.Helper()
	if key, ok := c.Key.(*ecdsa.PrivateKey); ok {
		x, y, err := ecdsa.Sign(rand.Reader, key, hash)
		require.NoError(t, err)
		half := (key.Params().BitSize + 7) / 8
		return append(x.FillBytes(make([]byte, half)), y.FillBytes(make([]byte, half))...), hashType + "WithECEncryption"
	}
	hashes := map[string]crypto.Hash{"SHA256": crypto.SHA256, "SHA384": crypto.SHA384, "SHA512": crypto.SHA512}
	value, err := c.Key.Sign(rand.Reader, hash, hashes[hashType])
	require.NoError(t, err)
	return value, hashType + "WithRSAEncryption"
}

// checker answers always the same.
type checker struct{ err error }

func (c *checker) Check(context.Context, *x509.Certificate, *x509.Certificate, time.Time) error {
	return c.err
}
