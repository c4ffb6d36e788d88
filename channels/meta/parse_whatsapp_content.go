package meta

import (
	"encoding/hex"
	"mime"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// contents reads what a message says, in at least one part: only cards come
// several at once. tap is true where a button answers a question of ours. It
// never fails: what cannot be read is Unsupported.
func (m *waMessage) contents(tap bool) []channels.Content {
	var c channels.Content
	switch {
	case m.Type == "contacts" && len(m.Cards) > 0:
		parts := make([]channels.Content, len(m.Cards))
		for i, card := range m.Cards {
			parts[i] = card.content()
		}
		return parts
	case m.Type == "text" && m.Text != nil && m.Text.Body != "":
		c = channels.Text{Body: string(m.Text.Body)}
	case m.Type == "location" && m.Location != nil:
		if place, ok := placeOf(m.Location.Latitude, m.Location.Longitude); ok {
			place.Name, place.Address = string(m.Location.Name), string(m.Location.Address)
			c = place
		}
	case m.Type == "interactive" && m.Interactive != nil:
		c = m.Interactive.content(tap)
	case m.Type == "button" && m.Button != nil:
		c = (&waReply{ID: m.Button.Payload, Title: m.Button.Text}).content(tap)
	case m.Type == "reaction" && m.Reaction != nil:
		c = channels.Reaction{To: channels.ProviderID(m.Reaction.To), Emoji: string(m.Reaction.Emoji)}
	case m.Type == "order" && m.Order != nil:
		c = m.Order.content()
	case m.Type == "unsupported" && m.Unsupported.Type != "":
		c = channels.Unsupported{Type: m.Unsupported.Type.Word()}
	default:
		c = m.media()
	}
	if c == nil {
		c = channels.Unsupported{Type: typeName(m.Type)}
	}
	return []channels.Content{c}
}

// media returns the file of a message, nil when it has none.
func (m *waMessage) media() channels.Content {
	kinds := map[loose]struct {
		as   channels.MediaKind
		file *waMedia
	}{
		"image": {channels.Image, m.Image}, "video": {channels.Video, m.Video}, "audio": {channels.Audio, m.Audio},
		"voice": {channels.Audio, m.Voice}, "document": {channels.File, m.Document}, "sticker": {channels.Sticker, m.Sticker},
	}
	k := kinds[m.Type]
	if k.file == nil || k.file.ID == "" {
		return nil
	}
	f := channels.Media{
		As: k.as, Ref: "id:" + string(k.file.ID), Name: string(k.file.Name), SHA256: sha256Of(string(k.file.SHA256)), Caption: string(k.file.Caption),
	}
	if t, _, err := mime.ParseMediaType(string(k.file.Type)); err == nil && strings.Contains(t, "/") {
		f.Type = t
	}
	return f
}

// sha256Of returns the hash in the form of channels.Media. Webhooks have it in
// base64, other answers in hex.
func sha256Of(s string) string {
	b, err := httpx.DecodeBase64(s)
	if err != nil || len(b) != 32 {
		b, err = httpx.DecodeHex(s)
	}
	if err != nil || len(b) != 32 {
		return ""
	}
	return hex.EncodeToString(b)
}

func (w *waInteractive) content(tap bool) channels.Content {
	switch {
	case w.Button != nil:
		return w.Button.content(tap)
	case w.List != nil:
		return w.List.content(tap)
	case w.Form != nil: // which this library sends none of
		return channels.Unsupported{Type: "nfm_reply", Fallback: lines(string(w.Form.Body), string(w.Form.Response))}
	}
	if w.Type == "" {
		return nil
	}
	return channels.Unsupported{Type: w.Type.Word()}
}

func (r *waReply) content(tap bool) channels.Content {
	switch {
	case r.ID != "" && tap:
		return channels.Chosen{ID: string(r.ID), Title: string(r.Title)}
	case r.Title != "":
		return channels.Text{Body: string(r.Title)}
	}
	return nil
}

func (o *waOrder) content() channels.Content {
	texts := []string{string(o.Text)}
	for _, item := range o.Items {
		texts = append(texts, strings.TrimSpace(string(item.Quantity)+" "+string(item.Product)))
	}
	return channels.Unsupported{Type: "order", Fallback: lines(texts...)}
}

func (c waCard) content() channels.Content {
	card := channels.ContactCard{Name: string(c.Name.Formatted)}
	if card.Name == "" {
		card.Name = strings.TrimSpace(string(c.Name.First) + " " + string(c.Name.Last))
	}
	if card.Name == "" {
		card.Name = string(c.Org.Company)
	}
	for _, p := range c.Phones {
		switch {
		case p.Phone != "":
			card.Phones = append(card.Phones, string(p.Phone))
		case p.WhatsApp != "":
			card.Phones = append(card.Phones, "+"+string(p.WhatsApp))
		}
	}
	for _, e := range c.Emails {
		if e.Email != "" {
			card.Emails = append(card.Emails, string(e.Email))
		}
	}
	return card
}
