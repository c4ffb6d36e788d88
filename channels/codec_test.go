package channels_test

import (
	"errors"
	"io"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// Words that stand for personal data and secrets in the samples below.
const (
	name   = "Mari-Liis Maasikas"
	number = "+37255512345"
	said   = "Minu isikukood on 39901010011"
	bearer = "https://cdn.example/f?token=s3cr3t"
	raw    = `{"wire":"bytes"}`
)

var moment = time.Date(2026, 11, 22, 8, 30, 0, 123_000_000, time.UTC)

func contents() []channels.Content {
	media := channels.Media{As: channels.Image, URL: bearer, Ref: bearer, Blob: "blob", Name: name, Type: "image/jpeg", Size: 7,
		SHA256: "ab", Caption: said, Missing: "too_large"}
	param := channels.Param{Kind: channels.ParamCurrency, Name: name, Text: said, Currency: "EUR", Amount: 12340, Time: moment, Media: &media}
	return []channels.Content{
		channels.Text{Body: said + " õäöü šž 👍🏽 <&>\u2028\n"},
		media,
		channels.Location{Latitude: 59.436962, Longitude: -24.753574, Name: name, Address: said},
		channels.ContactCard{Name: name, Phones: []string{number}, Emails: []string{said}},
		channels.Choices{Body: said, Button: said, Header: said, Footer: said,
			Options: []channels.Choice{{ID: said, Title: name, Description: said, Section: said}}},
		channels.Chosen{ID: said, Title: name},
		channels.Template{Name: "otsus", Language: "et", Header: []channels.Param{param}, Body: []channels.Param{param},
			Buttons: []channels.TemplateButton{{Index: 1, Type: "url", Value: param}}},
		channels.Reaction{To: "m", Emoji: said},
		channels.Unsupported{Type: "poll", Fallback: said},
	}
}

func events() []channels.Event {
	m := channels.EventMeta{Key: "key", Channel: "ppa", Agency: "ppa", Peer: channels.Peer(number), At: moment, Trace: "trace", Salt: []byte("salt"), Raw: []byte(raw)}
	text := channels.Text{Body: said}
	return []channels.Event{
		&channels.Received{EventMeta: m, ID: "id", Content: text, ReplyTo: "other", Thread: "thread", From: channels.Profile{Name: name, Language: "et"}, Standby: true},
		&channels.Edited{EventMeta: m, ID: "id", Content: text},
		&channels.Withdrawn{EventMeta: m, ID: "id"},
		&channels.Echoed{EventMeta: m, ID: "id", Ref: "ref", Content: text, Author: channels.Person, Thread: "thread"},
		&channels.StatusChanged{EventMeta: m, ID: "id", Ref: "ref", Until: moment, Status: channels.Failed, Thread: "thread", Charge: &channels.Charge{Billable: true, Model: "PMP", Type: "regular", Category: "utility"},
			Err: &channels.Error{Op: "send", Channel: "ppa", Class: channels.ErrWindowClosed, Provider: "131047", Instead: []channels.Alternative{channels.UseTemplate}}},
		&channels.Referred{EventMeta: m, Word: said, Source: said},
		&channels.PeerChanged{EventMeta: m, New: channels.Peer(number)},
		&channels.ThreadControl{EventMeta: m, Mine: true},
		&channels.OptedOut{EventMeta: m, In: true},
		&channels.LineChanged{EventMeta: m, Subject: "template", Name: said, State: "paused", Reason: said},
		&channels.Due{EventMeta: m, Name: said},
		&channels.SessionEnded{EventMeta: m, Session: "s", Reason: "age"},
		&channels.AuthDecided{EventMeta: m, Login: "l1", Reason: "expired"},
		&channels.Malformed{EventMeta: m, Reason: "json"},
	}
}

func outbound(c channels.Content) channels.Outbound {
	return channels.Outbound{ID: "m-1", To: channels.Address{Agency: "ppa", Channel: "ppa", Peer: channels.Peer(number)}, Content: c,
		ReplyTo: "other", Author: channels.Person, By: "spetsialist-7", Priority: channels.Urgent, NotAfter: moment,
		Thread: "thread", Part: 1, Parts: 2, Trace: "trace", Salt: []byte("salt")}
}

func TestContentIsStoredAndReadBack(t *testing.T) {
	kinds := map[string]bool{}
	for _, c := range append(contents(), nil) {
		b, err := channels.MarshalContent(c)
		require.NoError(t, err)
		got, err := channels.UnmarshalContent(b)
		require.NoError(t, err)
		require.Equal(t, c, got)
		if c != nil {
			kinds[c.Kind()] = true
			require.NotContains(t, string(b), `"Open"`)
		}
	}
	require.Len(t, kinds, 9)
}

func TestOutboundIsStoredAndReadBack(t *testing.T) {
	for _, c := range append(contents(), nil) {
		b, err := channels.MarshalOutbound(outbound(c))
		require.NoError(t, err)
		got, err := channels.UnmarshalOutbound(b)
		require.NoError(t, err)
		require.Equal(t, outbound(c), got)
	}
}

func TestEventsAreStoredAndReadBackWithoutTheirRawBytes(t *testing.T) {
	types := map[string]bool{}
	for _, e := range events() {
		b, err := channels.MarshalEvent(e)
		require.NoError(t, err)
		require.NotContains(t, string(b), "wire")
		got, err := channels.UnmarshalEvent(b)
		require.NoError(t, err)
		e.Meta().Raw = nil
		require.Equal(t, e, got)
		types[e.Type()] = true
	}
	require.Len(t, types, 14)
}

func TestEveryContentIsStoredInsideAnEvent(t *testing.T) {
	for _, c := range append(contents(), nil) {
		e := &channels.Received{EventMeta: channels.EventMeta{Key: "k", Channel: "c", At: moment}, ID: "id", Content: c}
		b, err := channels.MarshalEvent(e)
		require.NoError(t, err)
		got, err := channels.UnmarshalEvent(b)
		require.NoError(t, err)
		require.Equal(t, channels.Event(e), got)
	}
}

func TestWhatCannotBeStoredIsAnError(t *testing.T) {
	bad := channels.Location{Latitude: math.NaN()}
	_, err := channels.MarshalContent(bad)
	require.Error(t, err)
	_, err = channels.MarshalOutbound(outbound(bad))
	require.Error(t, err)
	_, err = channels.MarshalEvent(&channels.Received{Content: bad})
	require.Error(t, err)
	_, err = outbound(bad).Fingerprint()
	require.Error(t, err)
}

func TestWhatCannotBeReadIsMalformedAndNotQuoted(t *testing.T) {
	for _, b := range []string{
		``, `{`, `7`, `[]`, `{"kind":"` + number + `"}`, `{"kind":"text"}`, `{"kind":"text","value":"` + number + `"}`,
		`{"kind":"media","value":{"size":37255512345.5}}`, `{"kind":"text","value":{}}x`,
		`{"type":"` + number + `"}`, `{"type":"received","at":"` + number + `"}`, `{"type":"received","content":{"kind":"` + number + `"}}`,
		`{"content":{"kind":"` + number + `"}}`, `{"not_after":"` + number + `"}`, `{"part":` + number[1:] + `.5}`,
	} {
		_, content := channels.UnmarshalContent([]byte(b))
		_, event := channels.UnmarshalEvent([]byte(b))
		_, out := channels.UnmarshalOutbound([]byte(b))
		require.Error(t, errors.Join(content, event), "%s", b)
		for _, err := range []error{content, event, out} {
			if err != nil {
				require.ErrorIs(t, err, channels.ErrMalformed)
				require.EqualError(t, err, "decode: malformed")
			}
		}
	}
}

func TestFingerprintIsThatOfWhatThePersonGets(t *testing.T) {
	sum := func(o channels.Outbound) string {
		b, err := o.Fingerprint()
		require.NoError(t, err)
		return string(b[:])
	}
	base := outbound(channels.Text{Body: said})
	for name, same := range map[string]func(*channels.Outbound){
		"id":       func(o *channels.Outbound) { o.ID = "m-2" },
		"trace":    func(o *channels.Outbound) { o.Trace = "" },
		"priority": func(o *channels.Outbound) { o.Priority = channels.Bulk },
		"time":     func(o *channels.Outbound) { o.NotAfter = time.Time{} },
		"salt":     func(o *channels.Outbound) { o.Salt = []byte("pepper") },
	} {
		o := base
		same(&o)
		require.Equal(t, sum(base), sum(o), name)
	}
	for name, other := range map[string]func(*channels.Outbound){
		"text":   func(o *channels.Outbound) { o.Content = channels.Text{Body: "muu"} },
		"kind":   func(o *channels.Outbound) { o.Content = channels.Unsupported{Fallback: said} },
		"person": func(o *channels.Outbound) { o.To.Peer = "muu" },
		"quote":  func(o *channels.Outbound) { o.ReplyTo = "" },
		"author": func(o *channels.Outbound) { o.Author = channels.Bot },
		"part":   func(o *channels.Outbound) { o.Part = 0 },
	} {
		o := base
		other(&o)
		require.NotEqual(t, sum(base), sum(o), name)
	}
}

// FuzzCodec reads anything; what it accepts is stored and read back the same.
func FuzzCodec(f *testing.F) {
	for _, c := range contents() {
		b, _ := channels.MarshalContent(c)
		f.Add(b)
		b, _ = channels.MarshalOutbound(outbound(c))
		f.Add(b)
	}
	for _, e := range events() {
		b, _ := channels.MarshalEvent(e)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := channels.UnmarshalContent(b); err == nil {
			again(t, c, channels.MarshalContent, channels.UnmarshalContent)
		}
		if o, err := channels.UnmarshalOutbound(b); err == nil {
			again(t, o, channels.MarshalOutbound, channels.UnmarshalOutbound)
		}
		if e, err := channels.UnmarshalEvent(b); err == nil {
			again(t, e, channels.MarshalEvent, channels.UnmarshalEvent)
			_ = channels.Lane(e)
		}
	})
}

func again[V any](t *testing.T, v V, encode func(V) ([]byte, error), decode func([]byte) (V, error)) {
	first, err := encode(v)
	if err != nil {
		t.Fatalf("what was read cannot be stored: %v", err)
	}
	back, err := decode(first)
	if err != nil {
		t.Fatalf("what was stored cannot be read: %v", err)
	}
	second, err := encode(back)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Fatalf("stored twice, it differs: %v", err)
	}
}

// A cause that must never be printed.
var errCause = errors.Join(io.ErrUnexpectedEOF, errors.New("cause: "+said+number+bearer))
