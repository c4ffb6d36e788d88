package httpx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
)

// Certainty says whether the server may have seen a request that failed.
type Certainty uint8

const (
	// MaybeSent is the zero value, the careful one: the server may have acted.
	MaybeSent Certainty = iota
	// NotSent says that not one byte of the request reached the server.
	NotSent
)

// String returns "maybe sent" or "not sent".
func (c Certainty) String() string {
	if c == NotSent {
		return "not sent"
	}
	return "maybe sent"
}

// Stage says how far a failed call came.
type Stage string

// The stages in their order.
const (
	StagePrepare  Stage = "prepare"  // the call was not valid, or policy refused it
	StageConnect  Stage = "connect"  // name, address, proxy, TLS
	StageExchange Stage = "exchange" // the request, and the head of the reply
	StageBody     Stage = "body"     // the reply's body; Status is known
)

// Failure is the error of a call without a usable reply. Its text names operation,
// stage and kind only, all of them fixed. The cause is kept for errors.Is and errors.As; do not print
// it: causes quote addresses and received bytes.
type Failure struct {
	Op      string
	Stage   Stage
	Sent    Certainty
	Timeout bool // ours, the caller's deadline or the network's
	Status  int  // of a reply whose body failed, otherwise 0
	Err     error
}

// Error never holds URL, header, body or cause.
func (f *Failure) Error() string {
	kind := "failed"
	var quiet *quietError
	switch {
	case errors.As(f.Err, &quiet):
		kind = quiet.text
	case f.Timeout:
		kind = "timed out"
	case errors.Is(f.Err, context.Canceled):
		kind = "canceled"
	case errors.Is(f.Err, ErrTooLarge):
		kind = "reply too large"
	case errors.Is(f.Err, ErrForbiddenHost), errors.Is(f.Err, ErrForbiddenAddress):
		kind = "destination not allowed"
	}
	return fmt.Sprintf("httpx: %s: %s: %s (%s)", f.Op, f.Stage, kind, f.Sent)
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Impossible reports a call that cannot be made, now or later: it was not valid.
// A call that was given up, or that policy forbids for now, is none.
func (f *Failure) Impossible() bool {
	return f.Stage == StagePrepare && !f.Timeout && !errors.Is(f.Err, context.Canceled) && !errors.Is(f.Err, ErrForbiddenHost)
}

// attempt follows one call through net/http to learn whether it got a connection.
type attempt struct {
	op     string
	status int
	asked  atomic.Bool // a connection was asked for, so the trace is being served
	handed atomic.Bool // a connection was handed out, on this or an earlier try
}

func (a *attempt) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { a.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.handed.Store(true) },
	})
}

// refused is the failure of a call that never left this package.
func (a *attempt) refused(ctx context.Context, err error) *Failure {
	return a.failure(ctx, StagePrepare, NotSent, err)
}

// failed tells from the trace what the failure of a request means.
func (a *attempt) failed(ctx context.Context, err error) *Failure {
	switch {
	case a.status != 0:
		return a.failure(ctx, StageBody, MaybeSent, err)
	case a.handed.Load():
		return a.failure(ctx, StageExchange, MaybeSent, err)
	case errors.Is(err, ErrForbiddenHost):
		return a.failure(ctx, StagePrepare, NotSent, err)
	case a.asked.Load():
		return a.failure(ctx, StageConnect, NotSent, err)
	default:
		return a.failure(ctx, StageExchange, MaybeSent, err)
	}
}

func (a *attempt) failure(ctx context.Context, stage Stage, sent Certainty, err error) *Failure {
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err // the URL may hold a token
	}
	// net/http may report the cause of a cancellation instead of the cancellation.
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = errors.Join(ended, err)
	}
	var timeout net.Error
	return &Failure{
		Op: a.op, Stage: stage, Sent: sent, Status: a.status, Err: err,
		Timeout: errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout(),
	}
}
