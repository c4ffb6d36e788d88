package main

import (
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/msp"
)

const (
	numberID   = "106540352242922"
	businessID = "102290129340398"
)

// metaWhatsApp is a WhatsApp number at the Graph API.
func metaWhatsApp() wire {
	w := wire{name: "meta"}
	w.request = func(m message) (http.Header, []byte) {
		who := strings.TrimPrefix(m.peer, "+")
		body, _ := json.Marshal(map[string]any{ // maps of strings always encode
			"object": "whatsapp_business_account",
			"entry": []any{map[string]any{"id": businessID, "changes": []any{map[string]any{"field": "messages", "value": map[string]any{
				"messaging_product": "whatsapp",
				"metadata":          map[string]any{"display_phone_number": "37250000000", "phone_number_id": numberID},
				"contacts":          []any{map[string]any{"profile": map[string]any{"name": "Mari"}, "wa_id": who}},
				"messages": []any{map[string]any{"from": who, "id": "wamid." + m.id, "timestamp": strconv.FormatInt(m.at.Unix(), 10),
					"type": "text", "text": map[string]any{"body": m.text}}},
			}}}}},
		})
		return http.Header{"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(signed(body))}}, body
	}
	w.driver = func(api string) (msp.Provider, error) {
		return meta.New(meta.Config{
			AppSecrets: func() []string { return []string{signingKey} }, VerifyToken: func() string { return "bench" },
			Lines: []meta.Line{{ID: "whatsapp", Kind: channels.WhatsApp, Account: numberID, Business: businessID,
				Token: func() string { return accessKey }}},
			Endpoints: meta.Endpoints{Graph: api}, InsecureHTTP: true,
		})
	}
	w.accept = func(h http.Header, body []byte, _ time.Time) (string, bool) {
		mac, err := hex.DecodeString(strings.TrimPrefix(h.Get("X-Hub-Signature-256"), "sha256="))
		var m struct {
			Entry []struct {
				Changes []struct {
					Value struct {
						Metadata struct {
							Number string `json:"phone_number_id"`
						}
						Messages []struct {
							ID, From, Timestamp, Type string
							Text                      struct{ Body string }
						}
					}
				}
			}
		}
		if err != nil || !hmac.Equal(mac, signed(body)) || json.Unmarshal(body, &m) != nil {
			return "", false
		}
		for _, e := range m.Entry {
			for _, c := range e.Changes {
				for _, m := range c.Value.Messages {
					return m.ID, m.ID != ""
				}
			}
		}
		return "", false
	}
	return w
}
