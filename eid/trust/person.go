package trust

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/eid"
)

// Subject is whom a certificate names. All of it is personal; it prints as
// "[subject]" whatever the verb.
type Subject struct {
	// Identifier is the person's, with the kind of number: "PNOEE-38001085718".
	Identifier eid.Identifier
	// Code is the personal code. Empty when the identifier is that of a document,
	// which tells nobody apart for longer than the document lasts.
	Code eid.PersonalCode
	// GivenName and FamilyName are as the issuer writes them, but for spaces around
	// them. At most one is empty.
	GivenName, FamilyName string
	// Born is the date that the certificate states, otherwise that of the code.
	// Empty when there is neither.
	Born eid.Date
	// Document is the number of the account at the service. Empty in older
	// certificates.
	Document string
}

// Format prints a fixed text, whatever the verb.
func (Subject) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[subject]") }

// LogValue returns the same fixed text for slog.
func (Subject) LogValue() slog.Value { return slog.StringValue("[subject]") }

// maxName bounds a name, in bytes. Authorities stop at 64 characters.
const maxName = 512

// Person reads whom a certificate names. The code comes from serialNumber and
// the names from their own attributes, never from the common name, in which each
// service orders them in its own way. An attribute that occurs twice is refused.
// Errors are RuleSubject, or RuleForm when there is no certificate.
//
// It proves nothing about the certificate: see [Store.Verify].
func Person(cert *x509.Certificate) (Subject, error) {
	if cert == nil {
		return Subject{}, RuleForm
	}
	var s Subject
	var number, country string
	for _, part := range []struct {
		attribute int // below 2.5.4
		value     *string
	}{{4, &s.FamilyName}, {5, &number}, {6, &country}, {42, &s.GivenName}} {
		v, err := attribute(cert, asn1.ObjectIdentifier{2, 5, 4, part.attribute})
		if err != nil {
			return Subject{}, err
		}
		*part.value = v
	}
	s.GivenName, s.FamilyName = strings.TrimSpace(s.GivenName), strings.TrimSpace(s.FamilyName)
	if s.GivenName == "" && s.FamilyName == "" {
		return Subject{}, RuleSubject
	}
	var err error
	if s.Identifier, s.Code, err = identify(number, country); err != nil {
		return Subject{}, err
	}
	if s.Born, err = dateOfBirth(cert); err != nil {
		return Subject{}, err
	}
	if s.Born == "" {
		s.Born = s.Code.Born()
	}
	if s.Document, err = documentNumber(cert); err != nil {
		return Subject{}, err
	}
	return s, nil
}

// identify reads serialNumber. Until 2018 Estonian and Lithuanian certificates
// held the bare code there, which needs the country beside it.
func identify(number, country string) (eid.Identifier, eid.PersonalCode, error) {
	if len(number) == 11 && strings.Trim(number, "0123456789") == "" && (country == "EE" || country == "LT") {
		code, err := eid.NewPersonalCode(country, number)
		if err != nil {
			return "", "", RuleSubject
		}
		return code.Identifier(), code, nil
	}
	id, err := eid.ParseIdentifier(number)
	if err != nil {
		return "", "", RuleSubject
	}
	if id.Kind() != "PNO" {
		return id, "", nil
	}
	code, err := id.PersonalCode()
	if err != nil {
		return "", "", RuleSubject
	}
	return id, code, nil
}

// attribute returns the one value of a subject attribute, "" when it is absent.
func attribute(cert *x509.Certificate, oid asn1.ObjectIdentifier) (string, error) {
	found := ""
	for _, a := range cert.Subject.Names {
		if !a.Type.Equal(oid) {
			continue
		}
		v, ok := a.Value.(string)
		if !ok || found != "" || !printable(v) {
			return "", RuleSubject
		}
		found = v
	}
	return found, nil
}

// printable reports whether v can be shown as it is: to a human, in a line.
func printable(v string) bool {
	return v != "" && len(v) <= maxName && utf8.ValidString(v) &&
		!strings.ContainsFunc(v, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
		})
}
