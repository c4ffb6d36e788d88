package messagebirdtest

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// state is everything the account holds. Each request finds what it needs through a map; nothing on the way
// of a message walks over other messages. Guarded by Server.mu.
type state struct {
	channels      map[string]*channel
	contacts      map[string]*contact
	peers         map[peer]*contact
	conversations map[string]*conversation
	order         []*conversation // oldest first
	messages      map[string]*message
	history       []*message // oldest first
	inboxes       map[inbox][]*message
	hooks         []*webhook // oldest first; an account has a handful
	blobs         map[string]blob
}

type channel struct {
	Channel
	rules   rules
	created time.Time
}

// peer is how a person is known: a phone number, the same on every platform of phones, or a platform's id.
type peer struct{ family, address string }

func (ch *channel) peer(address string) peer {
	if ch.rules.phone {
		return peer{"phone", address}
	}
	return peer{ch.Platform, address}
}

type inbox struct{ channel, address string }

type contact struct {
	id                   string
	first, last, display string
	msisdn               int64
	userID               string
	created, updated     time.Time
	addresses            map[string]string // by family
	active               *conversation     // the one active conversation, or nil
	conversations        []*conversation   // oldest first
	lastIn               map[string]time.Time
}

type conversation struct {
	id               string
	contact          *contact
	status           string
	created, updated time.Time
	lastReceived     time.Time // of either direction, as captured traffic shows
	last             *channel
	channels         []*channel
	messages         []*message // oldest first
	total            int
	lastMessage      string
}

type message struct {
	id               string
	conv             *conversation
	ch               *channel
	address          string // of the person
	received         bool
	kind, status     string
	content          json.RawMessage
	created, updated time.Time
	replyTo          string
	fault            *Fault
	order            order // what was asked for, when it was sent
}

const (
	statusActive   = "active"
	statusArchived = "archived"
)

// contactFor returns the person behind an address, new if nobody is known by it.
func (s *Server) contactFor(ch *channel, address string) *contact {
	key := ch.peer(address)
	if c := s.state.peers[key]; c != nil {
		return c
	}
	now := s.now()
	c := &contact{id: newID(), created: now, updated: now,
		addresses: map[string]string{key.family: address}, lastIn: map[string]time.Time{}}
	if ch.rules.phone {
		c.msisdn, _ = strconv.ParseInt(strings.TrimPrefix(address, "+"), 10, 64)
	} else {
		c.userID = address
	}
	c.display = strings.TrimPrefix(address, "+")
	s.state.contacts[c.id] = c
	s.state.peers[key] = c
	return c
}

// resume returns the person's active conversation, new if there is none.
func (s *Server) resume(c *contact, ch *channel) *conversation {
	if c.active != nil {
		return c.active
	}
	now := s.now()
	conv := &conversation{id: newID(), contact: c, status: statusActive, created: now, updated: now, last: ch}
	c.active = conv
	c.conversations = append(c.conversations, conv)
	s.state.conversations[conv.id] = conv
	s.state.order = append(s.state.order, conv)
	s.emit(EventConversationCreated, conv, nil)
	return conv
}

// add puts a message into its conversation.
func (s *Server) add(m *message) {
	conv := m.conv
	conv.total++
	conv.lastMessage = m.id
	conv.last = m.ch
	conv.lastReceived = m.updated
	if !slices.Contains(conv.channels, m.ch) {
		conv.channels = append(conv.channels, m.ch)
	}
	if s.cfg.CountOnly {
		return
	}
	conv.messages = append(conv.messages, m)
	s.state.messages[m.id] = m
	s.state.history = append(s.state.history, m)
	if !m.received {
		box := inbox{m.ch.ID, m.address}
		s.state.inboxes[box] = append(s.state.inboxes[box], m)
	}
}

func (c *contact) wire() contactWire {
	w := contactWire{ID: c.id, Href: "https://contacts.messagebird.com/v2/contacts/" + c.id, MSISDN: c.msisdn,
		DisplayName: c.display, FirstName: c.first, LastName: c.last, CustomDetails: map[string]any{},
		Created: c.created, Updated: c.updated}
	if c.userID != "" {
		w.CustomDetails["userId"] = c.userID
		if n, err := strconv.ParseInt(c.userID, 10, 64); err == nil {
			w.CustomDetails["userId"] = n // a number, where the platform counts its users
		}
	}
	return w
}

// view is the conversation as the API shows it.
func (s *Server) view(conv *conversation, whole bool) conversationWire {
	w := conv.wire()
	w.Messages = &messagesWire{Total: conv.total, Href: s.messagesURL(conv), Last: conv.lastMessage}
	if conv.last != nil {
		w.LastChannel, w.LastPlatform = conv.last.ID, conv.last.Platform
	}
	if whole {
		c := conv.contact.wire()
		w.Contact = &c
		for _, ch := range conv.channels {
			w.Channels = append(w.Channels, channelWire{ID: ch.ID, Name: ch.Name, Platform: ch.Platform,
				Status: "active", Created: ch.created})
		}
	}
	return w
}

func (s *Server) messagesURL(conv *conversation) string {
	return s.apiBase() + "/v1/conversations/" + conv.id + "/messages"
}

// wire is what every form of a conversation has.
func (conv *conversation) wire() conversationWire {
	w := conversationWire{ID: conv.id, ContactID: conv.contact.id, Status: conv.status,
		Created: conv.created, Updated: conv.updated}
	if !conv.lastReceived.IsZero() {
		at := conv.lastReceived
		w.LastReceived = &at
	}
	return w
}

func (s *Server) messageWire(m *message) messageWire {
	w := messageWire{ID: m.id, Conversation: m.conv.id, Platform: m.ch.Platform, To: m.ch.Number, From: m.address,
		Channel: m.ch.ID, Type: m.kind, Content: m.content, Direction: "received", Status: m.status,
		Created: m.created, Updated: m.updated, Error: m.fault}
	if m.replyTo != "" {
		w.ReplyTo = &idWire{m.replyTo}
	}
	if m.received {
		return w
	}
	w.To, w.From, w.Direction = m.address, m.ch.Number, "sent"
	w.TTL, w.Fallback = m.order.ttl, m.order.fallback
	if !s.cfg.OmitTrack {
		w.Source, w.Tag, w.TrackID = m.order.source, m.order.tag, m.order.trackID
	}
	return w
}
