package metatest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// readTemplate checks a template message against the template: it exists, it is approved, and the parameters are what
// it asks for. charged is its category.
func (s *Server) readTemplate(a *account, v fields, order *Sent) (charged string, offers []offer, bad *fault) {
	name, code, err := templateName(v)
	if err != nil {
		return "", nil, waFault(err)
	}
	t := s.template(a.waba, name, code)
	switch {
	case t == nil:
		return "", nil, wrong(132001, "template name (%s) does not exist in %s", name, code)
	case t.Status == TemplatePaused:
		return "", nil, wrong(132015, "Template is paused due to low quality.")
	case t.Status == TemplateDisabled:
		return "", nil, wrong(132016, "Template is disabled due to low quality.")
	case t.Status != TemplateApproved:
		return "", nil, wrong(132001, "template name (%s) is not approved in %s", name, code)
	}
	filled, bad := s.readComponents(a, t, v)
	if bad != nil {
		return "", nil, bad
	}
	if units(filled.text) > waTemplate || units(filled.header) > waEdge {
		return "", nil, wrong(132005, "The text of the template with its parameters is too long.")
	}
	order.Text = filled.text
	return strings.ToLower(t.Category), t.quickReplies(filled), nil
}

// templateName reads which template a message is made of.
func templateName(v fields) (name, code string, err error) {
	if err := v.only("template", "name", "language", "components", "namespace"); err != nil {
		return "", "", err
	}
	if name, err = v.need("name", 0); err != nil {
		return "", "", err
	}
	language, err := v.object("language", "code", "policy")
	if err != nil {
		return "", "", err
	}
	if policy := language.str("policy"); policy != "" && policy != "deterministic" {
		return "", "", wrongly("Param language[policy] must be deterministic.")
	}
	code, err = language.need("code", 0)
	return name, code, err
}

// filling is what the parameters of a template message amount to.
type filling struct {
	header   string         // its text
	text     string         // of the body
	payloads map[int]string // of buttons, by their place
}

func (s *Server) readComponents(a *account, t *Template, v fields) (filling, *fault) {
	filled := filling{payloads: map[int]string{}}
	components := []fields{}
	if v.has("components") > 0 {
		var err error
		if components, err = v.list("components", 0); err != nil && string(v["components"]) != "[]" {
			return filled, waFault(err)
		}
	}
	given := map[string]fields{}
	for _, c := range components {
		kind := strings.ToLower(c.str("type"))
		if kind == "button" {
			kind += " " + c.str("index")
			if bad := t.checkButton(c); bad != nil {
				return filled, bad
			}
		} else if kind != "header" && kind != "body" {
			return filled, wrong(codeInvalid, "Param components[type] %q is not known.", kind)
		}
		if given[kind] != nil {
			return filled, wrong(132012, "%s: is given twice", kind)
		}
		given[kind] = c
	}
	var bad *fault
	if filled.header, bad = s.fillHeader(a, t, given["header"]); bad != nil {
		return filled, bad
	}
	if filled.text, bad = fillText("body", t.Body, given["body"]); bad != nil {
		return filled, bad
	}
	return filled, t.fillButtons(given, &filled)
}

// parameters reads the parameters of a component that may be absent.
func parameters(c fields) []fields {
	list, err := c.list("parameters", 0)
	if err != nil {
		return nil // which is a wrong number of them
	}
	return list
}

