package meta

import "github.com/liidestuja/liidestuja/channels"

// outChoices is WhatsApp's interactive content: buttons, or a list.
type outChoices struct {
	Type   string     `json:"type"` // "button" or "list"
	Header *outHeader `json:"header,omitempty"`
	Body   outLabel   `json:"body"`
	Footer *outLabel  `json:"footer,omitempty"`
	Action outAction  `json:"action"`
}

type outHeader struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type outLabel struct {
	Text string `json:"text"`
}

type outAction struct {
	Button   string       `json:"button,omitempty"`
	Buttons  []outButton  `json:"buttons,omitempty"`
	Sections []outSection `json:"sections,omitempty"`
}

type outButton struct {
	Type  string `json:"type"` // "reply"
	Reply outRow `json:"reply"`
}

type outSection struct {
	Title string   `json:"title,omitempty"`
	Rows  []outRow `json:"rows"`
}

type outRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// choices writes the options as buttons where they are short and few enough,
// and otherwise as a list, as Fit has decided.
func (l *line) choices(c channels.Choices) (*outChoices, *channels.Error) {
	if len(c.Options) == 0 {
		return nil, l.unsendable("choices without options")
	}
	w := &outChoices{Body: outLabel{c.Body}}
	if c.Header != "" {
		w.Header = &outHeader{Type: "text", Text: c.Header}
	}
	if c.Footer != "" {
		w.Footer = &outLabel{c.Footer}
	}
	if l.info.Capabilities.Choices.Value.FitsButtons(c) {
		w.Type = "button"
		for _, o := range c.Options {
			w.Action.Buttons = append(w.Action.Buttons, outButton{Type: "reply", Reply: outRow{ID: o.ID, Title: o.Title}})
		}
		return w, nil
	}
	w.Type = "list"
	w.Action.Button = c.Button
	setDefault(&w.Action.Button, l.conf.ListButton)
	for i, o := range c.Options {
		if i == 0 || o.Section != c.Options[i-1].Section {
			w.Action.Sections = append(w.Action.Sections, outSection{Title: o.Section})
		}
		s := &w.Action.Sections[len(w.Action.Sections)-1]
		s.Rows = append(s.Rows, outRow{ID: o.ID, Title: o.Title, Description: o.Description})
	}
	return w, nil
}
