package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// demoProvider is a simulated provider, and the driver that is its other end. One
// value is for one demo.
type demoProvider interface {
	demoSimulator
	demoDriver
	// handset is a person's phone.
	handset(demoPerson) handset
	// open reads a file that arrived at a phone, by what fileLink.URL names.
	open(ctx context.Context, ref string) (demoFile, error)
}

// demoDriver is the other end of a simulated provider.
type demoDriver interface {
	// drive returns the driver for the simulator, which can be reached at api.
	drive(api string) (msp.Provider, error)
	// connects adds lines to the simulator that drive was told of; nil where that is
	// not simulated.
	connects() (lines.Provider, error)
	// adapt changes what the service must be told for this provider.
	adapt(*alt.Config)
}

// demoSimulator is a simulated provider as far as it runs: it serves its API.
type demoSimulator interface {
	demoWire
	http.Handler
	// post posts webhooks as they fall due, until ctx ends.
	post(ctx context.Context)
	// forget drops the webhooks that wait.
	forget()
}

// demoWire is what the gate reads of what goes over the wire.
type demoWire interface {
	// sends reports whether a request may bring a message.
	sends(*http.Request) bool
	// lists reports whether a request asks which messages there are.
	lists(*http.Request) bool
	// receipt is the id in the answer to a message that was taken, or "".
	receipt(answer []byte) string
	// hook says which message a webhook is about, or "", and whether it is one
	// that a person wrote.
	hook(body []byte) (id string, written bool, err error)
}

// demoSite is where a simulator finds the service.
type demoSite struct {
	URL    string       // of the server
	Hook   string       // where webhooks are posted
	Client *http.Client // posts them
}

// demoMaker makes a provider. Its name is the last element of the webhook's path.
type demoMaker struct {
	name string
	make func(demoSite) (demoProvider, error)
}

// demoMakers are the providers that a demo can have, the default first.
func demoMakers() []demoMaker {
	return []demoMaker{{"messagebird", newDemoMessageBird}, {"bird", newDemoBird}, {"meta", newDemoMeta}}
}

// demoNames are the names of demoMakers.
func demoNames() []string {
	var names []string
	for _, m := range demoMakers() {
		names = append(names, m.name)
	}
	return names
}

// demoMakerOf finds a maker by its name; "" is the default.
func demoMakerOf(name string) (demoMaker, error) {
	all := demoMakers()
	i := slices.IndexFunc(all, func(m demoMaker) bool { return m.name == or(name, all[0].name) })
	if i < 0 {
		return demoMaker{}, fmt.Errorf("no such provider: %q; there are %s", name, strings.Join(demoNames(), ", "))
	}
	return all[i], nil
}

// demoPerson is an invented person with a phone.
type demoPerson struct {
	line        channels.ID
	kind        channels.Kind
	first, last string
	peer        channels.Peer // with every provider, so that a conversation goes on
}

// lineName is the line's name for people.
func (p demoPerson) lineName() string {
	if p.kind == channels.WhatsApp {
		return "WhatsApp (demo)"
	}
	return "Messenger (demo)"
}

// returnLink is where a link leads back into the person's conversation.
func (p demoPerson) returnLink(site string) string {
	word := "ref" // as a link to a page names it
	if p.kind == channels.WhatsApp {
		word = "text"
	}
	return site + "/phone/" + string(p.line) + "/back?" + word + "={word}"
}

func demoPeople() []demoPerson {
	return []demoPerson{
		{line: "messenger", kind: channels.Messenger, first: "Mari", last: "Maasikas", peer: "2000000000000001"},
		{line: "whatsapp", kind: channels.WhatsApp, first: "Juhan", last: "Juurikas", peer: "+37255500002"},
	}
}

// The agency's side of the lines, where a provider tells it.
const (
	demoPage   = "1000000000000001"
	demoNumber = "+3725550000"
)

// download reads a file from a simulator or from the service.
func download(ctx context.Context, url string) (demoFile, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return demoFile{}, err
	}
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(r)
	if err != nil {
		return demoFile{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return demoFile{}, fmt.Errorf("demo: a file was answered with %d", resp.StatusCode)
	}
	f := demoFile{Type: resp.Header.Get("Content-Type"), Name: fileName(resp.Header)}
	f.Data, err = io.ReadAll(io.LimitReader(resp.Body, demoMaxFile))
	return f, err
}
