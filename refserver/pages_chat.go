package main

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
)

// chatView is the conversation that is open.
type chatView struct {
	chatItem
	Back, Key             string // Key makes a form that is sent twice one act
	OptedOut, NeedsReason bool
	Reason                string // for which it is open
	Window                *windowView
	Actions               []string
	MayEnd, MayReply      bool
	EndReasons            []string
	Hint                  string // a text that says why there is no place to answer
	Why                   string // a text: why it has ended
	Bubbles               []bubble
	Earlier               bool
	Login                 *loginView // nil: nobody was asked who they are
	Log                   []logEntry
}

// windowView is until when the person may be answered, and why.
type windowView struct {
	Limited, Open     bool
	Until             time.Time // of a specialist
	Extended          bool
	Reply, HumanAgent int64 // seconds
}

// chat asks the API for a conversation, for the visitor's reason if there is one.
func (p *pages) chat(s *deskSession, r *http.Request, me apiMe, at place) (*chatView, error) {
	v := &chatView{Back: at.Back(), Key: newKey(), Reason: reasonFor(r, at.Chat), EndReasons: endReasons()}
	v.ID = at.Chat
	var c apiChat
	err := s.getFor(v.Reason, "/v1/conversations/"+at.Chat, &c)
	var refused *deskProblem
	if errors.As(err, &refused) {
		switch refused.Code {
		case "not_found":
			return nil, nil // of another store: nothing is open
		case "reason_required":
			return p.closedChat(s, v)
		}
	}
	if err != nil {
		return nil, err
	}
	v.Line, v.Name, v.Holder, v.By = c.Line, c.Name, c.Holder.Kind, p.Desk.nameOf(c.Holder.By)
	v.Ended, v.Restricted, v.OptedOut = c.State == "ended", c.Restricted, c.OptedOut
	v.decide(me, c)
	if why := "login.reason." + c.Ended; v.Ended && p.Texts.Has(why) {
		v.Why = why
	}
	if v.Login, err = p.whoIs(s, me, c); err != nil {
		return nil, err
	}
	if v.Window, err = s.window(c); err != nil {
		return nil, err
	}
	var messages apiList[apiMessage]
	if err := s.getFor(v.Reason, "/v1/conversations/"+c.ID+"/messages?limit=200", &messages); err != nil {
		return nil, err
	}
	v.Earlier = messages.Earlier != ""
	for _, m := range messages.Items {
		b := m.bubble("/desk/chats/"+c.ID+"/files/", p.Desk.nameOf(m.By))
		b.Lang = c.Language
		v.Bubbles = append(v.Bubbles, b)
	}
	if me.Role != desk.Specialist {
		if v.Log, err = s.log(url.Values{"conversation": {c.ID}, "limit": {"1000"}}); err != nil {
			return nil, err
		}
	}
	if c.Unread > 0 && c.Holder.By == me.ID {
		// Who holds it has it before them now. That it stays unread where the
		// request comes from elsewhere is right.
		_ = s.post("/v1/conversations/"+c.ID+"/read", struct{}{}, nil, nil)
	}
	return v, nil
}

// closedChat is a conversation that is open for a reason only: the list says
// whose it is.
func (p *pages) closedChat(s *deskSession, v *chatView) (*chatView, error) {
	v.NeedsReason, v.Limited = true, true
	var all apiList[apiChat]
	if err := s.get("/v1/conversations?limit=200", &all); err != nil {
		return nil, err
	}
	for _, c := range all.Items {
		if c.ID == v.ID {
			v.Line, v.Holder, v.By, v.Ended = c.Line, c.Holder.Kind, p.Desk.nameOf(c.Holder.By), c.State == "ended"
		}
	}
	if v.Line == "" {
		return nil, nil // far down the list; its place is not remembered
	}
	return v, nil
}

// decide says what the caller can do with the conversation. The API decides in
// the end; the page only leaves out what it would refuse.
func (v *chatView) decide(me apiMe, c apiChat) {
	mine := c.Holder.Kind == "desk" && c.Holder.By == me.ID
	free := c.Holder.Kind != "desk" || c.Holder.By == ""
	admin := me.Role == desk.Admin
	switch {
	case v.Ended:
		v.Hint = "desk.hint.ended"
		return
	case me.Role == desk.Auditor:
		v.Hint = "desk.hint.auditor"
		return
	case mine:
		v.MayReply = true
	case free:
		v.Actions, v.Hint = append(v.Actions, "claim"), "desk.hint.claim"
	case admin:
		v.Actions, v.Hint = append(v.Actions, "force"), "desk.hint.held"
	default:
		v.Hint = "desk.hint.held"
		return
	}
	if c.Restricted && free && !admin {
		return // only claiming is open, with a reason
	}
	if c.Holder.Kind == "desk" {
		if !free {
			v.Actions = append(v.Actions, "release")
		}
		v.Actions = append(v.Actions, "handback")
	}
	if mine || admin {
		if c.Restricted {
			v.Actions = append(v.Actions, "unrestrict")
		} else {
			v.Actions = append(v.Actions, "restrict")
		}
	}
	if mine && (c.Login == nil || c.Login.Status == "failed" || c.Login.Status == "over") {
		v.Actions = append(v.Actions, "ask")
	}
	v.MayEnd = true
}

