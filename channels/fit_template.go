package channels

import (
	"slices"
	"strings"
	"unicode/utf8"
)

func fitTemplate(caps *Capabilities, t Template) ([]Content, error) {
	if !caps.Templates.Known() || !caps.Templates.Value {
		return nil, refuse(ErrTemplate, "not known to carry templates")
	}
	if t.Name == "" || t.Language == "" {
		return nil, refuse(ErrMalformed, "template without name or language")
	}
	for _, params := range [][]Param{t.Header, t.Body} {
		if err := checkParams(params); err != nil {
			return nil, err
		}
	}
	if err := checkButtons(t.Buttons); err != nil {
		return nil, err
	}
	var text strings.Builder
	for _, p := range slices.Concat(t.Header, t.Body) {
		text.WriteString(p.Text)
	}
	if caps.TemplateText.Known() && !caps.TemplateText.Value.Fits(text.String()) {
		return nil, refuse(ErrTooLong, "the variables alone are longer than the template may be")
	}
	return []Content{t}, nil
}

// checkParams refuses variables that are wrong in themselves. Either all of
// them have names, which differ, or none has.
func checkParams(params []Param) error {
	names := map[string]bool{}
	for _, p := range params {
		if err := checkParam(p); err != nil {
			return err
		}
		if p.Name != "" {
			names[p.Name] = true
		}
	}
	if len(names) != 0 && len(names) != len(params) {
		return refuse(ErrMalformed, "names of template variables repeat or are missing")
	}
	return nil
}

func checkButtons(buttons []TemplateButton) error {
	seen := map[int]bool{}
	for _, b := range buttons {
		switch {
		case b.Type != "quick_reply" && b.Type != "url" && b.Type != "copy_code":
			return refuse(ErrMalformed, "type of a template button")
		case b.Index < 0 || seen[b.Index]:
			return refuse(ErrMalformed, "index of a template button")
		}
		seen[b.Index] = true
		if err := checkParam(b.Value); err != nil {
			return err
		}
	}
	return nil
}

func checkParam(p Param) error {
	if !utf8.ValidString(p.Text) || !utf8.ValidString(p.Name) {
		return refuse(ErrMalformed, "template variable is not UTF-8")
	}
	switch p.Kind {
	case ParamText, ParamPayload, ParamCoupon:
		if strings.TrimSpace(p.Text) == "" {
			return refuse(ErrMalformed, "template variable without text")
		}
	case ParamCurrency:
		capital := func(r rune) bool { return r >= 'A' && r <= 'Z' }
		if len(p.Currency) != 3 || strings.TrimFunc(p.Currency, capital) != "" {
			return refuse(ErrMalformed, "currency is not an ISO 4217 code")
		}
	case ParamTime:
		if p.Time.IsZero() {
			return refuse(ErrMalformed, "template variable without time")
		}
	case ParamMedia:
		if p.Media == nil {
			return refuse(ErrMalformed, "template variable without media")
		}
		return checkMedia(*p.Media)
	default:
		return refuse(ErrMalformed, "kind of a template variable")
	}
	return nil
}
