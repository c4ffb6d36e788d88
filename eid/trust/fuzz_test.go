package trust_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func newCA(f *testing.F) (*testca.CA, *trust.Store, *testca.Certificate) {
	f.Helper()
	ca, err := testca.New(testca.Config{Now: now})
	require.NoError(f, err)
	store, err := trust.New(trust.Config{Anchors: ca.Anchors(), Intermediates: ca.Intermediates()})
	require.NoError(f, err)
	require.NoError(f, ca.SetURL("http://status.test"))
	cert, err := ca.Issue(mary())
	require.NoError(f, err)
	return ca, store, cert
}

// FuzzCertificate: whatever is verified is the certificate that was issued.
func FuzzCertificate(f *testing.F) {
	ca, store, cert := newCA(f)
	f.Add(cert.DER)
	f.Add(ca.Anchors()[0].Raw)
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.DER}))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		certs, err := trust.Read(b)
		if err == nil && len(certs) == 0 {
			t.Fatal("neither a certificate nor an error")
		}
		one, err := trust.Parse(b)
		if err == nil {
			certs = append(certs, one)
		}
		for _, c := range certs {
			if _, err := trust.Person(c); err != nil {
				require.ErrorIs(t, err, eid.ErrUntrusted)
			}
			v, err := store.Verify(c, profile(), now())
			if err == nil && !c.Equal(cert.Cert) {
				t.Fatalf("verified a stranger: %v", v.Level)
			}
		}
	})
}

// answering is a way out on which every request is answered with body.
type answering struct{ body []byte }

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	_, _ = w.Write(a.body) // a recorder takes everything
	return w.Result(), nil
}

// fuzzStatus: no answer that somebody makes up without a key says anything.
func fuzzStatus(f *testing.F, fetch func(*testca.CA, *testca.Certificate) []byte, change func(*testca.Certificate)) {
	ca, _, cert := newCA(f)
	real := fetch(ca, cert)
	f.Add(real)
	f.Add(real[:len(real)/2])
	change(cert)
	issuer := ca.Authority(true).Cert
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := trust.NewRevocation(trust.RevocationConfig{
			Hosts: []string{"status.test"}, Client: &http.Client{Transport: answering{b}},
		})
		require.NoError(t, err)
		err = r.Check(t.Context(), cert.Cert, issuer, now())
		if err == nil && string(b) != string(real) {
			t.Fatal("believed")
		}
		if errors.Is(err, eid.ErrUntrusted) {
			t.Fatal("a made-up answer is final")
		}
	})
}

// FuzzOCSP: the one real answer has another nonce.
func FuzzOCSP(f *testing.F) {
	fuzzStatus(f, func(ca *testca.CA, cert *testca.Certificate) []byte {
		return recorded(f, ca, cert, cert.Cert.OCSPServer[0])
	}, func(c *testca.Certificate) { c.Cert.CRLDistributionPoints = nil })
}

func FuzzList(f *testing.F) {
	fuzzStatus(f, func(ca *testca.CA, cert *testca.Certificate) []byte {
		return recorded(f, ca, cert, cert.Cert.CRLDistributionPoints[0])
	}, func(c *testca.Certificate) { c.Cert.OCSPServer = nil })
}

// handler is a way out that ends at a handler, and keeps what it said.
type handler struct {
	http.Handler
	said map[string][]byte
}

func (h handler) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	h.said[r.URL.String()] = w.Body.Bytes()
	return w.Result(), nil
}

// recorded lets both ways be asked once and returns what one of them said.
func recorded(f *testing.F, ca *testca.CA, cert *testca.Certificate, address string) []byte {
	f.Helper()
	h := handler{ca.Responder(), map[string][]byte{}}
	ca.Responder().Answer(testca.OtherNonce) // not believed, so the list is asked for too
	r, err := trust.NewRevocation(trust.RevocationConfig{Hosts: []string{"status.test"}, Client: &http.Client{Transport: h}})
	require.NoError(f, err)
	require.NoError(f, r.Check(f.Context(), cert.Cert, ca.Authority(true).Cert, now()))
	require.NotEmpty(f, h.said[address])
	return h.said[address]
}
