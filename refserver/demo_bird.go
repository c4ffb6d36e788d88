package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// demoBird is a workspace at Bird.
type demoBird struct {
	*birdtest.Server
	access, sign string
	site         string // the service, as a provider would be told: by https
	at           demoSite
}

// The workspace at Bird and its channels.
const (
	demoBirdWorkspace = "5b2d7a0e-53a3-4c0c-9d5c-4f1d1e8f2a00"
	demoBirdPage      = "5b2d7a0e-53a3-4c0c-9d5c-4f1d1e8f2a01"
	demoBirdNumber    = "5b2d7a0e-53a3-4c0c-9d5c-4f1d1e8f2a02"
)

func newDemoBird(at demoSite) (demoProvider, error) {
	d := &demoBird{access: rand.Text(), sign: rand.Text(), at: at, site: "https://" + strings.TrimPrefix(at.URL, "http://")}
	conf := birdtest.Config{
		AccessKeys: []string{d.access}, WorkspaceID: demoBirdWorkspace, Client: at.Client,
		Channels: []birdtest.Channel{
			{ID: demoBirdPage, Platform: "facebook", Address: demoPage},
			{ID: demoBirdNumber, Platform: "whatsapp", Address: demoNumber},
		},
	}
	for _, c := range conf.Channels {
		for _, event := range []string{"inbound", "outbound", "interaction"} {
			conf.Webhooks = append(conf.Webhooks, birdtest.Webhook{Event: c.Platform + "." + event, URL: at.Hook, SigningKey: d.sign})
		}
	}
	var err error
	d.Server, err = birdtest.New(conf)
	return d, err
}

func (d *demoBird) channel(k channels.Kind) string {
	if k == channels.WhatsApp {
		return demoBirdNumber
	}
	return demoBirdPage
}

// drive implements demoProvider.
func (d *demoBird) drive(api string) (msp.Provider, error) {
	d.SetURL(api)
	conf := bird.Config{
		AccessKey:   func() string { return d.access },
		SigningKeys: func() []string { return []string{d.sign} },
		WorkspaceID: demoBirdWorkspace,
		Endpoints:   bird.Endpoints{API: api, Media: strings.TrimPrefix(api, "http://")},
		// It is on this machine.
		InsecureHTTP: true,
	}
	for _, p := range demoPeople() {
		line := bird.Line{ID: p.line, Kind: p.kind, Name: p.lineName(), ChannelID: d.channel(p.kind), ReturnLink: p.returnLink(d.at.URL)}
		if p.kind == channels.Messenger {
			line.IdentifierKey = "facebook.scoped" // so that a peer is the platform's id alone
		}
		conf.Lines = append(conf.Lines, line)
	}
	return bird.New(conf)
}

// adapt implements demoProvider: Bird fetches files by links, by https only.
func (d *demoBird) adapt(c *alt.Config) {
	key := []byte(rand.Text() + rand.Text())
	c.MediaURL, c.MediaKeys = d.site+"/media", func() [][]byte { return [][]byte{key} }
}

// connects implements demoProvider: lines are added in the workspace's own pages.
func (d *demoBird) connects() (lines.Provider, error) { return nil, nil } //nolint:nilnil // there is none

// handset implements demoProvider.
func (d *demoBird) handset(p demoPerson) handset {
	return birdHandset{d.Person(d.channel(p.kind), string(p.peer)).Named(p.first + " " + p.last)}
}

// open implements demoProvider. The server of the demo has no certificate, so a
// phone fetches by http what the link has by https.
func (d *demoBird) open(ctx context.Context, ref string) (demoFile, error) {
	if !strings.HasPrefix(ref, d.site+patternMedia) {
		return demoFile{}, errors.New("demo: a file of elsewhere")
	}
	return download(ctx, "http://"+strings.TrimPrefix(ref, "https://"))
}

// post implements demoProvider.
func (d *demoBird) post(ctx context.Context) { _ = d.Run(ctx) } // ends with ctx, without an error

// forget implements demoProvider.
func (d *demoBird) forget() { d.Take() }

// sends implements demoWire.
func (d *demoBird) sends(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/messages")
}

// lists implements demoWire.
func (d *demoBird) lists(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages")
}

// receipt implements demoWire.
func (d *demoBird) receipt(answer []byte) string {
	var w struct{ ID string }
	if json.Unmarshal(answer, &w) != nil {
		return ""
	}
	return w.ID
}

// hook implements demoWire.
func (d *demoBird) hook(body []byte) (id string, written bool, err error) {
	var w struct {
		Event   string
		Payload struct{ ID, MessageID string } // of an interaction the first is its own
	}
	err = json.Unmarshal(body, &w)
	return or(w.Payload.MessageID, w.Payload.ID), strings.HasSuffix(w.Event, ".inbound"), err
}

// birdHandset is a simulated phone as a handset.
type birdHandset struct{ *birdtest.Phone }

// Attach implements handset. The type of a file says what it is.
func (h birdHandset) Attach(_ channels.MediaKind, f demoFile) string {
	return h.SendsFiles("", birdtest.File{ContentType: f.Type, Data: f.Data, Name: f.Name})
}

// Arrived implements handset.
func (h birdHandset) Arrived(ctx context.Context, n int) ([]bubble, error) {
	box, err := h.Wait(ctx, n+1)
	if err != nil {
		return nil, err
	}
	var all []bubble
	for _, m := range box {
		b := bubble{Key: m.ID, Who: "agency", At: m.At, Text: m.Text()}
		birdBubble(&b, m.Body)
		all = append(all, b)
	}
	return all, nil
}

type birdFile struct{ MediaURL, Filename string }

// birdItem is a row of a list.
type birdItem struct {
	Title, Description string
	Actions            []birdAction
}

// birdAction is something to tap, with a payload or as a text.
type birdAction struct {
	Postback struct{ Text, Payload string }
	Reply    struct{ Text string }
}

func (a birdAction) choice() channels.Choice {
	title := or(a.Postback.Text, a.Reply.Text)
	return channels.Choice{ID: or(a.Postback.Payload, title), Title: title}
}

// birdBubble reads the body of a message as far as a simple phone would show it.
func birdBubble(b *bubble, body json.RawMessage) {
	var w struct {
		Text     struct{ Actions []birdAction }
		Image    struct{ Images []birdFile }
		File     struct{ Files []birdFile }
		Location *struct {
			Coordinates struct{ Latitude, Longitude float64 }
		}
		List struct {
			Items    []birdItem
			Sections []struct{ Items []birdItem }
		}
	}
	if json.Unmarshal(body, &w) != nil {
		return
	}
	for _, f := range append(w.Image.Images, w.File.Files...) {
		b.File = &fileLink{URL: f.MediaURL, Name: f.Filename}
	}
	if w.Location != nil {
		at := w.Location.Coordinates
		b.Place = &channels.Location{Latitude: at.Latitude, Longitude: at.Longitude}
	}
	for _, a := range w.Text.Actions {
		b.Choices = append(b.Choices, a.choice())
	}
	items := w.List.Items
	for _, s := range w.List.Sections {
		items = append(items, s.Items...)
	}
	for _, it := range items {
		for _, a := range it.Actions {
			c := a.choice()
			c.Title, c.Description = it.Title, it.Description
			b.Choices = append(b.Choices, c)
		}
	}
}
