package channels

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func fitChoices(caps *Capabilities, c Choices) ([]Content, error) {
	if err := checkChoices(c); err != nil {
		return nil, err
	}
	if caps.Choices.Known() {
		if l := caps.Choices.Value; l.frame(c) && (l.FitsButtons(c) || l.list(c)) {
			return []Content{c}, nil
		}
	}
	return fitText(caps, numbered(c))
}

// checkChoices refuses an offer whose answer could not be understood.
func checkChoices(c Choices) error {
	said := []string{c.Body, c.Button, c.Header, c.Footer}
	ids, titles := map[string]bool{}, map[string]bool{}
	for _, o := range c.Options {
		said = append(said, o.ID, o.Title, o.Description, o.Section)
		title := strings.ToLower(plain(o.Title))
		switch {
		case o.ID == "" || title == "":
			return refuse(ErrMalformed, "an option has no id or no title")
		case ids[o.ID] || titles[title]:
			return refuse(ErrMalformed, "two options have the same id or title")
		case strings.ContainsFunc(o.Title+o.Section, unicode.IsControl):
			return refuse(ErrMalformed, "a title has a control character")
		}
		ids[o.ID], titles[title] = true, true
	}
	for _, s := range said {
		if !utf8.ValidString(s) {
			return refuse(ErrMalformed, "choices are not UTF-8")
		}
	}
	switch {
	case len(c.Options) == 0:
		return refuse(ErrMalformed, "choices without options")
	case strings.TrimSpace(c.Body) == "":
		return refuse(ErrMalformed, "choices without a body")
	}
	return nil
}

// frame reports whether the text around the options is carried.
func (l ChoiceLimits) frame(c Choices) bool {
	for _, o := range c.Options {
		if !l.ID.Fits(o.ID) {
			return false
		}
	}
	return l.Body.Fits(c.Body) && l.Header.Fits(c.Header) && l.Footer.Fits(c.Footer)
}

// FitsButtons reports whether the options of c are carried as buttons, which
// have a title only. A driver asks it to choose between buttons and a list,
// where its channel has both.
func (l ChoiceLimits) FitsButtons(c Choices) bool {
	for _, o := range c.Options {
		if o.Description != "" || o.Section != "" || !l.Title.Fits(o.Title) {
			return false
		}
	}
	return len(c.Options) <= l.Buttons
}

// list reports whether the options are carried as rows of a list, of which
// either all or none lie in sections.
func (l ChoiceLimits) list(c Choices) bool {
	sections := 0
	for _, o := range c.Options {
		if !l.RowTitle.Fits(o.Title) || !l.Description.Fits(o.Description) || !l.Section.Fits(o.Section) {
			return false
		}
		if o.Section != "" {
			sections++
		}
	}
	return len(c.Options) <= l.Rows && l.Title.Fits(c.Button) && (sections == 0 || sections == len(c.Options))
}

// numbered writes an offer as text, with ASCII around what the agency wrote so
// that an SMS is not made longer by it.
func numbered(c Choices) string {
	var options []string
	section := ""
	for i, o := range c.Options {
		if o.Section != section {
			section = o.Section
			options = append(options, section)
		}
		line := strconv.Itoa(i+1) + ". " + plain(o.Title)
		if o.Description != "" {
			line += " - " + o.Description
		}
		options = append(options, line)
	}
	var paragraphs []string
	for _, p := range []string{c.Header, c.Body, lines(options...), c.Footer} {
		if strings.TrimSpace(p) != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// Match finds the option that an answer names: by its number as Fit wrote it
// ("2", "2.", "2)"), by its title whatever the case, or by both ("2. Title").
// False means that the answer is not one of the options, or fits two of them.
func Match(offer []Choice, answer string) (Chosen, bool) {
	answer = plain(answer)
	if answer == "" {
		return Chosen{}, false
	}
	found := -1
	for i, o := range offer {
		number, title := strconv.Itoa(i+1), plain(o.Title)
		if !names(answer, number, title) {
			continue
		}
		if found >= 0 {
			return Chosen{}, false
		}
		found = i
	}
	if found < 0 {
		return Chosen{}, false
	}
	return Chosen{ID: offer[found].ID, Title: offer[found].Title}, true
}

// names reports whether answer names the option.
func names(answer, number, title string) bool {
	if strings.EqualFold(answer, title) {
		return true
	}
	rest, ok := strings.CutPrefix(answer, number)
	if !ok {
		return false
	}
	said := strings.TrimLeft(rest, ".) ")
	if said == rest && rest != "" {
		return false // the number goes on: "12" is not 1
	}
	return said == "" || strings.EqualFold(said, title)
}

// plain removes white space around s and reduces it to single spaces within.
func plain(s string) string { return strings.Join(strings.Fields(s), " ") }
