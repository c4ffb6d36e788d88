package metatest

import (
	"fmt"
	"time"
)

// Statuses of a message.
const (
	statusAccepted  = "accepted"
	statusSent      = "sent"
	statusDelivered = "delivered"
	statusRead      = "read"
	statusFailed    = "failed"
)

// Fault is why WhatsApp did not carry a message: the code and the words of a failed status.
type Fault struct {
	Code    int
	Title   string
	Details string
}

type statusErrorWire struct {
	Code    int      `json:"code"`
	Title   string   `json:"title"`
	Message string   `json:"message"`
	Data    dataWire `json:"error_data"`
	Href    string   `json:"href"`
}

// Report gives a WhatsApp message a status ("sent", "delivered", "read", "played", "failed" or any other word) and queues
// its webhook. fault says why a message failed and is nil otherwise. Order is the caller's: a status may come twice, or
// before the one that precedes it.
func (s *Server) Report(id, status string, fault *Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.state.messages[id]
	if m == nil || !m.out || m.account.product != whatsapp {
		return fmt.Errorf("metatest: no WhatsApp message %q was sent", id)
	}
	s.report(m, status, fault)
	return nil
}

// report is Report with Server.mu held.
func (s *Server) report(m *message, status string, fault *Fault) {
	m.status, m.fault = status, fault
	p := m.person
	w := map[string]any{"id": m.id, "status": status, "timestamp": seconds(s.now())}
	if p.phone != "" {
		w["recipient_id"] = p.phone
	}
	if p.userID != "" {
		w["recipient_user_id"] = p.userID
	}
	if m.order.Mark != "" {
		w["biz_opaque_callback_data"] = m.order.Mark
	}
	if fault != nil {
		title := fault.Title
		setDefault(&title, titleOf(fault.Code))
		w["errors"] = []any{statusErrorWire{fault.Code, title, title, dataWire{Details: fault.Details},
			"https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"}}
	} else {
		w["pricing"] = map[string]any{"billable": true, "pricing_model": "PMP", "type": "regular", "category": m.category()}
	}
	value := m.account.value()
	value["contacts"] = []any{p.contact()}
	value["statuses"] = []any{w}
	s.change(m.account.waba, "messages", value)
	s.changed.Ring()
}

// category is what a message is charged as.
func (m *message) category() string {
	if m.charged != "" {
		return m.charged
	}
	return "service"
}

// Delivers reports a message of the inbox as delivered: a status of WhatsApp, or a watermark of Messenger, which stands for
// everything before it. Instagram reports no deliveries.
func (p *Person) Delivers(id string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m, err := p.message(id, true)
	if err != nil {
		return err
	}
	switch p.p.account.product {
	case whatsapp:
		p.s.report(m, statusDelivered, nil)
	case instagram:
		return fmt.Errorf("metatest: Instagram does not report deliveries")
	default:
		p.pass(m, statusDelivered)
		p.s.messaging(p.p, "message_deliveries", map[string]any{"delivery": map[string]any{"mids": []string{id}, "watermark": m.at.UnixMilli()}})
	}
	return nil
}

// DeliversUntil reports a delivery watermark of Messenger without ids.
func (p *Person) DeliversUntil(at time.Time) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.messaging(p.p, "message_deliveries", map[string]any{"delivery": map[string]any{"watermark": at.UnixMilli()}})
}

// Reads reports a message of the inbox as read: a status of WhatsApp, a watermark of Messenger, the message's id on
// Instagram.
func (p *Person) Reads(id string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m, err := p.message(id, true)
	if err != nil {
		return err
	}
	switch p.p.account.product {
	case whatsapp:
		p.s.report(m, statusRead, nil)
	case instagram:
		m.status = statusRead
		p.s.messaging(p.p, "messaging_seen", map[string]any{"read": map[string]any{"mid": id}})
	default:
		p.pass(m, statusRead)
		p.s.messaging(p.p, "message_reads", map[string]any{"read": map[string]any{"watermark": m.at.UnixMilli()}})
	}
	return nil
}

// Fails reports a WhatsApp message of the inbox as failed. It leaves the inbox.
func (p *Person) Fails(id string, code int, details string) error {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	m, err := p.message(id, true)
	if err != nil {
		return err
	}
	if p.p.account.product != whatsapp {
		return fmt.Errorf("metatest: only WhatsApp reports failures")
	}
	p.s.report(m, statusFailed, &Fault{Code: code, Details: details})
	return nil
}

// pass gives everything up to a message the status of a watermark. Server.mu is held.
func (p *Person) pass(until *message, status string) {
	for _, m := range p.p.messages {
		if m.out && !m.at.After(until.at) && m.status != statusRead {
			m.status = status
		}
	}
}
