package trust_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestPerson(t *testing.T) {
	a := newAuthority(t)
	whole := trust.Subject{
		Identifier: "PNOEE-60001019906", Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER",
		Born: "2000-02-02", Document: "PNOEE-60001019906-TEST-Q",
	}
	extension := func(id int, value ...byte) func(*testca.Person) {
		return func(p *testca.Person) {
			p.Born, p.Document = "", ""
			p.Change = func(c *x509.Certificate) {
				c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, id}, Value: value})
			}
		}
	}
	attribute := func(id int, value string) func(*testca.Person) {
		return func(p *testca.Person) {
			p.Change = func(c *x509.Certificate) {
				c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, id}, Value: value})
			}
		}
	}
	date := func(text string) []byte {
		return append([]byte{0x30, 0x1f, 0x30, 0x1d, 6, 8, 0x2b, 6, 1, 5, 5, 7, 9, 1, 0x31, byte(len(text) + 2), 0x18, byte(len(text))}, text...)
	}
	born := date("19990101120000Z")
	twoDates := slices.Concat([]byte{0x30, 2 * 0x1f}, born[2:], born[2:])
	twoValues := slices.Concat([]byte{0x30, 0x1f + 17, 0x30, 0x1d + 17}, born[4:14], []byte{0x31, 17 + 17}, born[16:], born[16:])
	for name, tc := range map[string]struct {
		person func(*testca.Person)
		want   func(*trust.Subject) // nil: refused
	}{
		"everything":                          {nil, func(*trust.Subject) {}},
		"the date of the code":                {func(p *testca.Person) { p.Born = "" }, func(s *trust.Subject) { s.Born = "2000-01-01" }},
		"no document":                         {func(p *testca.Person) { p.Document = "" }, func(s *trust.Subject) { s.Document = "" }},
		"the bare code of old Mobile-ID":      {func(p *testca.Person) { p.BareCode = true }, func(*trust.Subject) {}},
		"a Lithuanian bare code":              {func(p *testca.Person) { p.BareCode, p.Country = true, "LT" }, func(s *trust.Subject) { s.Identifier, s.Code = "PNOLT-60001019906", "LT60001019906" }},
		"a Latvian code":                      {func(p *testca.Person) { p.Code = "LV010117-21234" }, func(s *trust.Subject) { s.Identifier, s.Code = "PNOLV-010117-21234", "LV010117-21234" }},
		"a code without a date":               {func(p *testca.Person) { p.Code, p.Born = "LV329999-99901", "" }, func(s *trust.Subject) { s.Identifier, s.Code, s.Born = "PNOLV-329999-99901", "LV329999-99901", "" }},
		"a code of an unknown form":           {func(p *testca.Person) { p.Code, p.Born = "BE05040400032", "" }, func(s *trust.Subject) { s.Identifier, s.Code, s.Born = "PNOBE-05040400032", "BE05040400032", "" }},
		"a wrong check digit is the issuer's": {func(p *testca.Person) { p.Code = "EE31111111111" }, func(s *trust.Subject) { s.Identifier, s.Code = "PNOEE-31111111111", "EE31111111111" }},
		"a passport, which is no code":        {func(p *testca.Person) { p.Identifier = "PASEE-KE0012345" }, func(s *trust.Subject) { s.Identifier, s.Code = "PASEE-KE0012345", "" }},
		"the country of the residence":        {func(p *testca.Person) { p.Country = "FI" }, func(*trust.Subject) {}},
		"one name":                            {func(p *testca.Person) { p.GivenName = "" }, func(s *trust.Subject) { s.GivenName = "" }},
		"spaces around a name":                {func(p *testca.Person) { p.GivenName = " MARY ÄNN " }, func(*trust.Subject) {}},
		"a misleading common name":            {func(p *testca.Person) { p.CommonName = "TAMM,MARI,PNOEE-47101010033" }, func(*trust.Subject) {}},
		"alternative names of other kinds":    {extension(17, 0x30, 3, 0x81, 1, 'a'), func(s *trust.Subject) { s.Born, s.Document = "2000-01-01", "" }},
		"directory attributes of other kinds": {extension(9, 0x30, 9, 0x30, 7, 6, 3, 0x2a, 3, 4, 0x31, 0), func(s *trust.Subject) { s.Born, s.Document = "2000-01-01", "" }},
		"a date of birth by hand":             {extension(9, date("19990101120000Z")...), func(s *trust.Subject) { s.Born, s.Document = "1999-01-01", "" }},

		"no code":                         {func(p *testca.Person) { p.Change = keep(4, 42, 6) }, nil},
		"no names":                        {func(p *testca.Person) { p.Change = keep(5, 6, 3) }, nil},
		"names of spaces":                 {func(p *testca.Person) { p.GivenName, p.FamilyName = " ", " " }, nil},
		"a bare code of nowhere":          {func(p *testca.Person) { p.BareCode = true; p.Change = keep(5, 4) }, nil},
		"a bare code of another land":     {func(p *testca.Person) { p.BareCode, p.Country = true, "FI" }, nil},
		"an unknown kind of number":       {func(p *testca.Person) { p.Identifier = "TINEE-60001019906" }, nil},
		"a number with a space":           {func(p *testca.Person) { p.Identifier = "PNOEE-6000 1019906" }, nil},
		"two codes":                       {attribute(5, "PNOEE-47101010033"), nil},
		"the code twice":                  {attribute(5, "PNOEE-60001019906"), nil},
		"two given names":                 {attribute(42, "MARI"), nil},
		"two family names":                {attribute(4, "TAMM"), nil},
		"a line in a name":                {func(p *testca.Person) { p.GivenName = "MARY\nADMIN" }, nil},
		"a name written backwards":        {func(p *testca.Person) { p.FamilyName = "\u202eNIMDA" }, nil},
		"an endless name":                 {func(p *testca.Person) { p.GivenName = strings.Repeat("Ä", 300) }, nil},
		"two documents":                   {func(p *testca.Person) { p.Born = ""; p.Document = ""; p.Change = alternative("A", "B") }, nil},
		"a document with a line":          {func(p *testca.Person) { p.Document = "A\nB" }, nil},
		"a date that does not exist":      {extension(9, date("19990230120000Z")...), nil},
		"a date that is no date":          {extension(9, date("xxxxxxxxxxxxxxx")...), nil},
		"two dates of birth":              {extension(9, twoDates...), nil},
		"a date of birth with two values": {extension(9, twoValues...), nil},
		"a byte behind a directory name":  {extension(17, 0x30, 5, 0xa4, 3, 0x30, 0, 0), nil},
		"directory attributes cut":        {extension(9, date("19990101120000Z")[:20]...), nil},
		"a byte behind the attributes":    {extension(9, append(date("19990101120000Z"), 0)...), nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := trust.Person(a.issue(t, tc.person).Cert)
			if tc.want == nil {
				require.ErrorIs(t, err, trust.RuleSubject)
				require.ErrorIs(t, err, eid.ErrUntrusted)
				require.Zero(t, got)
				silent(t, err)
				return
			}
			require.NoError(t, err)
			want := whole
			tc.want(&want)
			require.Equal(t, want, got)
		})
	}
	_, err := trust.Person(nil)
	require.ErrorIs(t, err, trust.RuleForm)
}

// keep leaves only these attributes of the subject.
func keep(attributes ...int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		var left []pkix.AttributeTypeAndValue
		for _, a := range c.Subject.ExtraNames {
			for _, n := range attributes {
				if a.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, n}) {
					left = append(left, a)
				}
			}
		}
		c.Subject.ExtraNames = left
	}
}

// alternative writes directory names.
func alternative(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		var list []asn1.RawValue
		for _, n := range names {
			der, _ := asn1.Marshal(pkix.Name{CommonName: n}.ToRDNSequence()) // constants
			list = append(list, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: der})
		}
		value, _ := asn1.Marshal(list)
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value})
	}
}

func TestSubjectPrintsNothing(t *testing.T) {
	a := newAuthority(t)
	s, err := trust.Person(a.issue(t, nil).Cert)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.Equal(t, "[subject]", fmt.Sprintf(verb, s))
		require.NotContains(t, fmt.Sprintf(verb, &s), "MARY")
	}
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "who", s)
	require.Contains(t, b.String(), `"who":"[subject]"`)
}
