package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

const channelID = "09c3a21d853b4bdbaa1a605ead17c981"

// messageBird is the Conversations API.
func messageBird() wire {
	w := wire{name: "messagebird"}
	w.request = func(m message) (http.Header, []byte) {
		contact, conversation := hash(m.peer)[:32], hash("c" + m.peer)[:32]
		stamp := m.at.UTC().Format(time.RFC3339)
		body, _ := json.Marshal(map[string]any{ // maps of strings always encode
			"type": "message.created",
			"contact": map[string]any{"id": contact, "href": "", "msisdn": json.Number(m.peer[1:]), "displayName": m.peer[1:], "firstName": "", "lastName": "",
				"customDetails": map[string]any{}, "attributes": map[string]any{}, "createdDatetime": stamp, "updatedDatetime": stamp},
			"conversation": map[string]any{"id": conversation, "contactId": contact, "status": "active", "createdDatetime": stamp,
				"updatedDatetime": stamp, "lastReceivedDatetime": stamp},
			"message": map[string]any{"id": m.id, "conversationId": conversation, "platform": "whatsapp", "to": "+31687654321", "from": m.peer,
				"channelId": channelID, "type": "text", "content": map[string]any{"text": m.text},
				"direction": "received", "status": "received", "createdDatetime": stamp, "updatedDatetime": stamp},
		})
		return http.Header{"MessageBird-Signature-JWT": {token(w.url(), m.id, body, m.at)}}, body
	}
	w.report = func(d delivery) (http.Header, []byte) {
		stamp := d.at.UTC().Format(time.RFC3339Nano)
		body, _ := json.Marshal(map[string]any{ // maps of strings always encode
			"type":         "message.updated",
			"contact":      map[string]any{"id": hash(d.peer)[:32], "msisdn": json.Number(d.peer[1:])},
			"conversation": map[string]any{"id": hash("c" + d.peer)[:32], "contactId": hash(d.peer)[:32], "status": "active"},
			"message": map[string]any{"id": d.id, "conversationId": hash("c" + d.peer)[:32], "platform": "whatsapp", "to": d.peer, "from": "+31687654321",
				"channelId": channelID, "type": "text", "content": map[string]any{"text": "Tere!"},
				"direction": "sent", "status": "delivered", "createdDatetime": stamp, "updatedDatetime": stamp},
		})
		return http.Header{"MessageBird-Signature-JWT": {token(w.url(), "status-"+d.id, body, d.at)}}, body
	}
	w.driver = func(api string) (msp.Provider, error) {
		return messagebird.New(messagebird.Config{
			AccessKey: func() string { return accessKey }, SigningKeys: func() []string { return []string{signingKey} },
			Lines:        []messagebird.Line{{ID: "whatsapp", Kind: channels.WhatsApp, ChannelID: channelID}},
			Endpoints:    messagebird.Endpoints{Conversations: api + "/v1", Files: api + "/v1", Media: "127.0.0.1"},
			InsecureHTTP: true,
		})
	}
	w.accept = func(h http.Header, body []byte, now time.Time) (string, bool) {
		var m struct {
			Type    string
			Message struct {
				ID, ConversationID, ChannelID, From, Type, Direction, Status, CreatedDatetime string
				Content                                                                       struct{ Text string }
			}
		}
		if !genuine(h.Get("MessageBird-Signature-JWT"), w.url(), body, now) || json.Unmarshal(body, &m) != nil {
			return "", false
		}
		return m.Message.ID, m.Message.ID != ""
	}
	return w
}

// token signs as the provider does; it lives for an hour, because the requests
// are made before they are posted.
func token(url, id string, body []byte, now time.Time) string {
	claims, _ := json.Marshal(map[string]any{"iss": "MessageBird", "nbf": now.Add(-time.Second).Unix(), "exp": now.Add(time.Hour).Unix(),
		"jti": id, "url_hash": hash(url), "payload_hash": hash(string(body))})
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(signed([]byte(text)))
}

// genuine is the least that verifies the signature of a request.
func genuine(token, url string, body []byte, now time.Time) bool {
	text, mac, ok := cutLast(token)
	_, claims, ok2 := strings.Cut(text, ".")
	if !ok || !ok2 {
		return false
	}
	sum, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !hmac.Equal(sum, signed([]byte(text))) {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(claims)
	var c struct {
		Iss, Jti   string
		Nbf, Exp   int64
		URLHash    string `json:"url_hash"`
		PayloadSum string `json:"payload_hash"`
	}
	if err != nil || json.Unmarshal(raw, &c) != nil || c.Iss != "MessageBird" || c.Jti == "" || now.Unix() < c.Nbf || now.Unix() > c.Exp {
		return false
	}
	u, p := sha256.Sum256([]byte(url)), sha256.Sum256(body)
	return c.URLHash == hex.EncodeToString(u[:]) && c.PayloadSum == hex.EncodeToString(p[:])
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
