package smartid_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	uuid     = "00000000-0000-4000-8000-000000000000"
	number   = "PNOEE-38001085718"
	code     = eid.PersonalCode("EE38001085718")
	document = "PNOEE-38001085718-ABCD-Q"
)

// Object identifiers are written out here, so that a wrong one in the package is
// not repeated.
var (
	ekuSmartID  = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 62306, 5, 7, 0}
	ekuClient   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
	qualified   = []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 10015, 17, 2}, {0, 4, 0, 2042, 1, 2}}
	basic       = []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 10015, 17, 1}, {0, 4, 0, 2042, 1, 1}}
	qualifiedQC = []asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 10015, 17, 2}, {0, 4, 0, 194112, 1, 2}}
)

// authority issues certificates to people.
type authority struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	store *trust.Store
}

var pki = sync.OnceValue(newAuthority)

func newAuthority() *authority {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, NotBefore: now.AddDate(-5, 0, 0),
		NotAfter: now.AddDate(5, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	cert := must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))))
	return &authority{cert, key, must(trust.New(trust.Config{Anchors: []*x509.Certificate{cert}}))}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// holder is a person with a key. The zero value of a field stands for what an
// ordinary qualified certificate for authentication has.
type holder struct {
	identifier, given, family, document string
	policies                            []asn1.ObjectIdentifier
	usage                               x509.KeyUsage
	ext                                 asn1.ObjectIdentifier
	from, until                         time.Time
	key                                 *rsa.PrivateKey
	issuer                              *authority
	noSAN                               bool
	cert                                *x509.Certificate
}

var personKey = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, 2048)) })

func issue(h holder) *holder {
	orElse(&h.identifier, number)
	orElse(&h.given, "MARI-LIIS")
	orElse(&h.family, "MÄNNIK")
	orElse(&h.document, h.identifier+"-ABCD-Q")
	orElse(&h.usage, x509.KeyUsageDigitalSignature)
	if h.policies == nil {
		h.policies = qualified
	}
	if h.ext == nil && h.usage != x509.KeyUsageContentCommitment {
		h.ext = ekuSmartID
	}
	if h.from.IsZero() {
		h.from, h.until = now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)
	}
	if h.key == nil {
		h.key = personKey()
	}
	if h.issuer == nil {
		h.issuer = pki()
	}
	template := &x509.Certificate{
		SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<60))),
		Subject: pkix.Name{
			Country: []string{h.identifier[3:5]}, SerialNumber: h.identifier, CommonName: "WRONG,NAMES",
			ExtraNames: []pkix.AttributeTypeAndValue{
				{Type: asn1.ObjectIdentifier{2, 5, 4, 4}, Value: h.family}, {Type: asn1.ObjectIdentifier{2, 5, 4, 42}, Value: h.given},
			},
		},
		NotBefore: h.from, NotAfter: h.until, KeyUsage: h.usage, BasicConstraintsValid: true,
		OCSPServer: []string{"http://ocsp.invalid/"},
	}
	if h.ext != nil {
		template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{h.ext}
	}
	for _, p := range h.policies {
		ints := make([]uint64, len(p))
		for i, n := range p {
			ints[i] = uint64(n)
		}
		template.Policies = append(template.Policies, must(x509.OIDFromInts(ints)))
	}
	if !h.noSAN {
		name := must(asn1.Marshal(pkix.Name{CommonName: h.document}.ToRDNSequence()))
		san := must(asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: name}}))
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: san}}
	}
	h.cert = must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, h.issuer.cert, h.key.Public(), h.issuer.key))))
	return &h
}

