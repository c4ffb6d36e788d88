package main

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// deskView is the specialist's desk on the page.
type deskView struct {
	place
	Users                []userView
	Problem              string // a text: the desk cannot be shown
	Waiting, LetterCount int
	MayAudit, MayWrite   bool
	MayAddLines          bool
	Lists                []string
	Search               string
	Position             int64 // of the API: what changed later is told by its stream
	Chats                []chatItem
	Open                 *chatView
	Letters              []letterItem
	MoreLetters          bool
	Log                  []logEntry
}

// userView is somebody as whom one can look at the desk.
type userView struct {
	ID, Name string
	Role     desk.Role
	Current  bool
}

// These are the answers of the API, as far as the page needs them.
type (
	apiMe struct {
		ID   string    `json:"id"`
		Role desk.Role `json:"role"`
	}
	apiList[T any] struct {
		Items    []T    `json:"items"`
		Next     string `json:"next"`
		Earlier  string `json:"earlier"`
		Position int64  `json:"position"`
	}
	apiChat struct {
		ID     string `json:"id"`
		Line   string `json:"line"`
		State  string `json:"state"`
		Holder struct {
			Kind string `json:"kind"`
			By   string `json:"by"`
		} `json:"holder"`
		Access     string    `json:"access"`
		Name       string    `json:"name"`
		Language   string    `json:"language"`
		Restricted bool      `json:"restricted"`
		OptedOut   bool      `json:"opted_out"`
		Unread     int       `json:"unread"`
		Waiting    time.Time `json:"waiting_since"`
		Ended      string    `json:"ended_reason"`
		Login      *apiLogin `json:"login"`
		Window     *struct {
			Limited  bool      `json:"limited"`
			Until    time.Time `json:"until"`
			Extended time.Time `json:"extended_until"`
			Open     bool      `json:"open"`
		} `json:"window"`
	}
	apiLine struct {
		ID     string `json:"id"`
		Window *struct {
			Reply      int64 `json:"reply_seconds"`
			HumanAgent int64 `json:"human_agent_seconds"`
		} `json:"window"`
	}
	apiLetter struct {
		ID           int64       `json:"id"`
		State        string      `json:"state"`
		Line         string      `json:"line"`
		Kind         string      `json:"kind"`
		Code         string      `json:"code"`
		Attempts     int         `json:"attempts"`
		At           time.Time   `json:"at"`
		Conversation string      `json:"conversation"`
		Content      *apiContent `json:"content"`
	}
	logEntry struct {
		Seq    int64             `json:"seq"`
		At     time.Time         `json:"at"`
		Act    string            `json:"act"`
		Actor  string            `json:"actor"`
		Detail map[string]string `json:"detail"`
	}
)

// chatItem is a conversation in the list.
type chatItem struct {
	ID, Line, Name, Holder, By string
	Ended, Limited, Restricted bool
	Current                    bool
	Unread                     int
	Waiting                    time.Time
}

// letterItem is a message that waits for a decision.
type letterItem struct {
	apiLetter
	Bubble *bubble
}

// listFound is the list of what was searched for.
const listFound = "search"

// searchCookie keeps what is searched for: words about people do not belong
// into an address.
const searchCookie = "demo-search"

// recent is how far back the security log is shown.
const recent = 24 * time.Hour

