package meta

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// outTemplate is an approved template with its variables.
type outTemplate struct {
	Name       string         `json:"name"`
	Language   outLanguage    `json:"language"`
	Components []outComponent `json:"components,omitempty"`
}

type outLanguage struct {
	Code string `json:"code"`
}

type outComponent struct {
	Type       string     `json:"type"` // "header", "body" or "button"
	SubType    string     `json:"sub_type,omitempty"`
	Index      string     `json:"index,omitempty"` // a number, in quotes
	Parameters []outParam `json:"parameters"`
}

// outParam is one variable: the field that its type names.
type outParam struct {
	Type     string       `json:"type"`
	Name     string       `json:"parameter_name,omitempty"`
	Text     string       `json:"text,omitempty"`
	Payload  string       `json:"payload,omitempty"`
	Coupon   string       `json:"coupon_code,omitempty"`
	Currency *outCurrency `json:"currency,omitempty"`
	Time     *outTime     `json:"date_time,omitempty"`
	Image    *outFile     `json:"image,omitempty"`
	Video    *outFile     `json:"video,omitempty"`
	Document *outFile     `json:"document,omitempty"`
}

type outCurrency struct {
	Fallback string `json:"fallback_value"`
	Code     string `json:"code"`
	Amount   int64  `json:"amount_1000"`
}

// outTime is a time on the wall. WhatsApp shows the fallback; the rest is for
// older apps.
type outTime struct {
	Fallback string `json:"fallback_value"`
	Weekday  int    `json:"day_of_week"` // Monday is 1
	Year     int    `json:"year"`
	Month    int    `json:"month"`
	Day      int    `json:"day_of_month"`
	Hour     int    `json:"hour"`
	Minute   int    `json:"minute"`
	Calendar string `json:"calendar"`
}

// template writes a template, in an approved language and with the variables
// that it has, as far as that is known.
func (l *line) template(ctx context.Context, t channels.Template) (*outTemplate, *channels.Error) {
	t, err := l.approved(t)
	if err != nil {
		return nil, err
	}
	w := &outTemplate{Name: t.Name, Language: outLanguage{wireLanguage(t.Language)}}
	type component struct {
		outComponent
		params []channels.Param
	}
	all := []component{{outComponent{Type: "header"}, t.Header}, {outComponent{Type: "body"}, t.Body}}
	for _, b := range t.Buttons {
		all = append(all, component{outComponent{Type: "button", SubType: b.Type, Index: strconv.Itoa(b.Index)}, []channels.Param{b.Value}})
	}
	for _, c := range all {
		for _, p := range c.params {
			o, err := l.param(ctx, p)
			if err != nil {
				return nil, err
			}
			c.Parameters = append(c.Parameters, o)
		}
		if len(c.Parameters) > 0 {
			w.Components = append(w.Components, c.outComponent)
		}
	}
	return w, nil
}

// wireLanguage writes a BCP 47 tag as Meta does: "en-US" is "en_US".
func wireLanguage(tag string) string { return strings.ReplaceAll(tag, "-", "_") }

func (l *line) param(ctx context.Context, p channels.Param) (outParam, *channels.Error) {
	w := outParam{Type: string(p.Kind), Name: p.Name}
	switch p.Kind {
	case channels.ParamText:
		w.Text = p.Text
	case channels.ParamPayload:
		w.Payload = p.Text
	case channels.ParamCoupon:
		w.Type, w.Coupon = "coupon_code", p.Text
	case channels.ParamCurrency:
		w.Currency = &outCurrency{Fallback: p.Text, Code: p.Currency, Amount: p.Amount}
		setDefault(&w.Currency.Fallback, fmt.Sprintf("%.2f %s", float64(p.Amount)/1000, p.Currency))
	case channels.ParamTime:
		w.Type, w.Time = "date_time", wallTime(p.Time, p.Text)
	case channels.ParamMedia:
		return l.mediaParam(ctx, w, p.Media)
	default:
		return w, l.unsendable("the kind of a template's variable")
	}
	return w, nil
}

func wallTime(t time.Time, fallback string) *outTime {
	setDefault(&fallback, t.Format("02.01.2006 15:04"))
	return &outTime{
		Fallback: fallback, Calendar: "GREGORIAN", Weekday: (int(t.Weekday())+6)%7 + 1,
		Year: t.Year(), Month: int(t.Month()), Day: t.Day(), Hour: t.Hour(), Minute: t.Minute(),
	}
}

// mediaParam writes the file of a template's header.
func (l *line) mediaParam(ctx context.Context, w outParam, m *channels.Media) (outParam, *channels.Error) {
	if m == nil {
		return w, l.unsendable("a template's file that is none")
	}
	var field **outFile
	switch m.As {
	case channels.Image:
		w.Type, field = "image", &w.Image
	case channels.Video:
		w.Type, field = "video", &w.Video
	case channels.File:
		w.Type, field = "document", &w.Document
	default:
		return w, l.unsendable("the kind of a template's file")
	}
	plain := *m
	plain.Caption = "" // a template has none
	var err *channels.Error
	*field, err = l.outFile(ctx, plain)
	return w, err
}
