package trust_test

import (
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// referenceFS is the folder of recordings and certificates, which is no part of
// the repository; nil when it is not there.
func referenceFS() fs.FS {
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", "..", dir)
	}
	dir = filepath.Join(dir, "eid")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	return os.DirFS(dir)
}

func TestReference(t *testing.T) {
	fsys := referenceFS()
	if fsys == nil {
		fmt.Println("reference: absent")
		return
	}
	fixtures, vectors, failed := 0, 0, 0
	for name, check := range map[string]func(*testing.T, fs.FS) (files, rows int){
		"authorities":  referenceAuthorities,
		"certificates": referenceCertificates,
		"cases":        referenceCases,
	} {
		ok := t.Run(name, func(t *testing.T) {
			f, v := check(t, fsys)
			fixtures, vectors = fixtures+f, vectors+v
		})
		if !ok {
			failed++
		}
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", fixtures, vectors, failed)
}

type manifestRow struct {
	File, Environment, Role, SHA256, NotAfter string
}

func manifest(t *testing.T, fsys fs.FS) []manifestRow {
	t.Helper()
	raw, err := fs.ReadFile(fsys, "ca/manifest.json")
	require.NoError(t, err)
	var rows []manifestRow
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.NotEmpty(t, rows)
	return rows
}

// environment returns the store of "demo" or "prod".
func environment(t *testing.T, fsys fs.FS, name string) *trust.Store {
	t.Helper()
	var cfg trust.Config
	for _, row := range manifest(t, fsys) {
		if row.Environment != name {
			continue
		}
		certs, err := trust.Load(fsys, row.File)
		require.NoError(t, err)
		if row.Role == "root" {
			cfg.Anchors = append(cfg.Anchors, certs...)
		} else {
			cfg.Intermediates = append(cfg.Intermediates, certs...)
		}
	}
	store, err := trust.New(cfg)
	require.NoError(t, err)
	return store
}

func referenceAuthorities(t *testing.T, fsys fs.FS) (files, rows int) {
	all, err := fs.Glob(fsys, "ca/*/*.pem")
	require.NoError(t, err)
	list := manifest(t, fsys)
	require.Len(t, all, len(list), "a file without a row")
	for _, row := range list {
		certs, err := trust.Load(fsys, row.File)
		require.NoError(t, err)
		require.Len(t, certs, 1, row.File)
		require.Equal(t, row.SHA256, trust.Fingerprint(certs[0]), row.File)
		day, err := time.Parse(time.DateOnly, row.NotAfter)
		require.NoError(t, err)
		store, err := trust.New(trust.Config{Anchors: certs})
		require.NoError(t, err, row.File)
		require.Empty(t, store.Expiring(day), row.File)
		require.Len(t, store.Expiring(day.AddDate(0, 0, 1)), 1, row.File)
		info := store.Certificates()[0]
		require.Equal(t, row.SHA256, info.SHA256)
		require.Regexp(t, `^(RSA (2048|4096)|EC P-(384|521))$`, info.Key)
	}
	// No production certificate is an authority of the demo, and the other way round.
	demo, live := environment(t, fsys, "demo").Certificates(), environment(t, fsys, "prod").Certificates()
	require.Len(t, list, len(demo)+len(live))
	for _, a := range demo {
		for _, b := range live {
			require.NotEqual(t, a.SHA256, b.SHA256)
		}
	}
	return len(list), len(list)
}

// demoProfile is what the demo services issue for authentication.
func demoProfile() trust.Profile {
	p := profile()
	sk := func(last ...int) asn1.ObjectIdentifier {
		return append(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 10015}, last...)
	}
	ncp, ncpPlus := asn1.ObjectIdentifier{0, 4, 0, 2042, 1, 1}, asn1.ObjectIdentifier{0, 4, 0, 2042, 1, 2}
	p.Policies = []trust.Policy{
		{Level: eid.High, All: []asn1.ObjectIdentifier{sk(17, 2), ncpPlus}},
		{Level: eid.High, All: []asn1.ObjectIdentifier{sk(3, 17, 2), ncpPlus}},
		{Level: eid.High, All: []asn1.ObjectIdentifier{sk(3, 1, 3)}},
		{Level: eid.Low, All: []asn1.ObjectIdentifier{sk(17, 1), ncp}},
		{Level: eid.Low, All: []asn1.ObjectIdentifier{sk(3, 17, 1), ncp}},
	}
	return p
}