// desk asks the API for all that the desk shows at a place.
func (p *pages) desk(w http.ResponseWriter, r *http.Request, at place) deskView {
	s := p.Desk.session(w, r)
	d := deskView{place: at, Lists: lists(), MayAddLines: p.Lines}
	var me apiMe
	if err := s.get("/v1/me", &me); err != nil {
		return p.noDesk(d, err)
	}
	for _, u := range p.Desk.users {
		d.Users = append(d.Users, userView{ID: u.ID, Name: u.Name, Role: u.Role, Current: u.ID == me.ID})
	}
	d.MayAudit, d.MayWrite = me.Role != desk.Specialist, me.Role != desk.Auditor
	var waiting apiList[apiChat]
	if err := s.get("/v1/conversations?waiting=true&limit=200", &waiting); err != nil {
		return p.noDesk(d, err)
	}
	d.Waiting, d.Position = len(waiting.Items), waiting.Position
	var err error
	switch {
	case at.View == "letters":
		err = p.letters(s, &d)
	case at.View == "log" && d.MayAudit:
		d.Log, err = s.logSince(p.Now().Add(-recent))
	default:
		d.View = "chats"
		err = p.chats(s, r, me, &d)
	}
	if err != nil {
		return p.noDesk(d, err)
	}
	if me.Role == desk.Specialist { // of the others, every look at letters is logged
		var letters apiList[apiLetter]
		if err := s.get("/v1/letters?limit=200", &letters); err != nil {
			return p.noDesk(d, err)
		}
		d.LetterCount = len(letters.Items)
	}
	return d
}

func (p *pages) noDesk(d deskView, err error) deskView {
	d.Problem = "problem." + p.codeOf(err)
	return d
}

// chats fills in the list, and the conversation that is open.
func (p *pages) chats(s *deskSession, r *http.Request, me apiMe, d *deskView) error {
	found, err := p.list(s, r, d)
	if err != nil {
		return err
	}
	for _, c := range found {
		d.Chats = append(d.Chats, chatItem{
			ID: c.ID, Line: c.Line, Name: c.Name, Holder: c.Holder.Kind, By: p.Desk.nameOf(c.Holder.By), Ended: c.State == "ended",
			Limited: c.Access == "limited", Restricted: c.Restricted, Current: c.ID == d.Chat, Unread: c.Unread, Waiting: c.Waiting,
		})
	}
	if d.Chat == "" {
		return nil
	}
	d.Open, err = p.chat(s, r, me, d.place)
	return err
}

func (p *pages) list(s *deskSession, r *http.Request, d *deskView) ([]apiChat, error) {
	var page apiList[apiChat]
	if c, err := r.Cookie(searchCookie); err == nil && d.List == listFound {
		if text, err := url.QueryUnescape(c.Value); err == nil && text != "" {
			d.Search = text
			return page.Items, s.post("/v1/conversations/search", map[string]any{"text": text}, nil, &page)
		}
	}
	if d.List == listFound {
		d.List = "all"
	}
	filter := map[string]string{"waiting": "?waiting=true", "mine": "?holder=me&state=open", "bot": "?holder=bot&state=open"}
	return page.Items, s.get("/v1/conversations"+filter[d.List], &page)
}

// letters fills in what needs a decision.
func (p *pages) letters(s *deskSession, d *deskView) error {
	var page apiList[apiLetter]
	if err := s.get("/v1/letters", &page); err != nil {
		return err
	}
	d.MoreLetters = page.Next != ""
	for _, l := range page.Items {
		item := letterItem{apiLetter: l}
		if l.Kind != "message" && l.Kind != "received" {
			item.Kind = "other"
		}
		if l.Content != nil {
			b := l.Content.bubble("")
			b.Key, b.At, b.Mine, b.Who = "content", l.At, l.Kind == "message", "contact"
			if b.Mine {
				b.Who = "agency"
			}
			item.Bubble = &b
		}
		d.Letters = append(d.Letters, item)
	}
	return nil
}

// logSince returns the security log from a time on, the newest first.
func (s *deskSession) logSince(from time.Time) ([]logEntry, error) {
	return s.log(url.Values{"from": {from.UTC().Format(time.RFC3339)}, "limit": {"1000"}})
}

func (s *deskSession) log(q url.Values) ([]logEntry, error) {
	var page apiList[logEntry]
	if err := s.get("/v1/log?"+q.Encode(), &page); err != nil {
		return nil, err
	}
	newest := page.Items[max(0, len(page.Items)-100):]
	slices.Reverse(newest)
	return newest, nil
}
