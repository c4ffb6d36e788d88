package messagebirdtest

import (
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/sim"
)

// rules is what a platform carries, with the channel's own settings applied.
type rules struct {
	types   []string
	text    int // longest text; 0 is no limit
	caption int // longest caption; 0 is no limit
	count   func(string) int
	window  time.Duration // free-form content after the person's last message; 0 or less is no window
	agent   time.Duration // longer window of a message tagged human_agent
	answers bool          // only people who have written before can be written to
	phone   bool          // addresses are phone numbers, so contacts are shared between such platforms
}

// rulesOf returns the rules of a channel. Limits of WhatsApp and Messenger are those of the platforms behind
// them, because the Conversations API documents none of its own.
func rulesOf(c Channel) rules {
	media := []string{"text", "image", "video", "audio", "file"}
	r := rules{types: media}
	switch c.Platform {
	case "whatsapp", "whatsapp_sandbox":
		r = rules{text: 4096, caption: 1024, window: 24 * time.Hour, phone: true,
			types: append(media, "location", "hsm", "interactive", "whatsappSticker")}
	case "facebook", "messenger":
		r = rules{text: 2000, window: 24 * time.Hour, agent: 7 * 24 * time.Hour, answers: true,
			types: append(media, "facebookQuickReply", "facebookMediaTemplate", "facebookGenericTemplate")}
	case "telegram":
		r = rules{text: 4096, caption: 1024, answers: true, types: append(media, "location")}
	case "line", "wechat":
		r = rules{answers: true, types: append(media, "location")}
	case "sms":
		r = rules{phone: true, types: []string{"text"}}
	case "email":
		r = rules{types: []string{"email"}}
	}
	if c.Types != nil {
		r.types = slices.Clone(c.Types)
	}
	r.text = limit(c.Limits.Text, r.text)
	r.caption = limit(c.Limits.Caption, r.caption)
	r.count = c.Limits.Count
	if r.count == nil {
		r.count = sim.UTF16
	}
	if c.Window != 0 {
		r.window = c.Window
	}
	return r
}

// limit is the configured bound, the platform's when none is configured, and 0 when it is switched off.
func limit(configured, platform int) int {
	if configured == 0 {
		return platform
	}
	return max(configured, 0)
}

// canonical is the one form of an address on the platform: "+" and digits for a phone number, however it was
// written, and the platform's own word otherwise. An address that cannot exist gives "".
func (r rules) canonical(address string) string {
	if !r.phone {
		if len(address) > 255 {
			return ""
		}
		return address
	}
	digits := strings.TrimPrefix(address, "+")
	if len(digits) < 6 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return "+" + digits
}
