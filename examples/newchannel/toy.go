package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
)

// toy is one line at a provider that speaks JSON, signed both ways.
type toy struct {
	url    string
	secret []byte
	client http.Client
}

type wire struct{ ID, Peer, Text string }

func newToy(url, secret string) (*toy, error) {
	if secret == "" {
		return nil, errors.New("toy: secret: required")
	}
	return &toy{url, []byte(secret), http.Client{Timeout: 15 * time.Second}}, nil
}

func (t *toy) Info() channels.Info {
	caps := channels.UnknownCapabilities("toy", "the manual does not say")
	caps.Text = channels.Fact[channels.Limit]{Value: channels.Limit{Max: 500, Unit: channels.Runes}, Source: "the toy's manual", AsOf: "2026-11"}
	return channels.Info{ID: "toy", Kind: "toy", Name: "Toy", Provider: "Toy", Capabilities: caps, Grade: channels.Signed}
}

func (t *toy) sign(url string, body []byte) string {
	m := hmac.New(sha256.New, t.secret)
	m.Write([]byte(url + "\n" + string(body)))
	return hex.EncodeToString(m.Sum(nil))
}

func (t *toy) Verify(_ context.Context, r *channels.Request) error {
	got := r.Header.Values("Toy-Signature")
	if len(got) != 1 || !hmac.Equal([]byte(got[0]), []byte(t.sign(r.PublicURL, r.Body))) {
		return t.fail("verify", channels.ErrSignature, nil)
	}
	return nil
}

func (t *toy) Parse(_ context.Context, r *channels.Request) (evs []channels.Event, err error) {
	var batch []wire
	if err := json.Unmarshal(r.Body, &batch); err != nil || !utf8.Valid(r.Body) || len(batch) == 0 {
		return nil, t.fail("parse", channels.ErrMalformed, err)
	}
	for _, w := range batch {
		m := channels.EventMeta{Key: "message/" + w.ID, Channel: "toy", Peer: channels.Peer(w.Peer), At: r.At, Raw: r.Body}
		evs = append(evs, &channels.Received{EventMeta: m, ID: channels.ProviderID(w.ID), Content: channels.Text{Body: w.Text}})
	}
	return evs, nil
}

func (t *toy) Send(ctx context.Context, m channels.Outbound) (channels.Receipt, error) {
	parts, err := channels.Fit(t.Info().Capabilities, m.Content)
	if err != nil || len(parts) != 1 || ctx.Err() != nil {
		return channels.Receipt{}, t.fail("send", channels.ErrUnsupported, err)
	}
	body, _ := json.Marshal(wire{m.Ref(), string(m.To.Peer), m.Content.(channels.Text).Body}) // strings always encode
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return channels.Receipt{}, t.fail("send", channels.ErrMalformed, err)
	}
	req.Header.Set("Toy-Signature", t.sign(t.url, body))
	resp, err := t.client.Do(req)
	if err != nil { // it may have arrived: the careful outcome
		return channels.Receipt{}, &channels.Error{Op: "send", Channel: "toy", Class: channels.ErrUnavailable, Err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	e := t.fail("send", channels.ErrUnavailable, nil)
	switch resp.StatusCode {
	case http.StatusOK:
		return channels.Receipt{ID: channels.ProviderID(m.Ref())}, nil
	case http.StatusUnauthorized:
		e.Class = channels.ErrCredentials
	case http.StatusTooManyRequests:
		wait, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // 0: not said
		e.Class, e.RetryAfter = channels.ErrRateLimited, time.Duration(wait)*time.Second
	}
	return channels.Receipt{}, e
}

// fail is an error after which certainly nothing was sent.
func (t *toy) fail(op string, class, cause error) *channels.Error {
	return &channels.Error{Op: op, Channel: "toy", Class: class, Outcome: channels.NotSent, Err: cause}
}
