package desk

import (
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// messageView is one part of a message. Providers' ids are left out: in some of
// them a phone number can be read.
type messageView struct {
	ID        string          `json:"id"`
	Direction string          `json:"direction"`
	Author    string          `json:"author"` // contact, bot, person, system or other
	By        string          `json:"by,omitempty"`
	At        time.Time       `json:"at"`
	Content   contentView     `json:"content"`
	ReplyTo   string          `json:"reply_to,omitempty"` // when the quoted one is on the same page
	Part      int             `json:"part"`
	Parts     int             `json:"parts"`
	Status    channels.Status `json:"status,omitempty"` // of outgoing ones
	StatusAt  time.Time       `json:"status_at,omitzero"`
	Code      string          `json:"code,omitempty"` // why it failed
	Attempts  int             `json:"attempts,omitempty"`
	Edited    bool            `json:"edited,omitempty"`
	Work      string          `json:"work,omitempty"` // ready, claimed, done, dead, uncertain, canceled
}

// contentView is channels.Content, told apart by Kind.
type contentView struct {
	Kind     string                `json:"kind"`
	Text     *string               `json:"text,omitempty"`
	Media    *fileView             `json:"media,omitempty"`
	Location *channels.Location    `json:"location,omitempty"`
	Contact  *cardView             `json:"contact,omitempty"`
	Choices  *choicesBody          `json:"choices,omitempty"`
	Chosen   *channels.Chosen      `json:"chosen,omitempty"`
	Template *templateBody         `json:"template,omitempty"`
	Reaction *reactionView         `json:"reaction,omitempty"`
	Other    *channels.Unsupported `json:"unsupported,omitempty"`
}

type fileView struct {
	As      string `json:"as"`
	File    string `json:"file,omitempty"` // to be read under the conversation's files
	URL     string `json:"url,omitempty"`  // of the agency's own messages
	Name    string `json:"name,omitempty"`
	Type    string `json:"type,omitempty"`
	Size    int64  `json:"size,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Caption string `json:"caption,omitempty"`
	Missing string `json:"missing,omitempty"` // why the file could not be had
}

type cardView struct {
	Name   string   `json:"name"`
	Phones []string `json:"phones,omitempty"`
	Emails []string `json:"emails,omitempty"`
}

type reactionView struct {
	Emoji string `json:"emoji"`
	To    string `json:"to,omitempty"` // when the message is on the same page
}

// quotes finds our names of the messages that a page's messages speak of.
type quotes map[channels.ProviderID]string

func quotesOf(page []alt.Message) quotes {
	q := make(quotes, len(page))
	for _, m := range page {
		if m.Provider != "" {
			q[m.Provider] = string(m.ID)
		}
	}
	return q
}

func viewMessages(page []alt.Message) []messageView {
	q := quotesOf(page)
	out := make([]messageView, len(page))
	for i, m := range page {
		out[i] = viewMessage(m, q)
	}
	return out
}

func viewMessage(m alt.Message, q quotes) messageView {
	v := messageView{
		ID: string(m.ID), Direction: string(m.Direction), Author: string(m.Author), By: m.By, At: m.At.UTC(),
		Content: viewContent(m.Content, m.Direction, q), Part: m.Part, Parts: max(1, m.Parts),
		Status: m.Status, StatusAt: m.StatusAt.UTC(), Code: m.Code, Attempts: m.Attempts, Edited: m.Edited, Work: m.State,
	}
	if m.ReplyTo != "" {
		v.ReplyTo = q[m.ReplyTo]
	}
	switch {
	case m.Direction == alt.In:
		v.Author = "contact"
	case m.Author == "":
		v.Author = "other" // another application answered
	}
	return v
}

func viewContent(content channels.Content, dir alt.Direction, q quotes) contentView {
	if content == nil {
		return contentView{Kind: "unsupported", Other: &channels.Unsupported{Type: "empty"}}
	}
	v := contentView{Kind: content.Kind()}
	switch c := content.(type) {
	case channels.Text:
		v.Text = &c.Body
	case channels.Media:
		v.Media = viewFile(c, dir)
	case channels.Location:
		v.Location = &c
	case channels.ContactCard:
		v.Contact = &cardView{Name: c.Name, Phones: c.Phones, Emails: c.Emails}
	case channels.Choices:
		b := choicesOf(c)
		v.Choices = &b
	case channels.Chosen:
		v.Chosen = &c
	case channels.Template:
		b := templateOf(c)
		v.Template = &b
	case channels.Reaction:
		v.Reaction = &reactionView{Emoji: c.Emoji, To: q[c.To]}
	case channels.Unsupported:
		v.Other = &c
	}
	return v
}

// viewFile leaves out what only the driver may know: the link to a person's
// file at the provider is as good as the file.
func viewFile(m channels.Media, dir alt.Direction) *fileView {
	v := &fileView{
		As: string(m.As), File: string(m.Blob), Name: m.Name, Type: m.Type, Size: m.Size, SHA256: m.SHA256,
		Caption: m.Caption, Missing: m.Missing,
	}
	if dir == alt.Out {
		v.URL = m.URL
	}
	return v
}
