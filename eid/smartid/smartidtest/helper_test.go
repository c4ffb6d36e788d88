package smartidtest_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

const (
	party    = "00000000-0000-4000-8000-000000000000"
	callback = "https://rp.example.com/callback-url?value=RrKjjT4aggzu27YBddX1bQ"
	mary     = "PNOEE-60001019906"
	maryDoc  = "PNOEE-60001019906-MOCK-Q"
	juri     = "PNOEE-39912310174"
	juriDoc  = "PNOEE-39912310174-MOCK-Q"
	basic    = "PNOLT-49912318881"
	basicDoc = "PNOLT-49912318881-MOCK-NQ"
)

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
	*smartidtest.Server
	t     testing.TB
	clock *clock
}

func open(t testing.TB, change ...func(*smartidtest.Config)) *service {
	t.Helper()
	s := &service{t: t, clock: &clock{t: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}}
	cfg := smartidtest.Config{Now: s.clock.Now, Poll: -1, People: []smartidtest.Person{
		{Identifier: mary, GivenName: "MARY ÄNN", Surname: "O’CONNEŽ-ŠUSLIK", Born: "2000-01-01"},
		{Identifier: juri, GivenName: "JÜRI", Surname: "TAMM"},
		{Identifier: basic, GivenName: "ONA", Surname: "LAUKIENĖ", Level: smartidtest.Advanced},
	}}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	s.Server, err = smartidtest.New(cfg)
	require.NoError(t, err)
	return s
}

// do makes a request and returns status, body and headers.
func (s *service) do(method, path string, body []byte) (int, map[string]any, http.Header) {
	s.t.Helper()
	r := httptest.NewRequest(method, "/smart-id-rp"+path, strings.NewReader(string(body)))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var m map[string]any
	if w.Body.Len() > 0 {
		require.NoError(s.t, json.Unmarshal(w.Body.Bytes(), &m), "%s", w.Body)
	}
	return w.Code, m, w.Header()
}

func (s *service) post(path string, request object) (int, map[string]any) {
	s.t.Helper()
	raw, err := json.Marshal(request)
	require.NoError(s.t, err)
	status, m, _ := s.do(http.MethodPost, path, raw)
	return status, m
}

// begin starts a session, which must be accepted.
func (s *service) begin(path string, request object) opened {
	s.t.Helper()
	status, m := s.post(path, request)
	require.Equal(s.t, 200, status, "%v", m)
	o := opened{id: m["sessionID"].(string), request: request}
	if token, ok := m["sessionToken"].(string); ok {
		o.token, o.base = token, m["deviceLinkBase"].(string)
		o.secret = unbase64(s.t, m["sessionSecret"].(string))
	}
	if vc, ok := m["vc"].(map[string]any); ok {
		o.code = vc["value"].(string)
	}
	return o
}

// poll is the status of a session of version 3.
func (s *service) poll(id string) map[string]any {
	s.t.Helper()
	status, m, _ := s.do(http.MethodGet, "/v3/session/"+id+"?timeoutMs=1000", nil)
	require.Equal(s.t, 200, status, "%v", m)
	return m
}

// opened is a session as its party knows it.
type opened struct {
	id, token, base, code string
	secret                []byte
	request               object
}

// object is a request that can be changed.
type object map[string]any

// with returns a copy in which the member that the path leads to has another value; nil takes it out.
func (o object) with(path string, value any) object {
	raw, _ := json.Marshal(o)
	var out object
	_ = json.Unmarshal(raw, &out)
	m := map[string]any(out)
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		m = m[name].(map[string]any)
	}
	if value == nil {
		delete(m, names[len(names)-1])
	} else {
		m[names[len(names)-1]] = value
	}
	return out
}

func (o object) text(path string) string {
	var v any = map[string]any(o)
	for _, name := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			if m, ok = v.(object); !ok {
				return ""
			}
		}
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

func authRequest() object {
	return object{
		"relyingPartyUUID": party, "relyingPartyName": "Demo", "certificateLevel": "QUALIFIED", "signatureProtocol": "ACSP_V2",
		"signatureProtocolParameters": map[string]any{
			"rpChallenge":                  "GYS+yoah6emAcVDNIajwSs6UB/M95XrDxMzXBUkwQJ9YFDipXXzGpPc7raWcuc2+TEoRc7WvIZ/7dU/iRXenYg==",
			"signatureAlgorithm":           "rsassa-pss",
			"signatureAlgorithmParameters": map[string]any{"hashAlgorithm": "SHA-512"},
		},
		"interactions":       screens(`[{"type":"displayTextAndPIN","displayText60":"Vestlus: Linn, Messenger"}]`),
		"initialCallbackUrl": callback,
	}
}

func notifyRequest() object {
	return authRequest().with("initialCallbackUrl", nil).with("vcType", "numeric4")
}

func signRequest() object {
	o := authRequest().with("signatureProtocol", "RAW_DIGEST_SIGNATURE").with("signatureProtocolParameters.rpChallenge", nil)
	return o.with("signatureProtocolParameters.digest", base64.StdEncoding.EncodeToString(make([]byte, 64)))
}

func certRequest() object {
	return object{"relyingPartyUUID": party, "relyingPartyName": "DEMO", "initialCallbackUrl": callback}
}

func v2Request() object {
	return object{
		"relyingPartyUUID": party, "relyingPartyName": "DEMO", "certificateLevel": "QUALIFIED",
		"hash": base64.StdEncoding.EncodeToString(make([]byte, 32)), "hashType": "SHA256",
		"allowedInteractionsOrder": []any{map[string]any{"type": "displayTextAndPIN", "displayText60": "Sisene?"}},
	}
}

func screens(list string) string { return base64.StdEncoding.EncodeToString([]byte(list)) }

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	require.NoError(t, err)
	return b
}

// certOf is the certificate of an answer.
func certOf(t testing.TB, status map[string]any) *x509.Certificate {
	t.Helper()
	cert, err := x509.ParseCertificate(unbase64(t, object(status).text("cert.value")))
	require.NoError(t, err)
	return cert
}