// fillText puts parameters in the place of variables.
func fillText(at, text string, c fields) (string, *fault) {
	names, given := placeholders(text), parameters(c)
	if len(names) != len(given) {
		return "", wrong(132000, "%s: number of localizable_params (%d) does not match the expected number of params (%d)", at, len(given), len(names))
	}
	values := map[string]string{}
	for i, p := range given {
		kind := p.str("type")
		value := p.str(kind)
		if kind == "currency" || kind == "date_time" {
			inner, _ := p.object(kind)
			value = inner.str("fallback_value")
		}
		if !slices.Contains([]string{"text", "currency", "date_time"}, kind) || value == "" {
			return "", wrong(132012, "%s: parameter at index %d is not a text", at, i)
		}
		if strings.ContainsAny(value, "\n\t") || strings.Contains(value, "     ") {
			return "", wrong(132018, "%s: Param text cannot have new-line/tab characters or more than 4 consecutive spaces", at)
		}
		name := p.str("parameter_name")
		if named := !digits(names[0]); named != (name != "") || named && !slices.Contains(names, name) {
			return "", wrong(132012, "%s: parameter at index %d is not named like a variable of the template", at, i)
		}
		setDefault(&name, strconv.Itoa(i+1))
		values[name] = value
	}
	return regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`).ReplaceAllStringFunc(text, func(v string) string {
		return values[strings.Trim(v, "{} ")]
	}), nil
}

// fillHeader checks a header's variable, or its file, and returns its text.
func (s *Server) fillHeader(a *account, t *Template, c fields) (string, *fault) {
	kind := strings.ToLower(t.Header)
	if kind == "" || kind == "text" {
		return fillText("header", t.HeaderText, c)
	}
	given := parameters(c)
	if len(given) != 1 || given[0].str("type") != kind {
		return "", wrong(132012, "header: Format mismatch, expected %s", t.Header)
	}
	value, err := given[0].object(kind)
	if err != nil || value == nil {
		return "", wrong(132012, "header: Format mismatch, expected %s", t.Header)
	}
	if kind == "location" {
		return "", nil
	}
	return "", s.checkMediaRef(a, kind, value)
}

// checkButton checks that a button component is for a button of the template.
func (t *Template) checkButton(c fields) *fault {
	i, err := strconv.Atoi(c.str("index"))
	if err != nil || i < 0 || i >= len(t.Buttons) {
		return wrong(132012, "buttons: there is no button at index %s", c.str("index"))
	}
	kind := t.Buttons[i].Type
	sub := map[string]string{"QUICK_REPLY": "quick_reply", "URL": "url", "COPY_CODE": "copy_code", "OTP": "url"}[kind]
	if sub == "" || strings.ToLower(c.str("sub_type")) != sub {
		return wrong(132012, "buttons: the button at index %d is of type %s", i, kind)
	}
	return nil
}

// fillButtons checks the parameters of buttons: those of links and codes are required, payloads are not.
func (t *Template) fillButtons(given map[string]fields, filled *filling) *fault {
	for i, b := range t.Buttons {
		c := given["button "+strconv.Itoa(i)]
		list := parameters(c)
		want, value := 0, ""
		switch {
		case b.Type == "URL" && len(placeholders(b.URL)) > 0, b.Type == "OTP":
			want, value = 1, "text"
		case b.Type == "COPY_CODE":
			want, value = 1, "coupon_code"
		case b.Type == "QUICK_REPLY" && c != nil:
			want, value = 1, "payload"
		}
		if c == nil && want > 0 {
			return wrong(codeMissing, "buttons: Button at index %d of type %s requires a parameter", i, b.Type)
		}
		if len(list) != want {
			return wrong(132000, "buttons: number of params (%d) does not match the expected number of params (%d)", len(list), want)
		}
		if want == 1 {
			if list[0].str("type") != value || list[0].str(value) == "" {
				return wrong(132012, "buttons: the parameter of the button at index %d must be a %s", i, value)
			}
			filled.payloads[i] = list[0].str(value)
		}
	}
	return nil
}

// quickReplies are the choices of a template message. Without a payload the answer carries the button's text.
func (t *Template) quickReplies(filled filling) []offer {
	var offers []offer
	for i, b := range t.Buttons {
		if b.Type == "QUICK_REPLY" {
			o := offer{id: filled.payloads[i], title: b.Text, how: howTemplate}
			setDefault(&o.id, b.Text)
			offers = append(offers, o)
		}
	}
	return offers
}
