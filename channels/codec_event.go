package channels

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// eventRow is the stored form of every event: the union of their fields.
type eventRow struct {
	EventMeta
	Type    string     `json:"type"`
	ID      ProviderID `json:"id,omitempty"`
	Ref     string     `json:"ref,omitempty"`
	Content *boxed     `json:"content,omitempty"`
	ReplyTo ProviderID `json:"reply_to,omitempty"`
	Thread  string     `json:"thread,omitempty"`
	From    *Profile   `json:"from,omitempty"`
	Author  Author     `json:"author,omitempty"`
	Status  Status     `json:"status,omitempty"`
	Until   time.Time  `json:"until,omitzero"`
	Err     *errorRow  `json:"err,omitempty"`
	New     Peer       `json:"new,omitempty"`
	Flag    bool       `json:"flag,omitempty"`
	Name    string     `json:"name,omitempty"`
	State   string     `json:"state,omitempty"`
	Subject string     `json:"subject,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Session string     `json:"session,omitempty"`
	Charge  *Charge    `json:"charge,omitempty"`
}

type errorRow struct {
	Op       string        `json:"op"`
	Class    string        `json:"class"`
	Provider string        `json:"provider,omitempty"`
	Instead  []Alternative `json:"instead,omitempty"`
}

// MarshalEvent encodes an event for storage, without Meta().Raw, which stores
// keep apart because it lives shorter.
func MarshalEvent(e Event) ([]byte, error) {
	r := eventRow{EventMeta: *e.Meta(), Type: e.Type()}
	switch e := e.(type) {
	case *Received:
		r.ID, r.Content, r.ReplyTo, r.Thread, r.Flag = e.ID, &boxed{e.Content}, e.ReplyTo, e.Thread, e.Standby
		if e.From != (Profile{}) {
			r.From = &e.From
		}
	case *Edited:
		r.ID, r.Content = e.ID, &boxed{e.Content}
	case *Withdrawn:
		r.ID = e.ID
	case *Echoed:
		r.ID, r.Ref, r.Content, r.Author, r.Thread = e.ID, e.Ref, &boxed{e.Content}, e.Author, e.Thread
	case *StatusChanged:
		r.ID, r.Ref, r.Until, r.Status, r.Thread, r.Charge = e.ID, e.Ref, e.Until, e.Status, e.Thread, e.Charge
		if e.Err != nil {
			r.Err = &errorRow{Op: e.Err.Op, Class: Code(e.Err), Provider: e.Err.Provider, Instead: e.Err.Instead}
		}
	case *Referred:
		r.Name, r.Subject = e.Word, e.Source
	case *PeerChanged:
		r.New = e.New
	case *ThreadControl:
		r.Flag = e.Mine
	case *OptedOut:
		r.Flag = e.In
	case *LineChanged:
		r.Subject, r.Name, r.State, r.Reason = e.Subject, e.Name, e.State, e.Reason
	case *Due:
		r.Name = e.Name
	case *SessionEnded:
		r.Session, r.Reason = e.Session, e.Reason
	case *AuthDecided:
		r.Name, r.Reason = e.Login, e.Reason
	case *Malformed:
		r.Reason = e.Reason
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("channels: encode %s: %w", e.Type(), err)
	}
	return b, nil
}

// UnmarshalEvent decodes what MarshalEvent wrote.
func UnmarshalEvent(b []byte) (Event, error) {
	var r eventRow
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, undecodable(err)
	}
	var content Content
	if r.Content != nil {
		content = r.Content.c
	}
	m := r.EventMeta
	switch r.Type {
	case "received":
		e := &Received{EventMeta: m, ID: r.ID, Content: content, ReplyTo: r.ReplyTo, Thread: r.Thread, Standby: r.Flag}
		if r.From != nil {
			e.From = *r.From
		}
		return e, nil
	case "edited":
		return &Edited{EventMeta: m, ID: r.ID, Content: content}, nil
	case "withdrawn":
		return &Withdrawn{EventMeta: m, ID: r.ID}, nil
	case "echoed":
		return &Echoed{EventMeta: m, ID: r.ID, Ref: r.Ref, Content: content, Author: r.Author, Thread: r.Thread}, nil
	case "status":
		e := &StatusChanged{EventMeta: m, ID: r.ID, Ref: r.Ref, Until: r.Until, Status: r.Status, Thread: r.Thread, Charge: r.Charge}
		if r.Err != nil {
			e.Err = &Error{Op: r.Err.Op, Channel: m.Channel, Class: ClassByCode(r.Err.Class), Provider: r.Err.Provider, Instead: r.Err.Instead}
		}
		return e, nil
	case "referred":
		return &Referred{EventMeta: m, Word: r.Name, Source: r.Subject}, nil
	case "peer":
		return &PeerChanged{EventMeta: m, New: r.New}, nil
	case "thread":
		return &ThreadControl{EventMeta: m, Mine: r.Flag}, nil
	case "optout":
		return &OptedOut{EventMeta: m, In: r.Flag}, nil
	case "line":
		return &LineChanged{EventMeta: m, Subject: r.Subject, Name: r.Name, State: r.State, Reason: r.Reason}, nil
	case "due":
		return &Due{EventMeta: m, Name: r.Name}, nil
	case "session":
		return &SessionEnded{EventMeta: m, Session: r.Session, Reason: r.Reason}, nil
	case "auth":
		return &AuthDecided{EventMeta: m, Login: r.Name, Reason: r.Reason}, nil
	case "malformed":
		return &Malformed{EventMeta: m, Reason: r.Reason}, nil
	}
	return nil, undecodable(errors.New("event of an unknown type"))
}
