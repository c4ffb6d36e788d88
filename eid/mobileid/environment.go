package mobileid

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// Environment is where the service is and what its certificates are like. Demo
// and Live return values that may be changed freely: policies are added when the
// authority says so. The authorities themselves are files of the deployment, see
// Config.Trust.
type Environment struct {
	// BaseURL is the address of the interface, without a slash at its end.
	BaseURL string
	// Authentication and Signing are what is asked of a person's two certificates.
	// No extended usage marks them, so the key usage tells one from the other, and
	// the policy tells both from an identity card's of the same authority.
	Authentication, Signing trust.Profile
}

// fault says what is wrong with it, behind its name; "" when nothing is.
func (e Environment) fault() string {
	if e.BaseURL == "" {
		return " is required: Demo() or Live()"
	}
	if err := e.Authentication.Valid(); err != nil {
		return ".Authentication: " + err.Error()
	}
	if err := e.Signing.Valid(); err != nil {
		return ".Signing: " + err.Error()
	}
	return ""
}

// Demo returns the public test environment. Its relying party is "DEMO" with a
// UUID of zeros.
func Demo() Environment {
	return environment("https://tsp.demo.sk.ee/mid-api",
		asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 10015, 18, 1},
		asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 10015, 3, 1, 3}) // under the authority of the identity cards
}

// Live returns the environment in which people are who they say.
func Live() Environment {
	return environment("https://mid.sk.ee/mid-api",
		asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 10015, 18, 1},
		asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 10015, 1, 3}) // under the authority of the identity cards, until 2022
}

// environment makes a certificate High that carries one of the issuer's policies
// for Mobile-ID and the European one for its use: keys live on a card that never
// gives them away, and people are identified in person before they get it.
func environment(base string, issued ...asn1.ObjectIdentifier) Environment {
	profile := func(usage x509.KeyUsage, use asn1.ObjectIdentifier) trust.Profile {
		p := trust.Profile{Purposes: []trust.Purpose{{Usage: usage}}}
		for _, policy := range issued {
			p.Policies = append(p.Policies, trust.Policy{Level: eid.High, All: []asn1.ObjectIdentifier{slices.Clone(policy), use}})
		}
		return p
	}
	return Environment{
		BaseURL:        base,
		Authentication: profile(x509.KeyUsageDigitalSignature, asn1.ObjectIdentifier{0, 4, 0, 2042, 1, 2}),    // NCP+
		Signing:        profile(x509.KeyUsageContentCommitment, asn1.ObjectIdentifier{0, 4, 0, 194112, 1, 2}), // QCP-n-qscd
	}
}
