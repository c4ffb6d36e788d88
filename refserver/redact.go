package main

import (
	"regexp"
	"strings"
)

const redacted = "[redacted]"

// minSecret is the shortest secret that is looked for by its value: a shorter
// one would be found in innocent words.
const minSecret = 6

// What is known by its form.
var (
	credentials  = regexp.MustCompile(`(?i)\b(bearer|basic|accesskey)\s+[^\s",;]+`)
	webToken     = regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*`)
	userInfo     = regexp.MustCompile(`(\bhttps?://)[^\s/@"]+@`)
	query        = regexp.MustCompile(`([^\s?"]*/[^\s?"]*)\?[^\s"]+`)
	telephone    = regexp.MustCompile(`\+\d[\d \-]{5,16}\d|\b372\d{7,8}\b`)
	personalCode = regexp.MustCompile(`\b[1-8]\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{4}\b`)
	peerAddress  = regexp.MustCompile(`\[[0-9a-fA-F:.%\w]+\]:\d+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b`)
)

// redactor takes out of a text what must not be shown: every known secret by
// its value, and by their form credentials, queries of addresses, telephone
// numbers and Estonian personal codes. It is a net, not the rule: nothing of
// this should reach it.
type redactor struct {
	known func() []string // the secrets; nil means none
}

// text returns s without what must not be shown.
func (r *redactor) text(s string) string {
	if r.known != nil {
		for _, secret := range r.known() {
			if len(secret) >= minSecret {
				s = strings.ReplaceAll(s, secret, redacted)
			}
		}
	}
	// Most texts of a log are short and innocent: a look for the mark of a form
	// is much cheaper than the form itself.
	if strings.Contains(s, " ") {
		s = credentials.ReplaceAllString(s, "$1 "+redacted)
	}
	if strings.Contains(s, "eyJ") {
		s = webToken.ReplaceAllString(s, redacted)
	}
	if strings.Contains(s, "@") {
		s = userInfo.ReplaceAllString(s, "${1}"+redacted+"@")
	}
	if strings.Contains(s, "?") {
		s = query.ReplaceAllString(s, "$1?"+redacted)
	}
	if digits(s) >= 8 {
		s = personalCode.ReplaceAllString(s, redacted)
		s = telephone.ReplaceAllString(s, redacted)
	}
	return s
}

func digits(s string) int {
	n := 0
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' {
			n++
		}
	}
	return n
}

// withoutPeers takes network addresses out of the lines of net/http's own log,
// which name who connected.
func withoutPeers(s string) string { return peerAddress.ReplaceAllString(s, "[peer]") }
