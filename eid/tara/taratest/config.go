package taratest

import (
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// Lifetimes of TARA.
const (
	CodeLife    = 30 * time.Second
	TokenLife   = 40 * time.Second
	SessionLife = 30 * time.Minute
)

// Config describes the one client that is registered, and the people.
type Config struct {
	// ClientID, ClientSecret and RedirectURLs are required.
	ClientID     string
	ClientSecret string
	RedirectURLs []string
	// SecretInForm registers the client for client_secret_post.
	SecretInForm bool
	// Issuer is how tokens and discovery name it. Default: the address of Start or
	// SetURL.
	Issuer string
	// Addr is where Start listens. Default "127.0.0.1:0".
	Addr string
	// People are who can be chosen. Default People().
	People []Person
	// GovSSO writes the claims as GovSSO does: names and birthdate at the top, no
	// state. It ends the issuer with a slash unless Issuer says otherwise.
	GovSSO bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Rand makes keys and codes. Default crypto/rand.
	Rand io.Reader
	// KeyBits is the size of its keys. Default 2048, which is TARA's; tests that
	// make many services save time with 1024.
	KeyBits int
}

// Person is a specimen.
type Person struct {
	// Subject is the code behind its country: "EE60001019906".
	Subject    string
	GivenName  string
	FamilyName string
	Born       string // "2000-01-01", or empty
	// Means are the scopes by which the person can be authenticated: "idcard",
	// "mid", "smartid" or "eidas". None: the three of Estonia.
	Means []string
	// Level is "low", "substantial" or "high", the default.
	Level string
	// Email and Phone are told to clients that ask for them.
	Email, Phone string
}

// People returns specimens that exist in no register.
func People() []Person {
	return []Person{
		{
			Subject: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ-ŠUSLIK TESTNUMBER", Born: "2000-01-01",
			Email: "60001019906@eesti.ee", Phone: "+37200000766",
		},
		{Subject: "EE38001085718", GivenName: "JAAK-KRISTJAN", FamilyName: "JÕEORG", Born: "1980-01-08", Means: []string{"idcard", "smartid"}},
		{Subject: "CZ1234567-test", GivenName: "Specimen", FamilyName: "Osoba", Born: "1965-01-01", Means: []string{"eidas"}, Level: "substantial"},
	}
}

func (c *Config) check() error {
	if len(c.People) == 0 {
		c.People = People()
	}
	c.People = slices.Clone(c.People)
	c.RedirectURLs = slices.Clone(c.RedirectURLs)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.KeyBits == 0 {
		c.KeyBits = 2048
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	switch {
	case c.ClientID == "":
		return errors.New("taratest: Config.ClientID is required")
	case c.ClientSecret == "":
		return errors.New("taratest: Config.ClientSecret is required")
	case len(c.RedirectURLs) == 0:
		return errors.New("taratest: Config.RedirectURLs is required")
	}
	for i := range c.People {
		p := &c.People[i]
		if p.Subject == "" {
			return errors.New("taratest: Config.People has one without a Subject")
		}
		if len(p.Means) == 0 {
			p.Means = []string{"idcard", "mid", "smartid"}
		}
		if p.Level == "" {
			p.Level = "high"
		}
		for _, m := range p.Means {
			if amr(m) == "" {
				return errors.New("taratest: Config.People has unknown Means")
			}
		}
		if rank(p.Level) == 0 {
			return errors.New("taratest: Config.People has an unknown Level")
		}
	}
	return nil
}

// amr is how a token names the means that a scope asks for.
func amr(scope string) string {
	return map[string]string{"idcard": "idcard", "mid": "mID", "smartid": "smartid", "eidas": "eIDAS"}[scope]
}

// rank orders levels; 0 for what is none.
func rank(level string) int {
	return 1 + slices.Index([]string{"low", "substantial", "high"}, level)
}

func knownScope(s string) bool {
	return amr(s) != "" || slices.Contains([]string{"openid", "eidasonly", "email", "phone"}, s) ||
		strings.HasPrefix(s, "eidas:country:") && len(s) == len("eidas:country:xx")
}
