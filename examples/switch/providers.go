package main

import (
	"context"
	"net/http"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// provider is a provider's driver, and the simulator at its other end.
type provider struct {
	name   string
	lines  []msp.Provider // one: what differs in an agency's configuration
	post   func(ctx context.Context) (int, error)
	person func(kind channels.Kind) person
	inbox  func() []string // what the phone shows on WhatsApp
	refuse func()          // the provider takes nothing for a while
	end    func()
}

// person is somebody with a phone.
type person interface {
	says(text string)
	taps(id string) error
	picture()
	location(latitude, longitude float64)
}

const (
	phone  = "+37255500001"
	secret = "a-secret-of-the-simulator"
)

func key() string    { return secret }
func keys() []string { return []string{secret} }

// pixel is a picture.
func pixel() []byte { return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") }

func messageBird(w webhooks) (*provider, error) {
	sim, err := messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: keys(), SigningKey: secret, Client: w.client(), Statuses: []string{"delivered"},
		Channels: []messagebirdtest.Channel{{ID: "wa", Platform: "whatsapp"}, {ID: "fb", Platform: "facebook"}},
		Webhooks: []messagebirdtest.Webhook{{URL: public + "/messagebird"}},
	})
	if err != nil {
		return nil, err
	}
	api, err := sim.Start()
	if err != nil {
		return nil, err
	}
	driver, err := messagebird.New(messagebird.Config{
		AccessKey: key, SigningKeys: keys, InsecureHTTP: true,
		Endpoints: messagebird.Endpoints{Conversations: api + "/v1", Files: api + "/v1", Media: api[len("http://"):]},
		Lines:     []messagebird.Line{{ID: "whatsapp", Kind: channels.WhatsApp, ChannelID: "wa"}, {ID: "messenger", Kind: channels.Messenger, ChannelID: "fb"}},
	})
	return &provider{name: "MessageBird", lines: []msp.Provider{driver}, post: sim.Deliver, end: func() { _ = sim.Close() },
		person: func(k channels.Kind) person {
			if k == channels.Messenger {
				return birdPhone{sim.Person("fb", "5c1fe4a2b7")}
			}
			return birdPhone{sim.Person("wa", phone)}
		},
		inbox: func() (texts []string) {
			for _, m := range sim.Person("wa", phone).Inbox() {
				texts = append(texts, m.Text())
			}
			return texts
		},
		refuse: func() {
			sim.FailNext(100, messagebirdtest.Failure{Method: http.MethodPost, Status: http.StatusTooManyRequests})
		}}, err
}

type birdPhone struct{ *messagebirdtest.Phone }

func (p birdPhone) says(text string) { p.Says(text) }
func (p birdPhone) taps(id string) error {
	_, err := p.Taps(id)
	return err
}
func (p birdPhone) picture() {
	p.SendsImage(messagebirdtest.File{ContentType: "image/png", Data: pixel()})
}
func (p birdPhone) location(lat, lon float64) { p.SendsLocation(lat, lon) }

func birdCRM(w webhooks) (*provider, error) {
	cfg := birdtest.Config{
		AccessKeys: keys(), WorkspaceID: "workspace", Client: w.client(), Statuses: []string{"delivered"},
		Channels: []birdtest.Channel{{ID: "wa", Platform: "whatsapp"}, {ID: "fb", Platform: "facebook"}},
	}
	for _, event := range []string{"whatsapp.inbound", "whatsapp.outbound", "facebook.inbound", "facebook.outbound"} {
		cfg.Webhooks = append(cfg.Webhooks, birdtest.Webhook{Event: event, URL: public + "/bird", SigningKey: secret})
	}
	sim, err := birdtest.New(cfg)
	if err != nil {
		return nil, err
	}
	api, err := sim.Start()
	if err != nil {
		return nil, err
	}
	driver, err := bird.New(bird.Config{
		AccessKey: key, SigningKeys: keys, WorkspaceID: "workspace", InsecureHTTP: true,
		Endpoints: bird.Endpoints{API: api, Media: api[len("http://"):]},
		Lines:     []bird.Line{{ID: "whatsapp", Kind: channels.WhatsApp, ChannelID: "wa"}, {ID: "messenger", Kind: channels.Messenger, ChannelID: "fb"}},
	})
	return &provider{name: "Bird", lines: []msp.Provider{driver}, post: sim.Deliver, end: func() { _ = sim.Close() },
		person: func(k channels.Kind) person {
			if k == channels.Messenger {
				return crmPhone{sim.Person("fb", "24680135792468")}
			}
			return crmPhone{sim.Person("wa", phone)}
		}}, err
}

type crmPhone struct{ *birdtest.Phone }

func (p crmPhone) says(text string) { p.Says(text) }
func (p crmPhone) taps(id string) error {
	_, err := p.Taps(id)
	return err
}
func (p crmPhone) picture() {
	p.SendsFiles("", birdtest.File{ContentType: "image/png", Data: pixel()})
}
func (p crmPhone) location(lat, lon float64) { p.SendsLocation(lat, lon) }

func graphAPI(w webhooks) (*provider, error) {
	sim, err := metatest.New(metatest.Config{
		AppID: "1", AppSecrets: keys(), VerifyToken: secret, Client: w.client(), Webhook: public + "/meta", Statuses: []string{"sent", "delivered"},
		Numbers: []metatest.Number{{ID: "106540352242922", WABA: "102290129340398", Token: secret, Display: "37250000000"}},
		Pages:   []metatest.Page{{ID: "1906385232743451", Token: secret + "-page"}},
	})
	if err != nil {
		return nil, err
	}
	api, err := sim.Start()
	if err != nil {
		return nil, err
	}
	driver, err := meta.New(meta.Config{
		AppSecrets: keys, VerifyToken: key, InsecureHTTP: true, Endpoints: meta.Endpoints{Graph: api}, MediaHosts: []string{api[len("http://"):]},
		Lines: []meta.Line{
			{ID: "whatsapp", Kind: channels.WhatsApp, Account: "106540352242922", Token: key},
			{ID: "messenger", Kind: channels.Messenger, Account: "1906385232743451", Token: func() string { return secret + "-page" }},
		},
	})
	return &provider{name: "Meta", lines: []msp.Provider{driver}, post: sim.Deliver, end: func() { _ = sim.Close() },
		person: func(k channels.Kind) person {
			if k == channels.Messenger {
				return graphPhone{sim.Person("1906385232743451", "24680135792468")}
			}
			return graphPhone{sim.Person("106540352242922", phone[1:])}
		},
		inbox: func() (texts []string) {
			for _, m := range sim.Person("106540352242922", phone[1:]).Inbox() {
				texts = append(texts, m.Text)
			}
			return texts
		}}, err
}

type graphPhone struct{ *metatest.Person }

func (p graphPhone) says(text string) { p.Says(text) }
func (p graphPhone) taps(id string) error {
	_, err := p.Taps(id)
	return err
}
func (p graphPhone) picture() {
	p.SendsImage(metatest.File{ContentType: "image/png", Data: pixel()})
}
func (p graphPhone) location(lat, lon float64) { p.SendsLocation(lat, lon, "", "") }
