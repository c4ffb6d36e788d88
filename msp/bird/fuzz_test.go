package bird_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

// seeds calls add with each payload of Bird, where they are there.
func seeds(f *testing.F, add func(raw []byte)) {
	if dir := referenceDir(); dir != "" {
		if err := fixtures(dir, func(_ string, raw []byte) { add(raw) }); err != nil {
			f.Fatal(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(event(f, "whatsapp.inbound", nil)))
	f.Add([]byte(event(f, "whatsapp.outbound", map[string]any{"status": "sending_failed", "template": map[string]any{"projectId": "p"}})))
	f.Add([]byte(event(f, "email.interaction", map[string]any{"type": "unsubscribed", "messageId": "m"})))
	f.Add([]byte(event(f, "sms.inbound", map[string]any{"body": map[string]any{"type": "file", "file": map[string]any{"files": []any{map[string]any{"mediaUrl": "https://a"}, map[string]any{"mediaUrl": "b"}}}}})))
	f.Add([]byte(event(f, "sms.inbound", map[string]any{"body": map[string]any{"type": "x", "x": []any{map[string]any{"text": "a"}}}})))
	seeds(f, func(raw []byte) { f.Add(raw) })
	p := receiver(f)
	lines := map[channels.ID]bool{}
	for _, ch := range p.Channels() {
		lines[ch.Info().ID] = true
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := &channels.Request{Method: http.MethodPost, PublicURL: hookURL, Body: body, At: noon()}
		events, err := p.Parse(context.Background(), r)
		again, errAgain := p.Parse(context.Background(), r)
		if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(events, again) {
			t.Fatal("two calls differ")
		}
		if err != nil {
			fails(t, err, channels.ErrMalformed, channels.NotSent)
			return
		}
		if len(events) == 0 {
			t.Fatal("nothing of it is kept")
		}
		keys := map[string]bool{}
		for _, e := range events {
			m := e.Meta()
			if m.Key == "" || len(m.Key) > 200 || keys[m.Key] || !lines[m.Channel] || m.At.IsZero() || len(m.Raw) == 0 {
				t.Fatalf("an event that cannot be stored: %s", e.Type())
			}
			keys[m.Key] = true
			if r, ok := e.(*channels.Received); ok && (r.Content == nil || r.ID == "" || r.Peer == "") {
				t.Fatal("a message of nothing or of nobody")
			}
			b, err := channels.MarshalEvent(e)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := channels.UnmarshalEvent(b); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzVerify signs a request with the right key and then changes it: what is
// accepted must be what was signed.
func FuzzVerify(f *testing.F) {
	good := birdtest.Sign(signingKey, hookURL, []byte(body), noon())
	f.Add(good.Get(birdtest.HeaderSignature), good.Get(birdtest.HeaderTimestamp), hookURL, []byte(body))
	f.Add("", "0", "", []byte{})
	f.Add(good.Get(birdtest.HeaderSignature)+"\n", " 1795348800", hookURL+"?a", []byte(body))
	var vectors []struct{ Signature, Timestamp, URL, Body string }
	seeds(f, func(raw []byte) {
		if json.Unmarshal(raw, &vectors) == nil {
			for _, v := range vectors {
				f.Add(v.Signature, v.Timestamp, v.URL, []byte(v.Body))
			}
		}
	})
	p := receiver(f)
	f.Fuzz(func(t *testing.T, signature, stamp, url string, body []byte) {
		h := http.Header{}
		h[http.CanonicalHeaderKey(birdtest.HeaderSignature)] = []string{signature}
		h[http.CanonicalHeaderKey(birdtest.HeaderTimestamp)] = []string{stamp}
		r := &channels.Request{Method: http.MethodPost, PublicURL: url, Header: h, Body: body, At: noon()}
		before := sha256.Sum256(body)
		err := p.Verify(context.Background(), r)
		if sha256.Sum256(r.Body) != before {
			t.Fatal("Verify changes the body")
		}
		if err != nil {
			fails(t, err, channels.ErrSignature, channels.NotSent)
			return
		}
		var at int64
		if json.Unmarshal([]byte(stamp), &at) != nil {
			t.Fatal("accepted without a time")
		}
		want := birdtest.Sign(signingKey, url, body, time.Unix(at, 0))
		if want.Get(birdtest.HeaderSignature) != signature || want.Get(birdtest.HeaderTimestamp) != stamp {
			t.Fatal("accepted, and yet nobody signed it so")
		}
	})
}
