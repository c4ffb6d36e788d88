package bird

import "github.com/liidestuja/liidestuja/channels"

// statusRow is what a status or an interaction of Bird means to us. class says
// why a message failed when the report does not.
type statusRow struct {
	status channels.Status
	class  error
	optOut bool
}

// statusOf translates the statuses of outgoing messages. All that say less than
// delivered are Sent: Bird has the message.
func statusOf(word string) (statusRow, bool) {
	switch word {
	case "accepted", "scheduled", "processing", "sent":
		return statusRow{status: channels.Sent}, true
	case "delivered":
		return statusRow{status: channels.Delivered}, true
	case "read":
		return statusRow{status: channels.Read}, true
	case "sending_failed", "rejected", "skipped":
		return statusRow{status: channels.Failed, class: channels.ErrRejected}, true
	case "delivery_failed":
		return statusRow{status: channels.Failed, class: channels.ErrUnreachable}, true
	}
	return statusRow{}, false
}

// interactionOf translates what people do with messages that arrived.
func interactionOf(word string) (statusRow, bool) {
	switch word {
	case "read", "opened", "clicked":
		return statusRow{status: channels.Read}, true
	case "reported-as-spam", "unsubscribed":
		return statusRow{status: channels.Delivered, optOut: true}, true
	}
	return statusRow{}, false
}

// reason says why a message failed; nil when it did not.
func (l *line) reason(row statusRow, m *message) *channels.Error {
	if row.status != channels.Failed {
		return nil
	}
	err := &channels.Error{Op: "deliver", Channel: l.info.ID, Class: row.class, Provider: string(m.Status)}
	if code := digits(string(m.Failure.Code)); code != "" {
		err.Provider = code
		if v, ok := failureOf(code); ok {
			err.Class, err.Instead = v.class, v.instead
		}
	}
	// The platform's own code says more than Bird's group of reasons.
	if code := digits(string(m.Failure.Source.Code)); code != "" {
		if v, ok := platformCode(code); ok {
			err.Provider, err.Class, err.Instead = code, v.class, v.instead
		}
	}
	return err
}
