package metatest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestWhatIsNotAnsweredIsPostedAgainByteForByte(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.Retry = []time.Duration{time.Second, time.Minute} })
	a.hook.answer(503, 302)
	a.Person(page, psid).Says("tere õhtust")
	n, err := a.Deliver(t.Context())
	require.Equal(t, 0, n)
	var failure *metatest.DeliveryError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, 503, failure.Status)
	n, err = a.Deliver(t.Context())
	require.NoError(t, err)
	require.Equal(t, 0, n, "it is not due yet")
	a.clock.Advance(time.Second)
	_, err = a.Deliver(t.Context())
	require.Error(t, err, "a redirect is not followed")
	a.clock.Advance(time.Minute)
	require.Equal(t, 1, a.deliver())

	got := a.hook.take()
	require.Len(t, got, 3)
	require.Equal(t, got[0].body, got[2].body)
	require.Equal(t, got[0].header.Get(metatest.HeaderSignature), got[2].header.Get(metatest.HeaderSignature))
	var statuses []int
	for i, attempt := range a.Deliveries() {
		statuses = append(statuses, attempt.Status)
		require.Equal(t, i+1, attempt.Attempt)
		require.Equal(t, got[0].body, attempt.Body)
	}
	require.Equal(t, []int{503, 302, 200}, statuses)

	a.hook.answer(500, 500, 500)
	a.Person(page, psid).Says("kas on kedagi?")
	for range 3 {
		_, err = a.Deliver(t.Context())
		require.Error(t, err)
		a.clock.Advance(time.Minute)
	}
	require.Len(t, a.Dropped(), 1)
	require.Empty(t, a.Pending())
	require.Equal(t, 1, a.Totals().Dropped)
}

func TestDuplicates(t *testing.T) {
	a := open(t)
	a.DuplicateNext(1)
	a.Person(page, psid).Says("üks")
	a.Person(page, psid).Says("kaks")
	require.Equal(t, 2, a.deliver())
	got := a.hook.take()
	require.Len(t, got, 3)
	require.Equal(t, got[0], got[1])
	a.Requeue(a.Deliveries()[0].Delivery)
	a.deliver()
	require.Equal(t, got[0].body, a.hook.take()[0].body)
}

func TestABatchMixesAccountsInTheirOrder(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Says("üks")
	a.Person(page, "42").Says("kaks")
	a.Person(page2, psid).Says("kolm")
	a.Person(number, phone).Says("neli")
	a.Person(number2, phone).Says("viis")
	a.Person(page, psid).Says("kuus")
	a.Batch()
	require.Equal(t, 2, a.deliver())
	got := a.hook.take()
	pages, whatsapp := decode(t, got[0].body), decode(t, got[1].body)
	require.Equal(t, "page", pages["object"])
	require.Len(t, pages["entry"], 3)
	require.Len(t, at(pages, "entry", 0, "messaging"), 2)
	require.Equal(t, page2, at(pages, "entry", 1, "id"))
	require.Equal(t, "kuus", at(pages, "entry", 2, "messaging", 0, "message", "text"))
	require.Len(t, whatsapp["entry"], 1, "both numbers are of one business account")
	require.Equal(t, number2, at(whatsapp, "entry", 0, "changes", 1, "value", "metadata", "phone_number_id"))
	require.Equal(t, metatest.Signature(secret, got[0].body), got[0].header.Get(metatest.HeaderSignature))
}