func orElse[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

// object is JSON that a test changes before it is sent.
type object = map[string]any

// begun is what the service knows of a session: the request and its own secrets.
type begun struct {
	path    string
	request object
	scheme  string
	secret  []byte
	flow    string
	// verifier is what the app returns with, where it does.
	verifier string
}

// answer makes a good answer of h to an authentication, in the service's words
// and with none of the package's code.
func (b begun) answer(h *holder) object {
	parameters := b.request["signatureProtocolParameters"].(object)
	hash := parameters["signatureAlgorithmParameters"].(object)["hashAlgorithm"].(string)
	interactions := b.request["interactions"].(string)
	used := offered(interactions)[0]
	random := "MTlop6EXCrQ6FOErcKjxUhbV"
	challenge := sha256.Sum256([]byte(b.verifier))
	userChallenge := base64.RawURLEncoding.EncodeToString(challenge[:])
	shown := sha256.Sum256([]byte(interactions))
	callback, _ := b.request["initialCallbackUrl"].(string)
	if b.flow == "QR" || b.flow == "Notification" {
		callback = ""
	}
	name := base64.StdEncoding.EncodeToString([]byte(b.request["relyingPartyName"].(string)))
	payload := b.scheme + "|ACSP_V2|" + random + "|" + parameters["rpChallenge"].(string) + "|" + userChallenge + "|" + name + "||" +
		base64.StdEncoding.EncodeToString(shown[:]) + "|" + used + "|" + callback + "|" + b.flow
	algorithm := hashes[hash]
	digest := algorithm.New()
	digest.Write([]byte(payload))
	value := must(rsa.SignPSS(rand.Reader, h.key, algorithm, digest.Sum(nil), &rsa.PSSOptions{SaltLength: algorithm.Size()}))
	return object{
		"state":             "COMPLETE",
		"result":            object{"endResult": "OK", "documentNumber": h.document},
		"signatureProtocol": "ACSP_V2",
		"signature": object{
			"value": base64.StdEncoding.EncodeToString(value), "serverRandom": random, "userChallenge": userChallenge,
			"flowType": b.flow, "signatureAlgorithm": "rsassa-pss", "signatureAlgorithmParameters": pssParameters(hash),
		},
		"cert":                object{"value": base64.StdEncoding.EncodeToString(h.cert.Raw), "certificateLevel": b.request["certificateLevel"]},
		"interactionTypeUsed": used,
		"deviceIpAddress":     "192.0.2.7",
	}
}

func pssParameters(hash string) object {
	return object{
		"hashAlgorithm":    hash,
		"maskGenAlgorithm": object{"algorithm": "id-mgf1", "parameters": object{"hashAlgorithm": hash}},
		"saltLength":       hashes[hash].Size(), "trailerField": "0xbc",
	}
}

var hashes = map[string]crypto.Hash{
	"SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	"SHA3-256": crypto.SHA3_256, "SHA3-384": crypto.SHA3_384, "SHA3-512": crypto.SHA3_512,
}

// offered returns the types in an interactions string.
func offered(encoded string) []string {
	var list []struct{ Type string }
	if err := json.Unmarshal(must(base64.StdEncoding.DecodeString(encoded)), &list); err != nil {
		panic(err)
	}
	types := make([]string, len(list))
	for i, l := range list {
		types[i] = l.Type
	}
	return types
}

// service answers in place of Smart-ID. It is a transport, so nothing leaves the
// process.
type service struct {
	mu       sync.Mutex
	scheme   string
	requests []*http.Request
	bodies   [][]byte
	begun    begun
	// begin and session, when they are set, answer instead.
	begin   func(r *http.Request) (int, any)
	session func(r *http.Request) (int, any)
	fail    func(r *http.Request) error
	header  http.Header
}

const sessionSecret = "B98ODiVCebRedSwdTk51zFSaGYyHtY1H2A0ocAi3/Ps="

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, body)
	if s.fail != nil {
		if err := s.fail(r); err != nil {
			return nil, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status := http.StatusOK
	var reply any
	switch {
	case r.Method == http.MethodPost:
		s.begun = begun{path: r.URL.Path, scheme: s.scheme, secret: must(base64.StdEncoding.DecodeString(sessionSecret)), verifier: "XtPfaGa8JnGtYrJjboooUf0KfY9sMEHrWFpSQrsUv9c"}
		if err := json.Unmarshal(body, &s.begun.request); err != nil {
			panic(err)
		}
		if s.begin != nil {
			status, reply = s.begin(r)
			break
		}
		o := object{"sessionID": "a2e28e5c-9dd5-4a30-9fd0-3b2ea1f9b6ad", "unknown": true}
		if strings.Contains(r.URL.Path, "/device-link/") {
			o["sessionToken"], o["sessionSecret"] = "wGIrqveE6AuGDATZKmR1mtAZ", sessionSecret
			o["deviceLinkBase"] = "https://smart-id.com/device-link"
		} else if strings.Contains(r.URL.Path, "/signature/notification/document/") {
			o["vc"] = object{"type": "numeric4", "value": "0042"}
		}
		reply = o
	case s.session != nil:
		status, reply = s.session(r)
	default:
		reply = object{"state": "RUNNING"}
	}
	raw, ok := reply.([]byte)
	if !ok {
		raw = must(json.Marshal(reply))
	}
	header := s.header
	if header == nil {
		header = http.Header{"Content-Type": {"application/json"}}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(raw)), Request: r}, nil
}

// answers lets the service answer the session that was begun last.
func (s *service) answers(v any) {
	s.session = func(*http.Request) (int, any) { return http.StatusOK, v }
}

// complete lets h answer in that flow.
func (s *service) complete(h *holder, flow string) object {
	s.begun.flow = flow
	o := s.begun.answer(h)
	s.answers(o)
	return o
}

// returned is the query of the browser that the app sent back.
func (s *service) returned(t testing.TB) url.Values {
	t.Helper()
	u, err := url.Parse(s.begun.request["initialCallbackUrl"].(string))
	require.NoError(t, err)
	digest := sha256.Sum256(s.begun.secret)
	q := u.Query()
	q.Set("sessionSecretDigest", base64.RawURLEncoding.EncodeToString(digest[:]))
	if strings.Contains(s.begun.path, "/authentication/") {
		q.Set("userChallengeVerifier", s.begun.verifier)
	}
	return q
}

// checker is a revocation checker that counts.
type checker struct {
	err   error
	asked int
}

func (c *checker) Check(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) error {
	c.asked++
	return errors.Join(c.err, unrevoked{}.Check(ctx, cert, issuer, at))
}

// unrevoked finds everything good that was issued by whom it is said.
type unrevoked struct{}

func (unrevoked) Check(_ context.Context, cert, issuer *x509.Certificate, at time.Time) error {
	if cert == nil || issuer == nil || at.IsZero() || cert.CheckSignatureFrom(issuer) != nil {
		return trust.ErrUnknownStatus
	}
	return nil
}

// clock is what the authenticator believes the time to be.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// rig is an authenticator with all that is around it.
type rig struct {
	*smartid.Authenticator
	service *service
	checker *checker
	clock   *clock
}

func newRig(t testing.TB, change func(*smartid.Config)) *rig {
	t.Helper()
	r := &rig{service: &service{scheme: "smart-id-demo"}, checker: &checker{}, clock: &clock{at: now}}
	cfg := smartid.Config{
		Environment: smartid.Demo(), RelyingPartyUUID: uuid, RelyingPartyName: "DEMO", Trust: pki().store, Revocation: r.checker,
		InsecureNoPins: true, Client: &http.Client{Transport: r.service}, Now: r.clock.now, PollTimeout: time.Second,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	r.Authenticator, err = smartid.New(cfg)
	require.NoError(t, err)
	return r
}
