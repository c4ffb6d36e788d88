package messagebird

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// SMS makes a line go through the SMS API instead of the Conversations API;
// the documentation of the package says when to choose which. Outbound.Ref
// travels as the message's reference, whatever Config.Reconcile says.
type SMS struct {
	// Originator is what people see as the sender: a number of the account, with
	// its country code, or a name of 1 to 11 ASCII letters, digits and blanks,
	// not digits alone. Nobody can answer a name. Required.
	Originator string
	// Numbers are what people write to when they write to the line, with or
	// without "+", short numbers too. Default: Originator, if it is a number.
	Numbers []string
	// Validity is how long the networks try to deliver a message, in whole
	// seconds. Default: MessageBird's.
	Validity time.Duration
}

// complete returns the settings as they go over the wire: numbers are digits.
func (s SMS) complete() *SMS {
	s.Originator = digits(s.Originator)
	s.Numbers = slices.Clone(s.Numbers)
	for i, n := range s.Numbers {
		s.Numbers[i] = digits(n)
	}
	if len(s.Numbers) == 0 && isNumber(s.Originator) {
		s.Numbers = []string{s.Originator}
	}
	return &s
}

// check names the field that cannot be used, and says why; taken holds the
// numbers of the lines before.
func (s *SMS) check(taken map[string]bool) (field, what string) {
	switch {
	case s.Originator == "":
		return "Originator", "is required"
	case !isNumber(s.Originator) && !isName(s.Originator):
		return "Originator", "is neither a number nor a name of at most 11 letters, digits and blanks"
	case s.Validity < 0 || s.Validity%time.Second != 0:
		return "Validity", "must be whole seconds, and not negative"
	}
	for i, n := range s.Numbers {
		switch {
		case !isNumber(n):
			return fmt.Sprintf("Numbers[%d]", i), "is not a number"
		case taken[n]:
			return fmt.Sprintf("Numbers[%d]", i), "is there already"
		}
		taken[n] = true
	}
	return "", ""
}

// digits is a number without what people write around it; a name as it is.
func digits(s string) string { return strings.TrimPrefix(s, "+") }

// isNumber takes short numbers too.
func isNumber(s string) bool {
	return len(s) >= 3 && len(s) <= 15 && strings.Trim(s, "0123456789") == ""
}

func isName(s string) bool {
	return s != "" && len(s) <= 11 && strings.Trim(s, alnum+" ") == "" && strings.TrimSpace(s) == s && strings.Trim(s, "0123456789 ") != ""
}

// smsLine is a line over the SMS API. It has in common with the others what
// every line has, and has no Erase: that API knows messages, not conversations.
type smsLine struct{ l *line }

var _ interface {
	channels.Channel
	channels.MediaFetcher
	channels.Finder
} = smsLine{}

// Info implements channels.Channel.
func (s smsLine) Info() channels.Info { return s.l.info }

// FetchMedia opens a file of an MMS. Its host must be one of Config.MediaHosts
// or the host of media. It implements channels.MediaFetcher.
func (s smsLine) FetchMedia(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	return s.l.FetchMedia(ctx, m)
}

// smsText is the longest text, in septets. The service's limit is told as 1,377
// characters, which are nine segments of 153. But segments part between
// characters: one that takes two septets (€), or two UTF-16 units (an emoji), may
// leave a place empty at the end of each segment but the last, so that 1,377
// septets can need a tenth segment, and nobody says what becomes of that. 1,360
// never do: they stand for 595 UTF-16 units, and 595+8 = 9*67.
const smsText = 1360

// smsCapabilities are those of SMS, as far as they pass through the SMS API.
func smsCapabilities() channels.Capabilities {
	const (
		spec  = "github.com/messagebird/openapi-specs, sms/openapi.yaml"
		asOf  = "2022-07"
		limit = "github.com/api-evangelist/messagebird: 1,377 characters; a little less here, so that no text needs a tenth segment"
	)
	caps, _ := channels.Catalogue(channels.SMS)
	caps.Text = said(channels.Limit{Max: smsText, Unit: channels.Septets}, limit, "2026-11")
	caps.Idempotent = said(false, spec+": no key for requests", asOf)
	caps.Erasure = said(channels.NotErasable, spec+": a message can be deleted, a conversation is not known", asOf)
	caps.Transport = said("HTTPS, JSON: SMS API; webhooks as GET and as forms", spec, asOf)
	caps.Versioning = said("none: one version without a number", spec, asOf)
	caps.Security = said("TLS and access key; webhooks signed with HMAC over address and body", docs, "2022-10")
	caps.DataLocation = Criteria().DataLocation
	return caps
}
