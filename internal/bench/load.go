package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	signingKey = "bench-signing-key"
	accessKey  = "bench-access-key"
	channelID  = "09c3a21d853b4bdbaa1a605ead17c981"
	hookURL    = "https://bench.example/webhooks/messagebird"
)

// load is a set of signed requests, made before the clock runs. A connection
// has its own people and waits for each answer, so the order of its posts is
// the order in which they are accepted.
type load struct{ requests [][][]byte }

func newLoad(conns, n int) *load {
	l := &load{requests: make([][][]byte, conns)}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	people := max(1, 2000/conns) // for each connection
	var wg sync.WaitGroup
	for c := range conns {
		wg.Go(func() {
			for i := c; i < n; i += conns {
				k := i / conns
				peer := fmt.Sprintf("+3725%03d%05d", c, k%people)
				l.requests[c] = append(l.requests[c], request(run, i, peer, k/people))
			}
		})
	}
	wg.Wait()
	return l
}

// request is a whole HTTP request with a message of the shape that
// MessageBird's Conversations API posts.
func request(run string, i int, peer string, k int) []byte {
	now := time.Now()
	id := hash(run + strconv.Itoa(i))[:32]
	contact, conversation := hash(peer)[:32], hash("c" + peer)[:32]
	stamp := now.UTC().Format(time.RFC3339)
	body, _ := json.Marshal(map[string]any{ // maps of strings always encode
		"type": "message.created",
		"contact": map[string]any{"id": contact, "href": "", "msisdn": json.Number(peer[1:]), "displayName": peer[1:], "firstName": "", "lastName": "",
			"customDetails": map[string]any{}, "attributes": map[string]any{}, "createdDatetime": stamp, "updatedDatetime": stamp},
		"conversation": map[string]any{"id": conversation, "contactId": contact, "status": "active", "createdDatetime": stamp,
			"updatedDatetime": stamp, "lastReceivedDatetime": stamp},
		"message": map[string]any{"id": id, "conversationId": conversation, "platform": "whatsapp", "to": "+31687654321", "from": peer,
			"channelId": channelID, "type": "text", "content": map[string]any{"text": fmt.Sprintf("%s %06d Tere! Soovin infot oma avalduse kohta.", peer, k)},
			"direction": "received", "status": "received", "createdDatetime": stamp, "updatedDatetime": stamp},
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /webhooks/messagebird HTTP/1.1\r\nHost: bench.example\r\nContent-Type: application/json\r\n"+
		"MessageBird-Signature-JWT: %s\r\nContent-Length: %d\r\n\r\n", token(id, body, now), len(body))
	b.Write(body)
	return b.Bytes()
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// token signs as the provider does; it lives for an hour, because the requests
// are made before they are posted.
func token(id string, body []byte, now time.Time) string {
	claims, _ := json.Marshal(map[string]any{"iss": "MessageBird", "nbf": now.Add(-time.Second).Unix(), "exp": now.Add(time.Hour).Unix(),
		"jti": id, "url_hash": hash(hookURL), "payload_hash": hash(string(body))})
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	m := hmac.New(sha256.New, []byte(signingKey))
	m.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// fire posts everything and returns the latencies, sorted.
func (l *load) fire(addr string) ([]time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var wg sync.WaitGroup
	for _, reqs := range l.requests {
		wg.Go(func() {
			lat, err := post(addr, reqs)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, lat...)
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all, failed
}

func post(addr string, reqs [][]byte) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	lat := make([]time.Duration, 0, len(reqs))
	for _, req := range reqs {
		begun := time.Now()
		if _, err := conn.Write(req); err != nil {
			return lat, err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return lat, err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return lat, err
		}
		if resp.StatusCode != http.StatusOK {
			return lat, fmt.Errorf("answer %s", resp.Status)
		}
		lat = append(lat, time.Since(begun))
	}
	return lat, nil
}

func summary(lat []time.Duration, n int, took time.Duration) result {
	ms := func(q float64) float64 { return float64(lat[int(q*float64(len(lat)-1))]) / float64(time.Millisecond) }
	return result{rate: float64(n) / took.Seconds(), p50: ms(0.5), p99: ms(0.99)}
}
