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
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// demoMessageBird is an account at MessageBird.
type demoMessageBird struct {
	*messagebirdtest.Server
	access, sign string
	api          string
	site         demoSite
}

// Channels at MessageBird.
const (
	demoMessageBirdPage   = "6d1f0c52a77b4b0c9d6c1f1d1e8f2a01"
	demoMessageBirdNumber = "6d1f0c52a77b4b0c9d6c1f1d1e8f2a02"
)

func newDemoMessageBird(at demoSite) (demoProvider, error) {
	m := &demoMessageBird{access: rand.Text(), sign: rand.Text(), site: at}
	var err error
	m.Server, err = messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: []string{m.access}, SigningKey: m.sign, Client: at.Client,
		Webhooks: []messagebirdtest.Webhook{{URL: at.Hook}},
		Channels: []messagebirdtest.Channel{
			{ID: demoMessageBirdPage, Platform: "facebook", Name: "messenger", Number: demoPage},
			{ID: demoMessageBirdNumber, Platform: "whatsapp", Name: "whatsapp", Number: demoNumber},
		},
	})
	return m, err
}

func (m *demoMessageBird) channel(k channels.Kind) string {
	if k == channels.WhatsApp {
		return demoMessageBirdNumber
	}
	return demoMessageBirdPage
}

// drive implements demoProvider.
func (m *demoMessageBird) drive(api string) (msp.Provider, error) {
	m.api = api
	m.SetURL(api)
	conf := messagebird.Config{
		AccessKey:   func() string { return m.access },
		SigningKeys: func() []string { return []string{m.sign} },
		Endpoints: messagebird.Endpoints{
			Conversations: api + "/v1", Files: api + "/v1", Media: strings.TrimPrefix(api, "http://"),
		},
		// The simulator forgets its conversations with every restart.
		SendVia:      messagebird.ViaSend,
		InsecureHTTP: true, InsecurePublicFiles: true, // it is on this machine
	}
	for _, p := range demoPeople() {
		conf.Lines = append(conf.Lines, messagebird.Line{ID: p.line, Kind: p.kind, Name: p.lineName(), ChannelID: m.channel(p.kind), ReturnLink: p.returnLink(m.site.URL)})
	}
	return messagebird.New(conf)
}

// adapt implements demoProvider: files are uploaded.
func (m *demoMessageBird) adapt(*alt.Config) {}

// connects implements demoProvider: lines are added in the account's own pages.
func (m *demoMessageBird) connects() (lines.Provider, error) { return nil, nil } //nolint:nilnil // there is none

// handset implements demoProvider.
func (m *demoMessageBird) handset(p demoPerson) handset {
	return messagebirdHandset{m.Person(m.channel(p.kind), string(p.peer)).Named(p.first, p.last)}
}

// open implements demoProvider.
func (m *demoMessageBird) open(ctx context.Context, ref string) (demoFile, error) {
	if !strings.HasPrefix(ref, m.api+"/") {
		return demoFile{}, errors.New("demo: a file of elsewhere")
	}
	return download(ctx, ref)
}

// post implements demoProvider.
func (m *demoMessageBird) post(ctx context.Context) { _ = m.Run(ctx) } // ends with ctx, without an error

// forget implements demoProvider.
func (m *demoMessageBird) forget() { m.Take() }

// sends implements demoWire.
func (m *demoMessageBird) sends(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/v1/send"
}

// lists implements demoWire.
func (m *demoMessageBird) lists(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/messages")
}

// receipt implements demoWire.
func (m *demoMessageBird) receipt(answer []byte) string {
	var w struct{ ID string }
	if json.Unmarshal(answer, &w) != nil {
		return ""
	}
	return w.ID
}

// hook implements demoWire.
func (m *demoMessageBird) hook(body []byte) (id string, written bool, err error) {
	var w struct {
		Type    string
		Message struct{ ID, Direction string }
	}
	err = json.Unmarshal(body, &w)
	return w.Message.ID, w.Type == messagebirdtest.EventMessageCreated && w.Message.Direction == "received", err
}

// messagebirdHandset is a simulated phone as a handset.
type messagebirdHandset struct{ *messagebirdtest.Phone }

// Attach implements handset.
func (h messagebirdHandset) Attach(kind channels.MediaKind, f demoFile) string {
	file := messagebirdtest.File{ContentType: f.Type, Data: f.Data}
	switch kind {
	case channels.Image:
		return h.SendsImage(file)
	case channels.Audio:
		return h.SendsAudio(file)
	case channels.Video:
		return h.SendsVideo(file)
	}
	file.Caption = f.Name // where the wire has a file's name
	return h.SendsFile(file)
}

// Arrived implements handset.
func (h messagebirdHandset) Arrived(ctx context.Context, n int) ([]bubble, error) {
	box, err := h.Wait(ctx, n+1)
	if err != nil {
		return nil, err
	}
	var all []bubble
	for _, m := range box {
		b := bubble{Key: m.ID, Who: "agency", At: m.At}
		messagebirdBubble(&b, m.Content)
		all = append(all, b)
	}
	return all, nil
}

// messagebirdBubble reads the content of a message as far as a simple phone would
// show it.
func messagebirdBubble(b *bubble, content json.RawMessage) {
	type file struct {
		URL, Caption string
	}
	type item struct{ ID, Title, Description string }
	var c struct {
		Text                      string
		Image, Video, Audio, File *file
		Location                  *struct{ Latitude, Longitude float64 }
		Interactive               *struct {
			Header, Body, Footer struct{ Text string }
			Action               struct {
				Buttons  []item
				Sections []struct{ Rows []item }
			}
		}
	}
	if json.Unmarshal(content, &c) != nil {
		return
	}
	b.Text = c.Text
	for _, f := range []*file{c.Image, c.Video, c.Audio, c.File} {
		if f != nil {
			b.File, b.Text = &fileLink{URL: f.URL}, f.Caption
		}
	}
	if c.Location != nil {
		b.Place = &channels.Location{Latitude: c.Location.Latitude, Longitude: c.Location.Longitude}
	}
	if i := c.Interactive; i != nil {
		b.Text = strings.TrimSpace(i.Header.Text + "\n" + i.Body.Text + "\n" + i.Footer.Text)
		items := i.Action.Buttons
		for _, s := range i.Action.Sections {
			items = append(items, s.Rows...)
		}
		for _, it := range items {
			b.Choices = append(b.Choices, channels.Choice{ID: it.ID, Title: it.Title, Description: it.Description})
		}
	}
}
