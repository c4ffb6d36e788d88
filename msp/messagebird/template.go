package messagebird

import (
	"context"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// templateWire is content.hsm: an approved template with its variables, in the
// older form (params, of the body only) or in components.
type templateWire struct {
	Namespace  string          `json:"namespace"`
	Name       string          `json:"templateName"`
	Language   languageWire    `json:"language"`
	Params     []oldParam      `json:"params,omitempty"`
	Components []componentWire `json:"components,omitempty"`
}

type languageWire struct {
	Policy string `json:"policy,omitempty"`
	Code   string `json:"code"`
}

type oldParam struct {
	Default  string        `json:"default"`
	Currency *currencyWire `json:"currency,omitempty"`
	Time     string        `json:"dateTime,omitempty"`
}

type currencyWire struct {
	Code   string `json:"currencyCode"`
	Amount int64  `json:"amount"` // thousandths
}

type componentWire struct {
	Type       string      `json:"type"` // "header", "body" or "button"
	SubType    string      `json:"sub_type,omitempty"`
	Index      *int        `json:"index,omitempty"`
	Parameters []paramWire `json:"parameters,omitempty"`
}

// paramWire is one variable. Its type is "date_time" where the field is
// dateTime.
type paramWire struct {
	Type     string        `json:"type"`
	Text     string        `json:"text,omitempty"`
	Currency *currencyWire `json:"currency,omitempty"`
	Time     string        `json:"dateTime,omitempty"`
	Image    *linkWire     `json:"image,omitempty"`
	Document *linkWire     `json:"document,omitempty"`
	Video    *linkWire     `json:"video,omitempty"`
	Payload  string        `json:"payload,omitempty"`
	Coupon   string        `json:"coupon_code,omitempty"`
}

type linkWire struct {
	URL string `json:"url"`
}

// template writes an approved template.
func (l *line) template(ctx context.Context, t channels.Template) (*templateWire, *channels.Error) {
	if l.conf.Namespace == "" {
		return nil, l.refuse(channels.ErrTemplate, "the line has no namespace")
	}
	w := &templateWire{Namespace: l.conf.Namespace, Name: t.Name, Language: languageWire{
		Policy: "deterministic", Code: strings.ReplaceAll(t.Language, "-", "_"),
	}}
	for _, p := range append(append([]channels.Param{}, t.Header...), t.Body...) {
		if p.Name != "" {
			return nil, l.refuse(channels.ErrUnsupported, "the wire has no named variables")
		}
	}
	if l.conf.OldParams {
		return w, l.oldParams(w, t)
	}
	return w, l.components(ctx, w, t)
}

func (l *line) oldParams(w *templateWire, t channels.Template) *channels.Error {
	if len(t.Header) > 0 || len(t.Buttons) > 0 {
		return l.refuse(channels.ErrUnsupported, "the older form has variables in the body only")
	}
	for _, p := range t.Body {
		o := oldParam{Default: p.Text}
		switch p.Kind {
		case channels.ParamCurrency:
			o.Currency = &currencyWire{p.Currency, p.Amount}
		case channels.ParamTime:
			o.Time = p.Time.UTC().Format(time.RFC3339)
		case channels.ParamText:
		default:
			return l.refuse(channels.ErrUnsupported, "the older form has text, money and time only")
		}
		w.Params = append(w.Params, o)
	}
	return nil
}

func (l *line) components(ctx context.Context, w *templateWire, t channels.Template) *channels.Error {
	add := func(c componentWire, params ...channels.Param) *channels.Error {
		for _, p := range params {
			pw, err := l.param(ctx, p)
			if err != nil {
				return err
			}
			c.Parameters = append(c.Parameters, pw)
		}
		if len(params) > 0 {
			w.Components = append(w.Components, c)
		}
		return nil
	}
	if err := add(componentWire{Type: "header"}, t.Header...); err != nil {
		return err
	}
	if err := add(componentWire{Type: "body"}, t.Body...); err != nil {
		return err
	}
	for _, b := range t.Buttons {
		if err := add(componentWire{Type: "button", SubType: b.Type, Index: &b.Index}, b.Value); err != nil {
			return err
		}
	}
	return nil
}

func (l *line) param(ctx context.Context, p channels.Param) (paramWire, *channels.Error) {
	switch p.Kind {
	case channels.ParamText:
		return paramWire{Type: "text", Text: p.Text}, nil
	case channels.ParamPayload:
		return paramWire{Type: "payload", Payload: p.Text}, nil
	case channels.ParamCoupon:
		return paramWire{Type: "coupon_code", Coupon: p.Text}, nil
	case channels.ParamCurrency:
		return paramWire{Type: "currency", Currency: &currencyWire{p.Currency, p.Amount}}, nil
	case channels.ParamTime:
		return paramWire{Type: "date_time", Time: p.Time.UTC().Format(time.RFC3339)}, nil
	case channels.ParamMedia:
		if p.Media == nil {
			break
		}
		address, err := l.address(ctx, *p.Media)
		if err != nil {
			return paramWire{}, err
		}
		switch link := (&linkWire{address}); p.Media.As {
		case channels.Image:
			return paramWire{Type: "image", Image: link}, nil
		case channels.Video:
			return paramWire{Type: "video", Video: link}, nil
		case channels.File:
			return paramWire{Type: "document", Document: link}, nil
		}
	}
	return paramWire{}, l.refuse(channels.ErrUnsupported, "the kind of a template's variable")
}

// templateIn reads a template that was sent.
func templateIn(f fields) channels.Content {
	var w templateWire
	if !f.into("hsm", &w) || w.Name == "" {
		return nil
	}
	t := channels.Template{Name: w.Name, Language: strings.ReplaceAll(w.Language.Code, "_", "-")}
	for _, p := range w.Params {
		t.Body = append(t.Body, paramIn(paramWire{Text: p.Default, Currency: p.Currency, Time: p.Time}))
	}
	for _, c := range w.Components {
		for _, p := range c.Parameters {
			switch {
			case c.Type == "header":
				t.Header = append(t.Header, paramIn(p))
			case c.Type == "body":
				t.Body = append(t.Body, paramIn(p))
			case c.Type == "button" && c.Index != nil:
				t.Buttons = append(t.Buttons, channels.TemplateButton{Index: *c.Index, Type: c.SubType, Value: paramIn(p)})
			}
		}
	}
	return t
}

func paramIn(w paramWire) channels.Param {
	at, err := time.Parse(time.RFC3339, w.Time)
	switch {
	case w.Currency != nil:
		return channels.Param{Kind: channels.ParamCurrency, Text: w.Text, Currency: w.Currency.Code, Amount: w.Currency.Amount}
	case w.Time != "" && err == nil:
		return channels.Param{Kind: channels.ParamTime, Text: w.Text, Time: at}
	case w.Image != nil:
		return channels.Param{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Image, URL: w.Image.URL}}
	case w.Video != nil:
		return channels.Param{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Video, URL: w.Video.URL}}
	case w.Document != nil:
		return channels.Param{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.File, URL: w.Document.URL}}
	case w.Payload != "":
		return channels.Param{Kind: channels.ParamPayload, Text: w.Payload}
	case w.Coupon != "":
		return channels.Param{Kind: channels.ParamCoupon, Text: w.Coupon}
	}
	return channels.Param{Kind: channels.ParamText, Text: w.Text}
}
