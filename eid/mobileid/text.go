package mobileid

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/liidestuja/liidestuja/eid"
)

// The formats of a text on the phone, and what fits into each. The service turns
// what a format does not have into spaces, so the format is chosen by the text,
// and a text that is too long for it is refused, never cut.
const (
	formatGSM  = "GSM-7"
	formatUCS2 = "UCS-2"

	maxGSM         = 100 // characters
	maxGSMExtended = 5   // of them from the extension table
	maxUCS2        = 50  // characters
)

// GSM 03.38, without its control characters.
const (
	gsmDefault = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡" +
		"ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€"
)

// displayFormat returns the format in which s is sent. Of the Estonian letters
// õ, š and ž, and all Cyrillic ones, need UCS-2. The error wraps eid.ErrRequest.
func displayFormat(s string) (string, error) {
	length, extended, gsm := 0, 0, true
	for _, r := range s {
		switch {
		case r == unicode.ReplacementChar || r > 0xFFFF || !unicode.IsPrint(r):
			return "", fmt.Errorf("eid/mobileid: %w: Text: a character that no phone shows", eid.ErrRequest)
		case strings.ContainsRune(gsmExtended, r):
			extended++
		case !strings.ContainsRune(gsmDefault, r):
			gsm = false
		}
		length++
	}
	switch {
	case gsm && length <= maxGSM && extended <= maxGSMExtended:
		return formatGSM, nil
	case length <= maxUCS2:
		return formatUCS2, nil
	case gsm && length <= maxGSM:
		return "", fmt.Errorf("eid/mobileid: %w: Text: more than %d of ^{}[]~|€ and the backslash", eid.ErrRequest, maxGSMExtended)
	case gsm:
		return "", fmt.Errorf("eid/mobileid: %w: Text: longer than %d characters", eid.ErrRequest, maxGSM)
	}
	return "", fmt.Errorf("eid/mobileid: %w: Text: longer than %d characters with letters such as õ, š, ž or Cyrillic ones", eid.ErrRequest, maxUCS2)
}
