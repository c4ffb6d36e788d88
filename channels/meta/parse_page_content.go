package meta

import (
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// pageContents reads what a message of Messenger or Instagram says, in at least
// one part: a file carries the text that came with it, everything else stands
// for itself. tap is true where a quick reply answers a question of ours.
func (l *line) pageContents(m *pageMessage, tap bool) []channels.Content {
	var parts []channels.Content
	sticker := loose("")
	for i := range m.Attachments {
		a := &m.Attachments[i]
		// A sticker came under two types at once, as itself and as a picture.
		if id := a.Payload.Sticker; id != "" && id == sticker {
			continue
		}
		sticker = a.Payload.Sticker
		if a.Type == "fallback" && a.previews(string(m.Text)) {
			continue
		}
		parts = append(parts, l.attachment(a))
	}
	switch {
	case tap && m.QuickReply != nil && m.QuickReply.Payload != "":
		parts = before(channels.Chosen{ID: string(m.QuickReply.Payload), Title: string(m.Text)}, parts)
	case m.Text != "" && len(parts) > 0:
		if file, ok := parts[0].(channels.Media); ok && file.Caption == "" {
			file.Caption = string(m.Text)
			parts[0] = file
			break
		}
		fallthrough
	case m.Text != "":
		parts = before(channels.Text{Body: string(m.Text)}, parts)
	case len(parts) == 0 && bool(m.Unsupported): // Meta says so
		parts = []channels.Content{channels.Unsupported{Type: "unsupported"}}
	case len(parts) == 0: // it is new
		parts = []channels.Content{channels.Unsupported{Type: "message"}}
	}
	return parts
}

func before(c channels.Content, parts []channels.Content) []channels.Content {
	return append([]channels.Content{c}, parts...)
}

// attachment never fails: what cannot be read is Unsupported.
func (l *line) attachment(a *pageAttachment) channels.Content {
	kind, title := typeName(a.Type), string(a.Payload.Title)
	if title == "" {
		title = string(a.Title)
	}
	address := string(a.Payload.URL)
	if address == "" {
		address = string(a.URL)
	}
	if c := a.Payload.Coordinates; kind == "location" && c != nil {
		if place, ok := placeOf(c.Latitude, c.Longitude); ok {
			place.Name = title
			return place
		}
	}
	as := a.mediaKind()
	if as != "" && l.fetchable(address) {
		m := channels.Media{As: as, Ref: "url:" + address, Caption: title}
		if kind == "file" {
			m.Name, m.Caption = fileName(title, address), ""
		}
		return m
	}
	u := channels.Unsupported{Type: kind, Fallback: title}
	switch kind {
	case "like_heart":
		u.Fallback = "❤"
	case "fallback": // the preview of a link, which is public
		u.Fallback = lines(title, address)
	case "template": // among the echoes
		u.Fallback = lines(title, string(a.Payload.Text))
	}
	return u
}

// mediaKind is the kind of file that is attached, "" for none.
func (a *pageAttachment) mediaKind() channels.MediaKind {
	switch a.Type {
	case "sticker":
		return channels.Sticker
	case "image":
		if a.Payload.Sticker != "" {
			return channels.Sticker
		}
		return channels.Image
	case "video", "reel", "ig_reel":
		return channels.Video
	case "audio":
		return channels.Audio
	case "file", "post", "ig_post", "share", "story_mention", "ephemeral": // of posts and stories, a picture or a film
		return channels.File
	}
	return ""
}

// typeName is Meta's name of what we cannot show.
func typeName(l loose) string {
	if l == "" {
		return "unknown"
	}
	return l.Word()
}

// fetchable reports whether an address can be downloaded at all: it came
// without a host, and null, too.
func (l *line) fetchable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && l.app.cfg.InsecureHTTP)
}

// fileName is the name that came, or else the one at the end of the link.
func fileName(title, address string) string {
	if title != "" {
		return title
	}
	if u, err := url.Parse(address); err == nil && path.Ext(u.Path) != "" {
		return path.Base(u.Path)
	}
	return ""
}

// previews reports whether the attachment only shows a link that the text has,
// itself or behind Meta's own redirection.
func (a *pageAttachment) previews(text string) bool {
	address := string(a.Payload.URL)
	if address == "" {
		address = string(a.URL)
	}
	if u, err := url.Parse(address); err == nil && strings.HasPrefix(u.Host, "l.") && u.Query().Get("u") != "" {
		address = u.Query().Get("u")
	}
	return address != "" && strings.Contains(text, strings.TrimSuffix(address, "/"))
}

// placeOf reads coordinates in degrees.
func placeOf(latitude, longitude loose) (channels.Location, bool) {
	lat, err1 := strconv.ParseFloat(string(latitude), 64)
	lon, err2 := strconv.ParseFloat(string(longitude), 64)
	inRange := lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 // false for what is not a number
	if err1 != nil || err2 != nil || !inRange {
		return channels.Location{}, false
	}
	return channels.Location{Latitude: lat, Longitude: lon}, true
}

// lines joins the texts that are there.
func lines(texts ...string) string {
	var there []string
	for _, t := range texts {
		if t != "" {
			there = append(there, t)
		}
	}
	return strings.Join(there, "\n")
}
