package smartid

import (
	"encoding/asn1"
	"slices"

	"github.com/liidestuja/liidestuja/eid"
)

// CertificateLevel is a kind of account in the service's own words.
type CertificateLevel string

// Levels of certificates.
const (
	// Qualified is the ordinary Smart-ID.
	Qualified CertificateLevel = "QUALIFIED"
	// Advanced is Smart-ID Basic. Asked for it, a person may answer with a
	// qualified certificate as well.
	Advanced CertificateLevel = "ADVANCED"
)

func (l CertificateLevel) known() bool { return l == Qualified || l == Advanced }

// satisfies reports whether l is at least least.
func (l CertificateLevel) satisfies(least CertificateLevel) bool {
	return l == least || l == Qualified
}

// Policy says which certificates are of a level, and what that level is worth.
type Policy struct {
	Certificates CertificateLevel
	Level        eid.Level
	// All of these policies stand in the certificate.
	All []asn1.ObjectIdentifier
}

// Environment is one installation of the service as data. [Demo], [Live] and
// their counterparts of API v2 return values of their own, to be changed where
// the service has changed.
type Environment struct {
	// BaseURL is the address of the API, with its version.
	BaseURL string
	// SchemeName is part of everything that is signed or authenticated in API v3,
	// so that an answer of one installation is worth nothing at another.
	SchemeName string
	// Authentication and Signing are the policies of the two certificates that a
	// person has.
	Authentication, Signing []Policy
}

// Live returns the production environment of API v3. Level Low for Smart-ID
// Basic is the careful reading: nobody has vouched for more.
func Live() Environment {
	return Environment{
		BaseURL:        "https://rp-api.smart-id.com/v3",
		SchemeName:     "smart-id",
		Authentication: authentication(17),
		Signing:        signing(17),
	}
}

// Demo returns the test environment of API v3. Its older certificates have
// policies of their own.
func Demo() Environment {
	return Environment{
		BaseURL:        "https://sid.demo.sk.ee/smart-id-rp/v3",
		SchemeName:     "smart-id-demo",
		Authentication: slices.Concat(authentication(17), authentication(3, 17)),
		Signing:        slices.Concat(signing(17), signing(3, 17)),
	}
}

// LiveV2 returns the production environment of API v2.
func LiveV2() Environment {
	e := Live()
	e.BaseURL = "https://rp-api.smart-id.com/v2"
	return e
}

// DemoV2 returns the test environment of API v2.
func DemoV2() Environment {
	e := Demo()
	e.BaseURL = "https://sid.demo.sk.ee/smart-id-rp/v2"
	return e
}

// arc is where the policies of the issuer begin; the service's own follow
// behind, and end with 1 (basic) or 2 (qualified).
func arc(tail ...int) asn1.ObjectIdentifier {
	return append(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 10015}, tail...)
}

func authentication(branch ...int) []Policy {
	return []Policy{
		{Qualified, eid.High, []asn1.ObjectIdentifier{append(arc(branch...), 2), {0, 4, 0, 2042, 1, 2}}}, // NCP+
		{Advanced, eid.Low, []asn1.ObjectIdentifier{append(arc(branch...), 1), {0, 4, 0, 2042, 1, 1}}},   // NCP
	}
}

func signing(branch ...int) []Policy {
	return []Policy{
		{Qualified, eid.High, []asn1.ObjectIdentifier{append(arc(branch...), 2), {0, 4, 0, 194112, 1, 2}}}, // QCP-n-qscd
		{Advanced, eid.Low, []asn1.ObjectIdentifier{append(arc(branch...), 1), {0, 4, 0, 2042, 1, 1}}},     // NCP
	}
}

// clone returns a copy that shares nothing with the caller's.
func (e Environment) clone() Environment {
	for _, policies := range []*[]Policy{&e.Authentication, &e.Signing} {
		*policies = slices.Clone(*policies)
		for i, p := range *policies {
			(*policies)[i].All = slices.Clone(p.All)
			for j, id := range p.All {
				(*policies)[i].All[j] = slices.Clone(id)
			}
		}
	}
	return e
}

// offers reports whether certificates of level l exist whose worth satisfies min.
func offers(policies []Policy, l CertificateLevel, min eid.Level) bool {
	return slices.ContainsFunc(policies, func(p Policy) bool {
		return p.Certificates == l && p.Level.AtLeast(min)
	})
}

// validPolicies names what is wrong with them, "" when nothing is.
func validPolicies(policies []Policy) string {
	for _, p := range policies {
		switch {
		case !p.Certificates.known():
			return "has an unknown level of certificates"
		case p.Level < eid.Low || p.Level > eid.High:
			return "has an unknown level"
		case len(p.All) == 0:
			return "has a policy of no identifiers, which every certificate has"
		}
	}
	if len(policies) == 0 {
		return "is required"
	}
	return ""
}
