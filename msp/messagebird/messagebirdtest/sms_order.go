package messagebirdtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// smsOrder is a request to send, and what is kept of any message.
type smsOrder struct {
	originator string
	body       string
	recipients []string // digits
	kind       string
	reference  string
	report     string
	coding     string // "plain" or "unicode", also when "auto" was asked for
	scheduled  string
	validity   int
}

// Bounds of a message. The service tells its longest text as 1,377 characters of the GSM alphabet.
const (
	kindSMS       = "sms"
	maxRecipients = 50
	maxOriginator = 11
	maxSegments   = 9
)

// readSMS reads and checks the body of POST /messages.
func (s *Server) readSMS(body []byte) (smsOrder, *refusal) {
	var o smsOrder
	f, bad := readFields(body, "", "originator", "body", "recipients", "type", "reference", "reportUrl", "validity", "gateway",
		"datacoding", "mclass", "scheduledDatetime", "shortenUrls")
	if bad != nil {
		return o, bad
	}
	read := func(to *string, name string, get func(parameter, name string) (string, *refusal)) {
		if bad == nil {
			*to, bad = get("", name)
		}
	}
	read(&o.originator, "originator", f.need)
	read(&o.body, "body", f.need)
	read(&o.kind, "type", f.text)
	read(&o.reference, "reference", f.text)
	read(&o.report, "reportUrl", f.text)
	read(&o.coding, "datacoding", f.text)
	read(&o.scheduled, "scheduledDatetime", f.text)
	setDefault(&o.kind, kindSMS)
	setDefault(&o.coding, "plain")
	if bad == nil {
		o.recipients, bad = readRecipients(f["recipients"])
	}
	if bad == nil {
		bad = o.check(f, s.sms.numbers)
	}
	return o, bad
}

// readRecipients takes numbers as text or as JSON numbers.
func readRecipients(raw json.RawMessage) ([]string, *refusal) {
	none := &refusal{http.StatusUnprocessableEntity, codeMissing, "no (correct) recipients found", "recipient"}
	var list []json.RawMessage
	if raw == nil || json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return nil, none
	}
	if len(list) > maxRecipients {
		return nil, invalid("recipients", "has too many elements")
	}
	var numbers []string
	for _, item := range list {
		number := rules{phone: true}.canonical(string(bytes.Trim(item, `"`)))
		if number == "" {
			return nil, none
		}
		numbers = append(numbers, digitsOf(number))
	}
	return numbers, nil
}

func (o *smsOrder) check(f fields, numbers map[string]Number) *refusal {
	if strings.Trim(digitsOf(o.originator), "0123456789") == "" {
		o.originator = digitsOf(o.originator)
		if _, ok := numbers[o.originator]; !ok {
			return invalid("originator", "is not a number of the account")
		}
	} else if len(o.originator) > maxOriginator || strings.ContainsFunc(o.originator, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalid("originator", "is longer than 11 characters, or has others than letters and digits")
	}
	if o.kind != kindSMS && o.kind != "flash" { // "binary" is not simulated
		return invalid("type", "must be sms or flash")
	}
	if !slices.Contains([]string{"plain", "unicode", "auto"}, o.coding) {
		return invalid("datacoding", "must be plain, unicode or auto")
	}
	if o.coding == "auto" {
		o.coding = codingOf(o.body)
	}
	if _, n := o.shown(); n > maxSegments {
		return invalid("body", "is too long")
	}
	if o.report != "" && !webURL(o.report) {
		return invalid("reportUrl", "must be an absolute address")
	}
	if _, err := time.Parse(time.RFC3339, o.scheduled); o.scheduled != "" && err != nil {
		return invalid("scheduledDatetime", "is not a time of RFC 3339")
	}
	for name, to := range map[string]any{"validity": &o.validity, "gateway": new(int), "mclass": new(int), "shortenUrls": new(bool)} {
		if raw, ok := f[name]; ok && json.Unmarshal(raw, to) != nil {
			return invalid(name, "is of another type")
		}
	}
	if f["validity"] != nil && o.validity <= 0 {
		return invalid("validity", "must be a number of seconds")
	}
	return nil
}

// The GSM alphabet of 3GPP TS 23.038: characters of seven bits, and those that are written as two, the first of which
// is an escape.
const (
	gsmSingle = "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz" +
		"¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ"
	gsmDouble = "\f[\\]^{|}~€"
)

// codingOf is what "auto" chooses.
func codingOf(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(gsmSingle+gsmDouble, r) }) {
		return "unicode"
	}
	return "plain"
}

// shown is the text as it arrives, and the number of short messages that carry it: 160 septets or 70 units of UTF-16 in
// one, 153 or 67 in each of several. No character is parted between two.
func (o *smsOrder) shown() (text string, segments int) {
	alone, each, text := 70, 67, o.body
	if o.coding == "plain" {
		alone, each = 160, 153
		text = strings.Map(func(r rune) rune {
			if strings.ContainsRune(gsmSingle+gsmDouble, r) {
				return r
			}
			return '?'
		}, text)
	}
	total, filled := 0, each
	for _, r := range text {
		n := o.cost(r)
		total += n
		if filled+n > each {
			segments, filled = segments+1, 0
		}
		filled += n
	}
	if total <= alone {
		segments = 1
	}
	return text, segments
}

func (o *smsOrder) cost(r rune) int {
	switch {
	case o.coding != "plain":
		return utf16.RuneLen(r)
	case strings.ContainsRune(gsmDouble, r):
		return 2
	}
	return 1
}

// length is the number of characters, as reports tell it.
func (o *smsOrder) length() int { return utf8.RuneCountInString(o.body) }
