package bird

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// body is what a message says: the field that its type names.
type body struct {
	Type     loose     `json:"type"`
	Text     *textIn   `json:"text"`
	Image    *imageIn  `json:"image"`
	File     *fileIn   `json:"file"`
	Location *placeIn  `json:"location"`
	List     *listWire `json:"list"`
	HTML     *htmlIn   `json:"html"`
}

type textIn struct {
	Text    spoken       `json:"text"`
	Actions []actionWire `json:"actions"`
}

// spoken is a string, and whether there is one: an empty text is a text, a number
// is none.
type spoken struct {
	text string
	is   bool
}

func (s *spoken) UnmarshalJSON(b []byte) error {
	*s = spoken{}
	if b[0] == '"' {
		*s = spoken{httpx.Unquote(b), true}
	}
	return nil
}

type imageIn struct {
	Text   loose    `json:"text"`
	Images []fileAt `json:"images"`
}

type fileIn struct {
	Text  loose    `json:"text"`
	Files []fileAt `json:"files"`
}

type fileAt struct {
	URL  loose `json:"mediaUrl"`
	Type loose `json:"contentType"`
	Name loose `json:"filename"`
}

type placeIn struct {
	Coordinates struct {
		Latitude  loose `json:"latitude"`
		Longitude loose `json:"longitude"`
	} `json:"coordinates"`
	Named struct {
		Address loose `json:"address"`
		Label   loose `json:"label"`
	} `json:"location"`
}

type htmlIn struct {
	Text     loose `json:"text"`
	Metadata struct {
		Subject loose `json:"subject"`
	} `json:"metadata"`
	Attachments []json.RawMessage `json:"attachments"`
}

// contents reads what a person wrote, one content for each file. It never fails:
// what cannot be read is Unsupported.
func (l *line) contents(m *message, raw []byte) []channels.Content {
	switch {
	case m.Body.Type == "text" && m.Body.Text != nil && m.Body.Text.Text.is:
		return []channels.Content{l.written(m)}
	case m.Body.Type == "image" && m.Body.Image != nil:
		if files := l.files(m, m.Body.Image.Images, string(m.Body.Image.Text), false); files != nil {
			return files
		}
	case m.Body.Type == "file" && m.Body.File != nil:
		if files := l.files(m, m.Body.File.Files, string(m.Body.File.Text), false); files != nil {
			return files
		}
	default:
		if c := l.other(m); c != nil {
			return []channels.Content{c}
		}
	}
	return []channels.Content{unsupported(m, raw)}
}

// written reads a text, or the tap on an option, which comes as the text of it.
func (l *line) written(m *message) channels.Content {
	text, extra := m.Body.Text.Text.text, m.Meta.Extra
	if l.conf.Choices == Postbacks {
		id := extra.Button
		if extra.Tap == "list_reply" {
			id = extra.Row
		}
		if id != "" {
			return channels.Chosen{ID: string(id), Title: text}
		}
		if a := m.Body.Text.Actions; len(a) == 1 && a[0].Postback != nil && a[0].Postback.Payload != "" {
			return channels.Chosen{ID: a[0].Postback.Payload, Title: text}
		}
	}
	return channels.Text{Body: text}
}

// sent reads what the agency sent, by us or by another application.
func (l *line) sent(m *message, raw []byte) channels.Content {
	var c channels.Content
	switch {
	case m.Template != nil && m.Template.Project != "":
		return l.template(m.Template)
	case m.Body.Type == "text" && m.Body.Text != nil && m.Body.Text.Text.is:
		if c = offered(m.Body.Text.Text.text, m.Body.Text.Actions); c == nil {
			c = channels.Text{Body: m.Body.Text.Text.text}
		}
	case m.Body.Type == "list" && m.Body.List != nil:
		c = m.Body.List.choices()
	case m.Body.Type == "image" && m.Body.Image != nil:
		c = only(l.files(m, m.Body.Image.Images, string(m.Body.Image.Text), true))
	case m.Body.Type == "file" && m.Body.File != nil:
		c = only(l.files(m, m.Body.File.Files, string(m.Body.File.Text), true))
	default:
		c = l.other(m)
	}
	if c == nil {
		c = unsupported(m, raw)
	}
	return c
}

