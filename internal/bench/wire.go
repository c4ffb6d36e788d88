package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/liidestuja/liidestuja/msp"
)

// message is what a person wrote, as each provider tells it in its own way.
type message struct {
	id, peer, text string
	at             time.Time
}

// delivery is a message of ours that a person has got; id is the provider's.
type delivery struct {
	id, peer string
	at       time.Time
}

// wire is a provider's way to post a message, the driver for it, and the least
// that a program must do with the request.
type wire struct {
	name    string
	request func(m message) (header http.Header, body []byte)
	driver  func(api string) (msp.Provider, error) // api is the base of the loopback provider
	// report tells that a message of ours was delivered; nil: not played.
	report func(d delivery) (header http.Header, body []byte)
	// accept verifies and parses as the floor does; the key is the message's id.
	accept func(h http.Header, body []byte, now time.Time) (key string, ok bool)
}

// wires are the providers that are measured, the first one in every row.
func wires() []wire { return []wire{messageBird(), metaWhatsApp(), birdWhatsApp()} }

// wireNamed returns the wire of a name, the first one for none.
func wireNamed(name string) (wire, error) {
	all := wires()
	i := slices.IndexFunc(all, func(w wire) bool { return name == "" || w.name == name })
	if i < 0 {
		return wire{}, fmt.Errorf("no such provider: %s", name)
	}
	return all[i], nil
}

// url is where a provider's webhook is, as the signature has it.
func (w wire) url() string { return "https://bench.example/webhooks/" + w.name }

// http is a whole HTTP request.
func (w wire) http(head http.Header, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /webhooks/%s HTTP/1.1\r\nHost: bench.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", w.name, len(body))
	_ = head.Write(&b) // to memory
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// signed is the HMAC of what a provider signs.
func signed(parts ...[]byte) []byte {
	m := hmac.New(sha256.New, []byte(signingKey))
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}
