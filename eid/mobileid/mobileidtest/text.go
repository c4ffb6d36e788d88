package mobileidtest

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// Formats of the text on the phone.
const (
	formatGSM = "GSM-7"
	formatUCS = "UCS-2"
)

// Limits of the text, in characters.
const (
	longestGSM = 100
	longestUCS = 50
	mostGSMExt = 5
)

// The alphabet of GSM 03.38 and its extension.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExt   = "\f^{}\\[~]|€"
)

// shown is a text as the phone shows it. In GSM-7 characters of other alphabets become spaces.
func shown(text, format string) (string, *fault) {
	if format == formatUCS {
		if len(utf16.Encode([]rune(text))) > longestUCS {
			return "", invalid("displayText", "must not be longer than 50 characters of UCS-2")
		}
		return text, nil
	}
	length, extended := 0, 0
	out := strings.Map(func(r rune) rune {
		length++
		switch {
		case strings.ContainsRune(gsmExt, r):
			extended++
		case !strings.ContainsRune(gsmBasic, r):
			return ' '
		}
		return r
	}, text)
	if length > longestGSM || extended > mostGSMExt {
		return "", invalid("displayText", "must not be longer than 100 characters of GSM-7, 5 of them extended")
	}
	return out, nil
}

// controlCode is the code that person and relying party compare: the first six bits of the hash and the last seven.
func controlCode(hash []byte) string {
	return fmt.Sprintf("%04d", int(hash[0]&0xfc)<<5|int(hash[len(hash)-1]&0x7f))
}
