package memstore

import (
	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

// redact replaces content wherever it is kept: in the conversation, and in
// letters about the message. The file that a person sent goes with it.
func (s *Store) redact(r alt.Redaction, content []byte) {
	key := providerKey{r.Address.Agency, r.Address.Channel, r.ID}
	if m := s.byProvider[key]; m != nil && (r.Address.Peer == "" || r.Address == m.Address) {
		if m.Direction == alt.In {
			s.dropFile(r.Address.Agency, m.content, content)
		}
		m.content, m.Edited = content, true
		s.touch(m.talk)
	}
	for _, it := range s.items {
		if it.letter == nil || it.msg != nil || it.event.id != r.ID || it.address != r.Address {
			continue
		}
		s.dropEventFile(it, content)
		if row, err := it.event.with(content); err == nil {
			it.event = row
		}
	}
}

// dropEventFile deletes the file of an event whose content is replaced, or gone.
func (s *Store) dropEventFile(it *item, content []byte) {
	if e, err := it.event.decode(); err == nil {
		if r, ok := e.(*channels.Received); ok {
			old, _ := channels.MarshalContent(r.Content)
			s.dropFile(it.address.Agency, old, content)
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
