package alt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/uuid"
)

// Service is the engine. Its methods may be called concurrently.
type Service struct {
	cfg     Config
	handler Handler
	logins  *logins // nil: nobody is authenticated
	routes  atomic.Pointer[routing]
	kicks   map[Work]chan struct{}
	ask     chan struct{} // wakes who asks lines how they are

	erasing atomic.Int32 // erasures that are worked at

	setting    sync.Mutex // held while routes is replaced
	conditions map[lineKey]*condition

	mu       sync.Mutex
	watchers map[chan struct{}]struct{}
}

// New checks the configuration and makes a service. It does no I/O and starts
// nothing.
func New(cfg Config) (*Service, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, conditions: make(map[lineKey]*condition), ask: make(chan struct{}, 1),
		kicks: make(map[Work]chan struct{}), watchers: make(map[chan struct{}]struct{})}
	for _, w := range []Work{Inbox, Media, Outbox, Reconcile} {
		s.kicks[w] = make(chan struct{}, 1)
	}
	if err := s.firstRoutes(); err != nil {
		return nil, err
	}
	for id, r := range cfg.Rates {
		if !cfg.LinesLater && s.line(id) == nil {
			return nil, errField("Rates", fmt.Sprintf("no line is named %q", id))
		}
		if !(r.PerSecond >= 0) || r.Burst < 0 { // NaN is not
			return nil, errField("Rates", fmt.Sprintf("the rate of %q must not be negative", id))
		}
	}
	if cfg.PublicURL == "" && (cfg.LinesLater || len(s.routes.Load().hooks) > 0) {
		return nil, errField("PublicURL", "required, because a line has a webhook")
	}
	var err error
	if s.logins, err = newLogins(cfg.Logins); err != nil {
		return nil, err
	}
	s.handler = cfg.Handler
	if c, ok := s.handler.(*chain); ok {
		if err := c.check(); err != nil {
			return nil, errField("Handler", err.Error())
		}
	}
	for i := len(cfg.Middleware) - 1; i >= 0; i-- {
		if cfg.Middleware[i] == nil {
			return nil, errField(fmt.Sprintf("Middleware[%d]", i), "is nil")
		}
		s.handler = cfg.Middleware[i](s.handler)
	}
	return s, nil
}

// Lines returns what is known of the lines, in no particular order, with
// Agency filled in.
func (s *Service) Lines() []channels.Info {
	lines := s.routes.Load().lines
	out := make([]channels.Info, 0, len(lines))
	for _, l := range lines {
		out = append(out, l.info)
	}
	return out
}

// Line returns one; ErrUnknownLine.
func (s *Service) Line(id channels.ID) (channels.Info, error) {
	l := s.line(id)
	if l == nil {
		return channels.Info{}, fmt.Errorf("%w: %.64q", ErrUnknownLine, id)
	}
	return l.info, nil
}

// Store returns the store, for reading.
func (s *Service) Store() Store { return s.cfg.Store }

// Now returns the time by the service's clock.
func (s *Service) Now() time.Time { return s.cfg.Now() }

// MaxMedia returns Config.MaxMedia.
func (s *Service) MaxMedia() int64 { return s.cfg.MaxMedia }

// Send queues a message; that it is queued is durable when Send returns. An
// empty ID is chosen, an empty Author is channels.System. The same ID with the
// same content again is success and sends nothing; with other content it is
// ErrIDReused. What cannot be sent as things stand is refused at once, with the
// same *channels.Error that the send itself would have failed with.
func (s *Service) Send(ctx context.Context, o channels.Outbound) (channels.MessageID, error) {
	l := s.line(o.To.Channel)
	if l == nil || o.To.Agency != "" && o.To.Agency != l.info.Agency {
		return "", fmt.Errorf("%w: %.64q", ErrUnknownLine, o.To.Channel)
	}
	if o.To.Peer == "" {
		return "", fmt.Errorf("%w: Outbound.To has no peer", ErrInput)
	}
	now := s.cfg.Now()
	o.To.Agency = l.info.Agency
	if o.Author == "" {
		o.Author = channels.System
	}
	if o.ID == "" {
		o.ID = channels.MessageID(uuid.New(now))
	}
	parts, err := s.fit(l, o)
	if err != nil {
		return "", err
	}
	if err := decide(func() error { return s.queueParts(ctx, l, o, parts) }); err != nil {
		return "", err
	}
	return o.ID, nil
}

// queueParts queues a message, as things stand with the person.
func (s *Service) queueParts(ctx context.Context, l *line, o channels.Outbound, parts []channels.Outbound) error {
	now := s.cfg.Now()
	d, err := s.cfg.Store.Dossier(ctx, o.To)
	if err != nil {
		return err
	}
	if err := s.goesOn(ctx, &d); err != nil {
		return err
	}
	for i := range parts {
		parts[i].Provider, parts[i].PeerSpace = knownAt(&l.info, d.Contact)
	}
	if _, refusal := admit(&l.info, d.Contact, &o, now); refusal != nil {
		if _, err := s.cfg.Store.Message(ctx, o.To.Agency, o.ID); errors.Is(err, ErrNotFound) {
			return refusal
		} else if err != nil {
			return err
		} // it was queued when it could be: Commit says whether it is the same
	}
	if err := s.sayable(ctx, l, d, parts); err != nil {
		return err
	}
	if err := s.unlessQueued(ctx, parts, s.approved(ctx, l, parts...)); err != nil {
		return err
	}
	c := Changes{Send: parts, Log: []LogEntry{{
		Agency: o.To.Agency, At: now, Act: actQueued, Actor: or(o.By, string(o.Author)), Line: l.info.ID, Message: string(o.ID),
	}}}
	if d.Contact != nil && d.Contact.Continues != "" {
		c.Conversation = d.Conversation // which the store does not know as this address's
	}
	return s.commit(ctx, Item{}, c)
}

// fit makes the parts of a message.
func (s *Service) fit(l *line, o channels.Outbound) ([]channels.Outbound, error) {
	// A dot separates the part in Outbound.Ref; "in-" names inbound messages.
	if err := o.ID.Valid(); err != nil || strings.Contains(string(o.ID), ".") || strings.HasPrefix(string(o.ID), "in-") {
		return nil, fmt.Errorf("%w: Outbound.ID: 1-64 characters of a-z, A-Z, 0-9, '-', '_', not beginning with \"in-\"", ErrInput)
	}
	if o.Private && len(o.Secret) == 0 { // what an agency says is in the transcript
		return nil, fmt.Errorf("%w: Outbound.Private is for the service's own messages", ErrInput)
	}
	contents, err := channels.Fit(l.info.Capabilities, o.Content)
	if err != nil {
		var e *channels.Error
		if errors.As(err, &e) {
			e.Channel = l.info.ID
		}
		return nil, err
	}
	parts := make([]channels.Outbound, len(contents))
	for i, c := range contents {
		p := o
		p.Content, p.Part, p.Parts = c, i, len(contents)
		if i > 0 {
			p.ReplyTo = ""
		}
		if !p.Private { // what it says is Blank
			p.Salt = NewSalt()
		}
		parts[i] = p
	}
	return parts, nil
}
