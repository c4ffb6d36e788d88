package trust_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func pemOf(certs ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certs {
		_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a buffer takes everything
	}
	return b.Bytes()
}

func TestRead(t *testing.T) {
	a := newAuthority(t)
	root, q := a.Anchors()[0], a.Intermediates()[0]
	both := pemOf(root, q)
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	headers := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Headers: map[string]string{"a": "b"}, Bytes: root.Raw})
	for name, tc := range map[string]struct {
		in   []byte
		want []*x509.Certificate // nil: an error
	}{
		"one in DER":                        {root.Raw, []*x509.Certificate{root}},
		"one in PEM":                        {pemOf(root), []*x509.Certificate{root}},
		"several in PEM, in their order":    {both, []*x509.Certificate{root, q}},
		"white space around them":           {join([]byte("\r\n \n"), pemOf(root), []byte("\n\n"), pemOf(q), []byte("\t\n")), []*x509.Certificate{root, q}},
		"nothing":                           {nil, nil},
		"white space":                       {[]byte(" \n"), nil},
		"text in front":                     {join([]byte("subject=CN\n"), both), nil},
		"text between":                      {join(pemOf(root), []byte("and\n"), pemOf(q)), nil},
		"text behind":                       {join(both, []byte("end")), nil},
		"another kind of block":             {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: root.Raw}), nil},
		"another kind behind":               {join(both, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: root.Raw})), nil},
		"headers":                           {headers, nil},
		"the first block is broken":         {join([]byte("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"), both), nil},
		"the first block is cut":            {join(pemOf(root)[:100], []byte("\n"), both), nil},
		"the last block is cut":             {both[:len(both)-40], nil},
		"a block that is no certificate":    {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{0x30, 0}}), nil},
		"DER with a byte too many":          {join(root.Raw, []byte{0}), nil},
		"DER with a byte missing":           {root.Raw[:len(root.Raw)-1], nil},
		"two in DER":                        {join(root.Raw, q.Raw), nil},
		"PEM of DER with a byte too many":   {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: join(root.Raw, []byte{0})}), nil},
		"more than anybody's certificates":  {bytes.Repeat([]byte(" "), 2<<20), nil},
		"not a certificate in any encoding": {[]byte("certificate"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := trust.Read(tc.in)
			if tc.want == nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Len(t, got, len(tc.want))
			for i := range got {
				require.True(t, got[i].Equal(tc.want[i]))
			}
		})
	}
}

func TestLoad(t *testing.T) {
	a := newAuthority(t)
	root, q, nq := a.Anchors()[0], a.Intermediates()[0], a.Intermediates()[1]
	fsys := fstest.MapFS{
		"b/q.pem":    {Data: pemOf(q, root)},
		"a/root.der": {Data: root.Raw},
		"b/nq.pem":   {Data: pemOf(nq)},
		"bad.pem":    {Data: []byte("no")},
	}
	certs, err := trust.Load(fsys, "a/*", "b/*.pem")
	require.NoError(t, err)
	require.Len(t, certs, 3, "one is there twice")
	for i, want := range []*x509.Certificate{root, nq, q} {
		require.True(t, certs[i].Equal(want), i)
	}
	for pattern, says := range map[string]string{"c/*": "c/*", "*.pem": "bad.pem", "[": "[", "b": "b"} {
		_, err := trust.Load(fsys, pattern)
		require.ErrorContains(t, err, says)
	}
}

func TestParse(t *testing.T) {
	a := newAuthority(t)
	cert := a.issue(t, nil)
	got, err := trust.Parse(cert.DER)
	require.NoError(t, err)
	require.True(t, got.Equal(cert.Cert))
	// A copy of an extension, in the place of another one of the same length.
	policies, names := []byte{0x06, 0x03, 0x55, 0x1d, 0x20}, []byte{0x06, 0x03, 0x55, 0x1d, 0x11}
	require.Equal(t, 1, bytes.Count(cert.DER, names))
	for name, der := range map[string][]byte{
		"nothing":                  nil,
		"cut":                      cert.DER[:len(cert.DER)-1],
		"a byte too many":          append(bytes.Clone(cert.DER), 0),
		"PEM":                      pemOf(cert.Cert),
		"an extension there twice": bytes.Replace(cert.DER, names, policies, 1),
		"endless":                  make([]byte, 1<<20),
	} {
		_, err := trust.Parse(der)
		require.ErrorIs(t, err, trust.RuleForm, name)
		require.ErrorIs(t, err, eid.ErrUntrusted, name)
		silent(t, err)
	}
}
