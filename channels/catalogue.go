package channels

import "time"

// Kinds returns the kinds of which the catalogue knows, in the order of the
// table in the README.
func Kinds() []Kind {
	return []Kind{Messenger, WhatsApp, Instagram, Viber, Telegram, Apple, Signal, SMS, WebChat, Email}
}

// Catalogue returns what a kind of channel can carry according to public
// documents; false for a kind that it does not know. The answer is the
// caller's own: a driver changes in it what its provider changes.
//
// Where a document counts "characters" without saying which, the limit counts
// UTF-16 units, of which a text never has fewer than characters. A number that
// only third parties tell has their names in its Source.
func Catalogue(k Kind) (Capabilities, bool) {
	var c Capabilities
	switch k {
	case Messenger:
		c = messenger()
	case WhatsApp:
		c = whatsapp()
	case Instagram:
		c = instagram()
	case Viber:
		c = viber()
	case Telegram:
		c = telegram()
	case Apple:
		c = apple()
	case Signal:
		c = signal()
	case SMS:
		c = sms()
	case WebChat:
		c = webchat()
	case Email:
		c = email()
	default:
		return Capabilities{}, false
	}
	c.Kind = k
	return c, true
}

func fact[T any](value T, source, asOf string) Fact[T] {
	return Fact[T]{Value: value, Source: source, AsOf: asOf}
}

func unknown[T any](reason string) Fact[T] { return Fact[T]{Unknown: reason} }

// Shorthand of the tables.
const (
	day = 24 * time.Hour
	kB  = 1000
	mB  = 1000 * kB

	// The state's comparison of channels, from which this library began.
	analysis = "analysis of alternative channels for Estonian public services, table 1"
	// What a login of a platform is worth as proof of identity.
	riaLevels = "ria.ee, requirements for authentication solutions (autentimislahendustele kehtivad nõuded)"
)

func chars(n int) Limit { return Limit{Max: n, Unit: UTF16} }

// noWindow says that nothing needs an exception.
func noWindow(source, asOf string) Fact[[]Exception] {
	return fact([]Exception{}, source+": no reply window", asOf)
}

// noText says that the channel has no place for a text.
func noText() Limit { return chars(0) }

// accounts are the facts that hold of every account that a person opens alone.
func accounts(c Capabilities) Capabilities {
	c.AuthLevel = fact("undetermined: an account proves nobody's identity", riaLevels, "2020")
	c.Signing = fact(false, analysis, "2020")
	return c
}
