package alt

import (
	"context"
	"strconv"

	"github.com/liidestuja/liidestuja/channels"
)

// dropFile deletes the file of a message that was withdrawn, before its content
// is: then a crash in between cannot leave a file that nothing names.
func (s *Service) dropFile(ctx context.Context, c *Conversation, id channels.ProviderID) error {
	if c == nil {
		return nil
	}
	for before := ""; ; {
		page, earlier, err := s.cfg.Store.Messages(ctx, MessageQuery{Agency: c.Address.Agency, Conversation: c.ID, Limit: 500, Before: before})
		if err != nil {
			return err
		}
		for _, m := range page {
			if f, ok := m.Content.(channels.Media); ok && m.Provider == id && m.Direction == In && f.Blob != "" {
				return s.cfg.Store.DeleteBlob(ctx, c.Address.Agency, f.Blob)
			}
		}
		if before = earlier; before == "" {
			return nil
		}
	}
}

// notice applies what an event that is no message means by itself.
func (t *Turn) notice(e channels.Event) []Redaction {
	switch e := e.(type) {
	case *channels.Edited:
		t.note("message.edited", nil)
		return []Redaction{{Address: e.Address(), ID: e.ID, With: e.Content, At: t.now}}
	case *channels.Withdrawn:
		t.note("message.withdrawn", nil)
		return []Redaction{{Address: e.Address(), ID: e.ID, At: t.now}}
	case *channels.OptedOut:
		t.d.Contact.optOut(!e.In, earlier(e.At, t.now))
		t.note("contact.opted_out", map[string]string{"in": strconv.FormatBool(e.In)})
	case *channels.ThreadControl:
		if c := t.d.Conversation; c != nil {
			switch {
			case !e.Mine:
				c.Holder = Holder{Kind: HeldByDesk, By: "provider"}
			case c.Holder.By == "provider":
				c.Holder = Holder{}
			}
		}
	case *channels.SessionEnded:
		t.svc.observe(Observation{Name: "session.expired", Line: t.line.info.ID, Code: e.Reason, N: 1})
	}
	return nil
}
