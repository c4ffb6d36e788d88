package alt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// maxKey is the longest EventMeta.Key, in bytes.
const maxKey = 200

// hook is a webhook with its lines.
type hook struct {
	name     string
	webhook  channels.Webhook
	driver   any // for optional interfaces
	provider bool
	lines    map[channels.ID]*line
	first    channels.ID // empty: there is no line (yet)
	answers  channels.Answers
	routes   map[string]http.Handler
}

func newHook(name string, w channels.Webhook, driver any, lines ...*line) *hook {
	h := &hook{name: name, webhook: w, driver: driver, lines: make(map[channels.ID]*line)}
	for _, l := range lines {
		h.lines[l.info.ID] = l
	}
	if len(lines) > 0 {
		h.first = lines[0].info.ID
	}
	if a, ok := channels.As[channels.Answerer](driver); ok {
		h.answers = a.Answers()
	}
	def(&h.answers.Accepted, http.StatusOK)
	def(&h.answers.Refused, http.StatusForbidden)
	def(&h.answers.TryAgain, http.StatusServiceUnavailable)
	if r, ok := channels.As[channels.Router](driver); ok {
		h.routes = r.Routes()
	}
	return h
}

// events returns what an authentic request says, or that it was not understood.
func (s *Service) events(ctx context.Context, h *hook, req *channels.Request) []channels.Event {
	var evs []channels.Event
	err := s.guard(ctx, "driver", h.first, 0, func() (err error) {
		if evs, err = h.webhook.Parse(ctx, req); err != nil {
			return err
		}
		for i, e := range evs {
			evs[i] = s.stamp(h, e, req)
		}
		return nil
	})
	if err != nil {
		evs = []channels.Event{s.stamp(h, h.malformed(req, "body"), req)}
	}
	return evs
}

// stamp fills in what drivers leave to the service, and makes an event that
// breaks the contract a Malformed one instead of losing it.
func (s *Service) stamp(h *hook, e channels.Event, req *channels.Request) channels.Event {
	if e == nil || !h.takes(e) {
		e = h.malformed(req, "event")
	}
	m := e.Meta()
	if _, bad := e.(*channels.Malformed); bad {
		s.observe(Observation{Name: "webhook.malformed", Line: m.Channel, N: 1})
	}
	info := &h.lines[m.Channel].info
	m.Agency, m.Provider, m.PeerSpace = info.Agency, info.Provider, info.PeerSpace
	if m.At.IsZero() {
		m.At = req.At
	}
	if m.Trace == "" {
		m.Trace = uuid.New(req.At)
	}
	switch e.(type) {
	case *channels.Received, *channels.Echoed:
		m.Salt = NewSalt()
	}
	return e
}

// takes reports whether an event is of one of the webhook's lines, can be told
// from others, and, when it is a message, is somebody's.
func (h *hook) takes(e channels.Event) bool {
	m := e.Meta()
	_, message := e.(*channels.Received)
	return h.lines[m.Channel] != nil && m.Key != "" && len(m.Key) <= maxKey && (m.Peer != "" || !message) && named(e)
}

// named reports whether the provider's names in an event are text, which any store
// can keep and find.
func named(e channels.Event) bool {
	m, ok := e.Meta(), true
	switch e := e.(type) {
	case *channels.Received:
		ok = isText(string(e.ID), string(e.ReplyTo), e.Thread)
	case *channels.Edited:
		ok = isText(string(e.ID))
	case *channels.Withdrawn:
		ok = isText(string(e.ID))
	case *channels.Echoed:
		ok = isText(string(e.ID), e.Ref, e.Thread)
	case *channels.StatusChanged:
		ok = isText(string(e.ID), e.Ref, e.Thread)
	case *channels.PeerChanged:
		ok = isText(string(e.New))
	}
	return ok && isText(m.Key, string(m.Peer))
}

func isText(names ...string) bool {
	for _, s := range names {
		if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}

// malformed is known by its body; where there is none, by its query.
func (h *hook) malformed(req *channels.Request, reason string) *channels.Malformed {
	raw := req.Body
	if len(raw) == 0 {
		_, query, _ := strings.Cut(req.PublicURL, "?")
		raw = []byte(query)
	}
	sum := sha256.Sum256(raw)
	return &channels.Malformed{Reason: reason, EventMeta: channels.EventMeta{
		Key: "malformed/" + hex.EncodeToString(sum[:]), Channel: h.first, At: req.At, Raw: raw,
	}}
}