// only returns the one content of a message; nil where there are more.
func only(all []channels.Content) channels.Content {
	if len(all) != 1 {
		return nil
	}
	return all[0]
}

// other reads the contents that look the same in both directions.
func (l *line) other(m *message) channels.Content {
	switch w := m.Body; {
	case w.Type == "location" && w.Location != nil:
		return w.Location.place()
	case w.Type == "html" && w.HTML != nil && w.HTML.Text != "" && len(w.HTML.Attachments) == 0:
		text := string(w.HTML.Text)
		if s := w.HTML.Metadata.Subject; s != "" {
			text = string(s) + "\n\n" + text
		}
		return channels.Text{Body: text}
	}
	return nil
}

// files reads the files of a message, of which the first has the caption; nil
// when one of them has no address. What people send lies behind Bird's key, and
// its link goes into Ref, which is never shown; what the agency sent is public,
// unless it lies there too.
func (l *line) files(m *message, all []fileAt, caption string, ours bool) []channels.Content {
	var contents []channels.Content
	for _, f := range all {
		if f.URL == "" {
			return nil
		}
		c := channels.Media{As: shown(m, f), Ref: string(f.URL), Name: string(f.Name), Caption: caption}
		if ours && !l.p.keepsMedia(c.Ref) {
			c.Ref, c.URL = "", c.Ref
		}
		contents = append(contents, c)
		caption = ""
	}
	return contents
}

// shown says how a file is shown, by the type that Bird tells. A sticker is a
// picture of which WhatsApp's own kind is not told.
func shown(m *message, f fileAt) channels.MediaKind {
	major, _, _ := strings.Cut(string(f.Type), "/")
	switch {
	case m.Body.Type == "image", major == "image" && f.Type != "image/webp":
		return channels.Image
	case f.Type == "image/webp" && m.Meta.Extra.Media == "":
		return channels.Sticker
	case major == "image":
		return channels.Image
	case major == "video":
		return channels.Video
	case major == "audio":
		return channels.Audio
	}
	return channels.File
}

// keepsMedia reports whether the address is one of the host of media.
func (p *Provider) keepsMedia(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.EqualFold(u.Host, p.cfg.Endpoints.Media)
}

func (w placeIn) place() channels.Content {
	lat, err1 := strconv.ParseFloat(string(w.Coordinates.Latitude), 64)
	lon, err2 := strconv.ParseFloat(string(w.Coordinates.Longitude), 64)
	inRange := lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180 // false for what is not a number
	if err1 != nil || err2 != nil || !inRange {
		return nil
	}
	return channels.Location{Latitude: lat, Longitude: lon, Name: string(w.Named.Label), Address: string(w.Named.Address)}
}

// unsupported stands for what is not known, with all that a person could read
// in it. It is rare, so the body is decoded once more for it.
func unsupported(m *message, raw []byte) channels.Content {
	u := channels.Unsupported{Type: string(m.Body.Type)}
	setDefault(&u.Type, "unknown")
	var w struct {
		Payload struct {
			Body json.RawMessage `json:"body"`
		} `json:"payload"`
	}
	if json.Unmarshal(raw, &w) == nil {
		u.Fallback = sayable(w.Payload.Body)
	}
	return u
}

// sayable collects the texts under the usual names, outer ones first.
func sayable(raw json.RawMessage) string {
	var texts []string
	level := []json.RawMessage{raw}
	for range 6 {
		var next []json.RawMessage
		for _, v := range level {
			var f map[string]json.RawMessage
			var list []json.RawMessage
			if json.Unmarshal(v, &list) == nil {
				next = append(next, list...)
			}
			if json.Unmarshal(v, &f) != nil {
				continue
			}
			for _, name := range []string{"subject", "title", "text", "caption", "description", "name"} {
				var s string
				if json.Unmarshal(f[name], &s) == nil && strings.TrimSpace(s) != "" {
					texts = append(texts, s)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(f)) {
				next = append(next, f[name])
			}
		}
		level = next
	}
	return strings.Join(texts, "\n")
}
