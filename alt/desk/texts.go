package desk

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Text names a text that people see.
type Text string

// Texts. In Away, "{opens}" stands for the next opening, written as Opens says.
const (
	// HandedOver confirms that a person will answer.
	HandedOver Text = "handed_over"
	// Away says, outside opening hours, when somebody will be there.
	Away Text = "away"
	// AwayUnknown is Away when no next opening is known.
	AwayUnknown Text = "away_unknown"
	// Opens is how a time is written: a layout of Go's package time.
	Opens Text = "opens"
)

// Texts are wordings by language (BCP 47, e.g. "et") and text. An empty wording
// means that nothing is said.
type Texts map[string]map[Text]string

// placeholders are what may stand in braces.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// builtin is the catalogue. Estonian is the default and complete; a test holds
// that the others are complete too.
func builtin() Texts {
	return Texts{
		"et": {
			HandedOver:  "Annan teie küsimuse inimesele edasi. Vastame teile siinsamas esimesel võimalusel.",
			Away:        "Praegu on väljaspool tööaega. Teie sõnum on meil olemas ja vastame siis, kui oleme tagasi: {opens}.",
			AwayUnknown: "Praegu on väljaspool tööaega. Teie sõnum on meil olemas ja vastame esimesel võimalusel.",
			Opens:       "02.01.2006 kell 15:04",
		},
		"en": {
			HandedOver:  "I am passing your question on to a person. We will answer you here as soon as we can.",
			Away:        "We are outside opening hours now. We have your message and will answer when we are back: {opens}.",
			AwayUnknown: "We are outside opening hours now. We have your message and will answer as soon as we can.",
			Opens:       "2 January 2006 at 15:04",
		},
		"ru": {
			HandedOver:  "Передаю ваш вопрос сотруднику. Мы ответим вам здесь при первой возможности.",
			Away:        "Сейчас нерабочее время. Мы получили ваше сообщение и ответим, когда вернёмся: {opens}.",
			AwayUnknown: "Сейчас нерабочее время. Мы получили ваше сообщение и ответим при первой возможности.",
			Opens:       "02.01.2006 в 15:04",
		},
	}
}

func keys() []Text { return []Text{HandedOver, Away, AwayUnknown, Opens} }

// wording is the catalogue with the agency's own texts, for the languages that
// it speaks. The first one is the default.
type wording struct {
	languages []string
	texts     Texts
}

func newWording(languages []string, own Texts) (*wording, error) {
	if len(languages) == 0 {
		languages = []string{"et", "en", "ru"}
	}
	w := &wording{texts: make(Texts)}
	known := builtin()
	for i, l := range languages {
		if l == "" || base(l) != l || w.texts[l] != nil {
			return nil, fmt.Errorf(`desk: Languages[%d]: must be a language like "et", once`, i)
		}
		w.languages = append(w.languages, l)
		w.texts[l] = make(map[Text]string)
		maps.Copy(w.texts[l], known[l])
		maps.Copy(w.texts[l], own[l])
		for _, k := range keys() {
			if _, there := w.texts[l][k]; !there {
				return nil, fmt.Errorf("desk: Texts[%q][%q]: missing, because there is no text in this language", l, k)
			}
		}
	}
	for l, texts := range own {
		if w.texts[l] == nil {
			return nil, fmt.Errorf("desk: Texts[%q]: the language is not among Languages", l)
		}
		for k, text := range texts {
			if !slices.Contains(keys(), k) {
				return nil, fmt.Errorf("desk: Texts[%q][%q]: there is no such text", l, k)
			}
			if bad := stranger(k, text); bad != "" {
				return nil, fmt.Errorf("desk: Texts[%q][%q]: nothing stands for %s", l, k, bad)
			}
		}
	}
	return w, nil
}

// stranger returns a placeholder that the text cannot have.
func stranger(k Text, text string) string {
	for _, p := range placeholder.FindAllString(text, -1) {
		if k != Away || p != "{opens}" {
			return p
		}
	}
	return ""
}

// base returns the language of a tag, without country or script.
func base(tag string) string {
	l, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return strings.ToLower(l)
}

// say returns a text in the person's language, or in the default one.
func (w *wording) say(tag string, k Text) string {
	texts := w.texts[base(tag)]
	if texts == nil {
		texts = w.texts[w.languages[0]]
	}
	return texts[k]
}

// away returns the text for a closed desk that opens at next, in its own time
// zone; zero: not known.
func (w *wording) away(tag string, next time.Time) string {
	if next.IsZero() {
		return w.say(tag, AwayUnknown)
	}
	return strings.ReplaceAll(w.say(tag, Away), "{opens}", next.Format(w.say(tag, Opens)))
}
