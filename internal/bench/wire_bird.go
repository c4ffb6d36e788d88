package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/bird"
)

const birdChannel = "22222222-2222-4222-8222-222222222222"

// birdWhatsApp is a WhatsApp channel at Bird CRM.
func birdWhatsApp() wire {
	w := wire{name: "bird"}
	w.request = func(m message) (http.Header, []byte) {
		stamp := m.at.UTC().Format(time.RFC3339)
		body, _ := json.Marshal(map[string]any{ // maps of strings always encode
			"service": "channels", "event": "whatsapp.inbound",
			"payload": map[string]any{
				"id": m.id, "channelId": birdChannel,
				"sender": map[string]any{"contact": map[string]any{"id": hash(m.peer)[:32], "identifierKey": "phonenumber", "identifierValue": m.peer,
					"annotations": map[string]any{"name": "Mari"}}},
				"receiver": map[string]any{"connector": map[string]any{"id": "33333333-3333-4333-8333-333333333333"}},
				"body":     map[string]any{"type": "text", "text": map[string]any{"text": m.text}},
				"meta":     map[string]any{}, "reference": "", "parts": []any{}, "status": "delivered", "reason": "",
				"direction": "incoming", "lastStatusAt": stamp, "createdAt": stamp, "updatedAt": stamp,
			},
		})
		at := strconv.FormatInt(m.at.Unix(), 10)
		return http.Header{"messagebird-request-timestamp": {at}, "messagebird-signature": {base64.StdEncoding.EncodeToString(birdMAC(w.url(), at, body))}}, body
	}
	w.driver = func(api string) (msp.Provider, error) {
		return bird.New(bird.Config{
			AccessKey: func() string { return accessKey }, SigningKeys: func() []string { return []string{signingKey} }, WorkspaceID: "w",
			Lines:     []bird.Line{{ID: "whatsapp", Kind: channels.WhatsApp, ChannelID: birdChannel}},
			Endpoints: bird.Endpoints{API: api, Media: "127.0.0.1"}, InsecureHTTP: true,
		})
	}
	w.accept = func(h http.Header, body []byte, now time.Time) (string, bool) {
		at := h.Get("Messagebird-Request-Timestamp")
		mac, err := base64.StdEncoding.DecodeString(h.Get("Messagebird-Signature"))
		seconds, err2 := strconv.ParseInt(at, 10, 64)
		var m struct {
			Event   string
			Payload struct {
				ID, ChannelID, Direction, CreatedAt string
				Sender                              struct {
					Contact struct{ IdentifierValue string }
				}
				Body struct {
					Type string
					Text struct{ Text string }
				}
			}
		}
		if err != nil || err2 != nil || now.Sub(time.Unix(seconds, 0)) > time.Hour || !hmac.Equal(mac, birdMAC(w.url(), at, body)) || json.Unmarshal(body, &m) != nil {
			return "", false
		}
		return m.Payload.ID, m.Payload.ID != ""
	}
	return w
}

// birdMAC covers the time, the URL and the body's hash, a line each.
func birdMAC(url, at string, body []byte) []byte {
	sum := sha256.Sum256(body)
	return signed([]byte(at+"\n"+url+"\n"), sum[:])
}
