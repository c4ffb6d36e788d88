package channeltest

import "github.com/liidestuja/liidestuja/channels"

// The builders below return what a provider would tell. Nothing happens until
// the event is delivered: sign it with Post. Each has a key of its own, so that
// two calls are two happenings; change any field before Post.

// Message is a text that a person wrote.
func (f *Fake) Message(peer channels.Peer, text string) *channels.Received {
	return f.Receive(peer, channels.Text{Body: text})
}

// Choose is the answer to Choices.
func (f *Fake) Choose(peer channels.Peer, c channels.Choice) *channels.Received {
	return f.Receive(peer, channels.Chosen{ID: c.ID, Title: c.Title})
}

// Media is a file that a person sent. FetchMedia gives the bytes of file; nil
// is a file that the provider lost.
func (f *Fake) Media(peer channels.Peer, m channels.Media, file []byte) *channels.Received {
	f.mu.Lock()
	m.Ref = f.number("file")
	if file != nil {
		f.files[m.Ref] = append([]byte{}, file...)
	}
	f.mu.Unlock()
	return f.Receive(peer, m)
}

// Receive is a message of any content.
func (f *Fake) Receive(peer channels.Peer, c channels.Content) *channels.Received {
	m := f.meta(peer, "in")
	return &channels.Received{EventMeta: m, ID: channels.ProviderID(m.Key), Content: c}
}

// Edit is a person's change of an earlier message.
func (f *Fake) Edit(of *channels.Received, text string) *channels.Edited {
	return &channels.Edited{EventMeta: f.meta(of.Peer, "edit"), ID: of.ID, Content: channels.Text{Body: text}}
}

// Withdraw is a person's removal of an earlier message.
func (f *Fake) Withdraw(of *channels.Received) *channels.Withdrawn {
	return &channels.Withdrawn{EventMeta: f.meta(of.Peer, "withdraw"), ID: of.ID}
}

// StatusOf is the provider's report on a message that it accepted. A Failed one
// has an Err of class ErrUnreachable.
func (f *Fake) StatusOf(r channels.Receipt, s channels.Status) *channels.StatusChanged {
	e := &channels.StatusChanged{EventMeta: f.meta(f.sentTo(r.ID).To.Peer, "status"), ID: r.ID, Status: s}
	if s == channels.Failed {
		e.Err = &channels.Error{Op: "send", Channel: f.cfg.ID, Class: channels.ErrUnreachable}
	}
	return e
}

// Echo is the provider's copy of a message that it accepted.
func (f *Fake) Echo(r channels.Receipt) *channels.Echoed {
	s := f.sentTo(r.ID)
	e := &channels.Echoed{EventMeta: f.meta(s.To.Peer, "echo"), ID: r.ID, Content: s.Content, Author: s.Author}
	if s.ID != "" {
		e.Ref = s.Ref()
	}
	return e
}

// Refer is the opening of a deep link with an entry word.
func (f *Fake) Refer(peer channels.Peer, word string) *channels.Referred {
	return &channels.Referred{EventMeta: f.meta(peer, "refer"), Word: word, Source: "link"}
}

// OptOut is a person's wish for no more messages; change In for the opposite.
func (f *Fake) OptOut(peer channels.Peer) *channels.OptedOut {
	return &channels.OptedOut{EventMeta: f.meta(peer, "optout")}
}

// meta fills in what a driver must set.
func (f *Fake) meta(peer channels.Peer, kind string) channels.EventMeta {
	f.mu.Lock()
	defer f.mu.Unlock()
	return channels.EventMeta{Key: f.number(kind), Channel: f.cfg.ID, Peer: peer, At: f.cfg.Now()}
}

// sentTo returns the message of a receipt; zero when there is none.
func (f *Fake) sentTo(id channels.ProviderID) Sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sent {
		if s.Receipt.ID == id {
			return s
		}
	}
	return Sent{}
}
