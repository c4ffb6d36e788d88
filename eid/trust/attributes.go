package trust

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/liidestuja/liidestuja/eid"
)

// dateOfBirth reads the attribute of RFC 3739 in the subject's directory
// attributes. Issuers write noon in UTC, so that it is that day nearly
// everywhere. Empty when the certificate has none.
func dateOfBirth(cert *x509.Certificate) (eid.Date, error) {
	raw, ok := extension(cert, asn1.ObjectIdentifier{2, 5, 29, 9})
	if !ok {
		return "", nil
	}
	var attributes cryptobyte.String
	if !raw.ReadASN1(&attributes, der.SEQUENCE) || !raw.Empty() {
		return "", RuleSubject
	}
	found := eid.Date("")
	for !attributes.Empty() {
		var attribute, values cryptobyte.String
		var kind asn1.ObjectIdentifier
		if !attributes.ReadASN1(&attribute, der.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&kind) ||
			!attribute.ReadASN1(&values, der.SET) || !attribute.Empty() {
			return "", RuleSubject
		}
		if !kind.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1}) {
			continue
		}
		var born time.Time
		if !values.ReadASN1GeneralizedTime(&born) || !values.Empty() || found != "" {
			return "", RuleSubject
		}
		found = eid.DateOf(born)
	}
	return found, nil
}

// documentNumber reads the common name of a directory name among the subject's
// alternative names. Empty when there is none.
func documentNumber(cert *x509.Certificate) (string, error) {
	raw, ok := extension(cert, asn1.ObjectIdentifier{2, 5, 29, 17})
	if !ok {
		return "", nil
	}
	var names cryptobyte.String
	if !raw.ReadASN1(&names, der.SEQUENCE) || !raw.Empty() {
		return "", RuleSubject
	}
	directoryName := der.Tag(4).ContextSpecific().Constructed()
	found := ""
	for !names.Empty() {
		var name cryptobyte.String
		var tag der.Tag
		if !names.ReadAnyASN1(&name, &tag) {
			return "", RuleSubject
		}
		if tag != directoryName {
			continue
		}
		var rdn pkix.RDNSequence
		if rest, err := asn1.Unmarshal(name, &rdn); err != nil || len(rest) > 0 {
			return "", RuleSubject
		}
		for _, set := range rdn {
			for _, a := range set {
				if !a.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 3}) {
					continue
				}
				v, ok := a.Value.(string)
				if !ok || found != "" || !printable(v) {
					return "", RuleSubject
				}
				found = v
			}
		}
	}
	return found, nil
}

// extension returns the value of an extension. That there is at most one of a
// kind is checked when a certificate is parsed.
func extension(cert *x509.Certificate, oid asn1.ObjectIdentifier) (cryptobyte.String, bool) {
	for _, e := range cert.Extensions {
		if e.Id.Equal(oid) {
			return cryptobyte.String(e.Value), true
		}
	}
	return nil, false
}
