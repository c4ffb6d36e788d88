package memstore

import (
	"cmp"
	"slices"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// redact replaces content wherever it is kept: in the conversation, and in
// letters about the message. The file that a person sent goes with it.
func (s *Store) redact(r alt.Redaction, content []byte) []alt.LogEntry {
	var entries []alt.LogEntry
	for _, m := range s.messages {
		if m.Provider != r.ID || m.Address.Agency != r.Address.Agency || m.Address.Channel != r.Address.Channel ||
			r.Address.Peer != "" && r.Address != m.Address {
			continue
		}
		left := content
		if m.Direction == alt.In {
			left = revised(m.content, content)
			s.dropFile(r.Address.Agency, m.content, left)
		}
		m.content, m.Edited, m.Salt = left, true, alt.NewSalt()
		m.out.Salt = m.Salt
		s.touch(m.talk)
		if now, err := m.view(); err == nil {
			entries = append(entries, r.Redacted(now))
		}
	}
	for _, it := range s.items {
		if it.letter == nil || it.msg != nil || it.event.id != r.ID || it.address != r.Address {
			continue
		}
		s.redactEvent(it, content)
	}
	slices.SortFunc(entries, func(a, b alt.LogEntry) int { return cmp.Compare(a.Message, b.Message) })
	return entries
}

// revised is alt.Revised of encoded contents.
func revised(old, with []byte) []byte {
	was, err1 := channels.UnmarshalContent(old)
	is, err2 := channels.UnmarshalContent(with)
	if err1 != nil || err2 != nil {
		return with
	}
	b, err := channels.MarshalContent(alt.Revised(was, is))
	if err != nil {
		return with
	}
	return b
}

func (s *Store) redactEvent(it *item, content []byte) {
	if e, err := it.event.decode(); err == nil {
		if r, ok := e.(*channels.Received); ok {
			old, _ := channels.MarshalContent(r.Content)
			content = revised(old, content)
			s.dropFile(it.address.Agency, old, content)
		}
	}
	if row, err := it.event.with(content); err == nil {
		it.event = row
	}
}

// dropEventFile deletes the file of an event that is gone.
func (s *Store) dropEventFile(it *item) {
	if e, err := it.event.decode(); err == nil {
		if r, ok := e.(*channels.Received); ok {
			old, _ := channels.MarshalContent(r.Content)
			s.dropFile(it.address.Agency, old, nil)
		}
	}
}

// dropFile deletes the file of a content that is replaced.
func (s *Store) dropFile(agency channels.Agency, old, content []byte) {
	if id := blobOf(old); id != "" && id != blobOf(content) {
		delete(s.blobs, blobKey{agency, id})
	}
}

func blobOf(content []byte) channels.BlobID {
	c, _ := channels.UnmarshalContent(content)
	m, _ := c.(channels.Media)
	return m.Blob
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
	e.Meta().Raw, e.Meta().Salt = nil, alt.NewSalt()
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
