package meta

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// ErrRestricted says that Meta holds the account back. It comes within a
// *channels.Error of class ErrRejected whose Provider says how, such as "status:banned".
var ErrRestricted = errors.New("meta: the account is held back")

// Health asks Meta whether a line works, by the cheapest reads that show it: is
// the token alive, does the app get the line's messages, may the number send.
// Nil says that all is well. Otherwise the error is a *channels.Error: of class
// ErrCredentials when the account has to be connected again, of ErrRejected when
// the app is not subscribed ([ErrNotSubscribed]), the account is held back
// ([ErrRestricted]) or Meta says so with a code that [Advice] explains; an
// ErrUnavailable or ErrRateLimited is about the asking and says nothing of the
// line. It costs one or two calls, and sends nothing.
func (a *App) Health(ctx context.Context, line channels.ID) error {
	for _, l := range a.lines {
		if l.info.ID == line {
			return orNil(l.health(ctx))
		}
	}
	return &channels.Error{Op: "health", Channel: line, Class: channels.ErrUnsupported, Outcome: channels.NotSent, Err: errors.New("no such line")}
}

func (l *line) health(ctx context.Context) *channels.Error {
	const op = "health"
	app := l.app.cfg.AppID
	if l.conf.InstagramLogin {
		app = "" // there the app goes by another id
	}
	if l.info.Kind != channels.WhatsApp {
		// An Instagram account's subscriptions are those of the page that its token
		// is of, unless it has a login of its own: node knows.
		return l.subscribed(ctx, op, l.node()+"/subscribed_apps", app, []string{"messages"})
	}
	if failure := l.mayWrite(ctx, op); failure != nil || l.conf.Business == "" {
		return failure
	}
	return l.subscribed(ctx, op, "/"+l.conf.Business+"/subscribed_apps", app, nil)
}

// mayWrite reads whether a WhatsApp number may send. Its name is not asked for: a
// number goes on under the old one while Meta thinks about a new one.
func (l *line) mayWrite(ctx context.Context, op string) *channels.Error {
	var w struct {
		Status loose `json:"status"`
	}
	call := httpx.Call{Op: op, Method: http.MethodGet, Path: "/" + l.conf.Account, Query: url.Values{"fields": {"id," + fieldStatus}}}
	if failure := l.call(ctx, call, &w); failure != nil {
		return harmless(failure)
	}
	switch state, reason := stateOf("", "", w.Status); state {
	case NumberReady, NumberUnknown:
		return nil
	default:
		return &channels.Error{
			Op: op, Channel: l.info.ID, Class: channels.ErrRejected, Outcome: channels.NotSent,
			Provider: reason, Err: ErrRestricted,
		}
	}
}
