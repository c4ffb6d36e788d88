package birdtest

import (
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// rules is what a platform carries, with the channel's own settings applied.
type rules struct {
	key     string   // of the identifiers of its people
	types   []string // of bodies
	text    int      // longest text; 0 is no limit
	actions int      // below a text
	action  int      // longest title of an action, in runes
	rows    int      // of a list
	count   func(string) int
	window  time.Duration // free messages after the person's last; 0 or less is no window
	answers bool          // only people who have written before can be written to
	phone   bool          // identifiers are phone numbers
}

// platforms are the rules of each platform. Limits are those of the platforms
// themselves, because Bird documents none of its own; where it is not known to
// show actions there are none.
func platforms() map[string]rules {
	day := 24 * time.Hour
	return map[string]rules{
		"whatsapp": {key: "phonenumber", types: []string{"text", "image", "file", "location", "list"}, text: 4096,
			actions: 3, action: 20, rows: 10, window: day, phone: true},
		"facebook":  {key: "facebook.scoped", types: []string{"text", "image", "file"}, text: 2000, actions: 13, action: 20, window: day, answers: true},
		"instagram": {key: "instagram.scoped", types: []string{"text", "image", "file"}, text: 1000, actions: 13, action: 20, window: day, answers: true},
		"viber":     {key: "phonenumber", types: []string{"text", "image", "file", "location"}, text: 7000, phone: true},
		"telegram":  {key: "telegram.user", types: []string{"text", "image", "file", "location"}, text: 4096, answers: true},
		"sms":       {key: "phonenumber", types: []string{"text"}, phone: true},
		"email":     {key: "emailaddress", types: []string{"text", "image", "file"}},
	}
}

func rulesOf(c Channel) rules {
	r := platforms()[c.Platform]
	if c.MaxText != 0 {
		r.text = max(c.MaxText, 0)
	}
	switch {
	case c.Count != nil:
		r.count = c.Count
	case c.Platform == "instagram": // whose limit is one of bytes
		r.count = func(s string) int { return len(s) }
	default:
		r.count = sim.UTF16
	}
	if c.Window != 0 {
		r.window = c.Window
	}
	return r
}

// canonical is the one form of an identifier: "+" and digits for a phone number,
// however it was written, and the platform's own word otherwise. One that cannot
// exist gives "".
func (r rules) canonical(value string) string {
	if !r.phone {
		if len(value) > 255 {
			return ""
		}
		return value
	}
	digits := strings.TrimPrefix(value, "+")
	if len(digits) < 6 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return "+" + digits
}
