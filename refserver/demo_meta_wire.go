package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// sends implements demoWire. Typing and marks go the same way, and get no id.
func (m *demoMeta) sends(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages")
}

// lists implements demoWire: Meta cannot be asked.
func (m *demoMeta) lists(*http.Request) bool { return false }

// receipt implements demoWire.
func (m *demoMeta) receipt(answer []byte) string {
	var w struct {
		MessageID string `json:"message_id"`
		Messages  []struct{ ID string }
	}
	if json.Unmarshal(answer, &w) != nil {
		return ""
	}
	if len(w.Messages) > 0 {
		return w.Messages[0].ID
	}
	return w.MessageID
}

// hook implements demoWire. The simulator posts one event at a time.
func (m *demoMeta) hook(body []byte) (id string, written bool, err error) {
	var w struct {
		Entry []struct {
			Messaging []struct {
				Message *struct {
					MID  string
					Echo bool `json:"is_echo"`
				}
				Delivery struct{ MIDs []string }
			}
			Changes []struct {
				Value struct{ Messages, Statuses []struct{ ID string } }
			}
		}
	}
	err = json.Unmarshal(body, &w)
	for _, e := range w.Entry {
		for _, c := range e.Changes {
			for _, s := range c.Value.Statuses {
				id = s.ID
			}
			for _, s := range c.Value.Messages {
				id, written = s.ID, true
			}
		}
		for _, c := range e.Messaging {
			for _, mid := range c.Delivery.MIDs {
				id = mid
			}
			if c.Message != nil {
				id, written = c.Message.MID, !c.Message.Echo
			}
		}
	}
	return id, written, err
}

// metaHandset is a simulated person as a handset.
type metaHandset struct{ *metatest.Person }

// metaPageHandset is one in a conversation with a page, which is told what a link
// says.
type metaPageHandset struct{ metaHandset }

// Refers implements referrer.
func (h metaPageHandset) Refers(word string) { h.Follows(metatest.Referral{Ref: word}) }

// SendsLocation implements handset: a pin without a name.
func (h metaHandset) SendsLocation(latitude, longitude float64) string {
	return h.Person.SendsLocation(latitude, longitude, "", "")
}

// Attach implements handset.
func (h metaHandset) Attach(kind channels.MediaKind, f demoFile) string {
	file := metatest.File{ContentType: f.Type, Data: f.Data, Name: f.Name}
	switch kind {
	case channels.Image:
		return h.SendsImage(file)
	case channels.Audio:
		return h.SendsAudio(file)
	case channels.Video:
		return h.SendsVideo(file)
	}
	return h.SendsFile(file)
}

// Arrived implements handset.
func (h metaHandset) Arrived(ctx context.Context, n int) ([]bubble, error) {
	box, err := h.Wait(ctx, n+1)
	if err != nil {
		return nil, err
	}
	var all []bubble
	for _, m := range box {
		b := bubble{Key: m.ID, Who: "agency", At: m.At, Text: m.Text}
		metaBubble(&b, m.Type, m.Content)
		all = append(all, b)
	}
	return all, nil
}

// metaBubble reads what a message has besides its text, as far as a simple phone
// would show it. content is the object of a WhatsApp message's type, or a page's
// whole message: the two are told apart by their names.
func metaBubble(b *bubble, kind string, content []byte) {
	type item struct{ ID, Title, Description string }
	var c struct {
		// A file of WhatsApp.
		ID, Filename string
		// A place.
		Latitude, Longitude float64
		// Something to tap.
		Header, Body, Footer json.RawMessage
		Action               struct {
			Buttons  []struct{ Reply item }
			Sections []struct{ Rows []item }
		}
		// A page's message.
		Attachment struct {
			Payload struct {
				ID string `json:"attachment_id"`
			}
		}
		Replies []struct{ Title, Payload string } `json:"quick_replies"`
	}
	if json.Unmarshal(content, &c) != nil {
		return
	}
	switch kind {
	case "image", "video", "audio", "document", "file", "sticker":
		b.File = &fileLink{URL: c.ID + c.Attachment.Payload.ID, Name: c.Filename}
	case "location":
		b.Place, b.Text = &channels.Location{Latitude: c.Latitude, Longitude: c.Longitude}, ""
	case "interactive":
		b.Text = strings.TrimSpace(worded(c.Header) + "\n" + worded(c.Body) + "\n" + worded(c.Footer))
	}
	for _, t := range c.Action.Buttons {
		b.Choices = append(b.Choices, channels.Choice{ID: t.Reply.ID, Title: t.Reply.Title})
	}
	for _, s := range c.Action.Sections {
		for _, row := range s.Rows {
			b.Choices = append(b.Choices, channels.Choice{ID: row.ID, Title: row.Title, Description: row.Description})
		}
	}
	for _, q := range c.Replies {
		b.Choices = append(b.Choices, channels.Choice{ID: q.Payload, Title: q.Title})
	}
}

// worded is the text of a part of an interactive message. In a plain text the part
// of that name is a string.
func worded(part json.RawMessage) string {
	var w struct{ Text string }
	_ = json.Unmarshal(part, &w) // what is no such part has no text
	return w.Text
}
