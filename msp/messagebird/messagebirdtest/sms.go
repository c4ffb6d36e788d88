package messagebirdtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Number is a number of the account that people write SMS to. It belongs to the SMS API, which knows no channels.
type Number struct {
	// Number as people dial it, with or without "+"; a short number too. Required.
	Number string
	// Forward is the URL that people's messages are sent to. "": they go nowhere.
	Forward string
	// As says in which form: AsForm (default), AsJSON or AsQuery. Descriptions of the service differ.
	As string
}

// Forms in which a person's SMS is forwarded.
const (
	AsForm  = "form"  // POST of a form
	AsJSON  = "json"  // POST of a JSON object
	AsQuery = "query" // GET
)

// Events of the SMS API; it does not name them.
const (
	EventSMSReceived = "sms.received"
	EventSMSStatus   = "sms.status"
)

// sms is a message of either direction. Guarded by Server.mu.
type sms struct {
	smsOrder
	id       string
	received bool
	created  time.Time
	to       []*smsRecipient
	media    []string
}

type smsRecipient struct {
	number  string // digits
	status  string
	code    int
	updated time.Time
}

// smsState is what the account keeps of the SMS API. Guarded by Server.mu.
type smsState struct {
	numbers map[string]Number // by digits
	all     []*sms            // oldest first
}

func (st *smsState) find(id string) *sms {
	for _, m := range st.all {
		if m.id == id {
			return m
		}
	}
	return nil
}

// Mobile is a person's phone as far as the SMS API reaches it. Its methods may be called concurrently.
type Mobile struct {
	s      *Server
	number string // digits
}

// SMS is a message that arrived at a phone.
type SMS struct {
	ID string
	// From is the sender as the phone shows it: a number's digits, or a name.
	From string
	// Text is what the phone shows: with the coding "plain", "?" stands for what GSM 03.38 lacks.
	Text string
	// Reference is the sender's own mark.
	Reference string
	// Status is the last one reported.
	Status string
	// Segments is how many short messages were sent.
	Segments int
	At       time.Time
}

// Mobile returns the phone of the person with this number, with or without "+". A number that cannot exist is a
// mistake in the program and panics.
func (s *Server) Mobile(number string) *Mobile {
	digits := strings.TrimPrefix(rules{phone: true}.canonical(number), "+")
	if digits == "" {
		panic("messagebirdtest: Mobile: not a phone number")
	}
	return &Mobile{s, digits}
}

// Writes sends a text, with files as an MMS, to a number of the account and returns the message's id. A number that is
// not in Config.Numbers is a mistake in the program and panics.
func (m *Mobile) Writes(to, text string, files ...File) string {
	s := m.s
	var media []string
	for _, f := range files {
		media = append(media, s.keepMedia(f))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	number, ok := s.sms.numbers[digitsOf(to)]
	if !ok {
		panic(fmt.Sprintf("messagebirdtest: Writes: no number %q in Config.Numbers", to))
	}
	now := s.now()
	in := &sms{id: newID(), received: true, created: now, media: media,
		smsOrder: smsOrder{originator: m.number, body: text, kind: kindSMS, coding: codingOf(text)},
		to:       []*smsRecipient{{number: digitsOf(to), status: "received", updated: now}}}
	if !s.cfg.CountOnly {
		s.sms.all = append(s.sms.all, in)
	}
	s.journal.received()
	s.forward(number, in)
	s.changed.Ring()
	return in.id
}

// Inbox returns what the person has received, oldest first. A message that failed is not there. It is empty with
// Config.CountOnly.
func (m *Mobile) Inbox() []SMS {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	var box []SMS
	for _, out := range m.s.sms.all {
		r := out.recipient(m.number)
		if r == nil || failed(r.status) {
			continue
		}
		text, n := out.shown()
		box = append(box, SMS{out.id, out.originator, text, out.reference, r.status, n, out.created})
	}
	return box
}

// Reports gives a message to this person a status, such as "buffered", "delivered", "expired" or "delivery_failed",
// with the networks' error code, or 0, and sends the report for it. Order is the caller's: a status may come twice, or
// before the one that precedes it.
func (m *Mobile) Reports(id, status string, code int) error {
	s := m.s
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.sms.find(id)
	if out == nil || out.recipient(m.number) == nil {
		return fmt.Errorf("messagebirdtest: no message %q was sent to this phone", id)
	}
	s.reportSMS(out, out.recipient(m.number), status, code)
	return nil
}

// recipient returns the person's part of a message that was sent to several; nil when it was not sent to the person.
func (m *sms) recipient(number string) *smsRecipient {
	i := slices.IndexFunc(m.to, func(r *smsRecipient) bool { return r.number == number })
	if m.received || i < 0 {
		return nil
	}
	return m.to[i]
}

// acceptSMS takes an order over: it gets its statuses and its place in the counts. Server.mu is held.
func (s *Server) acceptSMS(o smsOrder, raw json.RawMessage) *sms {
	now := s.now()
	m := &sms{smsOrder: o, id: newID(), created: now}
	status := "sent"
	if o.scheduled != "" {
		status = "scheduled"
	}
	for _, number := range o.recipients {
		m.to = append(m.to, &smsRecipient{number: number, status: status, updated: now})
	}
	if !s.cfg.CountOnly {
		s.sms.all = append(s.sms.all, m)
	}
	s.journal.sent(Sent{ID: m.id, To: "+" + strings.Join(o.recipients, ",+"), Originator: o.originator, Type: kindSMS,
		Content: raw, TrackID: o.reference, At: now}, s.cfg.CountOnly)
	for _, word := range s.cfg.Statuses {
		for _, r := range m.to {
			s.reportSMS(m, r, word, 0)
		}
	}
	s.changed.Ring()
	return m
}

func digitsOf(number string) string { return strings.TrimPrefix(number, "+") }
