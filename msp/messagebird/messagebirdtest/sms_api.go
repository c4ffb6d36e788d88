package messagebirdtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) sendSMS(c *call) answer {
	o, bad := s.readSMS(c.body)
	if bad != nil {
		return s.refuse(bad)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return reply(http.StatusCreated, s.smsWire(s.acceptSMS(o, c.body), false))
}

func (s *Server) getSMS(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.sms.find(c.id)
	if m == nil {
		return s.refuse(notFound("message", ""))
	}
	return reply(http.StatusOK, s.smsWire(m, true))
}

func (s *Server) deleteSMS(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.sms.all, s.sms.find(c.id))
	if i < 0 {
		return s.refuse(notFound("message", ""))
	}
	s.sms.all = slices.Delete(s.sms.all, i, i+1)
	return answer{status: http.StatusNoContent}
}

// smsListWire is a list of the SMS API: the others have no links.
type smsListWire struct {
	Offset int            `json:"offset"`
	Limit  int            `json:"limit"`
	Count  int            `json:"count"`
	Total  int            `json:"totalCount"`
	Links  map[string]any `json:"links"`
	Items  []smsWire      `json:"items"`
}

// listSMS answers with messages of both directions, newest first.
func (s *Server) listSMS(c *call) answer {
	q := c.r.URL.Query()
	w, bad := s.readWindow(q, "originator", "recipient", "direction", "type", "status", "from", "until")
	if bad != nil {
		return s.refuse(bad)
	}
	var from, until time.Time
	for name, to := range map[string]*time.Time{"from": &from, "until": &until} {
		t, err := time.Parse(time.RFC3339, q.Get(name))
		if err != nil && q.Has(name) {
			return s.refuse(invalid(name, "is not a time of RFC 3339"))
		}
		*to = t
	}
	if d := q.Get("direction"); q.Has("direction") && d != "mt" && d != "mo" {
		return s.refuse(invalid("direction", "must be mt or mo"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []smsWire
	for _, m := range newestFirst(s.sms.all) {
		x := s.smsWire(m, true)
		fits := func(name, value string) bool { return !q.Has(name) || digitsOf(q.Get(name)) == value }
		there := func(name string, value func(*smsRecipient) string) bool {
			return slices.ContainsFunc(m.to, func(r *smsRecipient) bool { return fits(name, value(r)) })
		}
		if m.since(from, until) && fits("originator", x.Originator) && fits("direction", x.Direction) && fits("type", x.Type) &&
			there("recipient", func(r *smsRecipient) string { return r.number }) &&
			there("status", func(r *smsRecipient) string { return r.status }) {
			list = append(list, x)
		}
	}
	items := append([]smsWire{}, list[min(w.offset, len(list)):min(w.offset+w.limit, len(list))]...)
	first := s.smsBase() + "/messages/?offset=0"
	return reply(http.StatusOK, smsListWire{w.offset, w.limit, len(items), len(list),
		map[string]any{"first": first, "previous": nil, "next": nil, "last": first}, items})
}

// checkNumbers refuses what New cannot work with.
func (c *Config) checkNumbers() (field string, ok bool) {
	seen := map[string]bool{}
	for _, n := range c.Numbers {
		digits := digitsOf(n.Number)
		if digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || seen[digits] ||
			n.Forward != "" && !webURL(n.Forward) || !slices.Contains([]string{"", AsForm, AsJSON, AsQuery}, n.As) {
			return "Numbers", false
		}
		seen[digits] = true
	}
	return "StatusURL", c.StatusURL == "" || webURL(c.StatusURL)
}
