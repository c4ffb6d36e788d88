package messagebirdtest

import (
	"strconv"
	"time"
)

// The JSON of the SMS API, in the order in which the service writes it.

type smsWire struct {
	ID          string         `json:"id"`
	Href        string         `json:"href"`
	Direction   string         `json:"direction"` // "mt" to a phone, "mo" from one
	Type        string         `json:"type"`
	Originator  string         `json:"originator"`
	Body        string         `json:"body"`
	Reference   *string        `json:"reference"`
	Validity    *int           `json:"validity"`
	Gateway     int            `json:"gateway"`
	TypeDetails struct{}       `json:"typeDetails"`
	Coding      string         `json:"datacoding"`
	Class       int            `json:"mclass"`
	Scheduled   *string        `json:"scheduledDatetime"`
	Created     string         `json:"createdDatetime"`
	Recipients  recipientsWire `json:"recipients"`
}

type recipientsWire struct {
	Total     int             `json:"totalCount"`
	Sent      int             `json:"totalSentCount"`
	Delivered int             `json:"totalDeliveredCount"`
	Failed    int             `json:"totalDeliveryFailedCount"`
	Items     []recipientWire `json:"items"`
}

type recipientWire struct {
	Recipient int64  `json:"recipient"` // a number
	Status    string `json:"status"`
	At        string `json:"statusDatetime"`
	Parts     int    `json:"messagePartCount"`
	*networkWire
}

// networkWire is what is known of the recipient later only, so an answer to a request to send lacks it.
type networkWire struct {
	Country   string    `json:"recipientCountry"`
	Prefix    int       `json:"recipientCountryPrefix"`
	Operator  string    `json:"recipientOperator"`
	Length    int       `json:"messageLength"`
	ErrorCode *int      `json:"statusErrorCode"`
	Reason    string    `json:"statusReason"`
	Price     priceWire `json:"price"`
	MCCMNC    string    `json:"mccmnc"`
	MCC       string    `json:"mcc"`
	MNC       string    `json:"mnc"`
}

type priceWire struct {
	Amount   float64 `json:"amount"`
	Currency string  `json:"currency"`
}

// The one network of the simulation, and what it asks for.
const (
	netMCC, netMNC = "248", "01"
	netPrice       = 0.05
	netCurrency    = "EUR"
)

func (m *sms) network(r *smsRecipient) *networkWire {
	w := &networkWire{Country: "Estonia", Prefix: 372, Operator: "Simulated", Length: m.length(), Reason: reasonOf(r.status),
		Price: priceWire{netPrice, netCurrency}, MCCMNC: netMCC + netMNC, MCC: netMCC, MNC: netMNC}
	if r.code != 0 {
		w.ErrorCode = &r.code
	}
	return w
}

func (s *Server) smsWire(m *sms, later bool) smsWire {
	w := smsWire{ID: m.id, Href: s.smsBase() + "/messages/" + m.id, Direction: "mt", Type: m.kind, Originator: m.originator, Body: m.body,
		Reference: orNull(m.reference), Gateway: 10, Coding: m.coding, Class: 1, Scheduled: orNull(m.scheduled), Created: m.created.Format(smsTime)}
	if m.received {
		w.Direction = "mo"
	}
	if m.validity > 0 {
		w.Validity = &m.validity
	}
	_, segments := m.shown()
	for _, r := range m.to {
		number, _ := strconv.ParseInt(r.number, 10, 64) // digits, 15 at most
		item := recipientWire{Recipient: number, Status: r.status, At: r.updated.Format(smsTime), Parts: segments}
		if later {
			item.networkWire = m.network(r)
		}
		w.Recipients.Items = append(w.Recipients.Items, item)
		w.Recipients.Total++
		switch {
		case r.status == "delivered":
			w.Recipients.Delivered++
		case failed(r.status):
			w.Recipients.Failed++
		default:
			w.Recipients.Sent++
		}
	}
	return w
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// since reports whether a message is of a stretch of time, of which either end may be open.
func (m *sms) since(from, until time.Time) bool {
	return !m.created.Before(from) && (until.IsZero() || !m.created.After(until))
}

// smsBase is the address of links into the SMS API. Server.mu is held.
func (s *Server) smsBase() string {
	if s.base == "" {
		return "https://rest.messagebird.com"
	}
	return s.base + "/rest"
}
