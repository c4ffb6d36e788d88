package meta

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// ErrNotSubscribed says that the app does not get the events of the account, or
// not all kinds of them. It comes within a *channels.Error of class ErrRejected.
var ErrNotSubscribed = errors.New("meta: the app is not subscribed to the account")

// Subscribe lets the app have the account's events, and reads back whether it
// does: ErrNotSubscribed when Meta said yes and did not. It may be repeated.
// Meta sends a kind of events only where the app's settings name it too.
func (c *Connector) Subscribe(ctx context.Context, a Account) error {
	const op = "subscribe"
	l, path, app, failure := c.subscription(op, a)
	if failure != nil {
		return failure
	}
	body := &struct {
		proved
		Fields string `json:"subscribed_fields,omitempty"`
	}{Fields: strings.Join(a.fields(), ",")}
	if err := l.succeed(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: path, JSON: body}); err != nil {
		return err
	}
	return orNil(l.subscribed(ctx, op, path, app, a.fields()))
}

// Subscribed returns nil when the app gets all events of the account that it
// needs, and otherwise ErrNotSubscribed or the failure of asking.
func (c *Connector) Subscribed(ctx context.Context, a Account) error {
	const op = "subscribed"
	l, path, app, failure := c.subscription(op, a)
	if failure != nil {
		return failure
	}
	return orNil(l.subscribed(ctx, op, path, app, a.fields()))
}

// Unsubscribe ends the account's events. They belong to the page or the business
// account as a whole: a page's Messenger and its linked Instagram account, and
// all numbers of one business account, end together, for every user of the same
// app. So it is called when the last of them is taken away. When it fails with
// ErrCredentials there is nothing left to end them with; the account can be
// taken away all the same, because Config.Removed ignores what still arrives.
func (c *Connector) Unsubscribe(ctx context.Context, a Account) error {
	const op = "unsubscribe"
	l, path, _, failure := c.subscription(op, a)
	if failure != nil {
		return failure
	}
	return l.succeed(ctx, httpx.Call{Op: op, Method: http.MethodDelete, Path: path})
}

// subscription returns what speaks for the account, the path of its
// subscriptions, and the id that the app has among them.
func (c *Connector) subscription(op string, a Account) (l *line, path, app string, failure *channels.Error) {
	id, err := a.subscriber()
	if err != nil {
		return nil, "", "", unfit(op, err.Error())
	}
	l, path, app = c.guest(a.Token), "/"+id+"/subscribed_apps", c.cfg.AppID
	if a.ownLogin() {
		l.api, app = c.instagram, "" // there the app goes by another id
	}
	return l, path, app, nil
}

// succeed makes a call that answers whether it succeeded and nothing else.
func (l *line) succeed(ctx context.Context, c httpx.Call) error {
	var w struct {
		Success *bool `json:"success"`
	}
	if failure := l.call(ctx, c, &w); failure != nil {
		return failure
	}
	if w.Success != nil && !*w.Success {
		return l.refuse(c.Op, channels.ErrRejected, "Meta did not do it and did not say why")
	}
	return nil
}

// subscribed reads back which apps get the events of an account, and returns nil
// when this one gets all fields. Without the app's id any app's subscription
// counts. Business accounts name their apps in another form and have no fields.
func (l *line) subscribed(ctx context.Context, op, path, app string, fields []string) *channels.Error {
	type entry struct {
		ID       loose    `json:"id"`
		Fields   []string `json:"subscribed_fields"`
		WhatsApp struct {
			ID loose `json:"id"`
		} `json:"whatsapp_business_api_data"`
	}
	apps, failure := list[entry](ctx, l, op, path, url.Values{})
	if failure != nil {
		return failure
	}
	for _, e := range apps {
		missing := func(field string) bool { return !slices.Contains(e.Fields, field) }
		if (app == "" || string(e.ID) == app || string(e.WhatsApp.ID) == app) && !slices.ContainsFunc(fields, missing) {
			return nil
		}
	}
	return &channels.Error{
		Op: op, Channel: l.info.ID, Class: channels.ErrRejected, Outcome: channels.NotSent,
		Provider: "not_subscribed", Err: ErrNotSubscribed,
	}
}
