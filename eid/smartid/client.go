package smartid

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Operations in failures.
const (
	opBegin       = "begin"
	opPoll        = "poll"
	opCertificate = "certificate"
)

// What the service takes for the time of a long poll.
const (
	shortestPoll = time.Second
	longestPoll  = 2 * time.Minute
)

// client makes the calls of either API.
type client struct {
	starts, polls *httpx.Client
	now           func() time.Time
	poll          time.Duration
}

func newClient(base string, hc *http.Client, poll time.Duration, now func() time.Time, insecureHTTP bool) (*client, error) {
	cfg := httpx.Config{BaseURL: base, Client: hc, MaxResponse: maxSession, InsecureHTTP: insecureHTTP}
	starts, err := httpx.New(cfg)
	if err != nil {
		return nil, err
	}
	// The service answers when its own time is over; ours has to be longer.
	cfg.Timeout = poll + 10*time.Second
	polls, err := httpx.New(cfg)
	if err != nil {
		return nil, err
	}
	return &client{starts: starts, polls: polls, now: now, poll: poll}, nil
}

// post begins something, once: after an unclear outcome a session may be running,
// and a second request would ring the person's phone a second time.
func (c *client) post(ctx context.Context, op, path string, body, into any) error {
	reply, err := c.starts.Do(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: path, JSON: body})
	if err != nil {
		return unreachable(ctx, op, err)
	}
	if reply.Status != http.StatusOK {
		return refusedBy(op, reply, c.now())
	}
	if err := httpx.DecodeJSON(reply.Body, into, httpx.JSONLimits{}); err != nil {
		return misunderstood(op, err)
	}
	return nil
}

// session asks for the state of a session, and waits for a decision as long as
// the service lets it, at most for wait. Only reading is repeated, and only what
// failed at once.
func (c *client) session(ctx context.Context, id string, wait time.Duration) (Session, error) {
	wait = c.patience(ctx, wait)
	call := httpx.Call{
		Op: opPoll, Method: http.MethodGet, Path: "/session/" + url.PathEscape(id),
		Query: url.Values{"timeoutMs": {strconv.FormatInt(wait.Milliseconds(), 10)}},
	}
	var s Session
	err := httpx.Retry(ctx, httpx.RetryPolicy{Attempts: 3}, func() (bool, time.Duration, error) {
		reply, err := c.polls.Do(ctx, call)
		if err != nil {
			var failure *httpx.Failure
			again := errors.As(err, &failure) && !failure.Timeout && !failure.Impossible()
			return again, 0, unreachable(ctx, opPoll, err)
		}
		if reply.Status != http.StatusOK {
			refused := refusedBy(opPoll, reply, c.now())
			again := reply.Status >= 500 && reply.Status < 580 || reply.Status == http.StatusTooManyRequests
			return again, refused.After, refused
		}
		if s, err = ParseSession(reply.Body); err != nil {
			return false, 0, misunderstood(opPoll, err)
		}
		return false, 0, nil
	})
	return s, err
}

// patience returns how long to wait for a decision. Whoever has less time than
// that is told "not yet" before it is over.
func (c *client) patience(ctx context.Context, wait time.Duration) time.Duration {
	wait = min(wait, c.poll)
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)-2*time.Second)
	}
	return max(wait, shortestPoll)
}

// unreachable is the failure of a call without a reply. A caller who gave up
// gets their own error back.
func unreachable(ctx context.Context, op string, err error) *Failure {
	f := &Failure{Op: op, Advice: AdviceLater, kind: ErrUnavailable, cause: err}
	var failure *httpx.Failure
	if errors.As(err, &failure) {
		f.Uncertain = op == opBegin && failure.Sent == httpx.MaybeSent
	}
	if ended := ctx.Err(); ended != nil {
		f.kind, f.Advice = ended, AdviceNone
	}
	return f
}

// misunderstood is the failure of a good status with a body that is none.
func misunderstood(op string, cause error) *Failure {
	return &Failure{
		Op: op, Advice: AdviceReport, Uncertain: op == opBegin, kind: ErrProtocol, cause: cause,
	}
}
