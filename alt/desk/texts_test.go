package desk

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNoLanguageLacksAText(t *testing.T) {
	catalogue := builtin()
	for _, language := range []string{"et", "en", "ru"} {
		for _, k := range keys() {
			require.NotEmpty(t, catalogue[language][k], "%s in %s", k, language)
			require.Empty(t, stranger(k, catalogue[language][k]), "%s in %s", k, language)
		}
		require.Len(t, catalogue[language], len(keys()), "%s has texts that nobody says", language)
		require.Contains(t, catalogue[language][Away], "{opens}")
	}
	require.Len(t, catalogue, 3)
}

func TestTheLanguageOfAText(t *testing.T) {
	w, err := newWording(nil, nil)
	require.NoError(t, err)
	for tag, start := range map[string]string{
		"et": "Annan", "en": "I am", "ru": "Передаю", "ru-RU": "Передаю", "en_GB": "I am", "EN": "I am", "": "Annan", "fi": "Annan", "est": "Annan",
	} {
		require.True(t, strings.HasPrefix(w.say(tag, HandedOver), start), tag)
	}
	next := time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)
	require.Contains(t, w.away("et", next), "23.11.2026 kell 09:05.")
	require.Contains(t, w.away("en", next), "23 November 2026 at 09:05.")
	require.Contains(t, w.away("ru", next), "23.11.2026 в 09:05.")
	require.NotContains(t, w.away("en", time.Time{}), "{")
}

func TestAnAgencysOwnTexts(t *testing.T) {
	finnish := map[Text]string{HandedOver: "Hetki.", Away: "Auki {opens}.", AwayUnknown: "Kiinni.", Opens: "2.1. 15.04"}
	w, err := newWording([]string{"fi", "et"}, Texts{"fi": finnish, "et": {HandedOver: "Üks hetk."}})
	require.NoError(t, err)
	require.Equal(t, "Hetki.", w.say("sv", HandedOver), "the first language is the default")
	require.Equal(t, "Üks hetk.", w.say("et", HandedOver))
	require.Contains(t, w.say("et", AwayUnknown), "tööaega", "what is not reworded stays")
	require.Equal(t, "Auki 23.11. 9.05.", strings.Replace(w.away("fi", time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)), "09.", "9.", 1))

	for name, tc := range map[string]struct {
		languages []string
		texts     Texts
		says      string
	}{
		"a language without texts":              {[]string{"et", "fi"}, nil, `Texts["fi"]`},
		"a language with a text missing":        {[]string{"fi"}, Texts{"fi": {HandedOver: "Hetki."}}, `Texts["fi"]["away"]`},
		"a language twice":                      {[]string{"et", "et"}, nil, "Languages[1]"},
		"a country":                             {[]string{"et-EE"}, nil, "Languages[0]"},
		"no language":                           {[]string{""}, nil, "Languages[0]"},
		"a text that nobody says":               {nil, Texts{"et": {"hello": "Tere"}}, `Texts["et"]["hello"]`},
		"texts in a language not spoken":        {nil, Texts{"fi": finnish}, `Texts["fi"]`},
		"a placeholder that nothing stands for": {nil, Texts{"en": {Away: "Back at {time}."}}, "{time}"},
		"a placeholder in another text":         {nil, Texts{"en": {HandedOver: "Until {opens}."}}, "{opens}"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewHandler(HandlerConfig{Languages: tc.languages, Texts: tc.texts})
			require.ErrorContains(t, err, tc.says)
		})
	}
}
