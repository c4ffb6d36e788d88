package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

// languageCookie keeps the language that a visitor chose.
const languageCookie = "demo-language"

// pageTexts are the texts of the pages in all languages, the default first.
type pageTexts struct {
	tags    []language.Tag
	matcher language.Matcher
	catalog *catalog.Builder
	keys    map[string][]string // by language, for the test that none is missing
}

// loadPageTexts reads one file of texts for each language. A text that depends
// on a number is an object with the plural forms of its language.
func loadPageTexts(files fs.FS) (*pageTexts, error) {
	t := &pageTexts{
		tags: []language.Tag{language.Estonian, language.English, language.Russian},
		keys: make(map[string][]string),
	}
	t.matcher = language.NewMatcher(t.tags)
	t.catalog = catalog.NewBuilder(catalog.Fallback(t.tags[0]))
	for _, tag := range t.tags {
		b, err := fs.ReadFile(files, "texts/"+tag.String()+".json")
		if err != nil {
			return nil, err
		}
		var texts map[string]json.RawMessage
		if err := json.Unmarshal(b, &texts); err != nil {
			return nil, fmt.Errorf("texts in %s: %w", tag, err)
		}
		for key, raw := range texts {
			if err := t.add(tag, key, raw); err != nil {
				return nil, fmt.Errorf("texts in %s: %s: %w", tag, key, err)
			}
			t.keys[tag.String()] = append(t.keys[tag.String()], key)
		}
		slices.Sort(t.keys[tag.String()])
	}
	return t, nil
}

func (t *pageTexts) add(tag language.Tag, key string, raw json.RawMessage) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return t.catalog.SetString(tag, key, text)
	}
	var forms struct{ One, Few, Many, Other string }
	if err := json.Unmarshal(raw, &forms); err != nil {
		return err
	}
	var cases []any
	for _, f := range []struct {
		form plural.Form
		text string
	}{{plural.One, forms.One}, {plural.Few, forms.Few}, {plural.Many, forms.Many}, {plural.Other, forms.Other}} {
		if f.text != "" {
			cases = append(cases, f.form, f.text)
		}
	}
	return t.catalog.Set(tag, key, plural.Selectf(1, "%d", cases...))
}

// say returns a text in a language.
func (t *pageTexts) say(tag language.Tag, key string, args ...any) string {
	return message.NewPrinter(tag, message.Catalog(t.catalog)).Sprintf(key, args...)
}

// match returns the language that suits a browser's request: the one that was
// chosen, or what the browser prefers, or the default.
func (t *pageTexts) match(r *http.Request) language.Tag {
	chosen := ""
	if c, err := r.Cookie(languageCookie); err == nil {
		chosen = c.Value
	}
	return t.best(chosen, r.Header.Get("Accept-Language"))
}

// best returns the language that suits preferences, the first ones first, each
// in the form of an Accept-Language header.
func (t *pageTexts) best(preferences ...string) language.Tag {
	_, i := language.MatchStrings(t.matcher, preferences...)
	return t.tags[i]
}

// languageChoice is a language that can be chosen, under its own name.
type languageChoice struct {
	Tag, Name string
	Current   bool
}

func (t *pageTexts) choices(current language.Tag) []languageChoice {
	var all []languageChoice
	for _, tag := range t.tags {
		all = append(all, languageChoice{Tag: tag.String(), Name: t.say(tag, "language.name"), Current: tag == current})
	}
	return all
}
