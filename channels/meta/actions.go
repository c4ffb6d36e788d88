package meta

import (
	"context"

	"github.com/liidestuja/liidestuja/channels"
)

// Marker is a further operation of every line, found with channels.As.
type Marker interface {
	// MarkRead shows a person that their messages up to last, a
	// channels.Received.ID, were read. With typing it also shows that an answer
	// is being written, for some 20 seconds or until it comes.
	MarkRead(ctx context.Context, to channels.Address, last channels.ProviderID, typing bool) error
}

// outMark is a request of WhatsApp that sends nothing.
type outMark struct {
	Product   string     `json:"messaging_product"`
	Status    string     `json:"status"`
	MessageID string     `json:"message_id"`
	Typing    *outTyping `json:"typing_indicator,omitempty"`
	proved
}

type outTyping struct {
	Type string `json:"type"` // "text"
}

// Typing shows that an answer is being written. WhatsApp shows it only as an
// answer to a message that it marks as read, so there Typing is refused as
// unsupported, and MarkRead does it. It implements channels.Typer.
func (l *line) Typing(ctx context.Context, to channels.Address) error {
	if l.info.Kind == channels.WhatsApp {
		return l.refuse("typing", channels.ErrUnsupported, "WhatsApp needs the message that is answered")
	}
	return orNil(l.act(ctx, "typing", to, "typing_on"))
}

// MarkRead implements Marker.
func (l *line) MarkRead(ctx context.Context, to channels.Address, last channels.ProviderID, typing bool) error {
	if l.info.Kind != channels.WhatsApp {
		err := l.act(ctx, "read", to, "mark_seen")
		if err == nil && typing {
			err = l.act(ctx, "read", to, "typing_on")
		}
		return orNil(err)
	}
	if last == "" {
		return l.refuse("read", channels.ErrMalformed, "no message to mark")
	}
	w := &outMark{Product: "whatsapp", Status: "read", MessageID: string(last)}
	if typing {
		w.Typing = &outTyping{"text"}
	}
	return orNil(harmless(l.post(ctx, "read", "/"+l.conf.Account+"/messages", w, &struct{}{})))
}

// act sends an action to a person on Messenger or Instagram.
func (l *line) act(ctx context.Context, op string, to channels.Address, action string) *channels.Error {
	order := &pageOrder{Recipient: idWire{string(to.Peer)}, Action: action}
	return harmless(l.post(ctx, op, l.node()+"/messages", order, &struct{}{}))
}

// Erase says that Meta erases nothing: no product lets a message or a
// conversation be removed for both sides. It implements channels.Eraser.
func (l *line) Erase(context.Context, channels.Address, string) (channels.Erasure, error) {
	return channels.NotErasable, nil
}
