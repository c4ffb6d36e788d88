package metatest

import (
	"fmt"
	"slices"
)

// Taps chooses a quick reply, a button or a row of a list by its id (payload), in the newest message of the inbox that
// offers it, and returns the id of the answer.
func (p *Person) Taps(choice string) (string, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	for _, m := range slices.Backward(p.p.messages) {
		if !m.out || m.status == statusFailed {
			continue
		}
		for _, o := range m.offers {
			if o.id == choice {
				return p.choose(m, o), nil
			}
		}
	}
	return "", fmt.Errorf("metatest: nothing in the inbox offers the choice %q", choice)
}

// choose answers an offer. Server.mu is held.
func (p *Person) choose(m *message, o offer) string {
	s, id := p.s, p.p.account.newID()
	switch o.how {
	case howQuickReply:
		s.receive(p.p, id, "choice", o.title, map[string]any{"text": o.title, "quick_reply": map[string]any{"payload": o.id}})
	case howPostback:
		p.postback(id, o.title, o.id, nil)
	case howTemplate:
		s.receive(p.p, id, "choice", o.title, map[string]any{"type": "button", "context": p.context(m.id),
			"button": map[string]any{"payload": o.id, "text": o.title}})
	default:
		reply := map[string]any{"id": o.id, "title": o.title}
		if o.description != "" {
			reply["description"] = o.description
		}
		s.receive(p.p, id, "choice", o.title, map[string]any{"type": "interactive", "context": p.context(m.id),
			"interactive": map[string]any{"type": o.how, o.how: reply}})
	}
	return id
}

// Postback taps a button of Messenger or Instagram that is no answer to a message: get started, the menu, an ice
// breaker. ref is what an m.me link carried; "" for none.
func (p *Person) Postback(title, payload, ref string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mustNot(whatsapp, "Postback")
	id := p.p.account.newID()
	var referral *Referral
	if ref != "" {
		referral = &Referral{Ref: ref}
	}
	p.postback(id, title, payload, referral)
	return id
}

// postback keeps and queues a postback. Server.mu is held.
func (p *Person) postback(id, title, payload string, referral *Referral) {
	s := p.s
	s.acts(p.p)
	s.keep(&message{id: id, account: p.p.account, person: p.p, kind: "choice", text: title, at: s.now()})
	v := map[string]any{"mid": id, "title": title, "payload": payload}
	if referral != nil {
		v["referral"] = referral.wire()
	}
	s.messaging(p.p, "messaging_postbacks", map[string]any{"postback": v})
}

// mustNot panics for a product that has no such thing: a mistake in the program.
func (p *Person) mustNot(product product, what string) {
	if p.p.account.product == product {
		panic(fmt.Sprintf("metatest: %s: not on %s", what, product.object()))
	}
}

// Referral is how a person came: by a link that carries a word, or by an advertisement.
type Referral struct {
	// Ref is the word of an m.me or ig.me link.
	Ref string
	// Ad is the id of an advertisement; Title its headline, Body its text.
	Ad, Title, Body string
}

func (r *Referral) wire() map[string]any {
	if r.Ad == "" {
		return map[string]any{"ref": r.Ref, "source": "SHORTLINK", "type": "OPEN_THREAD"}
	}
	return map[string]any{"ref": r.Ref, "ad_id": r.Ad, "source": "ADS", "type": "OPEN_THREAD",
		"ads_context_data": map[string]any{"ad_title": r.Title, "photo_url": "https://cdn.example.org/p.jpg", "post_id": "1", "product_id": "2"}}
}

// Follows opens the conversation through a link or an advertisement, without writing. WhatsApp has no such event: there a
// referral comes with a message, see SaysAfter.
func (p *Person) Follows(r Referral) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mustNot(whatsapp, "Follows")
	p.s.acts(p.p)
	p.s.messaging(p.p, "messaging_referrals", map[string]any{"referral": r.wire()})
}

// SaysAfter sends a text as the first after a link or an advertisement, and returns the message's id.
func (p *Person) SaysAfter(r Referral, text string) string {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	id := p.p.account.newID()
	if p.p.account.product == whatsapp {
		p.s.receive(p.p, id, "text", text, map[string]any{"type": "text", "text": map[string]any{"body": text},
			"referral": map[string]any{"source_url": "https://fb.me/" + r.Ad, "source_id": r.Ad, "source_type": "ad", "headline": r.Title,
				"body": r.Body, "media_type": "image", "image_url": "https://cdn.example.org/p.jpg", "ctwa_clid": random(24)}})
		return id
	}
	p.s.receive(p.p, id, "text", text, map[string]any{"text": text, "referral": r.wire()})
	return id
}

// OptsIn accepts an opt-in of a page's plugin that carries this word.
func (p *Person) OptsIn(ref string) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.mustNot(whatsapp, "OptsIn")
	p.s.acts(p.p)
	p.s.messaging(p.p, "messaging_optins", map[string]any{"optin": map[string]any{"ref": ref}})
}

// OptsInByRef is the opt-in of somebody whom the page knows only by the user_ref that its own site made up. The person
// answers to that name until the first message.
func (s *Server) OptsInByRef(page, ref, userRef string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(page)
	p := a.people[userRef]
	if p == nil {
		p = a.meet(userRef)
	}
	s.acts(p)
	s.messaging(p, "messaging_optins", map[string]any{"sender": map[string]string{"user_ref": userRef}, "recipient": idWire{page},
		"optin": map[string]any{"ref": ref, "user_ref": userRef}})
	return &Person{s, p}
}
