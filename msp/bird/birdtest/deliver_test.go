package birdtest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

// served is a workspace whose webhooks go to h.
func served(t *testing.T, h *hook, change func(*birdtest.Config)) *desk {
	return open(t, func(c *birdtest.Config) {
		for i := range c.Webhooks {
			c.Webhooks[i].URL = h.URL + "/webhooks/bird?tenant=a%20b"
		}
		if change != nil {
			change(c)
		}
	})
}

// signature is written out here as the documents do, apart from Sign.
func signature(stamp, target, body string) string {
	sum := sha256.Sum256([]byte(body))
	mac := hmac.New(sha256.New, []byte(signing))
	mac.Write([]byte(stamp))
	mac.Write([]byte("\n" + target + "\n"))
	mac.Write(sum[:])
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestARepetitionIsTheFirstAttemptByteForByte(t *testing.T) {
	h := listen(t, 503, 500)
	d := served(t, h, nil)
	d.Person(wa, person).Says("tere")
	var failed *birdtest.DeliveryError
	n, err := d.Deliver(t.Context())
	require.Zero(t, n)
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 503, failed.Status)
	require.Equal(t, 1, failed.Attempt)
	n, err = d.Deliver(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "it is not due yet")
	d.clock.advance(time.Hour)
	_, err = d.Deliver(t.Context())
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 2, failed.Attempt)
	d.clock.advance(3 * time.Hour)
	n, err = d.Deliver(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)

	got := h.all()
	require.Len(t, got, 3)
	for _, r := range got {
		require.Equal(t, got[0].body, r.body)
		require.Equal(t, "1795348800", r.header.Get(birdtest.HeaderTimestamp), "the time of the first attempt")
		require.Equal(t, signature("1795348800", h.URL+"/webhooks/bird?tenant=a%20b", r.body), r.header.Get(birdtest.HeaderSignature))
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
	}
	require.Equal(t, birdtest.Totals{Received: 1, Posted: 1, Failed: 2}, d.Totals())
}

func TestTheQueryCanBeLeftOutOfSignatures(t *testing.T) {
	h := listen(t)
	d := served(t, h, func(c *birdtest.Config) { c.SignWithoutQuery = true })
	d.Person(wa, person).Says("tere")
	_, err := d.Deliver(t.Context())
	require.NoError(t, err)
	require.Equal(t, signature("1795348800", h.URL+"/webhooks/bird", h.all()[0].body), h.all()[0].header.Get(birdtest.HeaderSignature))
}

func TestADeliveryIsDroppedAfterItsRetries(t *testing.T) {
	h := listen(t, 500, 500, 500)
	d := served(t, h, func(c *birdtest.Config) { c.Retry = []time.Duration{time.Minute} })
	d.Person(wa, person).Says("tere")
	for range 3 {
		_, _ = d.Deliver(t.Context())
		d.clock.advance(time.Minute)
	}
	require.Len(t, h.all(), 2)
	require.Len(t, d.Dropped(), 1)
	require.Empty(t, d.Pending())
	require.Equal(t, 1, d.Totals().Dropped)

	d.Requeue(d.Dropped()...)
	_, err := d.Deliver(t.Context())
	require.Error(t, err, "the third answer is still an error")
	require.Equal(t, h.all()[0].header.Get(birdtest.HeaderSignature), h.all()[2].header.Get(birdtest.HeaderSignature))
}

func TestWebhooksStayInOrderWhenTheContextEnds(t *testing.T) {
	h := listen(t)
	d := served(t, h, nil)
	for _, s := range []string{"üks", "kaks", "kolm"} {
		d.Person(wa, person).Says(s)
	}
	before := d.Pending()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, err := d.Deliver(ctx)
	require.Zero(t, n)
	require.ErrorIs(t, err, context.Canceled)
	after := d.Pending()
	require.Len(t, after, 3)
	for i := range after {
		require.Equal(t, before[i].Body, after[i].Body)
		require.Zero(t, after[i].Attempt, "it was no attempt")
	}
	n, err = d.Deliver(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Contains(t, h.all()[2].body, "kolm")
}

func TestRedirectsOfWebhooksAreNotFollowed(t *testing.T) {
	h := listen(t, http.StatusFound)
	d := served(t, h, nil)
	d.Person(wa, person).Says("tere")
	_, err := d.Deliver(t.Context())
	var failed *birdtest.DeliveryError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 302, failed.Status)
}

func TestRunDeliversByItself(t *testing.T) {
	h := listen(t)
	d := served(t, h, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	d.Person(wa, person).Says("tere")
	require.Eventually(t, func() bool { return len(h.all()) == 1 }, 10*time.Second, time.Millisecond)
	cancel()
	require.NoError(t, <-done)
}

func TestSubscriptionsDecideWhoIsTold(t *testing.T) {
	d := open(t, func(c *birdtest.Config) {
		c.Channels = append(c.Channels, birdtest.Channel{ID: nowhere, Platform: "whatsapp"})
		c.Webhooks = []birdtest.Webhook{
			{Event: "whatsapp.inbound", URL: "https://a.example/all", SigningKey: "a"},
			{Event: "whatsapp.inbound", URL: "https://b.example/one", SigningKey: "b", ChannelID: wa},
			{Event: "sms.inbound", URL: "https://c.example/sms", SigningKey: "c"},
		}
	})
	urls := func() (all []string) {
		for _, w := range d.Take() {
			all = append(all, w.URL)
		}
		return all
	}
	d.Person(wa, person).Says("tere")
	require.Equal(t, []string{"https://a.example/all", "https://b.example/one"}, urls())
	d.Person(nowhere, person).Says("tere")
	require.Equal(t, []string{"https://a.example/all"}, urls())
	d.Person(sms, person).Says("tere")
	require.Equal(t, []string{"https://c.example/sms"}, urls())
	d.Emit("sms.inbound", sms, []byte("\xff no JSON"))
	taken := d.Take()
	require.Equal(t, "\xff no JSON", string(taken[0].Body))
	require.Equal(t, birdtest.Sign("c", "https://c.example/sms", taken[0].Body, d.clock.now()), taken[0].Header)

	status, made := d.call("POST", hooksPath, `{"service":"channels","event":"whatsapp.inbound","url":"https://d.example/","signingKey":"d","eventFilters":[{"key":"channelId","value":"`+nowhere+`"}]}`)
	require.Equal(t, 201, status)
	d.Person(nowhere, person).Says("tere")
	require.Equal(t, []string{"https://a.example/all", "https://d.example/"}, urls())
	status, _ = d.call("DELETE", hooksPath+"/"+made["id"].(string), "")
	require.Equal(t, 204, status)
	d.Person(nowhere, person).Says("tere")
	require.Equal(t, []string{"https://a.example/all"}, urls())
}
