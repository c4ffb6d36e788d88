package meta_test

import (
	"bytes"
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
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
	"github.com/liidestuja/liidestuja/msp/msptest"
)

const (
	simPageToken  = "EAAcanarypage"
	simLoginToken = "IGcanarylogin"
	simPhoneToken = "EAAcanaryphone"
	simVerify     = "canary-word"
	simStray      = "999999999999999" // a page of the app that is no line
	simMediaMax   = 5000
)

// world is a simulated app with the driver under test.
type world struct {
	t   channeltest.TB
	sim *metatest.Server
	app *meta.App
	// away makes the next connection fail.
	away      atomic.Bool
	transport *http.Transport
}

func simPeers() map[channels.ID]channels.Peer {
	return map[channels.ID]channels.Peer{"messenger": outKati, "instagram": "1535148674800000", "login": "1535148674800001", "whatsapp": "+" + outPhone}
}

func simAccounts() map[channels.ID]string {
	return map[channels.ID]string{"messenger": outPage, "instagram": outInsta, "login": outLogin, "whatsapp": outNumber}
}

func newWorld(t channeltest.TB, change ...func(*metatest.Config, *meta.Config)) *world {
	sc := metatest.Config{
		AppID: "700000000000001", AppSecrets: []string{outSecret}, VerifyToken: simVerify, Now: outNoon, RequireProof: true,
		Pages:     []metatest.Page{{ID: outPage, Token: simPageToken}, {ID: simStray, Token: "EAAstray"}},
		Instagram: []metatest.Instagram{{ID: outInsta, Page: outPage}, {ID: outLogin, Token: simLoginToken}},
		Numbers:   []metatest.Number{{ID: outNumber, WABA: outBusiness, Token: simPhoneToken, Display: "3726123000"}},
	}
	cfg := outConfig("")
	for _, f := range change {
		f(&sc, &cfg)
	}
	sim, err := metatest.New(sc)
	if err != nil {
		t.Fatalf("%v", err)
	}
	base, err := sim.Start()
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	w := &world{t: t, sim: sim}
	w.transport = &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if w.away.Swap(false) {
			return nil, syscall.ECONNREFUSED
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(w.transport.CloseIdleConnections)
	cfg.Endpoints = meta.Endpoints{Graph: base, Instagram: base}
	cfg.VerifyToken = func() string { return simVerify }
	cfg.MediaMax = simMediaMax
	cfg.HTTPClient = &http.Client{Transport: w.transport}
	for i, token := range []string{simPageToken, simPageToken, simLoginToken, simPhoneToken} {
		cfg.Lines[i].Token = func() string { return token }
	}
	if w.app, err = meta.New(cfg); err != nil {
		t.Fatalf("%v", err)
	}
	for id, account := range simAccounts() {
		sim.Person(account, strings.TrimPrefix(string(simPeers()[id]), "+")).Says("Tere")
	}
	sim.Take()
	return w
}

// request is the one webhook that waits.
func (w *world) request() *channels.Request {
	w.sim.Batch()
	d := w.sim.Take()
	if len(d) != 1 {
		w.t.Fatalf("%d webhooks", len(d))
	}
	return w.sign(d[0].Body)
}

func (w *world) sign(body []byte) *channels.Request {
	return &channels.Request{Method: http.MethodPost, PublicURL: "https://agency.example/webhooks/meta", Header: w.sim.Sign(body), Body: body, At: outNoon()}
}

func (w *world) person(id channels.ID) *metatest.Person {
	return w.sim.Person(simAccounts()[id], strings.TrimPrefix(string(simPeers()[id]), "+"))
}

func (w *world) behave(b channeltest.Behaviour) bool {
	f := metatest.Failure{Method: http.MethodPost, Sends: true}
	switch b {
	case channeltest.Limits:
		f.Code, f.Header = 130429, http.Header{"Retry-After": {"7"}}
	case channeltest.Breaks:
		f.Status, f.Body = http.StatusInternalServerError, []byte("<html>")
	case channeltest.Denies:
		f.Code, f.Subcode = 190, metatest.TokenExpired
	case channeltest.Swallow:
		f.HangUpAfter = true
	case channeltest.Absent:
		w.transport.CloseIdleConnections()
		w.away.Store(true)
		return true
	}
	w.sim.FailNext(1, f)
	return true
}

// ail makes the simulator answer questions about health from now on.
func (w *world) ail(b channeltest.Behaviour) bool {
	f := metatest.Failure{Method: http.MethodGet}
	switch b {
	case channeltest.Limits:
		f.Code = 80007
	case channeltest.Breaks:
		f.Status, f.Body = http.StatusInternalServerError, []byte("<html>")
	case channeltest.Denies:
		f.Code, f.Subcode = 190, metatest.TokenPassword
	case channeltest.Hangs:
		f.Delay = time.Minute // or until the caller has gone
	default:
		return w.behave(b)
	}
	w.sim.FailNext(-1, f)
	return true
}

func (w *world) instance(id channels.ID) *channeltest.Instance {
	in := &channeltest.Instance{
		Webhook: w.app,
		Taken:   func() int { return len(w.sim.Sent()) },
		Behave:  w.behave,
		Ail:     w.ail,
		Post: func(texts ...string) *channels.Request {
			for _, text := range texts {
				w.person(id).Says(text)
			}
			return w.request()
		},
		Resign: func(r *channels.Request) *channels.Request { return w.sign(r.Body) },
		File: func(size int64) channels.Media {
			w.person(id).SendsImage(metatest.File{ContentType: "image/png", Data: append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0}, int(size)-8)...)})
			evs, err := w.app.Parse(w.t.Context(), w.request())
			if err != nil {
				w.t.Fatalf("%v", err)
			}
			return evs[0].(*channels.Received).Content.(channels.Media)
		},
		Handshake: func(right bool) (*channels.Request, []byte) {
			token := simVerify
			if !right {
				token = strings.ToUpper(token)
			}
			return &channels.Request{Method: http.MethodGet, At: outNoon(),
				PublicURL: "https://agency.example/webhooks/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=" + token}, []byte("1158201444")
		},
	}
	for _, ch := range w.app.Channels() {
		if ch.Info().ID == id {
			in.Line = ch
		}
	}
	return in
}

func TestTheDriverKeepsItsDuties(t *testing.T) {
	lines := map[channels.ID]channeltest.Subject{}
	for id, peer := range simPeers() {
		lines[id] = channeltest.Subject{
			New:     func(t channeltest.TB) *channeltest.Instance { return newWorld(t).instance(id) },
			Peer:    peer,
			Secrets: []string{simPageToken, simLoginToken, simPhoneToken, outSecret, simVerify},
			NewWithoutSecret: func() error {
				cfg := outConfig("http://127.0.0.1:1")
				cfg.AppSecrets = func() []string { return []string{""} }
				_, err := meta.New(cfg)
				return err
			},
			SignatureHeaders: []string{"X-Hub-Signature-256"},
			URLUnsigned:      true,
			MediaLimit:       simMediaMax,
		}
	}
	msptest.Run(t, msptest.Subject{
		Lines: lines,
		New: func(t channeltest.TB) *msptest.Instance {
			w := newWorld(t)
			return &msptest.Instance{
				Provider: w.app,
				Post: func(id channels.ID) *channels.Request {
					w.person(id).Says("Tere")
					return w.request()
				},
				Stray: func() *channels.Request {
					w.sim.Person(simStray, outKati).Says("Tere")
					return w.request()
				},
			}
		},
	})
}
