package smartidtest

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
)

// Config describes the simulated service. Every field has a usable zero value.
type Config struct {
	// Parties are the relying parties that may ask. Default: DemoParty.
	Parties []RelyingParty
	// People have accounts from the start. Server.AddPerson adds more.
	People []Person
	// DemoAccounts adds the documented accounts of the demo environment, with the end that is scripted for each.
	DemoAccounts bool

	// Scheme is the environment's name in what is signed. Default "smart-id-demo"; the live one is "smart-id".
	Scheme string
	// DeviceLinkBase begins every device link. Default "https://sid.demo.sk.ee/device-link".
	DeviceLinkBase string
	// InsecureHTTP takes callbacks to this machine without TLS, and lets DeviceLinkBase be such an address: for
	// demonstrations. The real service takes neither.
	InsecureHTTP bool
	// CA issues the certificates. Default: one of the server's own.
	CA *testca.CA
	// KeyBits is the size of the people's RSA keys. Default 2048, which is quick; the real ones have 4096 or 6144.
	KeyBits int

	// Addr is where Start listens. Default "127.0.0.1:0".
	Addr string
	// Now is the clock of sessions, links and certificates. Default time.Now.
	Now func() time.Time
	// Timeout is how long a person may take to decide. Default 2 minutes.
	Timeout time.Duration
	// QRAge is the age at which the app no longer takes a QR code. Default 3 seconds.
	QRAge time.Duration
	// Poll is the longest that a poll of a running session waits, in real time, however long it asked for. Default:
	// as long as it asked for. Negative: not at all.
	Poll time.Duration
	// BodyLimit bounds a request in bytes. Default 64 KiB.
	BodyLimit int64
}

// RelyingParty is somebody who may ask.
type RelyingParty struct {
	// UUID is compared as it is. Required.
	UUID string
	// Name is at most 32 bytes of UTF-8, and compared without regard to case. Required.
	Name string
	// Brokered is the brokered party's name, which is signed beside Name. Default none.
	Brokered string
	// ShareIP permits asking for the address of the person's device.
	ShareIP bool
	// QualifiedOnlyV2 and QualifiedOnlyV3 forbid asking for ADVANCED, and hide the accounts that are no more than
	// that, in one version of the API.
	QualifiedOnlyV2, QualifiedOnlyV3 bool
}

// DemoParty returns the relying party of the demo environment.
func DemoParty() RelyingParty {
	return RelyingParty{UUID: "00000000-0000-4000-8000-000000000000", Name: "DEMO", QualifiedOnlyV2: true}
}

func (c *Config) check() error {
	if c.Parties == nil {
		c.Parties = []RelyingParty{DemoParty()}
	}
	for i, p := range c.Parties {
		switch {
		case !isUUID(p.UUID):
			return fieldError(fmt.Sprintf("Parties[%d].UUID", i), "is not a UUID")
		case p.Name == "" || len(p.Name) > maxName:
			return fieldError(fmt.Sprintf("Parties[%d].Name", i), "must have 1 to 32 bytes")
		case len(p.Brokered) > maxName:
			return fieldError(fmt.Sprintf("Parties[%d].Brokered", i), "must have at most 32 bytes")
		}
	}
	if c.DeviceLinkBase != "" && (!c.takes(c.DeviceLinkBase) || strings.ContainsAny(c.DeviceLinkBase, "?#|")) {
		return fieldError("DeviceLinkBase", "is not an https address without query and fragment")
	}
	if strings.Contains(c.Scheme, "|") {
		return fieldError("Scheme", "has a |")
	}
	if c.KeyBits != 0 && (c.KeyBits < 2048 || c.KeyBits > 8192) {
		return fieldError("KeyBits", "must be from 2048 to 8192")
	}
	if c.Timeout < 0 || c.QRAge < 0 {
		return fieldError("Timeout and QRAge", "must not be negative")
	}
	c.defaults()
	return nil
}

// takes reports whether an address may be called back, or begin a link.
func (c *Config) takes(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || c.InsecureHTTP && u.Scheme == "http" && local
}

func (c *Config) defaults() {
	setDefault(&c.Scheme, "smart-id-demo")
	setDefault(&c.DeviceLinkBase, "https://sid.demo.sk.ee/device-link")
	setDefault(&c.KeyBits, 2048)
	setDefault(&c.Addr, "127.0.0.1:0")
	setDefault(&c.Timeout, 2*time.Minute)
	setDefault(&c.QRAge, 3*time.Second)
	setDefault(&c.BodyLimit, 64<<10)
	if c.Now == nil {
		c.Now = time.Now
	}
}

func fieldError(field, what string) error {
	return errors.New("smartidtest: Config." + field + " " + what)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

var uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

func isUUID(s string) bool { return uuidForm.MatchString(s) }
