package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// life is all that is kept about one message.
type life struct {
	ID           string         `json:"id"`
	Agency       string         `json:"agency"`
	Line         string         `json:"line"`
	Conversation string         `json:"conversation,omitempty"`
	Direction    string         `json:"direction"`
	Author       string         `json:"author,omitempty"`
	By           string         `json:"by,omitempty"`
	Parts        []partLife     `json:"parts"`
	Log          []alt.LogEntry `json:"log"`
}

type partLife struct {
	Part     int             `json:"part"` // from 1
	Kind     string          `json:"kind"`
	Content  json.RawMessage `json:"content,omitempty"` // only when it was asked for
	At       time.Time       `json:"at"`
	Status   string          `json:"status,omitempty"`
	StatusAt time.Time       `json:"status_at,omitzero"`
	Code     string          `json:"code,omitempty"`
	Attempts int             `json:"attempts"`
	State    string          `json:"state"`
	Edited   bool            `json:"edited,omitempty"`
}

// message answers GET /message/{id}.
func (a *admin) message(r *http.Request) (any, error) {
	id, content := channels.MessageID(r.PathValue("id")), r.URL.Query().Get("content") == "true"
	if err := id.Valid(); err != nil {
		return nil, fmt.Errorf("%w: %w", alt.ErrInput, err)
	}
	var l life
	err := a.eachAgency(func(agency channels.Agency) error {
		parts, err := a.store.Message(r.Context(), agency, id)
		if err != nil {
			return err
		}
		l, err = lifeOf(agency, parts, content)
		return errors.Join(err, a.logOf(r.Context(), agency, &l))
	})
	if err == nil && content {
		// Who looks at what people write leaves a trace, here as at the desk.
		err = a.store.Commit(r.Context(), alt.Item{}, alt.Changes{Log: []alt.LogEntry{{
			Agency: channels.Agency(l.Agency), At: time.Now(), Act: "message.read", Actor: operatorName, Line: channels.ID(l.Line), Message: l.ID, Conversation: l.Conversation,
		}}})
	}
	return l, err
}

func lifeOf(agency channels.Agency, parts []alt.Message, content bool) (life, error) {
	first := parts[0]
	l := life{ID: string(first.ID), Agency: string(agency), Line: string(first.Address.Channel), Conversation: first.Conversation,
		Direction: string(first.Direction), Author: string(first.Author), By: first.By, Log: []alt.LogEntry{}}
	for _, m := range parts {
		p := partLife{Part: m.Part + 1, At: m.At, Status: string(m.Status), StatusAt: m.StatusAt, Code: m.Code, Attempts: m.Attempts, State: m.State, Edited: m.Edited}
		if m.Content != nil {
			p.Kind = m.Content.Kind()
		}
		if content {
			b, err := channels.MarshalContent(m.Content)
			if err != nil {
				return l, err
			}
			p.Content = b
		}
		l.Parts = append(l.Parts, p)
	}
	return l, nil
}

// logOf adds the security log's entries about the message.
func (a *admin) logOf(ctx context.Context, agency channels.Agency, l *life) error {
	q := alt.LogQuery{Agency: agency, Message: l.ID, Limit: 1000}
	for {
		page, next, err := a.store.Log(ctx, q)
		if err != nil {
			return err
		}
		l.Log = append(l.Log, page...)
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

// letterView is a letter without its content and without the person.
type letterView struct {
	ID           int64     `json:"id"`
	Agency       string    `json:"agency"`
	State        string    `json:"state"`
	Work         string    `json:"work"`
	Line         string    `json:"line"`
	What         string    `json:"what"` // the type of the event, or "message" and its id
	Code         string    `json:"code"`
	Attempts     int       `json:"attempts"`
	Accepted     time.Time `json:"accepted"`
	At           time.Time `json:"at"`
	Conversation string    `json:"conversation,omitempty"`
}

// letters answers GET /letters.
func (a *admin) letters(r *http.Request) (any, error) {
	all := []letterView{}
	for _, agency := range a.agencies {
		q := alt.LetterQuery{Agency: agency, State: alt.LetterState(r.URL.Query().Get("state")), Limit: 200}
		for {
			page, next, err := a.store.Letters(r.Context(), q)
			if err != nil {
				return nil, err
			}
			for _, l := range page {
				all = append(all, viewLetter(agency, l))
			}
			if q.Cursor = next; next == "" {
				break
			}
		}
	}
	return all, nil
}

func viewLetter(agency channels.Agency, l alt.Letter) letterView {
	v := letterView{ID: l.ID, Agency: string(agency), State: string(l.State), Work: string(l.Work), Line: string(l.Address.Channel),
		Code: l.Code, Attempts: l.Attempts, Accepted: l.Accepted, At: l.At, Conversation: l.Conversation}
	switch {
	case l.Outbound != nil:
		v.What = "message " + l.Outbound.Ref()
		v.Line = or(v.Line, string(l.Outbound.To.Channel))
	case l.Event != nil:
		v.What = l.Event.Type()
		v.Line = or(v.Line, string(l.Event.Meta().Channel))
	}
	return v
}

// verdict answers POST /letters/{id}/{verdict}.
func (a *admin) verdict(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	v := alt.Verdict(r.PathValue("verdict"))
	if err != nil || v != alt.Retry && v != alt.Drop && v != alt.Confirm {
		return nil, fmt.Errorf("%w: a letter's number and retry, drop or confirm are expected", alt.ErrInput)
	}
	return struct{}{}, a.eachAgency(func(agency channels.Agency) error { return a.settle(r.Context(), agency, id, v) })
}

// backup answers POST /backup.
func (a *admin) backup(r *http.Request) (any, error) {
	var to struct {
		Path string `json:"path"`
	}
	if err := json.NewDecoder(r.Body).Decode(&to); err != nil {
		return nil, fmt.Errorf("%w: %w", alt.ErrInput, err)
	}
	b, ok := a.store.(interface {
		Backup(ctx context.Context, path string) error
	})
	if !ok {
		return nil, errors.New("a database in PostgreSQL is copied with its own programs, such as pg_basebackup")
	}
	return struct{}{}, b.Backup(r.Context(), to.Path)
}
