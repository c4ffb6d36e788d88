package metatest

import (
	"slices"
)

// Limits of WhatsApp messages, in characters.
const (
	waText        = 4096
	waCaption     = 1024
	waBody        = 1024
	waTemplate    = 950 // of a template with its parameters; 1024 is told too
	waEdge        = 60  // of a header or footer
	waButton      = 20
	waButtonID    = 256
	waRowID       = 200
	waRow         = 24
	waDescription = 72
	waRows        = 10
	waFlow        = 30
)

// readType checks the value of a message's type, templates apart.
func (s *Server) readType(a *account, v fields, order *Sent) ([]offer, *fault) {
	var offers []offer
	var err error
	switch order.Type {
	case "text":
		if err = v.only("text", "body", "preview_url"); err == nil {
			order.Text, err = v.need("body", 0)
		}
		if units(order.Text) > waText {
			return nil, invalid("Param text['body'] must be at most %d characters long.", waText)
		}
		if _, flag := v.flag("preview_url"); err == nil {
			err = flag
		}
	case "image", "video", "audio", "document", "sticker":
		return nil, s.readMediaMessage(a, v, order)
	case "location":
		order.Text, err = readLocation(v)
	case "contacts":
		order.Text, err = readContacts(v)
	case "reaction":
		if err = v.only("reaction", "message_id", "emoji"); err == nil {
			order.Text = v.str("emoji")
			m := s.state.messages[v.str("message_id")]
			if m == nil || m.account != a || v.has("emoji") == 0 {
				err = wrongly("Param reaction needs an emoji and the message_id of a message.")
			}
		}
	case "interactive":
		offers, err = readInteractive(v, order)
	default:
		return nil, wrong(131051, "Message type is not supported.")
	}
	if err != nil {
		return nil, waFault(err)
	}
	return offers, nil
}

// readMediaMessage checks a file, by id or by link.
func (s *Server) readMediaMessage(a *account, v fields, order *Sent) *fault {
	known := []string{"id", "link"}
	if order.Type != "audio" && order.Type != "sticker" {
		known = append(known, "caption")
	}
	if order.Type == "document" {
		known = append(known, "filename")
	}
	if order.Type == "audio" {
		known = append(known, "voice")
	}
	err := v.only(order.Type, known...)
	if err == nil {
		order.Text, err = v.upTo("caption", waCaption)
	}
	if err != nil {
		return waFault(err)
	}
	return s.checkMediaRef(a, order.Type, v)
}

// checkMediaRef checks the reference to a file: an id of the account, or a link.
func (s *Server) checkMediaRef(a *account, kind string, v fields) *fault {
	if v.has("id", "link") != 1 {
		return wrong(codeMissing, "Param %s needs one of id and link.", kind)
	}
	if v.has("link") > 0 {
		if !webURL(v.str("link")) {
			return wrong(codeInvalid, "Param %s['link'] is not a valid URI.", kind)
		}
		return nil
	}
	m := s.state.media[v.str("id")]
	if m == nil || m.account != a || m.gone(s.now()) {
		return wrong(codeInvalid, "Param %s['id'] is not a media id of this number.", kind)
	}
	if !fits(kind, m.contentType) {
		return wrong(131053, "Media of type %s cannot be sent as %s.", m.contentType, kind)
	}
	return nil
}

func readLocation(v fields) (string, error) {
	if err := v.only("location", "latitude", "longitude", "name", "address"); err != nil {
		return "", err
	}
	if _, err := v.number("latitude", -90, 90); err != nil {
		return "", err
	}
	_, err := v.number("longitude", -180, 180)
	return v.str("name"), err
}

func readContacts(v fields) (string, error) {
	cards, err := v.list("contacts", 0)
	if err != nil {
		return "", err
	}
	first := ""
	for _, card := range cards {
		if err := card.only("contacts", "name", "phones", "emails", "urls", "addresses", "org", "birthday"); err != nil {
			return "", err
		}
		name, err := card.object("name", "formatted_name", "first_name", "last_name", "middle_name", "prefix", "suffix")
		if err == nil && name == nil {
			err = missing("contacts[name]")
		}
		if err != nil {
			return "", err
		}
		whole, err := name.need("formatted_name", 0)
		if err != nil {
			return "", err
		}
		if len(name) < 2 {
			return "", missing("contacts[name][first_name]")
		}
		setDefault(&first, whole)
	}
	return first, nil
}

// readInteractive checks buttons, lists, links, flows and the request for a location.
func readInteractive(v fields, order *Sent) ([]offer, error) {
	if err := v.only("interactive", "type", "header", "body", "footer", "action"); err != nil {
		return nil, err
	}
	kind := v.str("type")
	body, err := v.object("body", "text")
	if err == nil {
		order.Text, err = body.need("text", waBody)
	}
	if err != nil {
		return nil, err
	}
	if err := readEdges(v, kind); err != nil {
		return nil, err
	}
	action, err := v.object("action")
	if err == nil && action == nil {
		err = missing("action")
	}
	if err != nil {
		return nil, err
	}
	switch kind {
	case "button":
		return readReplyButtons(action)
	case "list":
		return readList(action)
	case "cta_url":
		return nil, readNamed(action, "cta_url", "display_text", waButton, "url")
	case "flow":
		return nil, readNamed(action, "flow", "flow_cta", waFlow, "")
	case "location_request_message":
		if action.str("name") != "send_location" {
			return nil, wrongly("Param action[name] must be send_location.")
		}
		return nil, action.only("action", "name")
	}
	return nil, wrongly("Param interactive[type] %q is not known.", kind)
}

// readEdges checks header and footer. Only buttons may have a header that is not a text.
func readEdges(v fields, kind string) error {
	header, err := v.object("header", "type", "text", "image", "video", "document")
	if err != nil {
		return err
	}
	if header != nil {
		switch what := header.str("type"); {
		case what == "text":
			if _, err := header.need("text", waEdge); err != nil {
				return err
			}
		case slices.Contains([]string{"image", "video", "document"}, what) && kind != "list" && header.has(what) > 0:
		default:
			return wrongly("Param header is not allowed like this.")
		}
	}
	footer, err := v.object("footer", "text")
	if err == nil && footer != nil {
		_, err = footer.need("text", waEdge)
	}
	return err
}

// readNamed checks an action with a name and parameters.
func readNamed(action fields, name, label string, limit int, link string) error {
	if action.str("name") != name {
		return wrongly("Param action[name] must be %s.", name)
	}
	parameters, err := action.object("parameters")
	if err == nil {
		_, err = parameters.need(label, limit)
	}
	if err == nil && link != "" && !webURL(parameters.str(link)) {
		err = wrongly("Param parameters[%s] is not a valid URI.", link)
	}
	return err
}
