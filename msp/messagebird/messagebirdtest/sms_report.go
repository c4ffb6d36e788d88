package messagebirdtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
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
		"mccmnc": {netMCC + netMNC}, "ported": {"0"}, "messageLength": {strconv.Itoa(m.length())}, "messagePartCount": {strconv.Itoa(segments)},
		"datacoding": {m.coding}, "price[amount]": {fmt.Sprint(netPrice)}, "price[currency]": {netCurrency},
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
