package meta

import (
	"context"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// pageOrder is a request of Messenger or Instagram: a message or an action.
type pageOrder struct {
	Recipient idWire      `json:"recipient"`
	Type      string      `json:"messaging_type,omitempty"`
	Tag       string      `json:"tag,omitempty"`
	Message   *outMessage `json:"message,omitempty"`
	ReplyTo   *midWire    `json:"reply_to,omitempty"`
	Action    string      `json:"sender_action,omitempty"`
	Payload   *actOn      `json:"payload,omitempty"`
	proved
}

type idWire struct {
	ID string `json:"id"`
}

type midWire struct {
	MID string `json:"mid"`
}

// actOn is the message that a reaction is on.
type actOn struct {
	MessageID string `json:"message_id"`
	Reaction  string `json:"reaction,omitempty"`
}

// outMessage has a text or an attachment.
type outMessage struct {
	Text         string         `json:"text,omitempty"`
	Attachment   *outAttachment `json:"attachment,omitempty"`
	QuickReplies []outQuick     `json:"quick_replies,omitempty"`
	Metadata     string         `json:"metadata,omitempty"`
}

type outAttachment struct {
	Type    string     `json:"type"`
	Payload outPayload `json:"payload"`
}

type outPayload struct {
	URL      string `json:"url,omitempty"`
	ID       string `json:"attachment_id,omitempty"`
	Reusable bool   `json:"is_reusable,omitempty"`
}

type outQuick struct {
	ContentType string `json:"content_type"`
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

// node is whose messages are sent. A page's token stands for the Instagram
// account that is linked with the page, whose own id Messenger's API does not
// take.
func (l *line) node() string {
	if l.info.Kind == channels.Instagram && !l.conf.InstagramLogin {
		return "/me"
	}
	return "/" + l.conf.Account
}

// sendPage sends on Messenger and Instagram.
func (l *line) sendPage(ctx context.Context, m channels.Outbound) (channels.ProviderID, *channels.Error) {
	if r, ok := m.Content.(channels.Reaction); ok {
		return l.react(ctx, m, r)
	}
	order := &pageOrder{Recipient: idWire{string(m.To.Peer)}}
	if err := l.frame(order, m); err != nil {
		return "", err
	}
	var err *channels.Error
	if order.Message, err = l.pageMessage(ctx, m.Content); err != nil {
		return "", err
	}
	if !l.conf.InstagramLogin {
		order.Message.Metadata = m.Ref()
	}
	if m.ReplyTo != "" && l.quotes() {
		order.ReplyTo = &midWire{string(m.ReplyTo)}
	}
	var w struct {
		ID string `json:"message_id"`
	}
	if err := l.post(ctx, "send", l.node()+"/messages", order, &w); err != nil {
		if m.Extended || l.info.Capabilities.Window.Value.HumanAgent == 0 {
			err.Instead = slices.DeleteFunc(err.Instead, func(a channels.Alternative) bool { return a == channels.UseHumanAgent })
		}
		return "", err
	}
	if w.ID == "" {
		return "", l.nameless()
	}
	return channels.ProviderID(w.ID), nil
}

// quotes reports whether a reply may name the message that it answers.
func (l *line) quotes() bool {
	q := l.info.Capabilities.Quote
	return q.Known() && q.Value
}

// frame says by which right the message is sent: as an answer within the reply
// window; as an update when no person or bot answers but the system has news,
// within the same window; or after it under the human agent's tag, which is for
// text that a person wrote and, for anything else, against Meta's policy.
func (l *line) frame(o *pageOrder, m channels.Outbound) *channels.Error {
	_, text := m.Content.(channels.Text)
	switch {
	case m.Extended && (m.Author != channels.Person || !text):
		e := l.refuse("send", channels.ErrWindowClosed, "only a person's text is sent after the reply window")
		e.Instead = []channels.Alternative{channels.UseHumanAgent, channels.UseOtherChannel}
		return e
	case m.Extended:
		o.Type, o.Tag = "MESSAGE_TAG", "HUMAN_AGENT"
	case l.info.Kind == channels.Instagram: // which knows the tag only
	case m.Author == channels.System:
		o.Type = "UPDATE"
	default:
		o.Type = "RESPONSE"
	}
	return nil
}

func (l *line) pageMessage(ctx context.Context, c channels.Content) (*outMessage, *channels.Error) {
	switch c := c.(type) {
	case channels.Text:
		return &outMessage{Text: c.Body}, nil
	case channels.Choices:
		return l.quickReplies(c)
	case channels.Media:
		return l.pageMedia(ctx, c)
	}
	return nil, l.unsendable("the kind of content")
}

// quickReplies shows the options below the text until one is tapped.
func (l *line) quickReplies(c channels.Choices) (*outMessage, *channels.Error) {
	if c.Header != "" || c.Footer != "" || !l.info.Capabilities.Choices.Value.FitsButtons(c) {
		return nil, l.unsendable("quick replies have titles only")
	}
	m := &outMessage{Text: c.Body}
	for _, o := range c.Options {
		m.QuickReplies = append(m.QuickReplies, outQuick{ContentType: "text", Title: o.Title, Payload: o.ID})
	}
	return m, nil
}

func (l *line) pageMedia(ctx context.Context, m channels.Media) (*outMessage, *channels.Error) {
	switch m.As {
	case channels.Image, channels.Video, channels.Audio, channels.File: // by the same names
	default:
		return nil, l.unsendable("the kind of media")
	}
	if m.Caption != "" {
		return nil, l.unsendable("a file has no caption")
	}
	a := &outAttachment{Type: string(m.As)}
	var err *channels.Error
	if m.URL != "" {
		a.Payload.URL, err = l.webAddress(m.URL)
	} else {
		a.Payload.ID, err = l.uploadPage(ctx, m)
	}
	return &outMessage{Attachment: a}, err
}

// react puts an emoji on a message, or takes it back. It is answered without an
// id, and nothing is reported of it later: the receipt's id is our own.
func (l *line) react(ctx context.Context, m channels.Outbound, r channels.Reaction) (channels.ProviderID, *channels.Error) {
	on := &actOn{MessageID: string(r.To), Reaction: r.Emoji}
	order := &pageOrder{Recipient: idWire{string(m.To.Peer)}, Action: "react", Payload: on}
	switch {
	case m.Extended:
		return "", l.frame(order, m)
	case r.Emoji == "":
		order.Action = "unreact"
	case l.info.Kind == channels.Instagram:
		if r.Emoji != "❤" && r.Emoji != "❤️" {
			return "", l.unsendable("Instagram takes a heart only")
		}
		on.Reaction = "love"
	}
	if err := l.post(ctx, "send", l.node()+"/messages", order, &struct{}{}); err != nil {
		return "", err
	}
	return channels.ProviderID("reaction:" + m.Ref()), nil
}