func referenceCertificates(t *testing.T, fsys fs.FS) (files, rows int) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		require.NoError(t, err)
		return at
	}
	table := map[string]struct {
		at       time.Time
		verdict  error
		level    eid.Level
		code     string
		names    [2]string
		born     string
		document string
	}{
		"smartid-v3/certs/auth-cert-40504040001-demo-q.crt": {day("2026-11-22"), nil, eid.High,
			"EE40504040001", [2]string{"OK", "TEST"}, "1999-01-01", "PNOEE-40504040001-DEMO-Q"},
		"smartid-v3/certs/expired-cert.pem.crt": {day("2026-11-22"), trust.RuleValidity, 0,
			"EE10101010005", [2]string{"DEMO", "SMART-ID"}, "1801-01-01", ""},
		"smartid-v3/certs/nq-auth-cert-40504049999.crt": {day("2026-11-22"), nil, eid.Low,
			"LT40504049999", [2]string{"OK", "TESTNUMBER"}, "1905-04-04", "PNOLT-40504049999-MOCK-NQ"},
		"smartid-v3/certs/sign-cert-40504040001.pem.crt": {day("2026-11-22"), trust.RulePurpose, 0,
			"EE40504040001", [2]string{"OK", "TESTNUMBER"}, "1905-04-04", "PNOEE-40504040001-MOCK-Q"},
		"smartid-v2/certs/identity-lv-010117-21234-untrusted-issuer.pem": {day("2018-11-22"), trust.RuleChain, 0,
			"LV010117-21234", [2]string{"FORENAME-010117-21234", "SURNAME-010117-21234"}, "2017-01-01", ""},
		"smartid-v2/certs/identity-lv-329999-99901-dob-attribute-signing-cert.pem": {day("2022-11-22"), trust.RulePurpose, 0,
			"LV329999-99901", [2]string{"BOD", "TESTNUMBER"}, "1903-03-03", "PNOLV-329999-99901-AAAA-Q"},
	}
	found, err := fs.Glob(fsys, "*/certs/*")
	require.NoError(t, err)
	require.Len(t, found, len(table), "a file without a row")
	store := environment(t, fsys, "demo")
	for name, row := range table {
		certs, err := trust.Load(fsys, name)
		require.NoError(t, err)
		require.Len(t, certs, 1)
		p := demoProfile()
		if errors.Is(row.verdict, trust.RuleChain) { // its policies are wrong too
			p.Policies = append(p.Policies, trust.Policy{Level: eid.Low, All: []asn1.ObjectIdentifier{{0, 4, 0, 2042, 1, 1}}})
		}
		v, err := store.Verify(certs[0], p, row.at)
		if row.verdict != nil {
			require.ErrorIs(t, err, row.verdict, name)
			require.ErrorIs(t, err, eid.ErrUntrusted, name)
		} else {
			require.NoError(t, err, name)
			require.Equal(t, row.level, v.Level, name)
			require.Equal(t, certs[0].RawIssuer, v.Issuer.RawSubject, name)
			_, err := environment(t, fsys, "prod").Verify(certs[0], p, row.at)
			require.ErrorIs(t, err, trust.RuleChain, name)
		}
		s, err := trust.Person(certs[0])
		require.NoError(t, err, name)
		require.Equal(t, row.code, string(s.Code), name)
		require.Equal(t, row.names[0], s.GivenName, name)
		require.Equal(t, row.names[1], s.FamilyName, name)
		require.Equal(t, row.born, string(s.Born), name)
		require.Equal(t, row.document, s.Document, name)
	}
	return len(table), 2 * len(table)
}

// referenceCase is what a case says of its certificate.
type referenceCase struct {
	Name, Session, File, Base, ReplaceCertWith, Expect string
	At                                                 time.Time
	Trust                                              []string
	Mutate                                             map[string]any
	Identity                                           *struct{ SemanticsIdentifier, GivenName, Surname, DateOfBirth string }
}

