package desk

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// maxPage is the longest page of conversations, maxMessages of messages and
// maxLog of the security log.
const (
	maxPage     = 200
	maxMessages = 500
	maxLog      = 1000
)

// filter narrows a list. It is the body of a search, and, without Text, the
// query of a list: words that somebody looks for are personal data, and an
// address is written into logs everywhere.
type filter struct {
	Line    string    `json:"line,omitempty"`
	State   string    `json:"state,omitempty"`
	Holder  string    `json:"holder,omitempty"`
	Waiting bool      `json:"waiting,omitempty"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Text    string    `json:"text,omitempty"`
	Limit   int       `json:"limit,omitempty"`
	Cursor  string    `json:"cursor,omitempty"`
}

// list answers GET /v1/conversations.
func (d *Desk) list(c *call) error {
	f := filter{Line: c.query.Get("line"), State: c.query.Get("state"), Holder: c.query.Get("holder"), Cursor: c.query.Get("cursor")}
	var err error
	if f.Limit, err = c.limit(maxPage); err != nil {
		return err
	}
	if f.From, err = c.when("from"); err != nil {
		return err
	}
	if f.To, err = c.when("to"); err != nil {
		return err
	}
	switch c.query.Get("waiting") {
	case "", "false":
	case "true":
		f.Waiting = true
	default:
		return inField("malformed_parameter", "waiting")
	}
	return d.page(c, f, "malformed_parameter")
}

// search answers POST /v1/conversations/search.
func (d *Desk) search(c *call) error {
	var f filter
	if err := c.decode(&f); err != nil {
		return err
	}
	if f.Limit == 0 {
		f.Limit = d.cfg.PageSize
	}
	if c.me.Role == Auditor {
		if err := c.note(alt.LogEntry{Act: "conversations.searched", Detail: map[string]string{"role": string(c.me.Role)}}); err != nil {
			return err
		}
	}
	return d.page(c, f, "malformed_request")
}

// page answers with a page of conversations.
func (d *Desk) page(c *call, f filter, bad string) error {
	q, err := f.query(c, bad)
	if err != nil {
		return err
	}
	// Before the list: whoever listens from there on misses nothing.
	_, latest, err := d.svc.Store().Changed(c.ctx(), c.me.Agency, math.MaxInt64, 1)
	if err != nil {
		return err
	}
	found, next, err := d.svc.Store().Conversations(c.ctx(), q)
	if err != nil {
		return cursorError(err)
	}
	items, err := d.views(c.ctx(), c.me, found, f.Text != "")
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, listView[conversationView]{Items: items, Next: c.cursor(next, f.print()), Position: &latest})
}

// print tells lists of different filters apart.
func (f filter) print() string {
	f.Cursor, f.Limit = "", 0
	b, _ := json.Marshal(f) // strings and times only
	return "conversations" + string(b)
}

func (f filter) query(c *call, bad string) (alt.ConversationQuery, error) {
	q := alt.ConversationQuery{
		Agency: c.me.Agency, Line: channels.ID(f.Line), State: alt.State(f.State), Waiting: f.Waiting,
		From: f.From, To: f.To, Text: f.Text, Limit: f.Limit,
	}
	switch {
	case f.Line != "" && q.Line.Valid() != nil:
		return q, inField(bad, "line")
	case f.State != "" && q.State != alt.Open && q.State != alt.Ended:
		return q, inField(bad, "state")
	case utf8.RuneCountInString(f.Text) > 200, f.Text != "" && strings.TrimSpace(f.Text) == "":
		return q, inField(bad, "text")
	case f.Limit < 1 || f.Limit > maxPage:
		return q, inField(bad, "limit")
	}
	switch f.Holder {
	case "":
	case "me":
		q.Holder = &alt.Holder{Kind: alt.HeldByDesk, By: c.me.ID}
	case "desk":
		q.Holder = &alt.Holder{Kind: alt.HeldByDesk}
	case "bot":
		q.Holder = &alt.Holder{Kind: alt.HeldByBot}
	case "nobody":
		q.Holder = &alt.Holder{Kind: alt.HeldByNobody}
	default:
		if channels.MessageID(f.Holder).Valid() != nil {
			return q, inField(bad, "holder")
		}
		q.Holder = &alt.Holder{Kind: alt.HeldByDesk, By: f.Holder}
	}
	var err error
	q.Cursor, err = c.openCursor(f.Cursor, f.print())
	return q, err
}

// cursorError is the answer to what a store says of a page: only the cursor in
// a checked query can be malformed.
func cursorError(err error) error {
	if isInput(err) {
		return newProblem("malformed_cursor")
	}
	return err
}

// conversation answers GET /v1/conversations/{id}.
func (d *Desk) conversation(c *call) error {
	conv, err := c.find("conversation")
	if err != nil {
		return err
	}
	// A reason that was accepted opens what the list does not show.
	v, err := d.show(c.ctx(), *conv, true)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, v)
}

// messages answers GET /v1/conversations/{id}/messages.
func (d *Desk) messages(c *call) error {
	limit, err := c.limit(maxMessages)
	if err != nil {
		return err
	}
	conv, err := c.find("messages")
	if err != nil {
		return err
	}
	before, err := c.openCursor(c.query.Get("before"), "messages"+conv.ID)
	if err != nil {
		return err
	}
	page, earlier, err := d.svc.Store().Messages(c.ctx(), alt.MessageQuery{
		Agency: c.me.Agency, Conversation: conv.ID, Limit: limit, Before: before,
	})
	if err != nil {
		return cursorError(err)
	}
	return c.answer(http.StatusOK, listView[messageView]{Items: viewMessages(page), Earlier: c.cursor(earlier, "messages"+conv.ID)})
}

// lifeView is all that is known of one message.
type lifeView struct {
	Conversation string        `json:"conversation,omitempty"`
	Status       string        `json:"status,omitempty"` // the lowest of its parts
	Parts        []messageView `json:"parts"`
	Log          []logView     `json:"log"`
}

// message answers GET /v1/messages/{id}.
func (d *Desk) message(c *call) error {
	id, err := c.pathID()
	if err != nil {
		return err
	}
	parts, err := d.svc.Store().Message(c.ctx(), c.me.Agency, channels.MessageID(id))
	if err != nil {
		return err
	}
	v := lifeView{Conversation: parts[0].Conversation, Status: string(parts[0].Status), Parts: viewMessages(parts), Log: []logView{}}
	if v.Conversation != "" {
		if _, err := c.findID(v.Conversation, "message"); err != nil {
			return err
		}
	}
	for _, p := range parts {
		v.Status = string(channels.Status(v.Status).Min(p.Status))
	}
	entries, _, err := d.svc.Store().Log(c.ctx(), alt.LogQuery{Agency: c.me.Agency, Message: id, Limit: maxLog})
	if err != nil {
		return err
	}
	for _, e := range entries {
		v.Log = append(v.Log, viewLog(e))
	}
	return c.answer(http.StatusOK, v)
}

// logView is one line of the security log.
type logView struct {
	Seq          int64             `json:"seq"`
	At           time.Time         `json:"at"`
	Act          string            `json:"act"`
	Actor        string            `json:"actor"`
	Line         string            `json:"line,omitempty"`
	Conversation string            `json:"conversation,omitempty"`
	Message      string            `json:"message,omitempty"`
	Detail       map[string]string `json:"detail,omitempty"`
}

func viewLog(e alt.LogEntry) logView {
	return logView{
		Seq: e.Seq, At: e.At.UTC(), Act: e.Act, Actor: e.Actor, Line: string(e.Line), Conversation: e.Conversation,
		Message: e.Message, Detail: e.Detail,
	}
}

// log answers GET /v1/log.
func (d *Desk) log(c *call) error {
	q := alt.LogQuery{Agency: c.me.Agency, Conversation: c.query.Get("conversation"), Message: c.query.Get("message")}
	for name, id := range map[string]string{"conversation": q.Conversation, "message": q.Message} {
		if id != "" && channels.MessageID(id).Valid() != nil {
			return inField("malformed_parameter", name)
		}
	}
	var err error
	if q.Limit, err = c.limit(maxLog); err != nil {
		return err
	}
	if q.From, err = c.when("from"); err != nil {
		return err
	}
	if q.To, err = c.when("to"); err != nil {
		return err
	}
	list := "log" + q.Conversation + "\x00" + q.Message + strconv.FormatInt(q.From.Unix(), 36) + "\x00" + strconv.FormatInt(q.To.Unix(), 36)
	if q.Cursor, err = c.openCursor(c.query.Get("cursor"), list); err != nil {
		return err
	}
	page, next, err := d.svc.Store().Log(c.ctx(), q)
	if err != nil {
		return cursorError(err)
	}
	items := make([]logView, len(page))
	for i, e := range page {
		items[i] = viewLog(e)
	}
	return c.answer(http.StatusOK, listView[logView]{Items: items, Next: c.cursor(next, list)})
}
