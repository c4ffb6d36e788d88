package metatest

import (
	"slices"
)

// Limits of Messenger and Instagram.
const (
	maxText        = 2000 // characters
	maxTextBytes   = 1000 // of Instagram
	maxReplies     = 13
	maxTitle       = 20
	maxPayload     = 1000
	maxButtonText  = 640
	maxButtons     = 3
	maxElements    = 10
	maxElementText = 80
)

// offer is a choice that a message gives: a quick reply, a button, a row of a list.
type offer struct {
	id, title, description string
	how                    string // how the answer looks
}

// How a choice is answered.
const (
	howQuickReply = "quick_reply"
	howPostback   = "postback"
	howButton     = "button_reply"
	howList       = "list_reply"
	howTemplate   = "button"
)

// readContent checks the object "message" of Messenger and Instagram: a text or one attachment, and quick replies.
func (s *Server) readContent(c *call, a *account, msg fields, order *Sent) ([]offer, error) {
	if (msg.has("text", "attachment")) != 1 {
		return nil, wrongly("A message has either a text or an attachment.")
	}
	var offers []offer
	var err error
	if msg.has("text") > 0 {
		order.Type = "text"
		if a.product == instagram {
			if order.Text, err = msg.need("text", 0); err == nil && len(order.Text) > maxTextBytes {
				err = wrongly("Length of param message[text] must be at most %d bytes.", maxTextBytes)
			}
		} else {
			order.Text, err = msg.need("text", maxText)
		}
	} else {
		offers, err = s.readAttachment(c, a, msg, order)
	}
	if err != nil || msg.has("quick_replies") == 0 {
		return offers, err
	}
	replies, err := msg.list("quick_replies", maxReplies)
	if err != nil {
		return nil, err
	}
	for _, r := range replies {
		o, err := readQuickReply(r, a)
		if err != nil {
			return nil, err
		}
		offers = append(offers, o)
	}
	return offers, nil
}

func readQuickReply(r fields, a *account) (offer, error) {
	o := offer{how: howQuickReply}
	if err := r.only("quick_replies", "content_type", "title", "payload", "image_url"); err != nil {
		return o, err
	}
	kind := r.str("content_type")
	switch {
	case kind == "text":
	case a.product == messenger && (kind == "user_phone_number" || kind == "user_email"):
		o.id, o.title = kind, kind
		return o, nil
	default:
		return o, wrongly("Param quick_replies[content_type] %q is not allowed.", kind)
	}
	var err error
	if o.title, err = r.need("title", maxTitle); err != nil {
		return o, err
	}
	o.id, err = r.need("payload", maxPayload)
	return o, err
}

// readAttachment checks media, templates and Instagram's heart.
func (s *Server) readAttachment(c *call, a *account, msg fields, order *Sent) ([]offer, error) {
	at, err := msg.object("attachment", "type", "payload")
	if err != nil {
		return nil, err
	}
	order.Type = at.str("type")
	if order.Type == "like_heart" && a.product == instagram {
		return nil, at.only("attachment", "type")
	}
	if order.Type == "template" {
		return readMessengerTemplate(at, order)
	}
	if !slices.Contains([]string{"image", "video", "audio", "file"}, order.Type) {
		return nil, wrongly("Param attachment[type] %q is not allowed.", order.Type)
	}
	payload, err := at.object("payload", "url", "attachment_id", "is_reusable")
	if err != nil {
		return nil, err
	}
	if _, err := payload.flag("is_reusable"); err != nil {
		return nil, err
	}
	sources := payload.has("url", "attachment_id")
	if c.file != nil {
		sources++
	}
	if sources != 1 {
		return nil, wrongly("An attachment has a url, an attachment_id or a file.")
	}
	switch {
	case c.file != nil:
		return nil, checkAttachment(a.product == instagram || c.params.str("platform") == "instagram", order.Type, c.file)
	case payload.has("url") > 0:
		if !webURL(payload.str("url")) {
			return nil, wrongly("Param attachment[payload][url] must be an address.")
		}
	default:
		m := s.state.media[payload.str("attachment_id")]
		if m == nil || m.account != a && m.account.id != a.page || m.kind != order.Type {
			return nil, wrongly("Param attachment[payload][attachment_id] is not an attachment of this type.")
		}
	}
	return nil, nil
}

// readMessengerTemplate checks the button template and the generic one.
func readMessengerTemplate(at fields, order *Sent) ([]offer, error) {
	payload, err := at.object("payload", "template_type", "text", "buttons", "elements", "sharable", "image_aspect_ratio")
	if err != nil {
		return nil, err
	}
	switch payload.str("template_type") {
	case "button":
		if order.Text, err = payload.need("text", maxButtonText); err != nil {
			return nil, err
		}
		return readButtons(payload)
	case "generic":
		elements, err := payload.list("elements", maxElements)
		if err != nil {
			return nil, err
		}
		var offers []offer
		for _, e := range elements {
			more, title, err := readElement(e)
			if err != nil {
				return nil, err
			}
			setDefault(&order.Text, title)
			offers = append(offers, more...)
		}
		return offers, nil
	}
	return nil, wrongly("Param payload[template_type] must be button or generic.")
}

func readElement(e fields) ([]offer, string, error) {
	if err := e.only("elements", "title", "subtitle", "image_url", "default_action", "buttons"); err != nil {
		return nil, "", err
	}
	title, err := e.need("title", maxElementText)
	if err != nil {
		return nil, "", err
	}
	if _, err := e.upTo("subtitle", maxElementText); err != nil || e.has("buttons") == 0 {
		return nil, title, err
	}
	offers, err := readButtons(e)
	return offers, title, err
}

func readButtons(f fields) ([]offer, error) {
	buttons, err := f.list("buttons", maxButtons)
	if err != nil {
		return nil, err
	}
	var offers []offer
	for _, b := range buttons {
		if err := b.only("buttons", "type", "title", "payload", "url", "webview_height_ratio"); err != nil {
			return nil, err
		}
		title, err := b.need("title", maxTitle)
		if err != nil {
			return nil, err
		}
		switch b.str("type") {
		case "postback":
			id, err := b.need("payload", maxPayload)
			if err != nil {
				return nil, err
			}
			offers = append(offers, offer{id: id, title: title, how: howPostback})
		case "web_url":
			if !webURL(b.str("url")) {
				return nil, wrongly("Param buttons[url] must be an address.")
			}
		case "phone_number":
			if _, err := b.need("payload", maxTitle); err != nil {
				return nil, err
			}
		default:
			return nil, wrongly("Param buttons[type] must be postback, web_url or phone_number.")
		}
	}
	return offers, nil
}
