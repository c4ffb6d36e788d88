package trust_test

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestNew(t *testing.T) {
	a := newAuthority(t)
	person := a.issue(t, nil).Cert
	mute := *a.Intermediates()[0]
	mute.KeyUsage = x509.KeyUsageDigitalSignature
	roots := a.Anchors()
	for field, cfg := range map[string]trust.Config{
		"Config.Anchors is required": {},
		"Config.Anchors[0] is no":    {Anchors: []*x509.Certificate{nil}},
		"Config.Anchors[0] (":        {Anchors: []*x509.Certificate{person}},
		"Config.Intermediates[1] (":  {Anchors: roots, Intermediates: []*x509.Certificate{roots[0], person}},
		"Config.Intermediates[0] (":  {Anchors: roots, Intermediates: []*x509.Certificate{&mute}},
	} {
		_, err := trust.New(cfg)
		require.ErrorContains(t, err, field)
		silent(t, err)
	}
}

func TestCertificatesOfAStore(t *testing.T) {
	a := newAuthority(t)
	root := a.Anchors()[0]
	store, err := trust.New(trust.Config{Anchors: append(a.Anchors(), root), Intermediates: a.Intermediates()})
	require.NoError(t, err)
	list := store.Certificates()
	require.Len(t, list, 3, "one was given twice")
	require.Equal(t, []trust.Role{trust.Anchor, trust.Intermediate, trust.Intermediate}, []trust.Role{list[0].Role, list[1].Role, list[2].Role})
	require.Equal(t, trust.Info{
		Role: trust.Anchor, Subject: "CN=TEST of ROOT G1,OU=Test authority,C=EE", Issuer: "CN=TEST of ROOT G1,OU=Test authority,C=EE",
		Serial: root.SerialNumber.Text(16), SHA256: trust.Fingerprint(root), Key: "EC P-256", NotBefore: root.NotBefore, NotAfter: root.NotAfter,
	}, list[0])
	list[0].Subject = "changed"
	require.NotEqual(t, "changed", store.Certificates()[0].Subject, "a copy")
	require.Empty(t, store.Expiring(now().AddDate(20, 0, 0)))
	require.Len(t, store.Expiring(now().AddDate(20, 0, 1)), 3)
}
