package meta_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(pageBody(fromKati(`"message":{"mid":"m1","text":"a"}`), fromKati(`"read":{"watermark":1}`))))
	f.Add([]byte(strings.Replace(pageBody(fromKati(`"postback":{"title":"a"}`), `7`), "messaging", "standby", 1)))
	f.Add([]byte(fromMari(`"type":"edit","edit":{"original_message_id":"w","message":{"type":"edit","edit":{}}}`)))
	f.Add([]byte(fromMari(`"type":"image","image":{"id":"1","mime_type":"a/b;","sha256":"AA=="}`)))
	f.Add([]byte(waBody("messages", `"statuses":[{"id":"o","status":"failed","errors":[{"code":1e9}]}]`)))
	f.Add([]byte(waBody("account_update", `"event":"X","restriction_info":[{}]`)))
	if err := referenceFiles(func(_ string, raw []byte) { f.Add(raw) }); err != nil {
		f.Fatal(err)
	}
	app := receiverOf(f, referenced())
	lines := map[channels.ID]bool{}
	for _, ch := range app.Channels() {
		lines[ch.Info().ID] = true
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := &channels.Request{Method: http.MethodPost, PublicURL: hookURL, Header: http.Header{}, Body: body, At: noon()}
		before := string(body)
		events, err := app.Parse(context.Background(), r)
		again, errAgain := app.Parse(context.Background(), r)
		if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(events, again) || string(body) != before {
			t.Fatal("two calls differ, or the body does")
		}
		channeltest.Withstand(t, app, r)
		if err != nil {
			if !errors.Is(err, channels.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		keys := map[string]bool{}
		for _, e := range events {
			m := e.Meta()
			if keys[string(m.Channel)+m.Key] || !lines[m.Channel] || !strings.Contains(before, string(m.Raw)) {
				t.Fatalf("an event that cannot be stored: %s", e.Type())
			}
			keys[string(m.Channel)+m.Key] = true
			if r, ok := e.(*channels.Received); ok && (r.Content == nil || r.ID == "" || r.Peer == "") {
				t.Fatal("a message of nothing or of nobody")
			}
			if s, ok := e.(*channels.StatusChanged); ok && s.ID == "" && s.Until.IsZero() {
				t.Fatal("a report on nothing")
			}
			if l, ok := e.(*channels.LineChanged); ok && (l.Subject == "" || l.State == "" || len(l.Reason) > 200 || !utf8.ValidString(l.Reason)) {
				t.Fatal("news of nothing")
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

// FuzzVerify takes any header, or the right one for another body: only a body
// that is signed, or whose escaped form is, may be believed.
func FuzzVerify(f *testing.F) {
	good := signature([]byte(ascii), appSecret)
	f.Add(good, []byte(ascii), []byte(ascii))
	f.Add("", []byte(`{"t":"õ"}`), []byte(`{"t":"\u00f5"}`))
	f.Add("sha256=", []byte("\x7f"), []byte(`\u007f`))
	f.Add(strings.ToUpper(good), []byte(ascii), []byte("\xff"))
	if err := referenceFiles(func(_ string, raw []byte) { f.Add("", raw, raw) }); err != nil {
		f.Fatal(err)
	}
	app := receiver(f)
	f.Fuzz(func(t *testing.T, header string, body, over []byte) {
		r := hooked(string(body))
		if header != "" {
			r.Header[hookHeader] = []string{header}
		} else {
			r.Header.Set(hookHeader, signature(over, appSecret))
		}
		believed := channeltest.Withstand(t, app, r)
		switch right := header == signature(body, appSecret) || header == "" && string(over) == string(body); {
		case right && !believed:
			t.Fatal("the right signature is refused")
		case !right && believed && (header != "" || string(over) != escape(body)):
			t.Fatal("believed without a signature")
		case header == "" && utf8.Valid(body) && string(over) == escape(body) && !believed:
			t.Fatal("the escaped form is refused")
		}
	})
}

// escape is the escaped form, made the long way.
func escape(body []byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	unit := func(u rune) {
		b.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			b.WriteByte(digits[u>>shift&15])
		}
	}
	for _, r := range string(body) {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			unit(0xd800 + (r-0x10000)>>10)
			unit(0xdc00 + (r-0x10000)&0x3ff)
		default:
			unit(r)
		}
	}
	return b.String()
}

func FuzzSignedRequest(f *testing.F) {
	f.Add("a.b", false)
	f.Add(payloadAt(noon(), `,"user_id":"1"`), true)
	f.Add(`{"algorithm":"none"}`, true)
	app := receiver(f)
	f.Fuzz(func(t *testing.T, text string, sign bool) {
		value := text
		if sign {
			value = posted(text, appSecret, base64.RawURLEncoding)
		}
		got, err := app.SignedRequest(value)
		switch {
		case err != nil && !errors.Is(err, channels.ErrSignature) && !errors.Is(err, channels.ErrMalformed):
			t.Fatal(err)
		case err == nil && (!sign || got.User == "" || got.Issued.IsZero()):
			t.Fatal("believed what nobody signed, or says nothing")
		}
	})
}
