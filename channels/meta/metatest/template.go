package metatest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Statuses of a template that the simulator knows by name; SetTemplate takes any.
const (
	TemplateApproved = "APPROVED"
	TemplatePending  = "PENDING"
	TemplateRejected = "REJECTED"
	TemplatePaused   = "PAUSED"
	TemplateDisabled = "DISABLED"
)

// Template is a WhatsApp template in one language. Placeholders are {{1}}, {{2}}, ... or {{name}}.
type Template struct {
	// Name and Language, such as "et" or "en_US", are required.
	Name, Language string
	// Category is MARKETING, UTILITY (default) or AUTHENTICATION.
	Category string
	// Status is TemplateApproved by default.
	Status string
	// Header is the header's format: TEXT, IMAGE, VIDEO or DOCUMENT. "": none.
	Header string
	// HeaderText is the text of a TEXT header.
	HeaderText string
	// Body is the text. Required.
	Body string
	// Footer is the small text below it.
	Footer string
	// Buttons in their order, at most ten.
	Buttons []TemplateButton

	id, waba   string
	components json.RawMessage // as they were created by the API; nil for configured ones
}

// TemplateButton is a button of a template.
type TemplateButton struct {
	// Type is QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE or OTP.
	Type string
	Text string
	// URL may end in a placeholder.
	URL string
}

type componentWire struct {
	Type    string       `json:"type"`
	Format  string       `json:"format,omitempty"`
	Text    string       `json:"text,omitempty"`
	Buttons []buttonWire `json:"buttons,omitempty"`
}

type buttonWire struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`
	URL  string `json:"url,omitempty"`
}

// enterTemplate adds a configured or created template to a business account.
func (s *Server) enterTemplate(waba string, t Template) error {
	setDefault(&t.Category, "UTILITY")
	setDefault(&t.Status, TemplateApproved)
	if err := t.check(); err != nil {
		return err
	}
	if s.template(waba, t.Name, t.Language) != nil {
		return wrongly("There is already content in this language for this template.")
	}
	t.waba = waba
	setDefault(&t.id, s.count())
	s.state.templates = append(s.state.templates, &t)
	return nil
}

// check holds the rules of templates that a service trips over.
func (t *Template) check() error {
	switch {
	case !regexp.MustCompile(`^[a-z0-9_]{1,512}$`).MatchString(t.Name):
		return wrongly("Param name must be written in lower-case letters, digits and underscores.")
	case !regexp.MustCompile(`^[a-z]{2,3}(_[A-Z]{2})?$`).MatchString(t.Language):
		return wrongly("Param language is not a language code.")
	case !slices.Contains([]string{"MARKETING", "UTILITY", "AUTHENTICATION"}, t.Category):
		return wrongly("Param category must be one of {AUTHENTICATION, MARKETING, UTILITY}.")
	case t.Body == "" && t.Category != "AUTHENTICATION":
		return missing("components[BODY]")
	case units(t.Body) > waBody || units(t.HeaderText) > waEdge || units(t.Footer) > waEdge || len(t.Buttons) > 10:
		return wrongly("A component is too long.")
	case !slices.Contains([]string{"", "TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"}, t.Header) || (t.Header == "TEXT") != (t.HeaderText != ""):
		return wrongly("The header does not fit its format.")
	}
	return t.checkVariables()
}

func (t *Template) checkVariables() error {
	body := strings.TrimSpace(t.Body)
	if strings.HasPrefix(body, "{{") || strings.HasSuffix(body, "}}") {
		return wrongly("Variables can't be at the start or end of the template.")
	}
	names := placeholders(t.Body)
	for i := range names {
		if digits(names[0]) && !slices.Contains(names, fmt.Sprint(i+1)) {
			return wrongly("Variables must be numbered from 1 without gaps.")
		}
	}
	if len(placeholders(t.HeaderText)) > 1 {
		return wrongly("A header can have one variable.")
	}
	return nil
}

// placeholders are the variables of a text, each once, in the order in which they come.
func placeholders(text string) []string {
	var names []string
	for _, match := range regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	return names
}

// template finds one of a business account. Server.mu is held, or nobody knows the server yet.
func (s *Server) template(waba, name, language string) *Template {
	for _, t := range s.state.templates {
		if t.waba == waba && t.Name == name && t.Language == language {
			return t
		}
	}
	return nil
}

// wireComponents are the components as the API lists them.
func (t *Template) wireComponents() any {
	if t.components != nil {
		return t.components
	}
	var list []componentWire
	if t.Header != "" {
		list = append(list, componentWire{Type: "HEADER", Format: t.Header, Text: t.HeaderText})
	}
	list = append(list, componentWire{Type: "BODY", Text: t.Body})
	if t.Footer != "" {
		list = append(list, componentWire{Type: "FOOTER", Text: t.Footer})
	}
	if len(t.Buttons) > 0 {
		buttons := make([]buttonWire, len(t.Buttons))
		for i, b := range t.Buttons {
			buttons[i] = buttonWire(b)
		}
		list = append(list, componentWire{Type: "BUTTONS", Buttons: buttons})
	}
	return list
}

// takeComponents reads the components of a creation or an edit.
func (t *Template) takeComponents(raw json.RawMessage) error {
	var list []componentWire
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return missing("components")
	}
	t.Header, t.HeaderText, t.Body, t.Footer, t.Buttons = "", "", "", "", nil
	for _, c := range list {
		switch strings.ToUpper(c.Type) {
		case "HEADER":
			t.Header, t.HeaderText = strings.ToUpper(c.Format), c.Text
		case "BODY":
			t.Body = c.Text
		case "FOOTER":
			t.Footer = c.Text
		case "BUTTONS":
			for _, b := range c.Buttons {
				b.Type = strings.ToUpper(b.Type)
				t.Buttons = append(t.Buttons, TemplateButton(b))
			}
		default:
			return wrongly("Param components[type] %q is not known.", c.Type)
		}
	}
	if t.Category == "AUTHENTICATION" && t.Body == "" {
		t.Body = "Your verification code is {{1}}." // the text is Meta's own
	}
	t.components = compact(raw)
	return nil
}
