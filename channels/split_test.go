package channels_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func fact[T any](v T) channels.Fact[T] {
	return channels.Fact[T]{Value: v, Source: "test", AsOf: "2026-11"}
}

func textCaps(limit int, u channels.Unit) channels.Capabilities {
	return channels.Capabilities{Text: fact(channels.Limit{Max: limit, Unit: u})}
}

func bodies(t *testing.T, cs []channels.Content) []string {
	t.Helper()
	out := make([]string, len(cs))
	for i, c := range cs {
		text, ok := c.(channels.Text)
		require.True(t, ok)
		out[i] = text.Body
	}
	return out
}

func TestALongTextIsPartedWhereAReaderWouldPause(t *testing.T) {
	for _, tc := range []struct {
		name string
		max  int
		in   string
		want []string
	}{
		{"whole at the limit", 5, "abcde", []string{"abcde"}},
		{"after a paragraph first", 30, "Esimene lõik.\n\nTeine. Veel üks lause siin.", []string{"Esimene lõik.\n\n", "Teine. Veel üks lause siin."}},
		{"then after a line", 20, "yks rida siin\nkaks ja kolm", []string{"yks rida siin\n", "kaks ja kolm"}},
		{"then after a sentence", 20, "Tere tulemast! Kas aitan?", []string{"Tere tulemast! ", "Kas aitan?"}},
		{"a sentence may end with a quote", 20, "Ta ütles \"jah.\" Siis läks", []string{"Ta ütles \"jah.\" ", "Siis läks"}},
		{"then after a word", 12, "alles hommikul kell", []string{"alles ", "hommikul ", "kell"}},
		{"not at a paragraph that leaves the part half empty", 20, "A.\n\nbbbbbbbbbb cccc dddd", []string{"A.\n\nbbbbbbbbbb cccc ", "dddd"}},
		{"a long word is kept whole if it can be", 20, "vaata https://a.ee/bcdefg", []string{"vaata ", "https://a.ee/bcdefg"}},
		{"inside a word at last", 4, "abcdefghij", []string{"abcd", "efgh", "ij"}},
		{"not at a no-break space", 8, "aa 10\u00a0000 €", []string{"aa ", "10\u00a0000 €"}},
		{"no part is white space at the end", 4, "abcd\n", []string{"abc", "d\n"}},
		{"no part is white space at the beginning", 4, "\n\nabcd", []string{"\n\nab", "cd"}},
		{"a line end of two characters stays whole", 4, "abc\r\ndef", []string{"abc", "\r\nde", "f"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := channels.Fit(textCaps(tc.max, channels.Runes), channels.Text{Body: tc.in})
			require.NoError(t, err)
			require.Equal(t, tc.want, bodies(t, got))
		})
	}
}

func TestAVisibleCharacterIsNotParted(t *testing.T) {
	for name, cluster := range map[string]string{
		"a letter and its mark":      "o\u0303",
		"a family of four":           "👨‍👩‍👧‍👦",
		"a skin tone":                "👍🏽",
		"a variation selector":       "❤️",
		"a flag of two letters":      "🇪🇪",
		"a flag of tags":             "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
		"a Hangul syllable in parts": "\u1112\u1161\u11ab",
		"a keycap":                   "1️⃣",
	} {
		t.Run(name, func(t *testing.T) {
			n := utf8.RuneCountInString(cluster)
			for limit := n; limit < 3*n; limit++ {
				got, err := channels.Fit(textCaps(limit, channels.Runes), channels.Text{Body: strings.Repeat(cluster, 7)})
				require.NoError(t, err)
				for _, part := range bodies(t, got) {
					require.Empty(t, strings.ReplaceAll(part, cluster, ""), "limit %d", limit)
				}
			}
		})
	}
}

func TestACharacterLongerThanTheLimitIsPartedBetweenCodePoints(t *testing.T) {
	got, err := channels.Fit(textCaps(3, channels.Runes), channels.Text{Body: "👨‍👩‍👧‍👦"})
	require.NoError(t, err)
	require.Equal(t, "👨‍👩‍👧‍👦", strings.Join(bodies(t, got), ""))

	_, err = channels.Fit(textCaps(1, channels.UTF16), channels.Text{Body: "😀"})
	require.ErrorIs(t, err, channels.ErrTooLong)
}

func TestTwentyThousandCharactersComeInParts(t *testing.T) {
	sentence := "Teie taotlus on läbi vaadatud, õiendage andmed. Ваш запрос принят 👍🏽. "
	body := strings.Repeat(sentence, 20_000/utf8.RuneCountInString(sentence)+1)
	for _, l := range []channels.Limit{
		{Max: 2000, Unit: channels.Runes}, {Max: 4096, Unit: channels.UTF16},
		{Max: 1000, Unit: channels.Bytes}, {Max: 160, Unit: channels.Septets}, {Max: 1377, Unit: channels.Septets},
	} {
		got, err := channels.Fit(textCaps(l.Max, l.Unit), channels.Text{Body: body})
		require.NoError(t, err)
		parts := bodies(t, got)
		require.Equal(t, body, strings.Join(parts, ""))
		for _, p := range parts {
			require.True(t, l.Fits(p))
			require.NotEmpty(t, strings.TrimFunc(p, unicode.IsSpace))
		}
	}
}

func TestTextThatIsRefused(t *testing.T) {
	none := textCaps(0, channels.Runes)
	for _, tc := range []struct {
		name  string
		caps  channels.Capabilities
		body  string
		class error
	}{
		{"not UTF-8", textCaps(10, channels.Runes), "a\xff", channels.ErrMalformed},
		{"half a character", textCaps(10, channels.Runes), "õ"[:1], channels.ErrMalformed},
		{"empty", textCaps(10, channels.Runes), "", channels.ErrMalformed},
		{"white space", textCaps(10, channels.Runes), " \n", channels.ErrMalformed},
		{"on a channel without text", none, "a", channels.ErrUnsupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := channels.Fit(tc.caps, channels.Text{Body: tc.body})
			require.Empty(t, got)
			refused(t, err, tc.class)
		})
	}
}

// refused checks what holds of every error of Fit.
func refused(t *testing.T, err, class error) {
	t.Helper()
	require.ErrorIs(t, err, class)
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "fit", e.Op)
	require.Equal(t, class, e.Class)
	require.Equal(t, channels.NotSent, e.Outcome)
	require.Equal(t, "fit: "+class.Error(), err.Error())
}
