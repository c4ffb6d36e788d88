package trust_test

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// BenchmarkVerify is parsing, chain, purpose, policy and person, beside the two
// signatures of the chain alone.
func BenchmarkVerify(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(b, err)
	for name, bits := range map[string]int{"EC P-256": 0, "RSA 4096": 4096} {
		ca, err := testca.New(testca.Config{Now: now, AuthorityBits: bits})
		require.NoError(b, err)
		store, err := trust.New(trust.Config{Anchors: ca.Anchors(), Intermediates: ca.Intermediates()})
		require.NoError(b, err)
		p := mary()
		p.Kind, p.Key = testca.SmartID, key
		c, err := ca.Issue(p)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				cert, err := trust.Parse(c.DER)
				if err == nil {
					_, err = store.Verify(cert, profile(), now())
				}
				if err == nil {
					_, err = trust.Person(cert)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+" signatures alone", func(b *testing.B) {
			for b.Loop() {
				if c.Cert.CheckSignatureFrom(ca.Authority(true).Cert) != nil || ca.Authority(true).Cert.CheckSignatureFrom(ca.Root().Cert) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}
