package memstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// redact replaces content wherever it is kept: in the conversation, and in
// letters about the message.
func (s *Store) redact(r alt.Redaction, content []byte) {
	key := providerKey{r.Address.Agency, r.Address.Channel, r.ID}
	if m := s.byProvider[key]; m != nil && (r.Address.Peer == "" || r.Address == m.Address) {
		m.content, m.Edited = content, true
		s.touch(m.talk)
	}
	for _, it := range s.items {
		if it.letter == nil || it.msg != nil || it.event.id != r.ID || it.address != r.Address {
			continue
		}
		if row, err := it.event.with(content); err == nil {
			it.event = row
		}
	}
}

// with returns the event with other content, and nothing of the provider's
// bytes.
func (s stored) with(content []byte) (stored, error) {
	e, err := s.decode()
	if err != nil {
		return s, err
	}
	c, err := channels.UnmarshalContent(content)
	if err != nil {
		return s, err
	}
	e.Meta().Raw = nil
	switch e := e.(type) {
	case *channels.Received:
		e.Content = c
	case *channels.Edited:
		e.Content = c
	case *channels.Echoed:
		e.Content = c
	}
	return encode(e)
}
