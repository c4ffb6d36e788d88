package meta

import (
	"context"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// outOrder is a message of WhatsApp: the field that its type names.
type outOrder struct {
	Product       string `json:"messaging_product"`
	RecipientType string `json:"recipient_type"`
	To            string `json:"to,omitempty"`
	Recipient     string `json:"recipient,omitempty"`
	Type          string `json:"type"`
	outContent
	Context *outContext `json:"context,omitempty"`
	Ref     string      `json:"biz_opaque_callback_data,omitempty"`
	proved
}

type outContent struct {
	Text        *outText     `json:"text,omitempty"`
	Image       *outFile     `json:"image,omitempty"`
	Video       *outFile     `json:"video,omitempty"`
	Audio       *outFile     `json:"audio,omitempty"`
	Document    *outFile     `json:"document,omitempty"`
	Sticker     *outFile     `json:"sticker,omitempty"`
	Location    *outPlace    `json:"location,omitempty"`
	Contacts    []outCard    `json:"contacts,omitempty"`
	Reaction    *outReaction `json:"reaction,omitempty"`
	Interactive *outChoices  `json:"interactive,omitempty"`
	Template    *outTemplate `json:"template,omitempty"`
}

type outContext struct {
	MessageID string `json:"message_id"`
}

// outText has no preview of the page that a link leads to: Meta would fetch it.
type outText struct {
	Body    string `json:"body"`
	Preview bool   `json:"preview_url"`
}

type outFile struct {
	ID      string `json:"id,omitempty"`
	Link    string `json:"link,omitempty"`
	Caption string `json:"caption,omitempty"`
	Name    string `json:"filename,omitempty"`
}

type outPlace struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

type outReaction struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"` // empty takes it back
}

type outCard struct {
	Name   outName    `json:"name"`
	Phones []outPhone `json:"phones,omitempty"`
	Emails []outEmail `json:"emails,omitempty"`
}

// outName must have a part beside the whole.
type outName struct {
	Formatted string `json:"formatted_name"`
	First     string `json:"first_name"`
}

type outPhone struct {
	Phone string `json:"phone"`
}

type outEmail struct {
	Email string `json:"email"`
}

// sendWhatsApp sends on WhatsApp. That the message is held until the quality of
// its template is known is told in the answer too; it is still sent or reported
// as failed, and a late failure beats the receipt.
func (l *line) sendWhatsApp(ctx context.Context, m channels.Outbound) (channels.ProviderID, *channels.Error) {
	order := &outOrder{Product: "whatsapp", RecipientType: "individual", Ref: m.Ref()}
	peer := string(m.To.Peer)
	switch digits := strings.TrimPrefix(peer, "+"); {
	case businessScoped(peer):
		order.Recipient = peer
	case number(digits):
		order.To = digits
	default: // a form of another provider's, that had the line before
		return "", l.refuse("send", channels.ErrUnreachable, "nobody's WhatsApp id")
	}
	if m.Extended {
		return "", l.refuse("send", channels.ErrWindowClosed, "WhatsApp has no extension of the window")
	}
	var err *channels.Error
	if order.Type, order.outContent, err = l.outContent(ctx, m.Content); err != nil {
		return "", err
	}
	if m.ReplyTo != "" && order.Reaction == nil {
		order.Context = &outContext{string(m.ReplyTo)}
	}
	var w struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	if err := l.post(ctx, "send", "/"+l.conf.Account+"/messages", order, &w); err != nil {
		return "", err
	}
	if len(w.Messages) != 1 || w.Messages[0].ID == "" {
		return "", l.nameless()
	}
	return channels.ProviderID(w.Messages[0].ID), nil
}

// businessScoped reports whether a peer is a business-scoped user id, such as
// "EE.1234", by which WhatsApp names people who show no phone number.
func businessScoped(peer string) bool {
	country := func(b byte) bool { return b >= 'A' && b <= 'Z' }
	return len(peer) > 3 && country(peer[0]) && country(peer[1]) && peer[2] == '.'
}

// outContent writes content in the form of the wire, with the name of its type.
// It uploads a file that is not on the web.
func (l *line) outContent(ctx context.Context, c channels.Content) (kind string, w outContent, err *channels.Error) {
	switch c := c.(type) {
	case channels.Text:
		return "text", outContent{Text: &outText{Body: c.Body}}, nil
	case channels.Media:
		return l.outMedia(ctx, c)
	case channels.Location:
		return "location", outContent{Location: &outPlace{c.Latitude, c.Longitude, c.Name, c.Address}}, nil
	case channels.ContactCard:
		return "contacts", outContent{Contacts: []outCard{card(c)}}, nil
	case channels.Choices:
		w.Interactive, err = l.choices(c)
		return "interactive", w, err
	case channels.Reaction:
		return "reaction", outContent{Reaction: &outReaction{string(c.To), c.Emoji}}, nil
	case channels.Template:
		w.Template, err = l.template(ctx, c)
		return "template", w, err
	}
	return "", w, l.unsendable("the kind of content")
}

func card(c channels.ContactCard) outCard {
	w := outCard{Name: outName{Formatted: c.Name, First: c.Name}}
	for _, p := range c.Phones {
		w.Phones = append(w.Phones, outPhone{p})
	}
	for _, e := range c.Emails {
		w.Emails = append(w.Emails, outEmail{e})
	}
	return w
}

func (l *line) outMedia(ctx context.Context, m channels.Media) (kind string, w outContent, err *channels.Error) {
	if m.Caption != "" && (m.As == channels.Audio || m.As == channels.Sticker) {
		return "", w, l.unsendable("a sound or sticker has no caption")
	}
	kind, field := w.file(m.As)
	if field == nil {
		return "", w, l.unsendable("the kind of media")
	}
	file, err := l.outFile(ctx, m)
	if err != nil {
		return "", w, err
	}
	*field = file
	return kind, w, nil
}

// file returns the name of a kind of media, and its field; nil when it has
// none.
func (w *outContent) file(as channels.MediaKind) (kind string, field **outFile) {
	switch as {
	case channels.Image:
		return "image", &w.Image
	case channels.Video:
		return "video", &w.Video
	case channels.Audio:
		return "audio", &w.Audio
	case channels.File:
		return "document", &w.Document
	case channels.Sticker:
		return "sticker", &w.Sticker
	}
	return "", nil
}

// outFile names a file by its address, or by the id of its upload.
func (l *line) outFile(ctx context.Context, m channels.Media) (*outFile, *channels.Error) {
	f := &outFile{Caption: m.Caption}
	if m.As == channels.File {
		f.Name = m.Name
	}
	var err *channels.Error
	if m.URL != "" {
		f.Link, err = l.webAddress(m.URL)
	} else {
		f.ID, err = l.uploadWhatsApp(ctx, m)
	}
	return f, err
}
