package mobileidtest

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
)

// Config describes the simulated service. Every field has a usable zero value.
type Config struct {
	// Parties are the relying parties that may ask. Default: DemoParty.
	Parties []RelyingParty
	// People have contracts from the start. Server.AddPerson adds more.
	People []Person
	// DemoNumbers adds the numbers of the demo environment, with the result that is scripted for each.
	DemoNumbers bool

	// CA issues the certificates. Default: one of the server's own.
	CA *testca.CA

	// Addr is where Start listens. Default "127.0.0.1:0".
	Addr string
	// Now is the clock of sessions and certificates. Default time.Now.
	Now func() time.Time
	// Timeout is how long a person may take to decide. Default 2 minutes.
	Timeout time.Duration
	// Poll is the longest that a poll of a running session waits, in real time, however long it asked for. Default:
	// as long as it asked for. Negative: not at all.
	Poll time.Duration
	// LegacySessionID names the session in answers to signing requests "sessionId", as the service once did.
	LegacySessionID bool
	// BodyLimit bounds a request in bytes. Default 64 KiB.
	BodyLimit int64
}

// RelyingParty is somebody who may ask.
type RelyingParty struct {
	// UUID is compared as it is: in lower case. Required.
	UUID string
	// Name is compared as it is. Required.
	Name string
}

// DemoParty returns the relying party of the demo environment.
func DemoParty() RelyingParty {
	return RelyingParty{UUID: "00000000-0000-0000-0000-000000000000", Name: "DEMO"}
}

var (
	partyForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	uuidForm  = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

func (c *Config) check() error {
	if c.Parties == nil {
		c.Parties = []RelyingParty{DemoParty()}
	}
	for i, p := range c.Parties {
		switch {
		case !partyForm.MatchString(p.UUID):
			return fieldError(fmt.Sprintf("Parties[%d].UUID", i), "is not a UUID in lower case")
		case p.Name == "":
			return fieldError(fmt.Sprintf("Parties[%d].Name", i), "is required")
		}
	}
	if c.Timeout < 0 {
		return fieldError("Timeout", "must not be negative")
	}
	setDefault(&c.Addr, "127.0.0.1:0")
	setDefault(&c.Timeout, 2*time.Minute)
	setDefault(&c.BodyLimit, 64<<10)
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

func fieldError(field, what string) error {
	return errors.New("mobileidtest: Config." + field + " " + what)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