// endReasons are codes of why a conversation ends.
func endReasons() []string { return []string{"solved", "redirected", "silent"} }

// window says until when a specialist may answer, and by which rule of the line.
func (s *deskSession) window(c apiChat) (*windowView, error) {
	if c.Window == nil || c.State == "ended" {
		return nil, nil
	}
	v := &windowView{Limited: c.Window.Limited, Open: c.Window.Open, Until: c.Window.Until}
	if c.Window.Extended.After(v.Until) {
		v.Until, v.Extended = c.Window.Extended, true
	}
	var lines apiList[apiLine]
	if err := s.get("/v1/lines", &lines); err != nil {
		return nil, err
	}
	for _, l := range lines.Items {
		if l.ID == c.Line && l.Window != nil {
			v.Reply, v.HumanAgent = l.Window.Reply, l.Window.HumanAgent
		}
	}
	return v, nil
}

// reasonCookie keeps for which reason a conversation was opened.
const reasonCookie = "demo-reason"

// reasonFor returns the reason that the visitor gave for a conversation, or "".
func reasonFor(r *http.Request, chat string) string {
	c, err := r.Cookie(reasonCookie)
	if err != nil {
		return ""
	}
	id, reason, _ := strings.Cut(c.Value, ".")
	text, err := url.QueryUnescape(reason)
	if err != nil || id != chat {
		return ""
	}
	return text
}

func newKey() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // never fails: the runtime ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// apiMessage and apiContent are messages as the API tells them.
type (
	apiMessage struct {
		ID        string          `json:"id"`
		Direction string          `json:"direction"`
		Author    string          `json:"author"`
		By        string          `json:"by"`
		At        time.Time       `json:"at"`
		Content   apiContent      `json:"content"`
		Part      int             `json:"part"`
		Status    channels.Status `json:"status"`
		Code      string          `json:"code"`
		Edited    bool            `json:"edited"`
	}
	apiContent struct {
		Kind  string `json:"kind"`
		Text  string `json:"text"`
		Media *struct {
			As      string `json:"as"`
			File    string `json:"file"`
			Name    string `json:"name"`
			Size    int64  `json:"size"`
			Caption string `json:"caption"`
		} `json:"media"`
		Location *channels.Location `json:"location"`
		Choices  *struct {
			Body    string            `json:"body"`
			Options []channels.Choice `json:"options"`
		} `json:"choices"`
		Chosen      *channels.Chosen      `json:"chosen"`
		Unsupported *channels.Unsupported `json:"unsupported"`
	}
)

// bubble shows a message on the desk. files is where its files are read.
func (m apiMessage) bubble(files, by string) bubble {
	b := m.Content.bubble(files)
	b.Key, b.At, b.Mine, b.Who = m.ID, m.At, m.Direction == "out", m.Author
	if m.Part > 0 {
		b.Key += "." + string(rune('0'+m.Part%10))
	}
	if b.Mine {
		b.Status = m.Status
		if b.Who == string(channels.Person) { // what the service says at somebody's wish is its own
			b.Name = by
		}
		if m.Status == channels.Failed {
			b.Code = m.Code
		}
	}
	if !slices.Contains([]string{"contact", "bot", "person", "system"}, b.Who) {
		b.Who = "other"
	}
	b.Edited = m.Edited
	return b
}

func (c apiContent) bubble(files string) bubble {
	b := bubble{Text: c.Text, Place: c.Location}
	switch {
	case c.Media != nil:
		b.Text = c.Media.Caption
		b.File = &fileLink{Name: c.Media.Name, Size: c.Media.Size, Image: c.Media.As == string(channels.Image)}
		if c.Media.File != "" && files != "" {
			b.File.URL = files + url.PathEscape(c.Media.File)
		}
	case c.Choices != nil:
		b.Text, b.Choices = c.Choices.Body, c.Choices.Options
	case c.Chosen != nil:
		b.Text = cmp.Or(c.Chosen.Title, c.Chosen.ID)
	case c.Unsupported != nil && c.Unsupported.Type == channels.TypeReturned:
		b.Other = c.Unsupported.Type
	case c.Text == "" && c.Location == nil:
		b.Other = c.Kind
	}
	return b
}
