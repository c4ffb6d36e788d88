package bird_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
	"github.com/liidestuja/liidestuja/msp/msptest"
)

const (
	// stray is a channel of the workspace that the provider does not serve.
	stray    = "22222222-0000-4000-8000-00000000000f"
	mediaMax = 5000
)

// identifier is a person on a line, as the simulator knows them; peer is how the
// driver does.
func identifier(line channels.ID) string {
	switch channels.Kind(line) {
	case channels.Messenger, channels.Instagram, channels.Telegram:
		return "canary-4512"
	case channels.Email:
		return "canary.kati@example.ee"
	}
	return kati
}

func peer(line channels.ID) channels.Peer {
	switch channels.Kind(line) {
	case channels.Messenger:
		return "facebook.scoped:canary-4512"
	case channels.Instagram:
		return "instagram.scoped:canary-4512"
	case channels.Telegram:
		return "telegram.user:canary-4512"
	}
	return channels.Peer(identifier(line))
}

// account is a simulated workspace with the provider under test.
type account struct {
	t         channeltest.TB
	sim       *birdtest.Server
	p         *bird.Provider
	away      atomic.Bool // makes the next connection fail
	transport *http.Transport
}

func newAccount(t channeltest.TB) *account {
	sc := simConfig()
	sc.Channels = append(sc.Channels, birdtest.Channel{ID: stray, Platform: "whatsapp"})
	for i := range sc.Channels {
		switch c := &sc.Channels[i]; c.Platform {
		case "instagram":
			c.Count = func(s string) int { return len(s) } // its limit is one of bytes
		case "sms":
			c.MaxText = 9 * 153
		}
	}
	sim, err := birdtest.New(sc)
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
	cfg := config(base)
	cfg.HTTPClient = &http.Client{Transport: a.transport}
	cfg.MediaMax = mediaMax
	if a.p, err = bird.New(cfg); err != nil {
		t.Fatalf("%v", err)
	}
	for _, k := range kinds() {
		sim.Person(channelID(channels.ID(k)), identifier(channels.ID(k))).Says("Tere")
	}
	sim.Take()
	return a
}

// post is the webhook of what a person does.
func (a *account) post(does func()) *channels.Request {
	a.sim.Take()
	does()
	d := a.sim.Take()
	if len(d) != 1 {
		a.t.Fatalf("%d webhooks of one message", len(d))
	}
	return &channels.Request{Method: http.MethodPost, PublicURL: d[0].URL, Header: d[0].Header, Body: d[0].Body, At: noon()}
}

func (a *account) behave(b channeltest.Behaviour) bool {
	f := birdtest.Failure{Method: http.MethodPost}
	switch b {
	case channeltest.Limits:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, channeltest.RetryAfter
	case channeltest.Breaks:
		f.Status, f.Body = http.StatusInternalServerError, []byte("<html>")
	case channeltest.Denies:
		f.Status, f.Code = http.StatusUnauthorized, "AuthenticationFailed"
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
	phone := a.sim.Person(channelID(id), identifier(id))
	in := &channeltest.Instance{
		Webhook: a.p,
		Taken:   func() int { return len(a.sim.Sent()) },
		Behave:  a.behave,
		Post: func(texts ...string) *channels.Request {
			if len(texts) != 1 {
				return nil
			}
			return a.post(func() { phone.Says(texts[0]) })
		},
		Resign: func(r *channels.Request) *channels.Request {
			r.At = noon().Add(30 * time.Second)
			r.Header = birdtest.Sign(signingKey, r.PublicURL, r.Body, r.At)
			return r
		},
		File: func(size int64) channels.Media {
			r := a.post(func() {
				phone.SendsFiles("", birdtest.File{ContentType: "text/plain", Data: []byte(strings.Repeat("a", int(size)))})
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
	for _, k := range kinds() {
		id := channels.ID(k)
		lines[id] = channeltest.Subject{
			New:     func(t channeltest.TB) *channeltest.Instance { return newAccount(t).instance(id) },
			Peer:    peer(id),
			Secrets: []string{accessKey, signingKey},
			NewWithoutSecret: func() error {
				cfg := config("http://127.0.0.1:1")
				cfg.SigningKeys = func() []string { return []string{""} }
				_, err := bird.New(cfg)
				return err
			},
			SignatureHeaders: []string{birdtest.HeaderSignature, birdtest.HeaderTimestamp},
			Horizon:          24*time.Hour + time.Minute,
			MediaLimit:       mediaMax,
		}
	}
	msptest.Run(t, msptest.Subject{
		Lines: lines,
		New: func(t channeltest.TB) *msptest.Instance {
			a := newAccount(t)
			says := func(channel, who string) *channels.Request {
				return a.post(func() { a.sim.Person(channel, who).Says("Tere") })
			}
			return &msptest.Instance{
				Provider: a.p,
				Post:     func(id channels.ID) *channels.Request { return says(channelID(id), identifier(id)) },
				Stray:    func() *channels.Request { return says(stray, kati) },
			}
		},
	})
}
