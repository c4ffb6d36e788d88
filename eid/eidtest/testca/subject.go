package testca

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"time"
)

// subject orders the attributes as the service does. Names are never in the same
// order in the common name, which is why nobody should read it.
func (p Person) subject() (pkix.Name, error) {
	if p.GivenName == "" && p.FamilyName == "" {
		return pkix.Name{}, refused("GivenName or FamilyName is required")
	}
	number, country := string(p.Identifier), p.Country
	if number == "" {
		if err := p.Code.Valid(); err != nil {
			return pkix.Name{}, refused("Code is required: a country and a number")
		}
		number = string(p.Code.Identifier())
		if p.BareCode {
			number = p.Code.Number()
		}
		if country == "" {
			country = p.Code.Country()
		}
	}
	if country == "" {
		country = p.Identifier.Country()
	}
	name := p.CommonName
	if name == "" {
		switch p.Kind {
		case MobileID, MobileIDSigning:
			name = p.GivenName + "," + p.FamilyName
		case SmartIDOld:
			name = p.FamilyName + "," + p.GivenName + "," + number
		default:
			name = p.FamilyName + "," + p.GivenName
		}
	}
	var out pkix.Name
	for _, a := range []struct {
		attribute int
		value     string
	}{{6, country}, {3, name}, {4, p.FamilyName}, {42, p.GivenName}, {5, number}} {
		if a.value != "" {
			out.ExtraNames = append(out.ExtraNames, pkix.AttributeTypeAndValue{
				Type: asn1.ObjectIdentifier{2, 5, 4, a.attribute}, Value: a.value,
			})
		}
	}
	return out, nil
}

// refused names the field of a Person that is wrong.
type refused string

func (r refused) Error() string { return "testca: Person." + string(r) }

// extensions holds what crypto/x509 does not write: the date of birth, and the
// document number as the common name of an alternative name.
func (p Person) extensions() ([]pkix.Extension, error) {
	var out []pkix.Extension
	if p.Born != "" {
		day, ok := p.Born.Time()
		if !ok {
			return nil, refused("Born is no date")
		}
		value, err := asn1.Marshal([]struct {
			Type   asn1.ObjectIdentifier
			Values []asn1.RawValue `asn1:"set"`
		}{{
			Type: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 9, 1},
			Values: []asn1.RawValue{{
				Tag: asn1.TagGeneralizedTime, Bytes: []byte(day.Add(12 * time.Hour).Format("20060102150405Z")),
			}},
		}})
		if err != nil {
			return nil, refused("Born is no date")
		}
		out = append(out, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 9}, Value: value})
	}
	if p.Document != "" {
		name, err := asn1.Marshal(pkix.Name{CommonName: p.Document}.ToRDNSequence())
		if err != nil {
			return nil, refused("Document cannot be written")
		}
		value, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 4, IsCompound: true, Bytes: name}})
		if err != nil {
			return nil, refused("Document cannot be written")
		}
		out = append(out, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value})
	}
	return out, nil
}
