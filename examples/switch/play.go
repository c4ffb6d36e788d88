package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
)

const public = "https://agency.example/webhooks"

// office is the agency's program: it answers webhooks and works its queues. The
// store outlives it.
type office struct {
	svc  *alt.Service
	mux  *http.ServeMux
	seen []string // what the handler was told, in words
	// later is how far the office's clock is ahead.
	later time.Duration
}

func (o *office) now() time.Time { return time.Now().Add(o.later) }

// webhooks is how a provider reaches the office without a network between them.
// It is given away before the office exists, because lines come first.
type webhooks struct{ office *office }

// RoundTrip answers a webhook.
func (w webhooks) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	w.office.mux.ServeHTTP(answer, r)
	return answer.Result(), nil
}

func (w webhooks) client() *http.Client { return &http.Client{Transport: w} }

// open makes the office over a store with a provider's line.
func (w webhooks) open(store alt.Store, p *provider) (err error) {
	w.office.svc, err = alt.New(alt.Config{
		Store: store, Providers: p.lines, PublicURL: public, Language: "et", Handler: alt.HandlerFunc(w.office.handle), Now: w.office.now,
	})
	if err == nil {
		w.office.mux = http.NewServeMux()
		w.office.mux.Handle("/webhooks/", http.StripPrefix("/webhooks", w.office.svc.Webhooks()))
	}
	return err
}

// settle lets everything come to its end: webhooks, turns, sends, and what the
// provider reports of them. svc.Run would do it all the time.
func (w webhooks) settle(ctx context.Context, p *provider) error {
	for {
		posted, err := p.post(ctx)
		if err != nil {
			return err
		}
		worked, err := w.office.svc.Step(ctx)
		if err != nil || posted+worked == 0 {
			return err
		}
	}
}

// play runs the scenario over a provider and returns what was said.
func play(ctx context.Context, begin func(webhooks) (*provider, error), kind channels.Kind) (name, transcript string, err error) {
	w := webhooks{&office{}}
	p, err := begin(w)
	if err != nil {
		return "a provider", "", err
	}
	defer p.end()
	if err := w.open(memstore.New(memstore.Config{}), p); err != nil {
		return p.name, "", err
	}
	mari := p.person(kind)
	for line := range strings.Lines(scenario) {
		if err := act(mari, strings.TrimSpace(line)); err != nil {
			return p.name, "", err
		}
		if err := w.settle(ctx, p); err != nil {
			return p.name, "", err
		}
	}
	transcript, err = w.transcript(ctx, channels.ID(kind))
	return p.name, transcript, err
}

// act does a line of the scenario.
func act(p person, line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "says":
		p.says(rest)
	case "chooses":
		number, id, _ := strings.Cut(rest, " ")
		if p.taps(id) != nil { // nothing to tap: the provider shows numbers instead
			p.says(number)
		}
	case "picture":
		p.picture()
	case "location":
		var latitude, longitude float64
		if _, err := fmt.Sscan(rest, &latitude, &longitude); err != nil {
			return err
		}
		p.location(latitude, longitude)
	}
	return nil
}

// handle passes a message to the agency's code, and remembers it. On a line
// without buttons a choice is a number that somebody writes; to the code it is
// the same.
func (o *office) handle(ctx context.Context, t *alt.Turn) error {
	content := t.Content()
	if chosen, ok := t.Chosen(); ok {
		content = chosen
	}
	err := handle(ctx, t)
	if err == nil {
		o.seen = append(o.seen, words(content))
	}
	return err
}

// transcript is what was said on a line, in words.
func (w webhooks) transcript(ctx context.Context, line channels.ID) (string, error) {
	agency := w.office.svc.Lines()[0].Agency
	talks, _, err := w.office.svc.Store().Conversations(ctx, alt.ConversationQuery{Agency: agency, Line: line})
	if err != nil || len(talks) != 1 {
		return "", fmt.Errorf("%d conversations: %w", len(talks), err)
	}
	messages, _, err := w.office.svc.Store().Messages(ctx, alt.MessageQuery{Agency: agency, Conversation: talks[0].ID})
	var b strings.Builder
	seen := w.office.seen
	for _, m := range messages {
		if m.Direction == alt.Out {
			fmt.Fprintln(&b, "agency:", words(m.Content))
			continue
		}
		fmt.Fprintln(&b, "Mari:", seen[0])
		seen = seen[1:]
	}
	return b.String(), err
}

func words(content channels.Content) string {
	switch c := content.(type) {
	case channels.Text:
		return strings.Join(strings.Fields(c.Body), " ")
	case channels.Choices:
		text := c.Body
		for i, o := range c.Options {
			text += fmt.Sprintf(" %d. %s", i+1, o.Title)
		}
		return text
	case channels.Chosen:
		return "[" + c.Title + "]"
	case channels.Media:
		return "(" + string(c.As) + ")"
	case channels.Location:
		return fmt.Sprintf("(%.3f, %.3f)", c.Latitude, c.Longitude)
	}
	return fmt.Sprintf("(%T)", content)
}
