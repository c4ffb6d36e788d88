package desk

import (
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// replyBody is what a specialist writes: exactly one of the contents.
type replyBody struct {
	Text     string        `json:"text,omitempty"`
	Choices  *choicesBody  `json:"choices,omitempty"`
	Template *templateBody `json:"template,omitempty"`
	Location *locationBody `json:"location,omitempty"`
	File     *fileBody     `json:"file,omitempty"`
	ReplyTo  string        `json:"reply_to,omitempty"` // our id of the message to quote
}

// locationBody has pointers, because 0 degrees is a place too.
type locationBody struct {
	Latitude  *float64 `json:"lat"`
	Longitude *float64 `json:"lon"`
	Name      string   `json:"name,omitempty"`
	Address   string   `json:"address,omitempty"`
}

type choicesBody struct {
	Body    string       `json:"body"`
	Options []choiceBody `json:"options"`
	Button  string       `json:"button,omitempty"`
	Header  string       `json:"header,omitempty"`
	Footer  string       `json:"footer,omitempty"`
}

type choiceBody struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Section     string `json:"section,omitempty"`
}

type templateBody struct {
	Name     string       `json:"name"`
	Language string       `json:"language"`
	Header   []paramBody  `json:"header,omitempty"`
	Body     []paramBody  `json:"body,omitempty"`
	Buttons  []buttonBody `json:"buttons,omitempty"`
}

// paramBody is the value of a template's variable.
type paramBody struct {
	Kind     string    `json:"kind"`
	Name     string    `json:"name,omitempty"`
	Text     string    `json:"text,omitempty"`
	Currency string    `json:"currency,omitempty"`
	Amount   int64     `json:"amount,omitempty"` // thousandths
	Time     time.Time `json:"time,omitzero"`
	As       string    `json:"as,omitempty"`  // of a medium
	URL      string    `json:"url,omitempty"` // of a medium, public https
}

type buttonBody struct {
	Index int       `json:"index"`
	Type  string    `json:"type"`
	Value paramBody `json:"value"`
}

type fileBody struct {
	ID      string `json:"id"` // as the upload answered
	Name    string `json:"name,omitempty"`
	Caption string `json:"caption,omitempty"`
}

// content returns what is to be sent.
func (b replyBody) content(c *call) (channels.Content, error) {
	var all []channels.Content
	if b.Text != "" {
		all = append(all, channels.Text{Body: b.Text})
	}
	if b.Choices != nil {
		all = append(all, b.Choices.content())
	}
	if b.Template != nil {
		all = append(all, b.Template.content())
	}
	if b.Location != nil {
		l := b.Location
		if l.Latitude == nil || l.Longitude == nil {
			return nil, inField("malformed_request", "location")
		}
		all = append(all, channels.Location{Latitude: *l.Latitude, Longitude: *l.Longitude, Name: l.Name, Address: l.Address})
	}
	if b.File != nil {
		m, err := c.uploaded(*b.File)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if len(all) != 1 {
		return nil, newProblem("malformed_request")
	}
	return all[0], nil
}

func (b choicesBody) content() channels.Choices {
	c := channels.Choices{Body: b.Body, Button: b.Button, Header: b.Header, Footer: b.Footer}
	for _, o := range b.Options {
		c.Options = append(c.Options, channels.Choice(o))
	}
	return c
}

func choicesOf(c channels.Choices) choicesBody {
	b := choicesBody{Body: c.Body, Options: []choiceBody{}, Button: c.Button, Header: c.Header, Footer: c.Footer}
	for _, o := range c.Options {
		b.Options = append(b.Options, choiceBody(o))
	}
	return b
}

func (b templateBody) content() channels.Template {
	t := channels.Template{Name: b.Name, Language: b.Language, Header: params(b.Header), Body: params(b.Body)}
	for _, x := range b.Buttons {
		t.Buttons = append(t.Buttons, channels.TemplateButton{Index: x.Index, Type: x.Type, Value: x.Value.param()})
	}
	return t
}

func templateOf(t channels.Template) templateBody {
	b := templateBody{Name: t.Name, Language: t.Language, Header: paramsOf(t.Header), Body: paramsOf(t.Body)}
	for _, x := range t.Buttons {
		b.Buttons = append(b.Buttons, buttonBody{Index: x.Index, Type: x.Type, Value: paramOf(x.Value)})
	}
	return b
}

func params(bs []paramBody) []channels.Param {
	var out []channels.Param
	for _, b := range bs {
		out = append(out, b.param())
	}
	return out
}

func (b paramBody) param() channels.Param {
	p := channels.Param{Kind: channels.ParamKind(b.Kind), Name: b.Name, Text: b.Text, Currency: b.Currency, Amount: b.Amount, Time: b.Time}
	if b.URL != "" || b.As != "" {
		p.Media = &channels.Media{As: channels.MediaKind(b.As), URL: b.URL}
	}
	return p
}

func paramsOf(ps []channels.Param) []paramBody {
	var out []paramBody
	for _, p := range ps {
		out = append(out, paramOf(p))
	}
	return out
}

func paramOf(p channels.Param) paramBody {
	b := paramBody{Kind: string(p.Kind), Name: p.Name, Text: p.Text, Currency: p.Currency, Amount: p.Amount, Time: p.Time}
	if p.Media != nil {
		b.As, b.URL = string(p.Media.As), p.Media.URL
	}
	return b
}
