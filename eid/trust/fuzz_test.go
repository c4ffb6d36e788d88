package trust_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// frozen reads a file of testdata: what testca once issued and answered at the
// time of these tests. Fuzzing needs the same bytes in each process.
func frozen(f *testing.F, name string) []byte {
	f.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(f, err)
	return b
}

// FuzzCertificate: whatever is verified is the certificate that was issued.
func FuzzCertificate(f *testing.F) {
	certs, err := trust.Load(os.DirFS("testdata"), "root.pem", "issuer.pem", "person.pem")
	require.NoError(f, err)
	store, err := trust.New(trust.Config{Anchors: certs[:1], Intermediates: certs[1:2]})
	require.NoError(f, err)
	_, err = store.Verify(certs[2], profile(), now())
	require.NoError(f, err)
	for _, c := range certs {
		f.Add(c.Raw)
	}
	f.Add(frozen(f, "person.pem"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		found, err := trust.Read(b)
		if err == nil && len(found) == 0 {
			t.Fatal("neither a certificate nor an error")
		}
		if one, err := trust.Parse(b); err == nil {
			found = append(found, one)
		}
		for _, c := range found {
			if _, err := trust.Person(c); err != nil {
				require.ErrorIs(t, err, eid.ErrUntrusted)
			}
			if _, err := store.Verify(c, profile(), now()); err == nil && !c.Equal(certs[2]) {
				t.Fatal("verified a stranger")
			}
		}
	})
}

// answering is a way out on which every request is answered with the same body.
type answering struct{ body []byte }

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	_, _ = w.Write(a.body) // a recorder takes everything
	return w.Result(), nil
}

// FuzzStatus: nothing that is made up without a key says anything, neither as an
// answer of OCSP nor as a list. The recorded answer has another nonce than what
// is asked for, and is refused with the made-up ones.
func FuzzStatus(f *testing.F) {
	certs, err := trust.Load(os.DirFS("testdata"), "issuer.pem", "person.pem")
	require.NoError(f, err)
	list := frozen(f, "list.der")
	f.Add(frozen(f, "ocsp.der"))
	f.Add(list)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := trust.NewRevocation(trust.RevocationConfig{
			Hosts: []string{"status.test"}, Client: &http.Client{Transport: answering{b}},
			Rand: bytes.NewReader(make([]byte, 32)),
		})
		require.NoError(t, err)
		err = r.Check(t.Context(), certs[1], certs[0], now())
		if err == nil && !bytes.Equal(b, list) {
			t.Fatal("believed")
		}
		if errors.Is(err, eid.ErrUntrusted) {
			t.Fatal("a made-up answer is final")
		}
		if bytes.Equal(b, list) {
			require.NoError(t, err)
		}
	})
}
