package birdtest

import (
	"net/http"
	"slices"
)

// listConversations lists those of a person, oldest first.
func (s *Server) listConversations(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	who := s.state.contacts[c.PathValue("id")]
	if who == nil {
		return notFound().answer()
	}
	query := c.URL.Query()
	var all []conversationWire
	for _, t := range s.state.threads {
		if t.contact == who && matches(query, "channelId", t.ch.ID) && matches(query, "status", "active") {
			all = append(all, conversationWire{t.id, "active", t.ch.ID, t.created})
		}
	}
	return paged(s, query, all, "channelId", "status")
}

func (s *Server) deleteConversation(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.state.conversations[c.PathValue("id")]
	if t == nil {
		return notFound().answer()
	}
	delete(s.state.conversations, t.id)
	s.state.threads = slices.DeleteFunc(s.state.threads, func(x *conversation) bool { return x == t })
	return answer{status: http.StatusNoContent}
}

func (s *Server) deleteMessage(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, id := s.state.conversations[c.PathValue("id")], c.PathValue("msg")
	if t == nil || !t.messages[id] {
		return notFound().answer()
	}
	delete(t.messages, id)
	return answer{status: http.StatusNoContent}
}

// Conversation returns the id of a person's conversation on a channel and the
// ids of its messages; "" when there is none.
func (s *Server) Conversation(channelID, identifierValue string) (id string, messages []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.state.threads {
		if t.ch.ID != channelID || t.contact.who[t.ch.rules.key] != t.ch.rules.canonical(identifierValue) {
			continue
		}
		for _, m := range s.state.history {
			if t.messages[m.id] {
				messages = append(messages, m.id)
			}
		}
		return t.id, messages
	}
	return "", nil
}
