package meta

import (
	"regexp"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// TemplateSource knows the templates of lines, as far as it does.
type TemplateSource interface {
	// Variants returns a template of a line in all its languages; none when
	// the name is not known. It does no I/O and may be called concurrently.
	Variants(line channels.ID, name string) []Template
}

// approved returns t in the language in which it will be sent: the one asked
// for or, where that is not approved, the first of Config.TemplateLanguages
// that is. It refuses a template of which no language is approved, and
// variables that the template does not have or lacks. A template that nobody
// knows goes to Meta as it is.
func (l *line) approved(t channels.Template) (channels.Template, *channels.Error) {
	if l.app.cfg.Templates == nil {
		return t, nil
	}
	variants := l.app.cfg.Templates.Variants(l.info.ID, t.Name)
	if len(variants) == 0 {
		return t, nil
	}
	for _, language := range append([]string{t.Language}, l.app.cfg.TemplateLanguages...) {
		v, ok := inLanguage(variants, wireLanguage(language))
		if !ok {
			continue
		}
		t.Language = v.Language
		if reason := v.mismatch(t); reason != "" {
			return t, l.refuse("send", channels.ErrTemplate, reason)
		}
		return t, nil
	}
	return t, l.refuse("send", channels.ErrTemplate, "the template is not approved")
}

// inLanguage finds what may be sent in a language, or else in a regional form
// of it.
func inLanguage(variants []Template, language string) (Template, bool) {
	base := func(s string) string { s, _, _ = strings.Cut(s, "_"); return strings.ToLower(s) }
	var found []Template
	for _, v := range variants {
		switch {
		case !v.State.sent():
		case strings.EqualFold(v.Language, language):
			return v, true
		case base(v.Language) == base(language):
			found = append(found, v)
		}
	}
	if len(found) == 0 {
		return Template{}, false
	}
	return slices.MinFunc(found, func(a, b Template) int { return strings.Compare(a.Language, b.Language) }), true
}

// mismatch says what is wrong with the variables of c; empty when nothing is,
// or the template's text is not known.
func (t Template) mismatch(c channels.Template) string {
	if len(t.Components) == 0 {
		return ""
	}
	header := t.part("HEADER")
	switch header.Format {
	case "IMAGE", "VIDEO", "DOCUMENT":
		if len(c.Header) != 1 || c.Header[0].Media == nil || formatOf(c.Header[0].Media.As) != header.Format {
			return "the template's header is a file"
		}
	case "LOCATION":
		return "the template's header is a place"
	default:
		if !fill(header.Text, c.Header) {
			return "the variables of the template's header"
		}
	}
	if !fill(t.part("BODY").Text, c.Body) {
		return "the variables of the template's body"
	}
	if !fillButtons(t.part("BUTTONS").Buttons, c.Buttons) {
		return "the variables of the template's buttons"
	}
	return ""
}

func formatOf(as channels.MediaKind) string {
	switch as {
	case channels.Image:
		return "IMAGE"
	case channels.Video:
		return "VIDEO"
	case channels.File:
		return "DOCUMENT"
	}
	return ""
}

// slots are the variables of a text: "1", "2" or names, each once.
func slots(text string) []string {
	var names []string
	for _, m := range regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// fill reports whether params are the variables of a text, none missing and
// none extra: by name where they have names, and otherwise by their number.
func fill(text string, params []channels.Param) bool {
	want := slots(text)
	if len(params) != len(want) {
		return false
	}
	for _, p := range params {
		switch i := slices.Index(want, p.Name); {
		case p.Media != nil:
			return false
		case p.Name != "" && i < 0:
			return false
		case p.Name != "":
			want = slices.Delete(want, i, i+1)
		case slices.ContainsFunc(want, func(s string) bool { return s[0] < '0' || s[0] > '9' }):
			return false // it has names, and this one does not say which
		}
	}
	return true
}

// fillButtons reports whether each button that has a variable gets one, of its
// kind. What a quick reply comes back with may be left to Meta.
func fillButtons(buttons []ButtonModel, given []channels.TemplateButton) bool {
	for i, b := range buttons {
		need := ""
		switch {
		case b.Type == "OTP", b.Type == "URL" && len(slots(b.URL)) > 0:
			need = "url"
		case b.Type == "COPY_CODE":
			need = "copy_code"
		}
		has := slices.ContainsFunc(given, func(g channels.TemplateButton) bool { return g.Index == i && g.Type == need })
		if need != "" && !has {
			return false
		}
	}
	for _, g := range given {
		if g.Index < 0 || g.Index >= len(buttons) {
			return false
		}
		b := buttons[g.Index]
		switch {
		case g.Type == "quick_reply" && b.Type == "QUICK_REPLY":
		case g.Type == "url" && (b.Type == "OTP" || b.Type == "URL" && len(slots(b.URL)) > 0):
		case g.Type == "copy_code" && b.Type == "COPY_CODE":
		default:
			return false
		}
	}
	return true
}
