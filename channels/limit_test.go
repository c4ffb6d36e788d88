package channels_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func TestLimitCountsInItsUnit(t *testing.T) {
	for _, tc := range []struct {
		name string
		unit channels.Unit
		max  int
		fits string
		over string
	}{
		{"runes count Estonian letters once", channels.Runes, 4, "õäöü", "õäöüõ"},
		{"runes count an emoji once", channels.Runes, 2, "😀😀", "😀😀!"},
		{"UTF-16 counts an emoji twice", channels.UTF16, 4, "😀😀", "😀😀!"},
		{"UTF-16 counts Cyrillic once", channels.UTF16, 6, "привет", "привет!"},
		{"bytes count Estonian letters twice", channels.Bytes, 8, "õäöü", "õäöü!"},
		{"a unit that is not known counts bytes", "", 8, "õäöü", "õäöü!"},
		{"septets count GSM letters once", channels.Septets, 160, strings.Repeat("ä", 160), strings.Repeat("ä", 161)},
		{"septets count the extension table twice", channels.Septets, 160, strings.Repeat("€", 80), strings.Repeat("€", 80) + "a"},
		{"one õ makes a short text UCS-2", channels.Septets, 160, "õ" + strings.Repeat("a", 69), "õ" + strings.Repeat("a", 70)},
		{"one š makes a long text UCS-2", channels.Septets, 459, "š" + strings.Repeat("a", 200), "š" + strings.Repeat("a", 201)},
		{"an emoji is two units of UCS-2", channels.Septets, 160, strings.Repeat("😀", 35), strings.Repeat("😀", 36)},
		{"no text at all", channels.Runes, 0, "", "a"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := channels.Limit{Max: tc.max, Unit: tc.unit}
			require.True(t, l.Fits(tc.fits))
			require.False(t, l.Fits(tc.over))
		})
	}
	require.True(t, channels.Limit{Max: channels.NoLimit, Unit: channels.Septets}.Fits(strings.Repeat("õ", 1<<20)))
}

func TestSegmentsOfAnSMS(t *testing.T) {
	for _, tc := range []struct {
		name     string
		text     string
		segments int
		ucs2     bool
	}{
		{"nothing", "", 0, false},
		{"160 septets are one", strings.Repeat("a", 160), 1, false},
		{"161 septets are two", strings.Repeat("a", 161), 2, false},
		{"306 septets are two", strings.Repeat("a", 306), 2, false},
		{"307 septets are three", strings.Repeat("a", 307), 3, false},
		{"the euro sign is two septets", strings.Repeat("€", 80), 1, false},
		{"ä, ö and ü are GSM letters", "äöüÄÖÜ", 1, false},
		{"õ is not", "õ", 1, true},
		{"š is not", "š", 1, true},
		{"ž is not", "ž", 1, true},
		{"70 units of UCS-2 are one", strings.Repeat("õ", 70), 1, true},
		{"71 units of UCS-2 are two", strings.Repeat("õ", 71), 2, true},
		{"134 units of UCS-2 are two", strings.Repeat("õ", 134), 2, true},
		{"135 units of UCS-2 are three", strings.Repeat("õ", 135), 3, true},
		{"an escaped character is not parted", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3, false},
		{"a surrogate pair is not parted", strings.Repeat("õ", 66) + "😀" + strings.Repeat("õ", 66), 3, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n, ucs2 := channels.Segments(tc.text)
			require.Equal(t, tc.segments, n)
			require.Equal(t, tc.ucs2, ucs2)
		})
	}
}

// The alphabet as in 3GPP TS 23.038, table 6.2.1, by its rows.
func TestEveryCharacterOfTheGSMAlphabetIsOneSeptet(t *testing.T) {
	l := channels.Limit{Max: 1, Unit: channels.Septets}
	alphabet := []rune("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
	require.Len(t, alphabet, 127) // 128 without the escape itself
	for _, r := range alphabet {
		require.True(t, l.Fits(string(r)), "%q", r)
	}
	for _, r := range "\f^{}\\[~]|€" {
		require.False(t, l.Fits(string(r)), "%q", r)
		require.True(t, channels.Limit{Max: 2, Unit: channels.Septets}.Fits(string(r)), "%q", r)
	}
	for _, r := range "çõšžÕŠŽ`\tя😀" {
		_, ucs2 := channels.Segments(string(r))
		require.True(t, ucs2, "%q", r)
	}
}
