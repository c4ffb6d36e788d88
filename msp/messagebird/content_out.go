package messagebird

import (
	"context"

	"github.com/liidestuja/liidestuja/channels"
)

// contentWire is what a message says on its way out: the field that its type
// names.
type contentWire struct {
	Text        *string       `json:"text,omitempty"`
	Image       *fileWire     `json:"image,omitempty"`
	Video       *fileWire     `json:"video,omitempty"`
	Audio       *fileWire     `json:"audio,omitempty"`
	File        *fileWire     `json:"file,omitempty"`
	Sticker     *stickerWire  `json:"whatsappSticker,omitempty"`
	Location    *placeWire    `json:"location,omitempty"`
	Interactive *choicesWire  `json:"interactive,omitempty"`
	Template    *templateWire `json:"hsm,omitempty"`
	Quote       *quoteWire    `json:"whatsappText,omitempty"`
}

type fileWire struct {
	URL     string `json:"url"`
	Caption string `json:"caption,omitempty"`
}

type stickerWire struct {
	Link string `json:"link"`
}

type placeWire struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

type quoteWire struct {
	Text    bodyWire    `json:"text"`
	Context contextWire `json:"context"`
}

type bodyWire struct {
	Body string `json:"body"`
}

type contextWire struct {
	ID string `json:"id"`
}

// encode writes content in the form of the wire, with the name of its type.
// It uploads a file that is not on the web.
func (l *line) encode(ctx context.Context, m channels.Outbound) (kind string, w contentWire, err *channels.Error) {
	whatsApp := l.info.Kind == channels.WhatsApp
	switch c := m.Content.(type) {
	case channels.Text:
		if whatsApp && l.conf.Quotes && m.ReplyTo != "" {
			return "whatsappText", contentWire{Quote: &quoteWire{bodyWire{c.Body}, contextWire{string(m.ReplyTo)}}}, nil
		}
		return "text", contentWire{Text: &c.Body}, nil
	case channels.Media:
		return l.encodeMedia(ctx, c)
	case channels.Location:
		return "location", contentWire{Location: &placeWire{c.Latitude, c.Longitude}}, nil
	case channels.Choices:
		if whatsApp && len(c.Options) > 0 {
			choices := l.choices(c)
			return "interactive", contentWire{Interactive: &choices}, nil
		}
	case channels.Template:
		if whatsApp {
			w.Template, err = l.template(ctx, c)
			return "hsm", w, err
		}
	}
	return "", w, l.refuse(channels.ErrUnsupported, "the kind of content")
}

func (l *line) encodeMedia(ctx context.Context, m channels.Media) (kind string, w contentWire, err *channels.Error) {
	if m.As == channels.Sticker && l.info.Kind != channels.WhatsApp {
		return "", w, l.refuse(channels.ErrUnsupported, "stickers are WhatsApp's")
	}
	address, err := l.address(ctx, m)
	if err != nil {
		return "", w, err
	}
	file := &fileWire{URL: address, Caption: m.Caption}
	switch m.As {
	case channels.Image:
		return "image", contentWire{Image: file}, nil
	case channels.Video:
		return "video", contentWire{Video: file}, nil
	case channels.Audio:
		return "audio", contentWire{Audio: file}, nil
	case channels.File:
		setDefault(&file.Caption, m.Name) // the only place for it
		return "file", contentWire{File: file}, nil
	case channels.Sticker:
		return "whatsappSticker", contentWire{Sticker: &stickerWire{address}}, nil
	}
	return "", w, l.refuse(channels.ErrUnsupported, "the kind of media")
}