func TestTheFormOfNonASCIICharacters(t *testing.T) {
	for _, c := range []struct {
		name         string
		raw, escaped bool
	}{{"escaped", false, false}, {"raw", true, false}, {"raw, signed in the escaped form", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			a := open(t, func(cfg *metatest.Config) { cfg.RawUTF8, cfg.SignEscaped = c.raw, c.escaped })
			a.Person(number, phone).Says(`õ "x" a\b https://linn.example 😀`)
			a.deliver()
			got := a.hook.take()[0]
			require.Equal(t, c.raw, strings.Contains(string(got.body), "õ"))
			require.Equal(t, !c.raw, strings.Contains(string(got.body), `\u00f5 \"x\" a\\b https:\/\/linn.example \ud83d\ude00`))
			require.Equal(t, `õ "x" a\b https://linn.example 😀`,
				at(decode(t, got.body), "entry", 0, "changes", 0, "value", "messages", 0, "text", "body"))
			signed := got.body
			if c.escaped {
				signed = metatest.EscapeUnicode(got.body)
			}
			require.Equal(t, metatest.Signature(secret, signed), got.header.Get(metatest.HeaderSignature))
			require.Equal(t, c.escaped, metatest.Signature(secret, got.body) != got.header.Get(metatest.HeaderSignature))
		})
	}
}

func TestTestsMayHandleWebhooksThemselves(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Says("üks")
	a.Emit([]byte("{not json"))
	taken := a.Take()
	require.Len(t, taken, 2)
	require.Empty(t, a.Pending())
	require.Equal(t, metatest.Signature(secret, []byte("{not json")), taken[1].Header.Get(metatest.HeaderSignature))
	a.Requeue(taken[1], taken[0])
	require.Equal(t, 2, a.deliver())
	require.Equal(t, "{not json", string(a.hook.take()[0].body))
}

func TestDeliveryEndsWithItsContext(t *testing.T) {
	a := open(t)
	a.Person(page, psid).Says("üks")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, err := a.Deliver(ctx)
	require.Equal(t, 0, n)
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, a.Pending(), 1)
	require.Equal(t, 0, a.Pending()[0].Attempt)
}

func TestTheAddressOfTheWebhookChangesForWhatWaits(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.Webhook = "http://127.0.0.1:1/gone" })
	a.Person(page, psid).Says("üks")
	var failure *metatest.DeliveryError
	_, err := a.Deliver(t.Context())
	require.ErrorAs(t, err, &failure)
	require.Equal(t, 0, failure.Status)
	require.ErrorContains(t, err, "page, attempt 1")
	require.Error(t, failure.Unwrap())
	a.Person(page, psid).Says("kaks")
	a.SetWebhook(a.hook.url)
	require.Equal(t, 1, a.deliver(), "what was posted before keeps its address")
}

func TestAServerThatSomebodyElseServesNamesItsAddressInLinks(t *testing.T) {
	a := open(t)
	for _, url := range []string{"https://lookaside.fbsbx.com", "https://meta.linn.example"} {
		if url != "https://lookaside.fbsbx.com" {
			a.SetURL(url + "/")
		} else {
			a.SetURL("")
		}
		a.Person(page, psid).SendsImage(metatest.File{ContentType: "image/png", Data: []byte("x")})
		link := at(a.events()[0], "entry", 0, "messaging", 0, "message", "attachments", 0, "payload", "url")
		require.Contains(t, link, url+"/files/")
	}
}

func TestABodyBeyondTheLimitIsNotRead(t *testing.T) {
	a := open(t, func(c *metatest.Config) { c.BodyLimit = 100 })
	res, raw := a.do("POST", "/v25.0/me/messages", pageToken, `{"message":"`+strings.Repeat("x", 100)+`"}`)
	require.Equal(t, 413, res.StatusCode)
	code, _ := fault(decode(t, raw))
	require.Equal(t, 1, code)
}

func TestRunDeliversByItself(t *testing.T) {
	a := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	a.Person(page, psid).Says("üks")
	require.Eventually(t, func() bool { return a.Totals().Posted == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
}

func TestAnInboxCanBeWaitedFor(t *testing.T) {
	a := open(t)
	p := a.Person(page, psid)
	p.Says("tere")
	got := make(chan []metatest.Message, 1)
	go func() {
		box, _ := p.Wait(t.Context(), 1)
		got <- box
	}()
	a.text(page, pageToken, psid, "Tere!")
	require.Equal(t, "Tere!", (<-got)[0].Text)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Wait(ctx, 2)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, json.Valid(p.Inbox()[0].Content))
}
