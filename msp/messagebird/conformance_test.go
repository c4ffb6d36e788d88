package messagebird_test

import (
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
	"github.com/liidestuja/liidestuja/msp/msptest"
)

// stray is a channel of the account that the provider does not serve.
const stray = "5d3a2b7a1c0e4f6f8a9b0c1d2e3f4a5b"

func channelIDs() map[channels.ID]string {
	return map[channels.ID]string{"whatsapp": whatsApp, "messenger": messenger, "sms": textLine}
}

// numbers are those of the lines over the SMS API: their people's messages come
// as a form and as JSON.
func numbers() map[channels.ID]string {
	return map[channels.ID]string{"mobile": number, "notices": short}
}

// account is a simulated account with the provider under test.
type account struct {
	t   channeltest.TB
	sim *messagebirdtest.Server
	p   *messagebird.Provider
	// away makes the next connection fail.
	away      atomic.Bool
	transport *http.Transport
}

const mediaMax = 5000

func newAccount(t channeltest.TB) *account {
	septets := channels.Limit{Max: 9 * 153, Unit: channels.Septets}
	sim, err := messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: []string{accessKey}, SigningKey: signingKey, Now: noon,
		Webhooks: []messagebirdtest.Webhook{{URL: hookURL, Events: []string{"message.created"}}},
		Channels: []messagebirdtest.Channel{
			{ID: whatsApp, Platform: "whatsapp", Number: "+3726000000"},
			{ID: messenger, Platform: "facebook", Number: "page"},
			{ID: textLine, Platform: "sms", Number: "+3726000001", Limits: messagebirdtest.Limits{Text: septets.Max}},
			{ID: stray, Platform: "whatsapp", Number: "+3726000002"},
		},
		Numbers: []messagebirdtest.Number{{Number: number, Forward: hookURL},
			{Number: short, Forward: hookURL, As: messagebirdtest.AsJSON}},
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	base, err := sim.Start()
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	a := &account{t: t, sim: sim}
	a.transport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if a.away.Swap(false) {
			return nil, syscall.ECONNREFUSED
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(a.transport.CloseIdleConnections)
	cfg := smsConfig(base)
	cfg.HTTPClient = &http.Client{Transport: a.transport}
	cfg.MediaMax = mediaMax
	// The answer to this call names the conversation, so that what was sent can
	// be archived at once.
	cfg.SendVia = messagebird.ViaStart
	if a.p, err = messagebird.New(cfg); err != nil {
		t.Fatalf("%v", err)
	}
	for _, id := range channelIDs() {
		sim.Person(id, kati).Says("Tere")
	}
	sim.Take()
	return a
}

// post is the webhook of one message on a line.
func (a *account) post(id channels.ID, text string) *channels.Request {
	if n, ok := numbers()[id]; ok {
		return a.posted(func() { a.sim.Mobile(kati).Writes(n, text) })
	}
	return a.posted(func() { a.sim.Person(channelIDs()[id], kati).Says(text) })
}

// posted is the one webhook of what a person does.
func (a *account) posted(act func()) *channels.Request {
	act()
	d := a.sim.Take()
	if len(d) != 1 {
		a.t.Fatalf("%d webhooks of one message", len(d))
	}
	return a.sign(d[0].Body, noon())
}

func (a *account) sign(body []byte, at time.Time) *channels.Request {
	return &channels.Request{Method: http.MethodPost, PublicURL: hookURL, Header: a.sim.Sign(hookURL, body), Body: body, At: at}
}

func (a *account) behave(b channeltest.Behaviour) bool {
	f := messagebirdtest.Failure{Method: http.MethodPost}
	switch b {
	case channeltest.Limits:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, channeltest.RetryAfter
	case channeltest.Breaks:
		f.Status, f.Body = http.StatusInternalServerError, []byte("<html>")
	case channeltest.Denies:
		f.Status, f.Code = http.StatusUnauthorized, 2
	case channeltest.Swallow:
		f.HangUpAfterAccept = true
	case channeltest.Absent:
		a.transport.CloseIdleConnections()
		a.away.Store(true)
		return true
	}
	a.sim.FailNext(1, f)
	return true
}

func (a *account) instance(id channels.ID) *channeltest.Instance {
	in := &channeltest.Instance{
		Webhook: a.p,
		Taken:   func() int { return len(a.sim.Sent()) },
		Behave:  a.behave,
		Post: func(texts ...string) *channels.Request {
			if len(texts) != 1 {
				return nil
			}
			return a.post(id, texts[0])
		},
		Resign: func(r *channels.Request) *channels.Request { return a.sign(r.Body, noon().Add(30*time.Second)) },
		File: func(size int64) channels.Media {
			file := messagebirdtest.File{ContentType: "text/plain", Data: []byte(strings.Repeat("a", int(size)))}
			r := a.posted(func() {
				if n, ok := numbers()[id]; ok {
					a.sim.Mobile(kati).Writes(n, "", file)
					return
				}
				a.sim.Person(channelIDs()[id], kati).SendsFile(file)
			})
			evs, err := a.p.Parse(a.t.Context(), r)
			if err != nil {
				a.t.Fatalf("%v", err)
			}
			return evs[0].(*channels.Received).Content.(channels.Media)
		},
	}
	for _, ch := range a.p.Channels() {
		if ch.Info().ID == id {
			in.Line = ch
		}
	}
	return in
}

func TestTheProviderKeepsItsDuties(t *testing.T) {
	lines := map[channels.ID]channeltest.Subject{}
	all := append(slices.Collect(maps.Keys(channelIDs())), slices.Collect(maps.Keys(numbers()))...)
	for _, id := range all {
		lines[id] = channeltest.Subject{
			New:     func(t channeltest.TB) *channeltest.Instance { return newAccount(t).instance(id) },
			Peer:    kati,
			Secrets: []string{accessKey, signingKey},
			NewWithoutSecret: func() error {
				cfg := config("http://127.0.0.1:1")
				cfg.SigningKeys = func() []string { return []string{""} }
				_, err := messagebird.New(cfg)
				return err
			},
			SignatureHeaders: []string{messagebirdtest.HeaderToken},
			Horizon:          24*time.Hour + 61*time.Second,
			MediaLimit:       mediaMax,
		}
	}
	for id := range numbers() {
		// The API takes a little more than the line says.
		s := lines[id]
		s.TextLimit = channels.Limit{Max: 9 * 153, Unit: channels.Septets}
		lines[id] = s
	}
	msptest.Run(t, msptest.Subject{
		Lines: lines,
		New: func(t channeltest.TB) *msptest.Instance {
			a := newAccount(t)
			return &msptest.Instance{
				Provider: a.p,
				Post:     func(id channels.ID) *channels.Request { return a.post(id, "Tere") },
				Stray:    func() *channels.Request { return a.posted(func() { a.sim.Person(stray, kati).Says("Tere") }) },
			}
		},
	})
}
