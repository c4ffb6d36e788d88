package channeltest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
)

// Headers of a signed request: the time in Unix seconds, and the HMAC-SHA256 of
// time, URL and body, each ended by a line feed but the body, in hex.
const (
	TimeHeader      = "Fake-Timestamp"
	SignatureHeader = "Fake-Signature"
)

// envelope is the wire: the events as channels.MarshalEvent writes them.
type envelope struct {
	Events []json.RawMessage `json:"events"`
}

// Post returns the request in which a provider would deliver events: signed,
// with the time of now. Deliver it as often as you like; it stays the same.
// Post panics if an event cannot be encoded, such as a place that is no number.
func (f *Fake) Post(events ...channels.Event) *channels.Request {
	env := envelope{Events: []json.RawMessage{}}
	for _, e := range events {
		raw, err := channels.MarshalEvent(e)
		if err != nil {
			panic(err)
		}
		env.Events = append(env.Events, raw)
	}
	body, err := json.Marshal(env)
	if err != nil {
		panic(err)
	}
	return f.Sign(body)
}

// Sign returns a request with any body, as the provider would sign it now.
func (f *Fake) Sign(body []byte) *channels.Request {
	now := f.cfg.Now()
	unix := strconv.FormatInt(now.Unix(), 10)
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set(TimeHeader, unix)
	h.Set(SignatureHeader, hex.EncodeToString(f.mac(unix, f.cfg.URL, body)))
	return &channels.Request{Method: http.MethodPost, PublicURL: f.cfg.URL, Header: h, Body: body, At: now}
}

// HTTP returns r as a request for an http.Handler.
func HTTP(r *channels.Request) *http.Request {
	out, err := http.NewRequestWithContext(context.Background(), r.Method, r.PublicURL, bytes.NewReader(r.Body))
	if err != nil {
		panic(err)
	}
	out.Header = r.Header.Clone()
	return out
}

func (f *Fake) mac(unix, url string, body []byte) []byte {
	m := hmac.New(sha256.New, []byte(f.cfg.Secret))
	m.Write([]byte(unix + "\n" + url + "\n"))
	m.Write(body)
	return m.Sum(nil)
}

// Verify implements channels.Webhook.
func (f *Fake) Verify(_ context.Context, r *channels.Request) error {
	if !f.genuine(r) {
		return f.refuse("verify", channels.ErrSignature, nil)
	}
	return nil
}

func (f *Fake) genuine(r *channels.Request) bool {
	times, sums := r.Header.Values(TimeHeader), r.Header.Values(SignatureHeader)
	if r.Method != http.MethodPost || len(times) != 1 || len(sums) != 1 {
		return false
	}
	unix, err := strconv.ParseInt(times[0], 10, 64)
	if err != nil || strconv.FormatInt(unix, 10) != times[0] {
		return false
	}
	sum, err := hex.DecodeString(sums[0])
	if err != nil || hex.EncodeToString(sum) != sums[0] {
		return false
	}
	age := r.At.Sub(time.Unix(unix, 0)).Abs()
	return hmac.Equal(sum, f.mac(times[0], r.PublicURL, r.Body)) && age <= f.cfg.Horizon
}

// Parse implements channels.Webhook.
func (f *Fake) Parse(_ context.Context, r *channels.Request) ([]channels.Event, error) {
	var env envelope
	if err := json.Unmarshal(r.Body, &env); err != nil || env.Events == nil || !utf8.Valid(r.Body) {
		return nil, f.refuse("parse", channels.ErrMalformed, err)
	}
	out := make([]channels.Event, 0, len(env.Events))
	for _, raw := range env.Events {
		out = append(out, f.event(r, raw))
	}
	return out, nil
}

// event decodes one event of a request, or says that it could not.
func (f *Fake) event(r *channels.Request, raw []byte) channels.Event {
	e, err := channels.UnmarshalEvent(raw)
	if err != nil || !deliverable(e) {
		sum := sha256.Sum256(raw)
		e = &channels.Malformed{Reason: "event"}
		e.Meta().Key, e.Meta().At = hex.EncodeToString(sum[:]), r.At
	}
	m := e.Meta()
	m.Channel, m.Agency, m.Trace, m.Raw = f.cfg.ID, "", "", raw
	return e
}

// deliverable reports whether a provider could have sent e: the events of our
// own making it could not, and all others say when they happened, and those of
// people to whom.
func deliverable(e channels.Event) bool {
	m := e.Meta()
	if m.Key == "" || len(m.Key) > 200 || m.At.IsZero() {
		return false
	}
	switch e := e.(type) {
	case *channels.Due, *channels.SessionEnded, *channels.Malformed:
		return false
	case *channels.LineChanged:
		return true
	case *channels.Received:
		return m.Peer != "" && e.ID != "" && e.Content != nil
	case *channels.Edited:
		return m.Peer != "" && e.ID != "" && e.Content != nil
	case *channels.StatusChanged:
		return e.ID != "" || e.Ref != "" || m.Peer != "" && !e.Until.IsZero()
	}
	return m.Peer != ""
}
