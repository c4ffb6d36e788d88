package metatest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Person is somebody on one account: a page's, an Instagram account's or a WhatsApp number's. Its methods may be called
// concurrently; each queues the webhook of what happened.
type Person struct {
	s *Server
	p *person
}

// Message is something that arrived at a person.
type Message struct {
	ID string
	// Type and Content are as they were sent; see Sent.
	Type    string
	Content []byte
	Text    string
	// Status is the last one reported: "accepted", "sent", "delivered", "read" or "failed".
	Status string
	// App is the id of the app that sent it.
	App string
	At  time.Time
}

// Line is one line of a transcript.
type Line struct {
	// From is "person", "service", or the id of another app.
	From string
	// Type is "text", "image", "postback", ...
	Type, Text string
	ID         string
	At         time.Time
}

func isUserID(id string) bool {
	return regexp.MustCompile(`^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$`).MatchString(id)
}

// Person returns the person with this id on an account: a page-scoped id, an Instagram-scoped id, or for WhatsApp a
// phone number in digits or a business-scoped user id such as "EE.1234", of somebody who shows no phone number. The same
// id gives the same person. Messenger and Instagram know a person only after the first thing that the person does. An
// account that is not configured, or an id that cannot exist on it, is a mistake in the program and panics.
func (s *Server) Person(accountID, id string) *Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.mustAccount(accountID)
	if p := a.people[id]; p != nil {
		return &Person{s, p}
	}
	if id == "" || a.product == whatsapp && !digits(id) && !isUserID(id) || a.product != whatsapp && !digits(id) {
		panic("metatest: Person: an id that cannot exist on the account")
	}
	return &Person{s, a.meet(id)}
}

// mustAccount finds a configured account. Server.mu is held.
func (s *Server) mustAccount(id string) *account {
	a := s.state.accounts[id]
	if a == nil {
		panic(fmt.Sprintf("metatest: no account %q in Config", id))
	}
	return a
}

// meet makes a new person.
func (a *account) meet(id string) *person {
	p := &person{account: a, id: id, name: "Test Name"}
	if a.product == whatsapp {
		if isUserID(id) {
			p.userID = id
		} else {
			p.phone = id
		}
	}
	a.people[id] = p
	return p
}

// Named sets the profile's name and returns the person.
func (p *Person) Named(name string) *Person {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.p.name = name
	return p
}

// WithUserID gives a WhatsApp person a business-scoped user id besides the phone number, and returns the person.
func (p *Person) WithUserID(id string) *Person {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.p.account.product != whatsapp || !isUserID(id) {
		panic("metatest: WithUserID: not a business-scoped user id")
	}
	p.p.userID = id
	p.p.account.people[id] = p.p
	return p
}

// Hides takes the phone number of a WhatsApp person out of the webhooks, behind a username. The person needs a
// business-scoped user id.
func (p *Person) Hides(username string) *Person {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if p.p.userID == "" {
		panic("metatest: Hides: the person has no business-scoped user id")
	}
	p.p.phone, p.p.username = "", username
	return p
}

// Blocks says whether the person refuses messages from the account from now on.
func (p *Person) Blocks(on bool) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.p.blocks = on
}

// Inbox returns what the person has received and not lost, oldest first. A message that failed is not there.
func (p *Person) Inbox() []Message {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var box []Message
	for _, m := range p.p.messages {
		if m.out && m.status != statusFailed {
			box = append(box, Message{m.id, m.kind, slices.Clone(m.content), m.text, m.status, m.app, m.at})
		}
	}
	return box
}

// Wait returns the inbox as soon as it holds at least n messages, or the context's error.
func (p *Person) Wait(ctx context.Context, n int) ([]Message, error) {
	for {
		changed := p.s.changed.Wait()
		if box := p.Inbox(); len(box) >= n {
			return box, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return p.Inbox(), ctx.Err()
		}
	}
}

// Transcript returns the conversation as the person sees it, oldest first: without what failed, with what was edited as it
// is now, and without what was unsent.
func (p *Person) Transcript() []Line {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	var lines []Line
	for _, m := range p.p.messages {
		if m.deleted || m.status == statusFailed {
			continue
		}
		from := "person"
		switch {
		case m.out && m.app == p.s.cfg.AppID:
			from = "service"
		case m.out:
			from = m.app
		}
		lines = append(lines, Line{from, m.kind, m.text, m.id, m.at})
	}
	return lines
}

// message finds one that the person received. Server.mu is held.
func (p *Person) message(id string, out bool) (*message, error) {
	m := p.s.state.messages[id]
	if m == nil || m.person != p.p || m.out != out {
		return nil, fmt.Errorf("metatest: no such message with this person: %q", id)
	}
	return m, nil
}

// acts notes that the person did something, which opens the window. Server.mu is held.
func (s *Server) acts(p *person) {
	p.seen, p.lastIn = true, s.now()
}

// keep adds a message to what a person has. Server.mu is held.
func (s *Server) keep(m *message) {
	s.state.messages[m.id] = m
	m.person.messages = append(m.person.messages, m)
	if !m.out {
		s.journal.received()
	}
	s.changed.Ring()
}

// newID returns the id of a new message as the product writes it.
func (a *account) newID() string {
	switch a.product {
	case whatsapp:
		return "wamid.HBgL" + random(27) + "A="
	case instagram:
		return "aWdfZAG1faXRlbToxOk" + random(24)
	}
	return "m_" + random(42)
}
