package messagebird

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// smsOrder is a request to send.
type smsOrder struct {
	Originator string   `json:"originator"`
	Recipients []string `json:"recipients"`
	Body       string   `json:"body"`
	Coding     string   `json:"datacoding"`
	Reference  string   `json:"reference"` // without it nothing is reported
	ReportURL  string   `json:"reportUrl,omitempty"`
	Validity   int64    `json:"validity,omitempty"` // seconds
}

// smsMessage is a message as the API answers and lists it.
type smsMessage struct {
	ID         loose         `json:"id"`
	Reference  loose         `json:"reference"`
	Created    moment        `json:"createdDatetime"`
	Recipients smsRecipients `json:"recipients"`
}

type smsRecipients struct {
	Items []struct {
		Status string `json:"status"`
	} `json:"items"`
}

// Values of datacoding. With the default, "plain", characters that GSM 03.38
// lacks are replaced. "auto" looks by itself; it is told where we know.
const (
	codingAuto    = "auto"
	codingUnicode = "unicode"
)

// Send implements channels.Channel.
func (s smsLine) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	text, ok := m.Content.(channels.Text)
	if !ok {
		return channels.Receipt{}, s.l.refuse(channels.ErrUnsupported, "the kind of content")
	}
	to := digits(string(m.To.Peer))
	if len(to) < minPhone || !isNumber(to) {
		return channels.Receipt{}, s.l.refuse(channels.ErrUnreachable, "the person is not known by a phone number")
	}
	p, id := s.l.p, s.l.info.ID
	reply, err := p.texts.Do(ctx, httpx.Call{Op: "send", Method: http.MethodPost, Path: "/messages", JSON: s.order(m, to, text.Body)})
	switch {
	case err != nil:
		return channels.Receipt{}, p.failed("send", id, err)
	case !success(reply):
		return channels.Receipt{}, p.smsRefused("send", id, reply)
	}
	var w smsMessage
	err = httpx.DecodeJSON(reply.Body, &w, httpx.JSONLimits{TrailingNull: true, Lenient: true})
	if err != nil || w.ID == "" {
		return channels.Receipt{}, unclear("send", id, reply.Status, err)
	}
	return p.smsReceipt(w), nil
}

func (s smsLine) order(m channels.Outbound, to, body string) smsOrder {
	o := smsOrder{
		Originator: s.l.conf.SMS.Originator, Recipients: []string{to}, Body: body, Coding: codingAuto,
		Reference: m.Ref(), Validity: int64(s.l.conf.SMS.Validity / time.Second),
	}
	if _, ucs2 := channels.Segments(body); ucs2 {
		o.Coding = codingUnicode
	}
	if s.l.p.cfg.ReportURL != "" {
		o.ReportURL = s.l.p.cfg.ReportURL + "?" + url.Values{lineParam: {string(s.l.info.ID)}}.Encode()
	}
	return o
}

// smsReceipt reads a message that has one recipient.
func (p *Provider) smsReceipt(w smsMessage) channels.Receipt {
	m := message{ID: string(w.ID), Created: w.Created}
	if len(w.Recipients.Items) > 0 {
		m.Status = w.Recipients.Items[0].Status
	}
	return p.receiptOf(&m, p.cfg.Now())
}
