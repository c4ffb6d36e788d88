package mobileidtest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
)

const (
	party = "00000000-0000-0000-0000-000000000000"
	mary  = "+37255500001"
	juri  = "+37255500002"
	ona   = "+37060000001"
)

// codes are the people's.
var codes = map[string]string{mary: "60001019906", juri: "39912310174", ona: "50001018908"}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// service is a simulator that is called without a network, with three people.
type service struct {
	*mobileidtest.Server
	t     testing.TB
	clock *clock
}

func open(t testing.TB, change ...func(*mobileidtest.Config)) *service {
	t.Helper()
	s := &service{t: t, clock: &clock{t: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	cfg := mobileidtest.Config{Now: s.clock.Now, Poll: -1, People: []mobileidtest.Person{
		{Phone: mary, Code: codes[mary], GivenName: "MARY ÄNN", Surname: "O’CONNEŽ-ŠUSLIK"},
		{Phone: juri, Code: codes[juri], GivenName: "JÜRI", Surname: "TAMM", RSA: true, OldCertificate: true},
		{Phone: ona, Code: codes[ona], Country: "LT", GivenName: "ONA", Surname: "LAUKIENĖ"},
	}}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	s.Server, err = mobileidtest.New(cfg)
	require.NoError(t, err)
	return s
}

// object is a request that can be changed.
type object map[string]any

// with returns a copy in which a member has another value; nil takes it out.
func (o object) with(name string, value any) object {
	out := maps.Clone(o)
	if value == nil {
		delete(out, name)
	} else {
		out[name] = value
	}
	return out
}

// do makes a request and returns status and body.
func (s *service) do(method, path, body string) (int, map[string]any) {
	s.t.Helper()
	r := httptest.NewRequest(method, "/mid-api"+path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var m map[string]any
	require.NoError(s.t, json.Unmarshal(w.Body.Bytes(), &m), "%s", w.Body)
	return w.Code, m
}

func (s *service) post(path string, request object) (int, map[string]any) {
	s.t.Helper()
	raw, err := json.Marshal(request)
	require.NoError(s.t, err)
	return s.do(http.MethodPost, path, string(raw))
}

// begin starts a session, which must be accepted.
func (s *service) begin(path string, request object) string {
	s.t.Helper()
	status, m := s.post(path, request)
	require.Equal(s.t, 200, status, "%v", m)
	return m["sessionID"].(string)
}

func (s *service) poll(kind, id string) map[string]any {
	s.t.Helper()
	status, m := s.do(http.MethodGet, kind+"/session/"+id+"?timeoutMs=1000", "")
	require.Equal(s.t, 200, status, "%v", m)
	return m
}

// request asks a person for an authentication or a signature.
func request(phone, hashType string) object {
	return object{"relyingPartyUUID": party, "relyingPartyName": "DEMO", "phoneNumber": phone, "nationalIdentityNumber": codes[phone],
		"hash": base64.StdEncoding.EncodeToString(digest(hashType)), "hashType": hashType, "language": "EST", "displayText": "Vestlus: Linn"}
}

func digest(hashType string) []byte {
	b := make([]byte, hashes[hashType].Size())
	for i := range b {
		b[i] = byte(i + 1)
	}
	return b
}

var hashes = map[string]crypto.Hash{"SHA256": crypto.SHA256, "SHA384": crypto.SHA384, "SHA512": crypto.SHA512}

// check looks at the answer to an authentication as a careful party does; what fails first is the error.
func (s *service) check(phone, hashType string, status map[string]any) error {
	if status["state"] != "COMPLETE" || status["result"] != "OK" {
		return errors.New("result")
	}
	text, _ := status["cert"].(string)
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errors.New("certificate")
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return errors.New("certificate")
	}
	if s.trusted(cert) != nil {
		return errors.New("chain")
	}
	if cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return errors.New("purpose")
	}
	if !qualified(cert) {
		return errors.New("level")
	}
	if !strings.HasSuffix(cert.Subject.SerialNumber, codes[phone]) {
		return errors.New("person")
	}
	return signed(cert, hashType, digest(hashType), status)
}

// signed checks a signature.
func signed(cert *x509.Certificate, hashType string, digest []byte, status map[string]any) error {
	signature, _ := status["signature"].(map[string]any)
	text, _ := signature["value"].(string)
	value, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return errors.New("signature")
	}
	switch key := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		if signature["algorithm"] != hashType+"WithECEncryption" {
			return errors.New("algorithm")
		}
		if len(value) != 64 {
			return errors.New("length")
		}
		if !ecdsa.Verify(key, digest, new(big.Int).SetBytes(value[:32]), new(big.Int).SetBytes(value[32:])) {
			return errors.New("signature")
		}
	case *rsa.PublicKey:
		if signature["algorithm"] != hashType+"WithRSAEncryption" {
			return errors.New("algorithm")
		}
		if rsa.VerifyPKCS1v15(key, hashes[hashType], digest, value) != nil {
			return errors.New("signature")
		}
	}
	return nil
}

func (s *service) trusted(cert *x509.Certificate) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range s.Anchors() {
		roots.AddCert(c)
	}
	for _, c := range s.Intermediates() {
		between.AddCert(c)
	}
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: s.clock.Now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

func qualified(cert *x509.Certificate) bool {
	for _, oid := range cert.Policies {
		if oid.String() == "0.4.0.2042.1.2" {
			return true
		}
	}
	return false
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}
