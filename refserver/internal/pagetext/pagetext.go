// Package pagetext holds the texts of pages in the languages of the agency, and finds
// the one that suits a browser.
package pagetext

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

// Cookie keeps the language that a visitor chose.
const Cookie = "language"

// Catalog are the texts of the pages in all languages, the default first.
type Catalog struct {
	Tags []language.Tag
	// Keys are the names of all texts, sorted, by language.
	Keys map[string][]string

	matcher language.Matcher
	catalog *catalog.Builder
}

// Load reads one file of texts for each language, texts/LANGUAGE.json. A text that
// depends on a number is an object with the plural forms of its language.
func Load(files fs.FS) (*Catalog, error) {
	t := &Catalog{
		Tags: []language.Tag{language.Estonian, language.English, language.Russian},
		Keys: make(map[string][]string),
	}
	t.matcher = language.NewMatcher(t.Tags)
	t.catalog = catalog.NewBuilder(catalog.Fallback(t.Tags[0]))
	for _, tag := range t.Tags {
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
			t.Keys[tag.String()] = append(t.Keys[tag.String()], key)
		}
		slices.Sort(t.Keys[tag.String()])
	}
	return t, nil
}

func (t *Catalog) add(tag language.Tag, key string, raw json.RawMessage) error {
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

// Say returns a text in a language.
func (t *Catalog) Say(tag language.Tag, key string, args ...any) string {
	return message.NewPrinter(tag, message.Catalog(t.catalog)).Sprintf(key, args...)
}

// Has reports whether there is a text of this name.
func (t *Catalog) Has(key string) bool {
	_, known := slices.BinarySearch(t.Keys[t.Tags[0].String()], key)
	return known
}

// Match returns the language that suits a browser's request: the one that was
// chosen, or what the browser prefers, or the default.
func (t *Catalog) Match(r *http.Request) language.Tag {
	chosen := ""
	if c, err := r.Cookie(Cookie); err == nil {
		chosen = c.Value
	}
	return t.Best(chosen, r.Header.Get("Accept-Language"))
}

// Best returns the language that suits preferences, the first ones first, each
// in the form of an Accept-Language header.
func (t *Catalog) Best(preferences ...string) language.Tag {
	_, i := language.MatchStrings(t.matcher, preferences...)
	return t.Tags[i]
}

// Choice is a language that can be chosen, under its own name.
type Choice struct {
	Tag, Name string
	Current   bool
}

// Choices returns all languages.
func (t *Catalog) Choices(current language.Tag) []Choice {
	var all []Choice
	for _, tag := range t.Tags {
		all = append(all, Choice{Tag: tag.String(), Name: t.Say(tag, "language.name"), Current: tag == current})
	}
	return all
}
