package alt

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// acceptFor bounds how long a provider waits for the store.
const acceptFor = 10 * time.Second

// Webhooks returns the handler for providers' requests, by path "/{name}",
// the name of a provider or the id of a line. Mount it with http.StripPrefix
// where Config.PublicURL says. It answers only after what came is durable. Names
// that SetProvider brings later are among them.
func (s *Service) Webhooks() http.Handler { return http.HandlerFunc(s.serveWebhook) }

func (s *Service) serveWebhook(w http.ResponseWriter, r *http.Request) {
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	h := s.routes.Load().hooks[name]
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
	body, err := s.body(w, r)
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

// body reads the request at once, within the limit.
func (s *Service) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	const most = 64 << 10 // of what a client only announces
	body := http.MaxBytesReader(w, r.Body, s.cfg.MaxBody)
	if n := r.ContentLength; 0 < n && n <= most {
		b := make([]byte, n)
		_, err := io.ReadFull(body, b)
		return b, err
	}
	return io.ReadAll(body)
}

func (s *Service) challenge(w http.ResponseWriter, r *http.Request, h *hook, c channels.Challenger, req *channels.Request) {
	var b []byte
	err := s.guard(r.Context(), "driver", h.first, 0, func() (err error) { b, err = c.Challenge(r.Context(), req); return err })
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
	ctx := r.Context()
	err := s.guard(ctx, "driver", h.first, 0, func() error { return h.webhook.Verify(ctx, req) })
	switch {
	case errors.Is(err, errPanic): // nobody knows whether it is authentic
		s.tryAgain(w, h, 1)
		return
	case err != nil:
		s.refuse(w, h)
		return
	}
	if len(h.lines) == 0 { // nobody's: to store it there is no agency, and to refuse it would bring it again
		s.observe(Observation{Name: "webhook.stray", N: 1})
		answer(w, h.answers.Accepted, "accepted")
		return
	}
	evs := s.events(ctx, h, req)
	fresh := 0
	if len(evs) > 0 {
		if fresh, err = s.accept(ctx, h, req, evs); err != nil {
			s.cfg.Logger.ErrorContext(ctx, "webhook not stored", "webhook", h.name, "error", err)
			s.tryAgain(w, h, len(evs))
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

func (s *Service) tryAgain(w http.ResponseWriter, h *hook, n int) {
	s.observe(Observation{Name: "webhook.unavailable", Line: h.first, N: n})
	answer(w, h.answers.TryAgain, "try again")
}

// accept makes the events durable. The request's end must not end the
// transaction: a provider that hangs up gets no answer and comes again, and
// then it is a duplicate.
func (s *Service) accept(ctx context.Context, h *hook, req *channels.Request, evs []channels.Event) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptFor)
	defer cancel()
	concealed, err := s.conceal(ctx, h, evs)
	if err != nil {
		return 0, err
	}
	fresh, err := s.cfg.Store.Accept(ctx, evs)
	if err == nil {
		return fresh, nil
	}
	// An event that cannot be written down would come again for ever, and hold
	// up the others.
	bad := false
	for i, e := range evs {
		if _, no := channels.MarshalEvent(e); no != nil {
			evs[i], bad = s.stamp(h, h.malformed(req, "event"), req), true
			if concealed {
				evs[i].Meta().Raw = nil // the body says what the other events do not
			}
		}
	}
	if !bad {
		return 0, err
	}
	return s.cfg.Store.Accept(ctx, evs)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n")
}
