package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// post is a webhook that a provider wants to deliver.
type post struct {
	path    string
	header  http.Header
	body    []byte
	message string // the id of what a person wrote; empty: a report
}

// wire is a simulated provider with one WhatsApp line. Methods are called by one
// goroutine at a time.
type wire interface {
	says(person, text string) (id string)
	take() []post
	// hangUp lets the next send take effect and lose its answer.
	hangUp()
	validity
	record
}

// validity is for how long a request is genuine.
type validity interface {
	// age makes the request one that was signed long ago, where the provider's
	// requests expire; expired reports whether it is over.
	age(p *post)
	expired(p *post) bool
}

// record is what the provider has seen.
type record interface {
	totals() (requests, scripted int)
	// marks are how often each of our references reached the provider.
	marks() map[string]int
	// sent is what reached each person, in order.
	sent() []delivered
}

type delivered struct{ person, text string }

// block is the part of a configuration between "providers:" and "bot:".
func (w *world) block(text string, args ...any) {
	w.t.Helper()
	b, err := os.ReadFile(w.path("config.yaml"))
	require.NoError(w.t, err)
	head, rest, ok := strings.Cut(string(b), "providers:\n")
	require.True(w.t, ok)
	_, tail, ok := strings.Cut(rest, "bot:")
	require.True(w.t, ok)
	w.write("config.yaml", head+"providers:\n"+fmt.Sprintf(text, args...)+"bot:"+tail)
}

type messagebirdWire struct{ *messagebirdtest.Server }

func newMessageBirdWire(w *world) wire { return messagebirdWire{w.sim} }

func (s messagebirdWire) says(person, text string) string {
	return s.Person(waChannel, person).Says(text)
}

func (s messagebirdWire) take() (posts []post) {
	for _, d := range s.Take() {
		p := post{path: "/webhooks/messagebird", header: d.Header, body: d.Body}
		var body struct {
			Message struct{ ID, Direction string }
		}
		if json.Unmarshal(d.Body, &body) == nil && d.Event == messagebirdtest.EventMessageCreated && body.Message.Direction == "received" {
			p.message = body.Message.ID
		}
		posts = append(posts, p)
	}
	return posts
}

func (s messagebirdWire) hangUp() {
	s.FailNext(1, messagebirdtest.Failure{Method: http.MethodPost, HangUpAfterAccept: true})
}

func (s messagebirdWire) totals() (int, int) {
	t := s.Totals()
	return t.Requests, t.Scripted
}

// age signs a minute ago: good for a moment more, expired when it is posted again.
func (s messagebirdWire) age(p *post) {
	token, err := messagebirdtest.NewClaims(hookURL, p.body, time.Now().Add(-time.Minute)).Token("HS256", signingKey)
	if err != nil {
		panic(err)
	}
	p.header.Set(messagebirdtest.HeaderToken, token)
}

func (s messagebirdWire) expired(p *post) bool {
	var c messagebirdtest.Claims
	parts := strings.Split(p.header.Get(messagebirdtest.HeaderToken), ".")
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(b, &c) != nil {
		panic("a token that cannot be read")
	}
	return time.Now().After(time.Unix(c.Expires+1, 0)) // the driver's leeway
}

func (s messagebirdWire) marks() map[string]int { return s.Tracks() }

func (s messagebirdWire) sent() (all []delivered) {
	for _, m := range s.Sent() {
		var c struct{ Text string }
		if json.Unmarshal(m.Content, &c) == nil {
			all = append(all, delivered{m.To, c.Text})
		}
	}
	return all
}

// unexpiring is a provider whose requests do not expire within a test.
type unexpiring struct{}

func (unexpiring) age(*post)          {}
func (unexpiring) expired(*post) bool { return false }
func (unexpiring) never()             {}

type birdWire struct {
	*birdtest.Server
	unexpiring
}

const birdLine = "22222222-2222-4222-8222-222222222222"

