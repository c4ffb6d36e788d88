package messagebirdtest

import (
	"encoding/json"
	"fmt"
	"time"
)

// File is something that a person sends from the phone.
type File struct {
	// ContentType of the data; for instance "image/jpeg".
	ContentType string
	Data        []byte
	// Caption, if there is one. Files carry their name in it.
	Caption string
}

// SendsImage sends a picture and returns the message's id. The picture can be fetched from the link in the
// message, as in all the methods for media.
func (p *Phone) SendsImage(f File) string { return p.sendMedia("image", "url", f) }

// SendsVideo sends a film.
func (p *Phone) SendsVideo(f File) string { return p.sendMedia("video", "url", f) }

// SendsAudio sends a sound.
func (p *Phone) SendsAudio(f File) string { return p.sendMedia("audio", "url", f) }

// SendsFile sends a document.
func (p *Phone) SendsFile(f File) string { return p.sendMedia("file", "url", f) }

// SendsSticker sends a sticker of WhatsApp.
func (p *Phone) SendsSticker(f File) string {
	f.Caption = "" // a sticker has none
	return p.sendMedia("whatsappSticker", "link", f)
}

func (p *Phone) sendMedia(kind, link string, f File) string {
	media := map[string]string{link: p.s.keepMedia(f)}
	if f.Caption != "" {
		media["caption"] = f.Caption
	}
	return p.send(kind, map[string]any{kind: media}, "")
}

// send brings a message from the person into the account.
func (p *Phone) send(kind string, content any, replyTo string) string {
	raw, ok := content.(json.RawMessage)
	if !ok {
		raw = encode(content)
	}
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	c := s.contactFor(p.ch, p.address)
	c.lastIn[p.ch.ID] = now
	m := &message{id: newID(), conv: s.resume(c, p.ch), ch: p.ch, address: p.address, received: true,
		kind: kind, status: "received", content: raw, replyTo: replyTo,
		// The platforms tell the time in whole seconds; only the service's own times are finer.
		created: now.Truncate(time.Second), updated: now}
	s.add(m)
	s.journal.received()
	s.emit(EventMessageCreated, m.conv, m)
	s.changed.Ring()
	return m.id
}

// Report gives any message a status, such as "transmitted", "delivered", "deleted" or "rejected", and sends the
// webhooks for it. fault says why a message failed and is nil otherwise. Order is the caller's: a status may
// come twice, or before the one that precedes it.
func (s *Server) Report(id, status string, fault *Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.state.messages[id]
	if m == nil {
		return fmt.Errorf("messagebirdtest: no message %q", id)
	}
	s.report(m, status, fault)
	return nil
}

type choiceReply struct {
	Type  string    `json:"type"`
	Reply replyWire `json:"reply"`
}

type replyWire struct {
	ID          string `json:"id"`
	Text        string `json:"text"`
	Description string `json:"description,omitempty"`
}

// choose is the answer to interactive content when the choice with this id is taken. The type of an answer to a
// list is WhatsApp's word; the notes on the service show only the answer to a button.
func choose(content json.RawMessage, id string) (choiceReply, bool) {
	var c struct {
		Interactive struct {
			Action struct {
				Buttons []struct {
					ID, Title string
				}
				Sections []struct {
					Rows []struct {
						ID, Title, Description string
					}
				}
			}
		}
	}
	if json.Unmarshal(content, &c) != nil {
		return choiceReply{}, false
	}
	for _, b := range c.Interactive.Action.Buttons {
		if b.ID == id {
			return choiceReply{"button_reply", replyWire{b.ID, b.Title, ""}}, true
		}
	}
	for _, section := range c.Interactive.Action.Sections {
		for _, row := range section.Rows {
			if row.ID == id {
				return choiceReply{"list_reply", replyWire{row.ID, row.Title, row.Description}}, true
			}
		}
	}
	return choiceReply{}, false
}
