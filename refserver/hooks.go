package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

// account is a provider, the address of its webhook here, and what manages
// where it reports to.
type account struct {
	name, webhook string
	lines         []channels.Channel
	hooks         hooks // nil: that is done elsewhere
}

// hook is a webhook as a provider has it.
type hook struct {
	id, line, url string // line: ours, or the provider's id of the channel; empty: all
	events        []string
	enabled       bool
}

// hooks manages the webhooks of an account.
type hooks interface {
	list(ctx context.Context) ([]hook, error)
	// register makes what is missing for a line, and returns the ids of that and
	// of what did the same already.
	register(ctx context.Context, url string, line channels.Info, there []hook) (made, kept []string, err error)
	remove(ctx context.Context, id string) error
}

// find returns a webhook that does what one for the line would do.
func find(there []hook, url string, line channels.ID, event string) (hook, bool) {
	i := slices.IndexFunc(there, func(h hook) bool {
		return h.url == url && h.enabled && (h.line == string(line) || h.line == "") && (event == "" || slices.Contains(h.events, event))
	})
	if i < 0 {
		return hook{}, false
	}
	return there[i], true
}

type messagebirdHooks struct{ p *messagebird.Provider }

func (m messagebirdHooks) list(ctx context.Context) ([]hook, error) {
	all, err := m.p.Webhooks(ctx)
	list := make([]hook, len(all))
	for i, h := range all {
		list[i] = hook{h.ID, or(string(h.Line), h.ChannelID), h.URL, h.Events, h.Enabled}
	}
	return list, err
}

func (m messagebirdHooks) register(ctx context.Context, url string, line channels.Info, there []hook) (made, kept []string, err error) {
	if h, ok := find(there, url, line.ID, ""); ok {
		return nil, []string{h.id}, nil
	}
	w, err := m.p.CreateWebhook(ctx, messagebird.Webhook{URL: url, Line: line.ID})
	if errors.Is(err, channels.ErrUnsupported) {
		return nil, nil, errors.New("numbers of the SMS API are connected in the account's own settings")
	}
	if err != nil {
		return nil, nil, err
	}
	return []string{w.ID}, nil, nil
}

func (m messagebirdHooks) remove(ctx context.Context, id string) error {
	return m.p.DeleteWebhook(ctx, id)
}

// birdHooks has a subscription for each kind of event.
type birdHooks struct{ p *bird.Provider }

func (b birdHooks) list(ctx context.Context) ([]hook, error) {
	all, err := b.p.Webhooks(ctx)
	list := make([]hook, len(all))
	for i, h := range all {
		list[i] = hook{h.ID, or(string(h.Line), h.ChannelID), h.URL, []string{h.Event}, h.Enabled}
	}
	return list, err
}

func (b birdHooks) register(ctx context.Context, url string, line channels.Info, there []hook) (made, kept []string, err error) {
	for _, event := range b.p.Events(line.Kind) {
		if h, ok := find(there, url, line.ID, event); ok {
			kept = append(kept, h.id)
			continue
		}
		w, err := b.p.CreateWebhook(ctx, bird.Webhook{URL: url, Line: line.ID, Event: event})
		if err != nil {
			return made, kept, err
		}
		made = append(made, w.ID)
	}
	return made, kept, nil
}

func (b birdHooks) remove(ctx context.Context, id string) error { return b.p.DeleteWebhook(ctx, id) }

// account finds a provider by its name, which may be left out when there is one.
func (p *parts) account(name string) (account, error) {
	var names []string
	for _, a := range p.accounts {
		if a.name == name || name == "" && len(p.accounts) == 1 {
			if a.hooks == nil {
				return account{}, errors.New("webhooks of Meta are set up in the app's own settings, with the address that check-config shows")
			}
			return a, nil
		}
		names = append(names, a.name)
	}
	return account{}, fmt.Errorf("-provider must be one of %s", strings.Join(names, ", "))
}