func newBirdWire(t *testing.T, w *world) wire {
	t.Helper()
	cfg := birdtest.Config{AccessKeys: []string{accessKey}, WorkspaceID: "w", Statuses: []string{"sent", "delivered"},
		Channels: []birdtest.Channel{{ID: birdLine, Platform: "whatsapp"}}}
	for _, event := range []string{"whatsapp.inbound", "whatsapp.outbound"} {
		cfg.Webhooks = append(cfg.Webhooks, birdtest.Webhook{Event: event, URL: publicURL + "/webhooks/bird", SigningKey: signingKey})
	}
	sim, err := birdtest.New(cfg)
	require.NoError(t, err)
	api, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	w.block(`  - bird:
      access_key: {file: %s}
      workspace_id: w
      signing_keys: [{file: %s}]
      lines: [{id: ppa-whatsapp, kind: whatsapp, channel_id: %s}]
      endpoints: {api: %s}
      insecure_http: true
`, w.path("access.key"), w.path("signing.key"), birdLine, api)
	return birdWire{Server: sim}
}

func (s birdWire) says(person, text string) string { return s.Person(birdLine, person).Says(text) }

func (s birdWire) take() (posts []post) {
	for _, d := range s.Take() {
		p := post{path: "/webhooks/bird", header: d.Header, body: d.Body}
		var body struct{ Payload struct{ ID string } }
		if json.Unmarshal(d.Body, &body) == nil && d.Event == "whatsapp.inbound" {
			p.message = body.Payload.ID
		}
		posts = append(posts, p)
	}
	return posts
}

func (s birdWire) hangUp() {
	s.FailNext(1, birdtest.Failure{Method: http.MethodPost, HangUpAfterAccept: true})
}

func (s birdWire) totals() (int, int) {
	t := s.Totals()
	return t.Requests, t.Scripted
}

func (s birdWire) marks() map[string]int { return s.References() }

func (s birdWire) sent() (all []delivered) {
	for _, m := range s.Sent() {
		var b struct{ Text struct{ Text string } }
		if json.Unmarshal(m.Body, &b) == nil {
			all = append(all, delivered{m.To, b.Text.Text})
		}
	}
	return all
}

type metaWire struct {
	*metatest.Server
	unexpiring
}

const metaNumber = "106540352242922"

func newMetaWire(t *testing.T, w *world) wire {
	t.Helper()
	sim, err := metatest.New(metatest.Config{
		AppID: "1", AppSecrets: []string{signingKey}, VerifyToken: "v", Webhook: publicURL + "/webhooks/meta", Statuses: []string{"sent", "delivered"},
		Numbers: []metatest.Number{{ID: metaNumber, WABA: "102290129340398", Token: accessKey, Display: "37250000000"}},
	})
	require.NoError(t, err)
	api, err := sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	w.block(`  - meta:
      app_secrets: [{file: %s}]
      verify_token: {file: %s}
      lines: [{id: ppa-whatsapp, kind: whatsapp, account: "%s", token: {file: %s}}]
      endpoints: {graph: %s}
      insecure_http: true
`, w.path("signing.key"), w.path("signing.key"), metaNumber, w.path("access.key"), api)
	return metaWire{Server: sim}
}

func (s metaWire) says(person, text string) string {
	return s.Person(metaNumber, strings.TrimPrefix(person, "+")).Says(text)
}

func (s metaWire) take() (posts []post) {
	for _, d := range s.Take() {
		p := post{path: "/webhooks/meta", header: d.Header, body: d.Body}
		var body struct {
			Entry []struct {
				Changes []struct {
					Value struct{ Messages []struct{ ID string } }
				}
			}
		}
		if json.Unmarshal(d.Body, &body) == nil {
			for _, e := range body.Entry {
				for _, c := range e.Changes {
					for _, m := range c.Value.Messages {
						p.message = m.ID
					}
				}
			}
		}
		posts = append(posts, p)
	}
	return posts
}

func (s metaWire) hangUp() { s.FailNext(1, metatest.Failure{Sends: true, HangUpAfter: true}) }

func (s metaWire) totals() (int, int) {
	t := s.Totals()
	return t.Requests, t.Scripted
}

func (s metaWire) marks() map[string]int { return s.Marks() }

func (s metaWire) sent() (all []delivered) {
	for _, m := range s.Sent() {
		all = append(all, delivered{"+" + strings.TrimPrefix(m.To, "+"), m.Text})
	}
	return all
}
