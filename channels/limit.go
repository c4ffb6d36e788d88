package channels

import (
	"math"
	"strings"
	"unicode/utf8"
)

// NoLimit is the Max of a text that a channel carries at any length we know
// of.
const NoLimit = math.MaxInt32

// GSM 03.38: one septet for a character of the default alphabet, two for one
// of its extension table. A text with any other character (õ, š, ž, Cyrillic)
// travels as UCS-2.
const (
	gsmDefault = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡" +
		"ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// Length of an SMS segment: alone, and as one of several.
const (
	septetsAlone, septetsEach = 160, 153
	unitsAlone, unitsEach     = 70, 67
)

// Fits reports whether s is within the limit, in its unit. With Max 0 only an
// empty text is.
//
// A limit in Septets allows a text of GSM characters Max septets, and any
// other text as many UTF-16 units as the same number of segments holds: 70 for
// 160 septets, 67 for each 153 above that.
func (l Limit) Fits(s string) bool { return l.prefix(s) == len(s) }

// prefix returns the length in bytes of the longest beginning of s that is
// within the limit and ends between two characters of UTF-8.
func (l Limit) prefix(s string) int {
	m := meter{unit: l.Unit}
	for i, r := range s {
		m.add(r, s[i:])
		if !m.within(l.Max) {
			return i
		}
	}
	return len(s)
}

// meter adds up the cost of a text.
type meter struct {
	unit  Unit
	cost  int  // in unit, or in septets
	units int  // in UTF-16 units, for Septets only
	ucs2  bool // some character is not a GSM one
}

func (m *meter) add(r rune, s string) {
	switch m.unit {
	case Runes:
		m.cost++
	case UTF16:
		m.cost += utf16Len(r)
	case Septets:
		n := septets(r)
		m.cost += n
		m.units += utf16Len(r)
		m.ucs2 = m.ucs2 || n == 0
	default: // Bytes; also the careful reading of a unit that is not known
		_, n := utf8.DecodeRuneInString(s)
		m.cost += n
	}
}

func (m *meter) within(limit int) bool {
	if !m.ucs2 {
		return m.cost <= limit
	}
	if limit <= septetsAlone {
		return m.units*septetsAlone <= limit*unitsAlone
	}
	return int64(m.units)*septetsEach <= int64(limit)*unitsEach
}

func utf16Len(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// septets returns the cost of r in GSM 03.38; 0 when it is not in it.
func septets(r rune) int {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ':
		return 1
	case strings.ContainsRune(gsmDefault, r):
		return 1
	case strings.ContainsRune(gsmExtension, r):
		return 2
	}
	return 0
}

// Segments returns how many SMS a text takes, and whether it must travel as
// UCS-2 because of a character outside GSM 03.38: 160 septets or 70 UTF-16
// units in one, 153 or 67 in each of several. A character is never parted
// between two. An empty text takes none.
func Segments(s string) (segments int, ucs2 bool) {
	m := meter{unit: Septets}
	for i, r := range s {
		m.add(r, s[i:])
	}
	cost, total, alone, each := septets, m.cost, septetsAlone, septetsEach
	if m.ucs2 {
		cost, total, alone, each = utf16Len, m.units, unitsAlone, unitsEach
	}
	switch {
	case s == "":
		return 0, false
	case total <= alone:
		return 1, m.ucs2
	}
	segments, room := 1, each
	for _, r := range s {
		n := cost(r)
		if n > room {
			segments, room = segments+1, each
		}
		room -= n
	}
	return segments, m.ucs2
}
