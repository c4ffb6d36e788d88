package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// demoMeta is an app at Meta with a page and a WhatsApp number.
type demoMeta struct {
	*metatest.Server
	secret, word string
	tokens       map[string]string // by account
	site         demoSite
	conf         meta.Config // of the driver

	mu    sync.Mutex
	files map[string]demoFile // uploads by id: the API gives none back on a page
}

// The app at Meta, and the number with its business account.
const (
	demoMetaApp    = "700000000000001"
	demoMetaNumber = "1000000000000002"
	demoMetaWABA   = "1000000000000003"
)

// What a visitor can add: a page, one that the visitor may not connect, and a number
// that Meta has not agreed to yet.
const (
	demoMetaPage   = "1000000000000011"
	demoMetaOther  = "1000000000000012"
	demoMetaNew    = "1000000000000013"
	demoMetaWABA2  = "1000000000000014"
	demoMetaConfig = "800000000000001"
)

func newDemoMeta(at demoSite) (demoProvider, error) {
	m := &demoMeta{
		secret: rand.Text(), word: rand.Text(), files: make(map[string]demoFile), site: at,
		tokens: map[string]string{demoPage: rand.Text(), demoMetaNumber: rand.Text()},
	}
	var err error
	m.Server, err = metatest.New(metatest.Config{
		AppID: demoMetaApp, AppSecrets: []string{m.secret}, VerifyToken: m.word, Webhook: at.Hook, Client: at.Client,
		Deauthorize: lines.DeauthorizeURL(at.URL, "meta"), DataDeletion: lines.DeletionURL(at.URL, "meta"),
		Pages: []metatest.Page{
			{ID: demoPage, Token: m.tokens[demoPage], Name: "messenger"},
			{ID: demoMetaPage, Token: rand.Text(), Name: "Näidisamet", Unsubscribed: true},
			{ID: demoMetaOther, Token: rand.Text(), Name: "Naaberamet", Tasks: []string{"MODERATE"}, Unsubscribed: true},
		},
		Numbers: []metatest.Number{
			{ID: demoMetaNumber, WABA: demoMetaWABA, Token: m.tokens[demoMetaNumber], Display: strings.TrimPrefix(demoNumber, "+"), Name: "whatsapp"},
			{
				ID: demoMetaNew, WABA: demoMetaWABA2, Token: rand.Text(), Display: "3725550001", Name: "Näidisamet", Unregistered: true, Unsubscribed: true,
				State: metatest.NumberState{Review: "PENDING"},
			},
		},
	})
	return m, err
}

func (m *demoMeta) account(k channels.Kind) string {
	if k == channels.WhatsApp {
		return demoMetaNumber
	}
	return demoPage
}

// drive implements demoProvider.
func (m *demoMeta) drive(api string) (msp.Provider, error) {
	m.SetURL(api)
	m.conf = meta.Config{
		AppID:       demoMetaApp,
		AppSecrets:  func() []string { return []string{m.secret} },
		VerifyToken: func() string { return m.word },
		Endpoints:   meta.Endpoints{Graph: api},
		MediaHosts:  []string{strings.TrimPrefix(api, "http://")},
		// It is on this machine.
		InsecureHTTP: true,
	}
	for _, p := range demoPeople() {
		line := meta.Line{ID: p.line, Kind: p.kind, Name: p.lineName(), Account: m.account(p.kind), ReturnLink: p.returnLink(m.site.URL)}
		line.Token = func() string { return m.tokens[line.Account] }
		if p.kind == channels.WhatsApp {
			line.Business = demoMetaWABA
		}
		m.conf.Lines = append(m.conf.Lines, line)
	}
	return meta.New(m.conf)
}

// connects implements demoProvider: by the simulator's dialog.
func (m *demoMeta) connects() (lines.Provider, error) {
	return newMetaLines(m.conf, meta.ConnectorConfig{
		LoginConfig: demoMetaConfig, Dialog: m.conf.Endpoints.Graph, RedirectURL: lines.ReturnURL(m.site.URL, "meta"),
	})
}

// adapt implements demoProvider: files are uploaded.
func (m *demoMeta) adapt(*alt.Config) {}

// handset implements demoProvider.
func (m *demoMeta) handset(p demoPerson) handset {
	id := strings.TrimPrefix(string(p.peer), "+") // on WhatsApp digits alone
	set := metaHandset{m.Person(m.account(p.kind), id).Named(p.first + " " + p.last)}
	if p.kind == channels.Messenger {
		return metaPageHandset{set}
	}
	return set
}

// ServeHTTP implements http.Handler. It keeps what is uploaded for the phones.
func (m *demoMeta) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	upload := strings.HasSuffix(r.URL.Path, "/media") || strings.HasSuffix(r.URL.Path, "/message_attachments")
	if r.Method != http.MethodPost || !upload {
		m.Server.ServeHTTP(w, r)
		return
	}
	form, err := io.ReadAll(io.LimitReader(r.Body, demoMaxFile+maxForm))
	if err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(form))
	answer := newAnswerBuffer()
	m.Server.ServeHTTP(answer, r)
	var taken struct {
		ID           string
		AttachmentID string `json:"attachment_id"`
	}
	if json.Unmarshal(answer.body.Bytes(), &taken) == nil && taken.ID+taken.AttachmentID != "" {
		r.Body, r.MultipartForm = io.NopCloser(bytes.NewReader(form)), nil
		m.keep(taken.ID+taken.AttachmentID, r)
	}
	answer.give(w)
}

// keep takes the file of a form.
func (m *demoMeta) keep(id string, r *http.Request) {
	parts, err := r.MultipartReader()
	if err != nil {
		return
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return
		}
		if part.FileName() == "" {
			continue
		}
		f := demoFile{Name: part.FileName(), Type: part.Header.Get("Content-Type")}
		if f.Data, err = io.ReadAll(part); err != nil {
			return
		}
		m.mu.Lock()
		if len(m.files) >= demoFiles {
			clear(m.files)
		}
		m.files[id] = f
		m.mu.Unlock()
		return
	}
}

// open implements demoProvider.
func (m *demoMeta) open(_ context.Context, ref string) (demoFile, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.files[ref]
	if !ok {
		return f, errors.New("demo: a file of elsewhere")
	}
	return f, nil
}

// post implements demoProvider.
func (m *demoMeta) post(ctx context.Context) { _ = m.Run(ctx) } // ends with ctx, without an error

// forget implements demoProvider.
func (m *demoMeta) forget() { m.Take() }
