package messagebird

import (
	"maps"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// choicesWire is WhatsApp's interactive content, sent and read.
type choicesWire struct {
	Type   string      `json:"type"` // "button" or "list"
	Header *headerWire `json:"header,omitempty"`
	Body   *textWire   `json:"body,omitempty"`
	Action actionWire  `json:"action"`
	Footer *textWire   `json:"footer,omitempty"`
}

type headerWire struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type textWire struct {
	Text string `json:"text"`
}

type actionWire struct {
	Button   string        `json:"button,omitempty"`
	Buttons  []buttonWire  `json:"buttons,omitempty"`
	Sections []sectionWire `json:"sections,omitempty"`
}

// buttonWire is flat here, unlike at WhatsApp.
type buttonWire struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title"`
}

type sectionWire struct {
	Title string    `json:"title,omitempty"`
	Rows  []rowWire `json:"rows"`
}

type rowWire struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// choices writes the options as buttons where they are short and few enough,
// as Fit has decided, and otherwise as a list.
func (l *line) choices(c channels.Choices) choicesWire {
	w := choicesWire{Body: &textWire{c.Body}}
	if c.Header != "" {
		w.Header = &headerWire{Type: "text", Text: c.Header}
	}
	if c.Footer != "" {
		w.Footer = &textWire{c.Footer}
	}
	if l.buttons(c.Options) {
		w.Type = "button"
		for _, o := range c.Options {
			w.Action.Buttons = append(w.Action.Buttons, buttonWire{ID: o.ID, Type: "reply", Title: o.Title})
		}
		return w
	}
	w.Type = "list"
	w.Action.Button = c.Button
	setDefault(&w.Action.Button, l.conf.ListButton)
	for i, o := range c.Options {
		if i == 0 || o.Section != c.Options[i-1].Section {
			w.Action.Sections = append(w.Action.Sections, sectionWire{Title: o.Section})
		}
		s := &w.Action.Sections[len(w.Action.Sections)-1]
		s.Rows = append(s.Rows, rowWire{ID: o.ID, Title: o.Title, Description: o.Description})
	}
	return w
}

// buttons reports whether the options are carried as buttons, which show a
// title only.
func (l *line) buttons(options []channels.Choice) bool {
	limits := l.info.Capabilities.Choices.Value
	for _, o := range options {
		if o.Description != "" || o.Section != "" || !limits.Title.Fits(o.Title) {
			return false
		}
	}
	return len(options) <= limits.Buttons
}

// choices reads what we, or another application, offered; nil for a catalogue.
func (w choicesWire) choices() channels.Content {
	c := channels.Choices{Button: w.Action.Button}
	for _, b := range w.Action.Buttons {
		c.Options = append(c.Options, channels.Choice{ID: b.ID, Title: b.Title})
	}
	for _, s := range w.Action.Sections {
		for _, r := range s.Rows {
			c.Options = append(c.Options, channels.Choice{ID: r.ID, Title: r.Title, Description: r.Description, Section: s.Title})
		}
	}
	if len(c.Options) == 0 || w.Body == nil {
		return nil
	}
	c.Body = w.Body.Text
	if w.Header != nil {
		c.Header = w.Header.Text
	}
	if w.Footer != nil {
		c.Footer = w.Footer.Text
	}
	return c
}

func sortedNames(f fields) []string { return slices.Sorted(maps.Keys(f)) }
