package messagebirdtest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// smsTime is how the SMS API writes times: whole seconds, with the offset of UTC as digits.
const smsTime = "2006-01-02T15:04:05-07:00"

// forward sends a person's message to where the number's messages go. A long message comes whole, under one id.
// Server.mu is held.
func (s *Server) forward(to Number, m *sms) {
	if to.Forward == "" {
		return
	}
	d := &Delivery{Event: EventSMSReceived, URL: calledURL(to.Forward, nil), Due: s.now(), lane: m.originator}
	pairs := url.Values{"id": {m.id}, "recipient": {digitsOf(to.Number)}, "originator": {m.originator}, "body": {m.body},
		"createdDatetime": {m.created.Format(smsTime)}}
	if len(m.media) > 0 {
		pairs["mediaUrls"] = m.media
	}
	switch to.As {
	case AsQuery:
		d.Method, d.URL = http.MethodGet, withPairs(d.URL, pairs)
	case AsJSON:
		object := map[string]any{"mediaUrls": pairs["mediaUrls"]}
		for name := range pairs {
			if name != "mediaUrls" {
				object[name] = pairs.Get(name)
			}
		}
		if len(m.media) == 0 {
			delete(object, "mediaUrls")
		}
		d.Body = encode(object)
	default:
		d.Body, d.contentType = []byte(pairs.Encode()), "application/x-www-form-urlencoded"
	}
	s.hooks.push(d)
}

// reportSMS gives a message a new status at one of its recipients, and tells it if the message has a reference: the
// service does so only then. Server.mu is held.
func (s *Server) reportSMS(m *sms, to *smsRecipient, status string, code int) {
	to.status, to.code, to.updated = status, code, s.now()
	address := m.report
	setDefault(&address, s.cfg.StatusURL)
	if address == "" || m.reference == "" {
		return
	}
	_, segments := m.shown()
	pairs := url.Values{
		"id": {m.id}, "reference": {m.reference}, "recipient": {to.number}, "status": {status},
		"statusDatetime": {to.updated.Format(smsTime)}, "statusReason": {reasonOf(status)}, "statusErrorCode": {""},
		"mccmnc": {"24801"}, "ported": {"0"}, "messageLength": {strconv.Itoa(m.length())}, "messagePartCount": {strconv.Itoa(segments)},
		"datacoding": {m.coding}, "price[amount]": {"0.05"}, "price[currency]": {"EUR"},
	}
	if code != 0 {
		pairs.Set("statusErrorCode", strconv.Itoa(code))
	}
	s.hooks.push(&Delivery{Event: EventSMSStatus, Method: http.MethodGet, URL: withPairs(calledURL(address, nil), pairs), Due: s.now(), lane: to.number})
}

// reasonOf is the reason that goes with a status, as far as the service tells.
func reasonOf(status string) string {
	switch status {
	case "delivered":
		return "successfully delivered"
	case "expired":
		return "expired"
	case "delivery_failed":
		return "generic delivery failure"
	}
	return "pending DLR"
}

// withPairs adds pairs to an address, sorted and encoded.
func withPairs(address string, pairs url.Values) string {
	if strings.Contains(address, "?") {
		return address + "&" + pairs.Encode()
	}
	return address + "?" + pairs.Encode()
}

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
}

func (s *Server) smsWire(m *sms) smsWire {
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
		w.Recipients.Items = append(w.Recipients.Items, recipientWire{number, r.status, r.updated.UTC().Format(smsTime), segments})
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