// refusedCases are those whose certificate alone is reason enough, with the rule
// that it breaks. In the others the certificate is good and something else is not.
func refusedCases() map[string]trust.Rule {
	return map[string]trust.Rule{
		"smartid-v3/reject-before-validity":                    trust.RuleValidity,
		"smartid-v3/reject-signing-certificate":                trust.RulePurpose,
		"smartid-v3/reject-expired-certificate":                trust.RuleValidity,
		"smartid-v2/reject-expired-cert":                       trust.RuleValidity,
		"smartid-v2/reject-untrusted-issuer":                   trust.RuleChain,
		"smartid-v2/reject-signing-cert-and-foreign-signature": trust.RulePurpose,
		"mobileid/reject-2018-recording-now":                   trust.RuleValidity,
		"mobileid/reject-expired-cert":                         trust.RuleValidity,
		"mobileid/reject-untrusted-issuer":                     trust.RuleChain,
		"mobileid/reject-signing-cert-rsa-foreign-signature":   trust.RulePurpose,
	}
}

func referenceCases(t *testing.T, fsys fs.FS) (files, rows int) {
	refused := refusedCases()
	store := environment(t, fsys, "demo")
	for _, dir := range []string{"smartid-v3", "smartid-v2", "mobileid"} {
		raw, err := fs.ReadFile(fsys, dir+"/cases.json")
		require.NoError(t, err)
		var cases []referenceCase
		require.NoError(t, json.Unmarshal(raw, &cases))
		byName := map[string]referenceCase{}
		for _, c := range cases {
			name := dir + "/" + c.Name
			if c.Base != "" {
				base := byName[c.Base]
				c.Session, c.File, c.At = base.Session, base.File, base.At
				if at, ok := c.Mutate["/ctx/at"].(string); ok {
					c.At, err = time.Parse(time.RFC3339, at)
					require.NoError(t, err)
				}
			}
			byName[c.Name] = c
			s := store
			if len(c.Trust) > 0 {
				anchors, err := trust.Load(fsys, c.Trust...)
				require.NoError(t, err)
				s, err = trust.New(trust.Config{Anchors: anchors})
				require.NoError(t, err)
			}
			der := caseCertificate(t, fsys, dir, c)
			cert, err := trust.Parse(der)
			require.NoError(t, err, name)
			v, err := s.Verify(cert, demoProfile(), c.At)
			rows++
			if rule, ok := refused[name]; ok {
				require.ErrorIs(t, err, rule, name)
				require.Equal(t, "reject", c.Expect, name)
				delete(refused, name)
				continue
			}
			require.NoError(t, err, name)
			want := eid.High
			if c.Name == "reject-nq-certificate-for-qualified" {
				want = eid.Low
			}
			require.Equal(t, want, v.Level, name)
			who, err := trust.Person(cert)
			require.NoError(t, err, name)
			if c.Identity != nil {
				require.Equal(t, c.Identity.SemanticsIdentifier, string(who.Identifier), name)
				require.Equal(t, c.Identity.GivenName, who.GivenName, name)
				require.Equal(t, c.Identity.Surname, who.FamilyName, name)
				require.Equal(t, c.Identity.DateOfBirth, string(who.Born), name)
			}
		}
	}
	require.Empty(t, refused, "cases that are not there")
	return 3, rows
}

func caseCertificate(t *testing.T, fsys fs.FS, dir string, c referenceCase) []byte {
	t.Helper()
	if c.ReplaceCertWith != "" {
		certs, err := trust.Load(fsys, path.Join(dir, c.ReplaceCertWith))
		require.NoError(t, err)
		return certs[0].Raw
	}
	raw, err := fs.ReadFile(fsys, path.Join(dir, c.Session+c.File))
	require.NoError(t, err)
	var session struct{ Cert json.RawMessage }
	require.NoError(t, json.Unmarshal(raw, &session), c.Name)
	var der []byte
	if json.Unmarshal(session.Cert, &der) == nil { // Mobile-ID
		return der
	}
	var inner struct{ Value []byte }
	require.NoError(t, json.Unmarshal(session.Cert, &inner), c.Name)
	return inner.Value
}
