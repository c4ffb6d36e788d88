package messagebird

import (
	"encoding/json"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// fields is a JSON object of which nothing is certain.
type fields map[string]json.RawMessage

// into decodes a field, and reports whether it is there and of that form.
func (f fields) into(name string, to any) bool {
	raw, ok := f[name]
	return ok && string(raw) != "null" && json.Unmarshal(raw, to) == nil
}

// content reads what a message says, and which message it quotes. ours is
// true for a message that the agency sent. It never fails: what cannot be read
// is Unsupported.
func (l *line) content(kind string, raw json.RawMessage, ours bool) (c channels.Content, quoted loose) {
	if kind == "text" { // nearly all there is
		var w struct {
			Text *string `json:"text"`
		}
		if json.Unmarshal(raw, &w) == nil && w.Text != nil {
			return channels.Text{Body: *w.Text}, ""
		}
	}
	var f fields
	if json.Unmarshal(raw, &f) != nil {
		return channels.Unsupported{Type: kind}, ""
	}
	switch kind {
	case "image", "video", "audio", "file", "whatsappSticker":
		c = l.mediaIn(kind, f, ours)
	case "externalAttachment":
		c = l.attachment(f, ours)
	case "location":
		c = place(f)
	case "interactive":
		c = interactive(f)
	case "hsm":
		c = templateIn(f)
	case "email":
		c = email(f)
	case "whatsappText":
		var w struct {
			Text    *struct{ Body *string } `json:"text"`
			Context reference               `json:"context"`
		}
		if f.into(kind, &w) {
			quoted = w.Context.ID
			if w.Text != nil && w.Text.Body != nil {
				c = channels.Text{Body: *w.Text.Body}
			}
		}
	}
	if c == nil {
		c = channels.Unsupported{Type: kind, Fallback: sayable(raw)}
	}
	return c, quoted
}

type mediaWire struct {
	URL     loose `json:"url"`
	Link    loose `json:"link"` // of stickers
	Caption loose `json:"caption"`
}

func (l *line) mediaIn(kind string, f fields, ours bool) channels.Content {
	var w mediaWire
	if !f.into(kind, &w) {
		return nil
	}
	as := map[string]channels.MediaKind{"image": channels.Image, "video": channels.Video, "audio": channels.Audio,
		"file": channels.File, "whatsappSticker": channels.Sticker}[kind]
	if kind == "whatsappSticker" {
		w.URL = w.Link
	}
	return l.mediaOf(as, w, ours)
}

// attachment reads the form that e-mail has, as long as there is one file: a
// message with several is not one Media.
func (l *line) attachment(f fields, ours bool) channels.Content {
	var ws []mediaWire
	if !f.into("externalAttachments", &ws) || len(ws) != 1 {
		return nil
	}
	return l.mediaOf(channels.File, ws[0], ours)
}

// mediaOf makes the content of a file. What people send lies behind a link
// that needs no key, so it goes into Ref, which is never shown; what the agency
// sent is public, unless it lies there too.
func (l *line) mediaOf(as channels.MediaKind, w mediaWire, ours bool) channels.Content {
	if w.URL == "" {
		return nil
	}
	m := channels.Media{As: as, Ref: string(w.URL), Caption: string(w.Caption)}
	if ours && !l.p.keepsMedia(m.Ref) {
		m.Ref, m.URL = "", m.Ref
	}
	if as == channels.File && fileName(m.Caption) {
		m.Name, m.Caption = m.Caption, ""
	}
	return m
}

// keepsMedia reports whether the address is one of the host of media.
func (p *Provider) keepsMedia(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.EqualFold(u.Host, p.cfg.Endpoints.Media)
}

// fileName reports whether the caption of a file is its name, which is how
// WhatsApp's documents arrive.
func fileName(s string) bool {
	ext := path.Ext(s)
	return len(s) <= 255 && len(ext) > 1 && len(ext) <= 6 && len(ext) < len(s) && !strings.ContainsAny(s, "/\\\r\n") &&
		strings.Trim(ext[1:], alnum) == ""
}

const alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func place(f fields) channels.Content {
	var w struct{ Latitude, Longitude loose }
	if !f.into("location", &w) {
		return nil
	}
	lat, err1 := strconv.ParseFloat(string(w.Latitude), 64)
	lon, err2 := strconv.ParseFloat(string(w.Longitude), 64)
	inRange := lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 // false for what is not a number
	if err1 != nil || err2 != nil || !inRange {
		return nil
	}
	return channels.Location{Latitude: lat, Longitude: lon}
}

// interactive reads a tap on a choice, or the choices as we sent them.
func interactive(f fields) channels.Content {
	var w struct {
		Reply *struct {
			ID    string `json:"id"`
			Text  loose  `json:"text"`
			Title loose  `json:"title"`
		} `json:"reply"`
		choicesWire
	}
	switch {
	case !f.into("interactive", &w):
		return nil
	case w.Reply != nil && w.Reply.ID != "":
		chosen := channels.Chosen{ID: w.Reply.ID, Title: string(w.Reply.Text)}
		if chosen.Title == "" {
			chosen.Title = string(w.Reply.Title)
		}
		return chosen
	case w.Reply != nil:
		return nil
	}
	return w.choices()
}

// email is a Text where a text is all that came. A mail with files, or only in
// HTML, is more than the model holds.
func email(f fields) channels.Content {
	var w struct {
		Subject loose `json:"subject"`
		Content struct {
			Text loose `json:"text"`
		} `json:"content"`
		Attachments  []json.RawMessage `json:"attachments"`
		InlineImages []json.RawMessage `json:"inlineImages"`
	}
	if !f.into("email", &w) || w.Content.Text == "" || len(w.Attachments)+len(w.InlineImages) > 0 {
		return nil
	}
	body := string(w.Content.Text)
	if w.Subject != "" {
		body = string(w.Subject) + "\n\n" + body
	}
	return channels.Text{Body: body}
}

// sayable collects what a person could read in content that we do not know:
// the texts under the usual names, outer ones first.
func sayable(raw json.RawMessage) string {
	var texts []string
	level := []json.RawMessage{raw}
	for range 6 {
		var next []json.RawMessage
		for _, v := range level {
			var f fields
			var list []json.RawMessage
			if json.Unmarshal(v, &list) == nil {
				next = append(next, list...)
			}
			if json.Unmarshal(v, &f) != nil {
				continue
			}
			for _, name := range []string{"subject", "title", "text", "body", "caption", "description", "name"} {
				var s string
				if f.into(name, &s) && strings.TrimSpace(s) != "" {
					texts = append(texts, s)
				}
			}
			for _, name := range sortedNames(f) {
				next = append(next, f[name])
			}
		}
		level = next
	}
	return strings.Join(texts, "\n")
}
