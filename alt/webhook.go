package alt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// acceptFor bounds how long a provider waits for the store.
const acceptFor = 10 * time.Second

// maxKey is the longest EventMeta.Key, in bytes.
const maxKey = 200

// hook is a webhook with its lines.
type hook struct {
	name    string
	webhook channels.Webhook
	driver  any // for optional interfaces
	lines   map[channels.ID]bool
	first   channels.ID
	answers channels.Answers
	routes  map[string]http.Handler
}

func (s *Service) addHook(name string, w channels.Webhook, driver any, lines []channels.ID) error {
	if channels.ID(name).Valid() != nil {
		return errField("Providers", fmt.Sprintf("name %.64q must be 1-64 characters of a-z, 0-9, '-', '_', '.'", name))
	}
	if s.hooks[name] != nil {
		return errField("Providers", fmt.Sprintf("two webhooks are named %q", name))
	}
	h := &hook{name: name, webhook: w, driver: driver, lines: make(map[channels.ID]bool), first: lines[0]}
	for _, id := range lines {
		h.lines[id] = true
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
	s.hooks[name] = h
	return nil
}

// Webhooks returns the handler for providers' requests, by path "/{name}",
// the name of a provider or the id of a line. Mount it with http.StripPrefix
// where Config.PublicURL says. It answers only after what came is durable.
func (s *Service) Webhooks() http.Handler { return http.HandlerFunc(s.serveWebhook) }

func (s *Service) serveWebhook(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	h := s.hooks[name]
	if h == nil {
		answer(w, http.StatusNotFound, "not found")
		return
	}
	if rest != "" {
		if route := h.routes["/"+rest]; route != nil {
			route.ServeHTTP(w, r)
			return
		}
		answer(w, http.StatusNotFound, "not found")
		return
	}
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET, POST")
		answer(w, http.StatusMethodNotAllowed, "method not allowed")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.cfg.MaxBody))
	if err != nil {
		s.observe(Observation{Name: "webhook.refused", Line: h.first, Code: "body", N: 1})
		if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
			answer(w, http.StatusRequestEntityTooLarge, "too large")
			return
		}
		answer(w, http.StatusBadRequest, "unreadable")
		return
	}
	req := &channels.Request{Method: r.Method, PublicURL: s.cfg.PublicURL + "/" + name, Header: r.Header, Body: body, At: s.cfg.Now()}
	if r.URL.RawQuery != "" {
		req.PublicURL += "?" + r.URL.RawQuery
	}
	if c, ok := channels.As[channels.Challenger](h.driver); ok && r.Method == http.MethodGet {
		s.challenge(w, r, h, c, req)
		return
	}
	s.receive(w, r, h, req)
}

func (s *Service) challenge(w http.ResponseWriter, r *http.Request, h *hook, c channels.Challenger, req *channels.Request) {
	b, err := c.Challenge(r.Context(), req)
	if err != nil {
		s.refuse(w, h)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(b)
}

// refuse tells nothing about the reason.
func (s *Service) refuse(w http.ResponseWriter, h *hook) {
	s.observe(Observation{Name: "webhook.refused", Line: h.first, Code: "signature", N: 1})
	answer(w, h.answers.Refused, "refused")
}

func (s *Service) receive(w http.ResponseWriter, r *http.Request, h *hook, req *channels.Request) {
	if err := h.webhook.Verify(r.Context(), req); err != nil {
		s.refuse(w, h)
		return
	}
	evs, err := h.webhook.Parse(r.Context(), req)
	if err != nil {
		evs = []channels.Event{h.malformed(req, "body")}
	}
	for i, e := range evs {
		evs[i] = s.stamp(h, e, req)
	}
	fresh := 0
	if len(evs) > 0 {
		// The request's end must not end the transaction: a provider that hangs
		// up gets no answer and comes again, and then it is a duplicate.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), acceptFor)
		defer cancel()
		if fresh, err = s.cfg.Store.Accept(ctx, evs); err != nil {
			s.cfg.Logger.ErrorContext(ctx, "webhook not stored", "webhook", h.name, "error", err)
			s.observe(Observation{Name: "webhook.unavailable", Line: h.first, N: len(evs)})
			answer(w, h.answers.TryAgain, "try again")
			return
		}
	}
	if fresh > 0 {
		s.observe(Observation{Name: "webhook.accepted", Line: h.first, N: fresh})
		s.kick(Inbox)
		s.kick(Media)
	}
	if d := len(evs) - fresh; d > 0 {
		s.observe(Observation{Name: "webhook.duplicate", Line: h.first, N: d})
	}
	answer(w, h.answers.Accepted, "accepted")
}

// stamp fills in what drivers leave to the service, and makes an event that
// breaks the contract a Malformed one instead of losing it.
func (s *Service) stamp(h *hook, e channels.Event, req *channels.Request) channels.Event {
	m := e.Meta()
	if !h.lines[m.Channel] || m.Key == "" || len(m.Key) > maxKey {
		e = h.malformed(req, "event")
		m = e.Meta()
	}
	if _, bad := e.(*channels.Malformed); bad {
		s.observe(Observation{Name: "webhook.malformed", Line: m.Channel, N: 1})
	}
	m.Agency = s.lines[m.Channel].info.Agency
	if m.At.IsZero() {
		m.At = req.At
	}
	if m.Trace == "" {
		m.Trace = uuid.New(req.At)
	}
	return e
}

func (h *hook) malformed(req *channels.Request, reason string) *channels.Malformed {
	sum := sha256.Sum256(req.Body)
	return &channels.Malformed{Reason: reason, EventMeta: channels.EventMeta{
		Key: "malformed/" + hex.EncodeToString(sum[:]), Channel: h.first, At: req.At, Raw: req.Body,
	}}
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
