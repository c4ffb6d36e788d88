package channels

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Places where a text may be parted, the best first.
const (
	afterParagraph = iota
	afterLine
	afterSentence
	afterWord
	placeCount
)

// split parts s so that each part is within the limit and the parts joined are
// s. A part ends after a paragraph, a line, a sentence or a word, in this order
// of preference, as long as that leaves it at least half full; else after the
// last word; else between two visible characters; and only when one of those
// is longer than the limit, inside it. False means that the limit is smaller
// than a single character.
func split(s string, l Limit) ([]string, bool) {
	// Providers refuse a text of white space, so the last part keeps a
	// character that shows.
	lastInk := len(strings.TrimRightFunc(s, unicode.IsSpace))
	_, n := utf8.DecodeLastRuneInString(s[:lastInk])
	lastInk -= n

	var parts []string
	for {
		end := l.prefix(s)
		switch end {
		case len(s):
			return append(parts, s), true
		case 0:
			return nil, false
		}
		if lastInk > 0 {
			end = min(end, lastInk)
		}
		end = cut(s, end)
		parts, s = append(parts, s[:end]), s[end:]
		lastInk -= end
	}
}

// cut returns where to part s, at most at end and after more than white space
// if that is possible.
func cut(s string, end int) int {
	firstInk := len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
	var places [placeCount]int
	last, newlines, ink := 0, 0, rune(0)
	for i, r := range s[:end] {
		if r == '\n' {
			newlines++
		}
		if !breakable(r) {
			if !closer(r) {
				ink = r
			}
			newlines = 0
			continue
		}
		next := i + utf8.RuneLen(r)
		if next <= firstInk || joined(s, next) {
			continue
		}
		if next < end {
			if after, _ := utf8.DecodeRuneInString(s[next:]); breakable(after) {
				continue // the run of white space goes on
			}
		}
		places[place(newlines, ink)] = next
		last = next
	}
	for _, at := range places {
		if 2*at >= end {
			return at
		}
	}
	if last > 0 {
		return last
	}
	for at := end; at > firstInk; {
		if !joined(s, at) {
			return at
		}
		_, n := utf8.DecodeLastRuneInString(s[:at])
		at -= n
	}
	return end
}

// place names the kind of a run of white space by its line ends and by the
// character before it.
func place(newlines int, ink rune) int {
	switch {
	case newlines > 1:
		return afterParagraph
	case newlines == 1:
		return afterLine
	case strings.ContainsRune(".!?…", ink):
		return afterSentence
	}
	return afterWord
}

// breakable reports white space at which a line may break.
func breakable(r rune) bool {
	return unicode.IsSpace(r) && r != '\u00A0' && r != '\u202F'
}

// closer reports what may stand between the end of a sentence and the space.
func closer(r rune) bool { return strings.ContainsRune(`"')]»”“’`, r) }

// joined reports whether parting s at i would part one visible character: a
// letter from its marks, an emoji from its modifiers, a flag in two.
func joined(s string, i int) bool {
	const zwj = '\u200D'
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i:])
	switch {
	case i == len(s):
		return false
	case after == zwj, before == zwj, unicode.In(after, unicode.M):
		return true
	case after >= 0x1F3FB && after <= 0x1F3FF: // skin tones
		return true
	case after >= 0xE0020 && after <= 0xE007F: // tags of a regional flag
		return true
	case after >= 0x1160 && after <= 0x11FF: // Hangul vowels and finals
		return true
	case before == '\r' && after == '\n':
		return true
	case flagLetter(before) && flagLetter(after):
		return flagLetters(s[:i])%2 == 1
	}
	return false
}

func flagLetter(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// flagLetters counts the regional indicators at the end of s.
func flagLetters(s string) int {
	n := 0
	for {
		r, size := utf8.DecodeLastRuneInString(s)
		if !flagLetter(r) {
			return n
		}
		n, s = n+1, s[:len(s)-size]
	}
}
