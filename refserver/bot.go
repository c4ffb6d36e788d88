package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// Names of the links of the chain.
const (
	linkBot  = "bot"
	linkDesk = "desk"
)

// toldAttr keeps with the session that the person knows of the bot.
const toldAttr = "bot.told"

// echoBot repeats what people write and hands over to the desk on certain
// words. It shows how a bot is wired; a real one takes its place in the chain.
type echoBot struct {
	texts    map[string]map[string]string // by language and name
	fallback string                       // the language of who speaks none of them
	words    map[string]string            // of hand-over, in lower case, with their language
}

// newEchoBot returns a bot that speaks the language of the agency to those whose
// own it does not know. words and texts add to, and replace, the built-in ones;
// words of a language replace all of that language.
func newEchoBot(language string, words map[string][]string, texts map[string]map[string]string) (*echoBot, error) {
	all, err := botWording(texts)
	if err != nil {
		return nil, err
	}
	b := &echoBot{texts: all, fallback: language, words: make(map[string]string)}
	if all[b.fallback] == nil {
		b.fallback = "et"
	}
	byLanguage := handoverWords()
	maps.Copy(byLanguage, words)
	for _, lang := range slices.Sorted(maps.Keys(byLanguage)) {
		for _, w := range byLanguage[lang] {
			if split := wordsOf(w); len(split) != 1 {
				return nil, &fieldError{"handover_words." + lang, "each must be one word of letters and digits"}
			}
			b.words[strings.ToLower(w)] = lang
		}
	}
	return b, nil
}

// wordsOf splits a text into its words, in lower case.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// Handle implements alt.Handler.
func (b *echoBot) Handle(_ context.Context, t *alt.Turn) error {
	if _, ok := t.Event().(*channels.Received); !ok {
		return nil
	}
	text := t.Text()
	for _, w := range wordsOf(text) {
		if lang, found := b.words[w]; found {
			if t.Contact().Language == "" && b.texts[lang] != nil {
				t.SetLanguage(lang) // who asks for a person in a language is answered in it
			}
			t.HandOver(linkDesk)
			return nil
		}
	}
	answer := b.say(t.Language(), botOther)
	if text != "" {
		answer = strings.ReplaceAll(b.say(t.Language(), botEcho), "{text}", text)
	}
	if _, thumb := t.Content().(channels.Reaction); thumb || answer == "" {
		return nil
	}
	if s := t.Session(); s.Get(toldAttr) == "" {
		answer = b.say(t.Language(), botDisclosure) + "\n\n" + answer
		s.Set(toldAttr, "1")
	}
	err := t.ReplyText(answer)
	if refused := (*channels.Error)(nil); errors.As(err, &refused) {
		return nil // the line carries no text: there is nothing that a bot of words could say
	}
	return err
}

// say returns a text in the person's language, or in the agency's.
func (b *echoBot) say(tag, name string) string {
	lang, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
	if b.texts[lang] == nil {
		lang = b.fallback
	}
	return b.texts[lang][name]
}
