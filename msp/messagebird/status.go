package messagebird

import "github.com/liidestuja/liidestuja/channels"

// statusRow is what a status of MessageBird means to us. class says why a
// message failed when the report does not.
type statusRow struct {
	status channels.Status
	class  error
	optOut bool
}

// statusOf translates the statuses that the official clients know. All that
// say less than delivered are Sent: the provider has the message.
func statusOf(word string) (statusRow, bool) {
	switch word {
	case "accepted", "pending", "pending_media", "scheduled", "sent", "transmitted", "buffered", "dispatched",
		"delayed", "received", "unknown":
		return statusRow{status: channels.Sent}, true
	case "delivered":
		return statusRow{status: channels.Delivered}, true
	case "read", "opened", "clicked":
		return statusRow{status: channels.Read}, true
	case "list_unsubscribe", "spam_complaint": // of an e-mail that arrived
		return statusRow{status: channels.Delivered, optOut: true}, true
	case "failed", "rejected", "deleted":
		return statusRow{status: channels.Failed, class: channels.ErrRejected}, true
	case "unsupported":
		return statusRow{status: channels.Failed, class: channels.ErrUnsupported}, true
	case "delivery_failed", "expired", "bounce", "out_of_bounded":
		return statusRow{status: channels.Failed, class: channels.ErrUnreachable}, true
	}
	return statusRow{}, false
}

// failure says why a message failed; nil when it did not. The fault is within
// the message or beside it.
func (l *line) failure(row statusRow, word string, faults ...fault) *channels.Error {
	if row.status != channels.Failed {
		return nil
	}
	err := &channels.Error{Op: "deliver", Channel: l.info.ID, Class: row.class, Provider: word}
	for _, f := range faults {
		code := f.code()
		if code == "" {
			continue
		}
		err.Provider = code
		if v, ok := codeOf(code); ok {
			err.Class, err.Instead = v.class, v.instead
		}
		break
	}
	return err
}
