package bird

import (
	"github.com/liidestuja/liidestuja/channels"
)

// actionWire is something to tap, sent and read.
type actionWire struct {
	Type     string        `json:"type"`
	Postback *postbackWire `json:"postback,omitempty"`
	Reply    *replyWire    `json:"reply,omitempty"`
}

type postbackWire struct {
	Text    string `json:"text"`
	Payload string `json:"payload"`
}

type replyWire struct {
	Text string `json:"text"`
}

// listWire is a list behind a button. Its items lie in it or in its sections.
type listWire struct {
	Text     string        `json:"text"`
	Items    []itemWire    `json:"items,omitempty"`
	Sections []sectionWire `json:"sections,omitempty"`
	Metadata *listMeta     `json:"metadata,omitempty"`
}

type listMeta struct {
	Button struct {
		Label string `json:"label"`
	} `json:"button"`
}

type sectionWire struct {
	Title string     `json:"title"`
	Items []itemWire `json:"items"`
}

type itemWire struct {
	Title       string       `json:"title"`
	Description string       `json:"description,omitempty"`
	Actions     []actionWire `json:"actions,omitempty"`
}

// encodeChoices writes the options as actions below a text where they are short
// and few enough, as Fit has decided, and otherwise as a list.
func (l *line) encodeChoices(c channels.Choices) (*bodyOut, *channels.Error) {
	limits := l.info.Capabilities.Choices
	switch {
	case len(c.Options) == 0 || !limits.Known() || limits.Value.Buttons+limits.Value.Rows == 0:
		return nil, l.refuse(channels.ErrUnsupported, "choices")
	case c.Header != "" || c.Footer != "":
		return nil, l.refuse(channels.ErrUnsupported, "the wire has no place for a header or a footer")
	case limits.Value.FitsButtons(c):
		w := &textOut{Text: c.Body}
		for _, o := range c.Options {
			w.Actions = append(w.Actions, l.action(o))
		}
		return &bodyOut{Type: "text", Text: w}, nil
	case limits.Value.Rows == 0:
		return nil, l.refuse(channels.ErrUnsupported, "lists")
	}
	w := &listWire{Text: c.Body, Metadata: &listMeta{}}
	w.Metadata.Button.Label = c.Button
	setDefault(&w.Metadata.Button.Label, l.conf.ListButton)
	for i, o := range c.Options {
		item := itemWire{Title: o.Title, Description: o.Description, Actions: []actionWire{l.action(o)}}
		switch {
		case o.Section == "":
			w.Items = append(w.Items, item)
			continue
		case i == 0 || o.Section != c.Options[i-1].Section:
			w.Sections = append(w.Sections, sectionWire{Title: o.Section})
		}
		s := &w.Sections[len(w.Sections)-1]
		s.Items = append(s.Items, item)
	}
	return &bodyOut{Type: "list", List: w}, nil
}

func (l *line) action(o channels.Choice) actionWire {
	if l.conf.Choices == Replies {
		return actionWire{Type: "reply", Reply: &replyWire{o.Title}}
	}
	return actionWire{Type: "postback", Postback: &postbackWire{o.Title, o.ID}}
}

// option reads an action back; ok is false for links and the like.
func (a actionWire) option() (o channels.Choice, ok bool) {
	switch {
	case a.Postback != nil && a.Postback.Payload != "":
		return channels.Choice{ID: a.Postback.Payload, Title: a.Postback.Text}, true
	case a.Reply != nil && a.Reply.Text != "":
		return channels.Choice{ID: a.Reply.Text, Title: a.Reply.Text}, true
	}
	return o, false
}

// offered reads actions below a text; nil when there is nothing to choose.
func offered(body string, actions []actionWire) channels.Content {
	c := channels.Choices{Body: body}
	for _, a := range actions {
		if o, ok := a.option(); ok {
			c.Options = append(c.Options, o)
		}
	}
	if len(c.Options) == 0 {
		return nil
	}
	return c
}

// choices reads a list back; nil when there is nothing to choose.
func (w listWire) choices() channels.Content {
	c := channels.Choices{Body: w.Text}
	if w.Metadata != nil {
		c.Button = w.Metadata.Button.Label
	}
	add := func(section string, items []itemWire) {
		for _, item := range items {
			if len(item.Actions) != 1 {
				continue
			}
			if o, ok := item.Actions[0].option(); ok {
				o.Title, o.Description, o.Section = item.Title, item.Description, section
				c.Options = append(c.Options, o)
			}
		}
	}
	add("", w.Items)
	for _, s := range w.Sections {
		add(s.Title, s.Items)
	}
	if len(c.Options) == 0 {
		return nil
	}
	return c
}
