package desk

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// lineView is a line with what a desk needs to know before it writes. What is
// not known is absent.
type lineView struct {
	ID        string       `json:"id"`
	Kind      string       `json:"kind"`
	Name      string       `json:"name,omitempty"`
	Provider  string       `json:"provider,omitempty"`
	Text      *limitView   `json:"text,omitempty"` // longer texts are parted, not refused
	Caption   *limitView   `json:"caption,omitempty"`
	Choices   *choicesView `json:"choices,omitempty"`
	Media     []mediaView  `json:"media,omitempty"`
	Location  *bool        `json:"location,omitempty"`
	Quote     *bool        `json:"quote,omitempty"`
	Templates *bool        `json:"templates,omitempty"`
	Initiate  string       `json:"initiate,omitempty"`
	Window    *spanView    `json:"window,omitempty"`
	Health    healthView   `json:"health"`
}

// healthView says whether a line works, as far as the service knows.
type healthView struct {
	State   string    `json:"state"` // unknown, up or down
	Since   time.Time `json:"since,omitzero"`
	Code    string    `json:"code,omitempty"` // of what is wrong
	Checked time.Time `json:"checked,omitzero"`
}

func viewHealth(h alt.LineHealth) healthView {
	return healthView{State: string(h.State), Since: h.Since.UTC(), Code: h.Code, Checked: h.Checked.UTC()}
}

type choicesView struct {
	Buttons int `json:"buttons"` // more options become a numbered text
	Rows    int `json:"rows"`
}

type mediaView struct {
	As    string   `json:"as"`
	Types []string `json:"types,omitempty"`
	Max   int64    `json:"max,omitempty"` // bytes
}

// spanView is the reply window of a line; 0 reply: always.
type spanView struct {
	Reply      int64 `json:"reply_seconds"`
	HumanAgent int64 `json:"human_agent_seconds"`
}

func fact[T any](f channels.Fact[T]) *T {
	if !f.Known() {
		return nil
	}
	return &f.Value
}

func viewLine(i channels.Info, h alt.LineHealth) lineView {
	caps := i.Capabilities
	v := lineView{
		ID: string(i.ID), Kind: string(i.Kind), Name: i.Name, Provider: i.Provider,
		Text: viewLimit(caps.Text), Caption: viewLimit(caps.Caption),
		Location: fact(caps.Location), Quote: fact(caps.Quote), Templates: fact(caps.Templates),
		Health: viewHealth(h),
	}
	if ch := fact(caps.Choices); ch != nil {
		v.Choices = &choicesView{Buttons: ch.Buttons, Rows: ch.Rows}
	}
	if caps.Media.Known() {
		for _, m := range caps.Media.Value {
			v.Media = append(v.Media, mediaView{As: string(m.As), Types: m.Types, Max: m.Max})
		}
	}
	if in := fact(caps.Initiate); in != nil {
		v.Initiate = string(*in)
	}
	if w := fact(caps.Window); w != nil {
		v.Window = &spanView{Reply: int64(w.Reply / time.Second), HumanAgent: int64(w.HumanAgent / time.Second)}
	}
	return v
}

// lines answers GET /v1/lines.
func (d *Desk) lines(c *call) error {
	items := []lineView{}
	for _, i := range d.svc.Lines() {
		if i.Agency == c.me.Agency {
			items = append(items, viewLine(i, d.svc.Health(i.ID)))
		}
	}
	slices.SortFunc(items, func(a, b lineView) int { return strings.Compare(a.ID, b.ID) })
	return c.answer(http.StatusOK, listView[lineView]{Items: items})
}

// whoami answers GET /v1/me.
func (d *Desk) whoami(c *call) error { return c.answer(http.StatusOK, d.meView(c)) }

// listView is a page of anything.
type listView[T any] struct {
	Items []T `json:"items"`
	// Next, or Earlier for messages, is the cursor of the page that follows;
	// absent at the end.
	Next    string `json:"next,omitempty"`
	Earlier string `json:"earlier,omitempty"`
	// Position is where to go on listening from, see GET /v1/events.
	Position *int64 `json:"position,omitempty"`
}
