package alt

import (
	"context"

	"github.com/liidestuja/liidestuja/channels"
)

// Approval is how far a template is with the provider of a line.
type Approval string

// Approvals. Whatever is not Approved, states that are not named here among
// them, is not sent.
const (
	Draft     Approval = "draft"     // written, not shown to the provider
	Submitted Approval = "submitted" // being looked at
	Approved  Approval = "approved"
	Rejected  Approval = "rejected" // or taken back later
)

// approved asks Config.Template about each template among messages, and refuses
// with channels.ErrTemplate what must not go out. Another error is the hook's
// own, and says nothing of the message.
func (s *Service) approved(ctx context.Context, l *line, messages ...channels.Outbound) error {
	if s.cfg.Template == nil {
		return nil
	}
	for _, o := range messages {
		t, ok := o.Content.(channels.Template)
		if !ok {
			continue
		}
		var state Approval
		asking, cancel := context.WithTimeout(ctx, s.cfg.SendTimeout)
		err := s.guard(asking, "turn", l.info.ID, 0, func() (err error) { state, err = s.cfg.Template(asking, l.info.ID, t); return err })
		cancel()
		switch {
		case err != nil:
			return err
		case state != Approved:
			return &channels.Error{Op: "fit", Channel: l.info.ID, Class: channels.ErrTemplate, Outcome: channels.NotSent}
		}
	}
	return nil
}
