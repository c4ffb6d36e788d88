package metatest

// File is something that a person sends from the phone.
type File struct {
	// ContentType of the data; for instance "image/jpeg".
	ContentType string
	Data        []byte
	// Caption, which only WhatsApp has; not with sounds and stickers.
	Caption string
	// Name of a document, which only WhatsApp tells.
	Name string
	// Voice is set on recordings.
	Voice bool
}

// SendsImage sends a picture and returns the message's id. The file can be fetched: on WhatsApp by its id for seven days,
// elsewhere from the link in the webhook for a day. So it is in all the methods for files.
func (p *Person) SendsImage(f File) string { return p.share("image", "image", f) }

// SendsVideo sends a film.
func (p *Person) SendsVideo(f File) string { return p.share("video", "video", f) }

// SendsAudio sends a sound.
func (p *Person) SendsAudio(f File) string { return p.share("audio", "audio", f) }

// SendsFile sends a document.
func (p *Person) SendsFile(f File) string { return p.share("document", "file", f) }

// SendsSticker sends a sticker.
func (p *Person) SendsSticker(f File) string { return p.share("sticker", "sticker", f) }

// share sends a file, under WhatsApp's word or the others'.
func (p *Person) share(waKind, kind string, f File) string {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	id, a := p.p.account.newID(), p.p.account
	if a.product != whatsapp {
		m := s.store(a, kind, f.ContentType, f.Data, cdnLife)
		payload := map[string]any{"url": s.linkTo(m, cdnLife, false)}
		if kind == "sticker" {
			payload["sticker_id"] = 369239263222822
		}
		s.receive(p.p, id, kind, "", map[string]any{"attachments": []any{map[string]any{"type": kind, "payload": payload}}})
		return id
	}
	m := s.store(a, "", f.ContentType, f.Data, receivedLife)
	s.receive(p.p, id, waKind, f.Caption, map[string]any{"type": waKind, waKind: f.waValue(waKind, m)})
	return id
}

// waValue is a file in a WhatsApp message.
func (f File) waValue(kind string, m *medium) map[string]any {
	v := map[string]any{"id": m.id, "mime_type": f.ContentType, "sha256": hash64(f.Data)}
	if f.Caption != "" && kind != "audio" && kind != "sticker" {
		v["caption"] = f.Caption
	}
	switch kind {
	case "document":
		v["filename"] = f.Name
	case "audio":
		v["voice"] = f.Voice
	case "sticker":
		v["animated"] = false
	}
	return v
}

// SharesLink sends an attachment of Messenger or Instagram that is a link of this type, such as "ig_post", "ig_reel",
// "story_mention", "fallback", with any address, or none.
func (p *Person) SharesLink(kind, url string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mustNot(whatsapp, "SharesLink")
	payload := map[string]any{}
	if url != "" {
		payload["url"] = url
	}
	id := p.p.account.newID()
	p.s.receive(p.p, id, kind, "", map[string]any{"attachments": []any{map[string]any{"type": kind, "payload": payload}}})
	return id
}

// AnswersStory answers a story of the Instagram account.
func (p *Person) AnswersStory(text, storyID, url string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mustNot(whatsapp, "AnswersStory")
	id := p.p.account.newID()
	p.s.receive(p.p, id, "text", text, map[string]any{"text": text,
		"reply_to": map[string]any{"story": map[string]any{"id": storyID, "url": url}}})
	return id
}

// SendsLocation sends a position in degrees. name and address are absent when empty, as for the present position.
func (p *Person) SendsLocation(latitude, longitude float64, name, address string) string {
	v := map[string]any{"latitude": latitude, "longitude": longitude}
	if name != "" {
		v["name"] = name
	}
	if address != "" {
		v["address"] = address
	}
	coordinates := map[string]any{"coordinates": map[string]any{"lat": latitude, "long": longitude}}
	return p.send("location", name, "location", v,
		map[string]any{"attachments": []any{map[string]any{"type": "location", "payload": coordinates}}}, nil)
}

// SendsContact sends somebody's card on WhatsApp. phone is in any form; waID is "" for somebody without WhatsApp.
func (p *Person) SendsContact(first, last, phone, waID string) string {
	p.mustNot(messenger, "SendsContact")
	p.mustNot(instagram, "SendsContact")
	number := map[string]any{"phone": phone, "type": "MOBILE"}
	if waID != "" {
		number["wa_id"] = waID
	}
	whole := first
	name := map[string]any{"first_name": first}
	if last != "" {
		name["last_name"] = last
		whole += " " + last
	}
	name["formatted_name"] = whole
	return p.send("contacts", whole, "contacts", []any{map[string]any{"name": name, "phones": []any{number}}}, nil, nil)
}
