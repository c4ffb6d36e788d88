package meta_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

const (
	appSecret   = "canary-app-secret"
	verifyToken = "canary-verify-token"
	hookURL     = "https://agency.example/webhooks/meta"

	pageID   = "682498302938465"
	instaID  = "17841400000000000"
	numberID = "106540352242922"
	wabaID   = "102290129340398"
	goneID   = "555000555000555"
	appID    = "123456789"

	kati = "1254477777772919" // on the page
	mari = "37255500001"      // on WhatsApp
	jaan = "EE.13491208655302741918"
)

// noon is the time of all tests.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// receiving is an app with a line of each product.
func receiving() meta.Config {
	token := func() string { return "canary-access-token" }
	return meta.Config{
		AppSecrets:  func() []string { return []string{appSecret} },
		VerifyToken: func() string { return verifyToken },
		Removed:     []string{goneID},
		Now:         noon,
		Lines: []meta.Line{
			{ID: "page", Kind: channels.Messenger, Account: pageID, Token: token},
			{ID: "insta", Kind: channels.Instagram, Account: instaID, Token: token},
			{ID: "wa", Kind: channels.WhatsApp, Account: numberID, Business: wabaID, Token: token},
			{ID: "wa2", Kind: channels.WhatsApp, Account: "106540352242923", Business: wabaID, Token: token},
		},
	}
}

func receiver(t testing.TB) *meta.App { return receiverOf(t, receiving()) }

func receiverOf(t testing.TB, cfg meta.Config) *meta.App {
	t.Helper()
	app, err := meta.New(cfg)
	require.NoError(t, err)
	return app
}

// signature is the header that goes with a body.
func signature(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// hooked is a request as Meta sends it.
func hooked(body string) *channels.Request {
	h := http.Header{}
	h.Set("X-Hub-Signature-256", signature([]byte(body), appSecret))
	return &channels.Request{Method: http.MethodPost, PublicURL: hookURL, Header: h, Body: []byte(body), At: noon()}
}

// parsed returns the events of a body, each of which can be stored.
func parsed(t testing.TB, app *meta.App, body string) []channels.Event {
	t.Helper()
	events, err := app.Parse(context.Background(), hooked(body))
	require.NoError(t, err)
	keys := map[string]bool{}
	for _, e := range events {
		m := e.Meta()
		require.NotEmpty(t, m.Key)
		require.LessOrEqual(t, len(m.Key), 200)
		require.False(t, keys[string(m.Channel)+m.Key], "a key that is there twice: %s", m.Key)
		keys[string(m.Channel)+m.Key] = true
		require.False(t, m.At.IsZero())
		require.Contains(t, body, string(m.Raw))
		require.NotEmpty(t, m.Raw)
		b, err := channels.MarshalEvent(e)
		require.NoError(t, err)
		_, err = channels.UnmarshalEvent(b)
		require.NoError(t, err)
	}
	return events
}

// tales describes events in one line each: type, line, person, and what they
// say.
func tales(t testing.TB, events []channels.Event) []string {
	t.Helper()
	all := []string{}
	for _, e := range events {
		m := e.Meta()
		words := append([]string{e.Type(), string(m.Channel), string(m.Peer)}, facts(t, e)...)
		all = append(all, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	return all
}

func facts(t testing.TB, e channels.Event) []string {
	switch e := e.(type) {
	case *channels.Received:
		f := []string{string(e.ID), content(t, e.Content), label("re:", string(e.ReplyTo)), label("from:", e.From.Name)}
		if e.Standby {
			f = append(f, "standby")
		}
		return f
	case *channels.Edited:
		return []string{string(e.ID), content(t, e.Content)}
	case *channels.Withdrawn:
		return []string{string(e.ID)}
	case *channels.Echoed:
		return []string{string(e.ID), content(t, e.Content), label("ref:", e.Ref), string(e.Author)}
	case *channels.StatusChanged:
		f := []string{string(e.Status), string(e.ID), label("ref:", e.Ref)}
		if !e.Until.IsZero() {
			f = append(f, "until:"+fmt.Sprint(e.Until.UnixMilli()))
		}
		require.Equal(t, e.Status == channels.Failed, e.Err != nil)
		if e.Err != nil {
			f = append(f, channels.Code(e.Err), e.Err.Provider)
		}
		return f
	case *channels.Referred:
		return []string{e.Word, label("source:", e.Source)}
	case *channels.PeerChanged:
		return []string{"now:" + string(e.New)}
	case *channels.ThreadControl:
		return []string{fmt.Sprintf("mine:%t", e.Mine)}
	case *channels.OptedOut:
		return []string{fmt.Sprintf("in:%t", e.In)}
	case *channels.LineChanged:
		return []string{e.Subject, e.Name, e.State, e.Reason}
	case *channels.Malformed:
		return []string{e.Reason}
	}
	t.Fatalf("an event of type %s", e.Type())
	return nil
}

func label(name, value string) string {
	if value == "" {
		return ""
	}
	return name + value
}

// content is kind and fields, as they are stored.
func content(t testing.TB, c channels.Content) string {
	t.Helper()
	b, err := channels.MarshalContent(c)
	require.NoError(t, err)
	var boxed struct {
		Kind  string
		Value json.RawMessage
	}
	require.NoError(t, json.Unmarshal(b, &boxed))
	return boxed.Kind + string(boxed.Value)
}

// said is how tales describe a text.
func said(body string) string { return `text{"body":"` + body + `"}` }

// chose is how they describe a tap.
func chose(id, title string) string { return `chosen{"id":"` + id + `","title":"` + title + `"}` }

// pageBody is a webhook of a page with these events.
func pageBody(events ...string) string {
	return `{"object":"page","entry":[{"id":"` + pageID + `","time":1700000000100,"messaging":[` + strings.Join(events, ",") + `]}]}`
}

// fromKati is one event of hers, with these further fields.
func fromKati(fields string) string {
	return `{"sender":{"id":"` + kati + `"},"recipient":{"id":"` + pageID + `"},"timestamp":1700000000001,` + fields + `}`
}

// waBody is a webhook of the number with this value, whose other fields stay.
func waBody(field, fields string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"` + wabaID + `","time":1700000000,"changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"3726000000","phone_number_id":"` +
		numberID + `"},"contacts":[{"profile":{"name":"Mari Mets"},"wa_id":"` + mari + `"}],` + fields + `},"field":"` + field + `"}]}]}`
}

// fromMari is one message of hers, with these further fields.
func fromMari(fields string) string {
	return waBody("messages", `"messages":[{"from":"`+mari+`","id":"wamid.1","timestamp":"1700000001",`+fields+`}]`)
}
