package messagebird_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// seeds calls add with each recorded payload, where they are there.
func seeds(add func(raw []byte)) {
	dir := referenceDir()
	if dir == "" {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".json" {
			if raw, err := os.ReadFile(path); err == nil {
				add(raw)
			}
		}
		return nil
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"statuses":[]}`), "?line=sms")
	f.Add([]byte(event(f, "message.created", nil)), "")
	f.Add([]byte(event(f, "message.updated", map[string]any{"direction": "sent", "status": "list_unsubscribe"})), "")
	f.Add([]byte(`{"type":"message.status","message":{"id":"1","status":"read"}}`), "?line=sms")
	for _, sms := range []string{formSMS, jsonSMS, formSMS + "&mediaUrls=a", "mid=1&shortcode=1345&originator=2&message=a&receive_datetime=20261122115958"} {
		f.Add([]byte(sms), "")
		f.Add([]byte{}, "?"+sms)
	}
	f.Add([]byte{}, "?line=mobile&id=1&reference=m-1&recipient=37255500001&status=delivery_failed&statusErrorCode=103")
	seeds(func(raw []byte) { f.Add(raw, "") })
	p := provider(f, smsConfig("http://127.0.0.1:1"))
	lines := map[channels.ID]bool{}
	for _, ch := range p.Channels() {
		lines[ch.Info().ID] = true
	}
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		r := &channels.Request{Method: http.MethodPost, PublicURL: hookURL + query, Body: body, At: noon()}
		if len(body) == 0 {
			r.Method = http.MethodGet
		}
		events, err := p.Parse(context.Background(), r)
		again, errAgain := p.Parse(context.Background(), r)
		if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(events, again) {
			t.Fatal("two calls differ")
		}
		if err != nil {
			failure(t, err, channels.ErrMalformed, channels.NotSent)
			return
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

// FuzzVerify signs any header and claims with the right key, or takes the token
// as it is: what is accepted must say what it was made for.
func FuzzVerify(f *testing.F) {
	good := messagebirdtest.NewClaims(hookURL, []byte(body), noon())
	token, err := good.Token("HS256", signingKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"alg":"HS256","typ":"JWT"}`, jsonOf(good), hookURL, []byte(body), true)
	f.Add(`{"alg":"HS256","typ":"JWT"}`, strings.Replace(jsonOf(good), "payload_hash", "pAyload_hash", 1), hookURL, []byte(body), true)
	f.Add(`{"alg":"none"}`, jsonOf(good), hookURL, []byte(body), true)
	f.Add(token, "", hookURL, []byte(body), false)
	f.Add(token+".", "", hookURL, []byte(""), false)
	seeds(func(raw []byte) { f.Add(`{"alg":"HS256"}`, jsonOf(good), hookURL, raw, true) })
	p := receiver(f)
	f.Fuzz(func(t *testing.T, head, claims, url string, body []byte, sign bool) {
		token := head
		if sign {
			token = forge(head, claims, signingKey)
		}
		h := http.Header{}
		h.Set(messagebirdtest.HeaderToken, token)
		r := &channels.Request{Method: http.MethodPost, PublicURL: url, Header: h, Body: body, At: noon()}
		if err := p.Verify(context.Background(), r); err != nil {
			failure(t, err, channels.ErrSignature, channels.NotSent)
			return
		}
		if !sign {
			claims = jsonOf(good) // nobody else can make one
		}
		var c struct {
			Iss, Jti         string
			Nbf, Exp         int64
			URLHash, Payload *string
		}
		var m map[string]json.RawMessage
		if json.Unmarshal([]byte(claims), &m) != nil {
			t.Fatal("accepted without claims")
		}
		for name, to := range map[string]any{"iss": &c.Iss, "jti": &c.Jti, "nbf": &c.Nbf, "exp": &c.Exp, "url_hash": &c.URLHash, "payload_hash": &c.Payload} {
			if raw, ok := m[name]; ok && json.Unmarshal(raw, to) != nil {
				t.Fatalf("accepted with a wrong %s", name)
			}
		}
		now := noon()
		switch {
		case c.Iss != "MessageBird" || c.Jti == "" || c.URLHash == nil || *c.URLHash != sum([]byte(url)),
			time.Unix(c.Nbf, 0).After(now.Add(time.Second)), time.Unix(c.Exp, 0).Before(now.Add(-24*time.Hour - time.Second)),
			(len(body) > 0) != (c.Payload != nil), c.Payload != nil && *c.Payload != sum(body):
			t.Fatalf("accepted: %s", claims)
		}
	})
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
