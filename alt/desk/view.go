package desk

import (
	"context"
	"errors"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
)

// holderView is who answers a conversation.
type holderView struct {
	Kind string `json:"kind"` // nobody, bot or desk
	Name string `json:"name,omitempty"`
	By   string `json:"by,omitempty"`
}

// conversationView is a conversation as the caller may see it; without details
// when it is not open to them.
type conversationView struct {
	ID       string     `json:"id"`
	Line     string     `json:"line"`
	State    string     `json:"state"`
	Holder   holderView `json:"holder"`
	Position int64      `json:"position"`
	Access   string     `json:"access"` // full or limited
	*conversationDetails
}

type conversationDetails struct {
	Name         string          `json:"name,omitempty"`
	Language     string          `json:"language,omitempty"`
	Restricted   bool            `json:"restricted"`
	OptedOut     bool            `json:"opted_out"`
	Level        eid.Level       `json:"level"` // of the active session; never who was proven
	Login        *loginView      `json:"login,omitempty"`
	Opened       time.Time       `json:"opened"`
	Ended        time.Time       `json:"ended,omitzero"`
	EndedReason  string          `json:"ended_reason,omitempty"`
	LastIn       time.Time       `json:"last_in,omitzero"`
	LastOut      time.Time       `json:"last_out,omitzero"`
	Unread       int             `json:"unread"`
	WaitingSince time.Time       `json:"waiting_since,omitzero"`
	Waiting      *int64          `json:"waiting_seconds,omitempty"` // with WaitingSince
	Window       *windowView     `json:"window,omitempty"`          // absent when the line was removed
	Forwarded    []alt.Forwarded `json:"forwarded,omitempty"`
}

// windowView is until when the person may be answered freely.
type windowView struct {
	Limited  bool      `json:"limited"`
	Until    time.Time `json:"until,omitzero"`
	Extended time.Time `json:"extended_until,omitzero"`
	Open     bool      `json:"open"` // for a specialist, now
}

func viewHolder(h alt.Holder) holderView {
	v := holderView{Kind: string(h.Kind), Name: h.Name, By: h.By}
	if h.Kind == alt.HeldByNobody {
		v.Kind = "nobody"
	}
	return v
}

// view shows a conversation to the caller.
func (d *Desk) view(ctx context.Context, me caller, conv alt.Conversation) (conversationView, error) {
	return d.show(ctx, conv, me.sees(conv))
}

// show shows a conversation, with or without its details.
func (d *Desk) show(ctx context.Context, conv alt.Conversation, full bool) (conversationView, error) {
	v := conversationView{
		ID: conv.ID, Line: string(conv.Where().Channel), State: string(conv.State), Holder: viewHolder(conv.Holder),
		Position: conv.Position, Access: "limited",
	}
	if !full {
		return v, nil
	}
	dossier, err := d.svc.Store().Dossier(ctx, conv.Where())
	if err != nil {
		return v, err
	}
	now := d.svc.Now()
	level := eid.Undefined
	if conv.State == alt.Open && d.svc.Active(dossier.Session) { // else the session is that of the next conversation
		level = dossier.Session.Level
	}
	v.Access = "full"
	v.conversationDetails = &conversationDetails{
		Name: conv.Name, Language: conv.Language, Restricted: conv.Restricted,
		OptedOut: dossier.Contact != nil && dossier.Contact.OptedOut,
		Level:    level, Login: viewLogin(conv.Login),
		Opened: conv.Opened.UTC(), Ended: conv.Ended.UTC(), EndedReason: conv.Reason,
		LastIn: conv.LastIn.UTC(), LastOut: conv.LastOut.UTC(), Unread: conv.Unread, WaitingSince: conv.Waiting.UTC(),
		Forwarded: conv.Forwarded,
	}
	if !conv.Waiting.IsZero() {
		age := max(0, int64(now.Sub(conv.Waiting)/time.Second))
		v.Waiting = &age
	}
	line, err := d.svc.Line(conv.Where().Channel)
	switch {
	case err == nil:
		v.Window = viewWindow(alt.WindowOf(line.Capabilities, dossier.Contact), now)
	case !errors.Is(err, alt.ErrUnknownLine):
		return v, err
	}
	return v, nil
}

func viewWindow(w alt.Window, now time.Time) *windowView {
	return &windowView{
		Limited: w.Limited, Until: w.Until.UTC(), Extended: w.Extended.UTC(),
		Open: !w.Limited || now.Before(w.Until) || now.Before(w.Extended),
	}
}

// views shows a page; what is not open is left out when the page says more by
// itself: it was searched for words.
func (d *Desk) views(ctx context.Context, me caller, page []alt.Conversation, searched bool) ([]conversationView, error) {
	out := make([]conversationView, 0, len(page))
	for _, conv := range page {
		if searched && !me.sees(conv) {
			continue
		}
		v, err := d.view(ctx, me, conv)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// limitView is the greatest length of something.
type limitView struct {
	Max  int64  `json:"max"`
	Unit string `json:"unit"` // runes, utf16, bytes or septets
}

func viewLimit(f channels.Fact[channels.Limit]) *limitView {
	if !f.Known() {
		return nil
	}
	return &limitView{Max: int64(f.Value.Max), Unit: string(f.Value.Unit)}
}

// meView is the caller, and what the API takes from them.
type meView struct {
	ID        string   `json:"id"`
	Name      string   `json:"name,omitempty"`
	Role      Role     `json:"role"`
	Agency    string   `json:"agency"`
	MaxUpload int64    `json:"max_upload"` // bytes
	FileTypes []string `json:"file_types"`
	PageSize  int      `json:"page_size"`
}

func (d *Desk) meView(c *call) meView {
	return meView{
		ID: c.me.ID, Name: c.me.Name, Role: c.me.Role, Agency: string(c.me.Agency),
		MaxUpload: d.cfg.MaxUpload, FileTypes: d.cfg.FileTypes, PageSize: d.cfg.PageSize,
	}
}
