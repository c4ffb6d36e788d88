package messagebirdtest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// says queues one webhook per text.
func says(a *account, texts ...string) {
	for _, text := range texts {
		a.Person(wa, person).Says(text)
	}
}

// texts are the contents of the message.created webhooks that arrived.
func texts(got []posted) (list []string) {
	for _, p := range got {
		var e struct {
			Message *struct{ Content struct{ Text string } }
		}
		if json.Unmarshal(p.body, &e) == nil && e.Message != nil {
			list = append(list, e.Message.Content.Text)
		}
	}
	return list
}

func TestNothingIsPostedBeforeDeliver(t *testing.T) {
	a := open(t)
	says(a, "1", "2")
	pending := a.Pending()
	require.Len(t, pending, 3)
	require.Equal(t, "conversation.created", pending[0].Event)
	require.Nil(t, pending[1].Header, "a token's time begins with the first attempt")
	require.Empty(t, a.hook.take())
	require.Equal(t, 3, a.deliver())
	require.Equal(t, []string{"1", "2"}, texts(a.hook.take()))
	require.Empty(t, a.Pending())
	require.Equal(t, 0, a.deliver())
	require.Equal(t, 3, a.Totals().Posted)
}

func TestARetryIsTheFirstAttemptAgainByteForByte(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) {
		c.Webhooks[0].Events = []string{"message.created"}
		c.Retry = []time.Duration{time.Second, time.Hour}
		c.OlderSignature = true
	})
	says(a, "1")
	a.hook.answer(500, 307)
	n, err := a.Deliver(t.Context())
	require.Zero(t, n)
	var failure *messagebirdtest.DeliveryError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, 500, failure.Status)
	require.Equal(t, 1, failure.Attempt)
	require.Equal(t, 0, a.deliver(), "not due yet")

	a.clock.Advance(time.Second)
	_, err = a.Deliver(t.Context())
	require.ErrorAs(t, err, &failure)
	require.Equal(t, 307, failure.Status, "a redirect is not followed")
	require.Equal(t, 2, a.Pending()[0].Attempt)
	a.clock.Advance(time.Hour - time.Second)
	require.Equal(t, 0, a.deliver(), "not due yet")
	a.clock.Advance(time.Second)
	require.Equal(t, 1, a.deliver())

	got := a.hook.take()
	require.Len(t, got, 3)
	for _, h := range []string{messagebirdtest.HeaderToken, messagebirdtest.HeaderSignature, messagebirdtest.HeaderTimestamp} {
		require.NotEmpty(t, got[0].header.Get(h))
		require.Equal(t, got[0].header.Get(h), got[2].header.Get(h), "an hour later the token has expired")
	}
	require.Equal(t, got[0].body, got[2].body)
	require.Equal(t, 2, a.Totals().Failed)
}

func TestARetryMayBeSignedAnew(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.ResignRetries = true })
	says(a, "1")
	a.hook.answer(503, 503)
	_, err := a.Deliver(t.Context())
	require.Error(t, err)
	a.clock.Advance(time.Minute)
	a.deliver()
	got := a.hook.take()
	first, second := claims(t, got[0].header), claims(t, got[2].header)
	require.Equal(t, got[0].body, got[2].body)
	require.Equal(t, first.NotBefore+60, second.NotBefore)
	require.NotEqual(t, first.ID, second.ID)
}

func claims(t *testing.T, h http.Header) (c messagebirdtest.Claims) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(h.Get(messagebirdtest.HeaderToken), ".")[1])
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &c))
	return c
}

func TestAWebhookIsDroppedAfterItsLastAttempt(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) {
		c.Webhooks[0].Events = []string{"message.created"}
		c.Retry = []time.Duration{}
	})
	says(a, "1")
	a.hook.answer(404)
	_, err := a.Deliver(t.Context())
	require.Error(t, err)
	require.Empty(t, a.Pending())
	dropped := a.Dropped()
	require.Len(t, dropped, 1)
	require.Equal(t, 1, a.Totals().Dropped)
	a.Requeue(dropped...)
	require.Equal(t, 1, a.deliver())
}

func TestAFailureDoesNotHoldUpOthers(t *testing.T) {
	a := open(t)
	says(a, "1", "2")
	a.hook.answer(200, 500, 200)
	n, err := a.Deliver(t.Context())
	require.Error(t, err)
	require.Equal(t, 2, n)
	a.clock.Advance(time.Second)
	a.deliver()
	require.Equal(t, []string{"1", "2", "1"}, texts(a.hook.take()))
}

func TestAServiceThatIsDownCostsAnAttempt(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) {
		c.Webhooks = []messagebirdtest.Webhook{{URL: "http://127.0.0.1:1/"}}
	})
	says(a, "1")
	n, err := a.Deliver(t.Context())
	require.Zero(t, n)
	var failure *messagebirdtest.DeliveryError
	require.ErrorAs(t, err, &failure)
	require.Zero(t, failure.Status)
	require.Error(t, failure.Err)
}

func TestACancelledDeliveryIsNoAttempt(t *testing.T) {
	a := open(t)
	says(a, "1", "2")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n, err := a.Deliver(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, n)
	pending := a.Pending()
	require.Len(t, pending, 3)
	require.Zero(t, pending[0].Attempt)
	require.Equal(t, "conversation.created", pending[0].Event)
}

func TestADeliveryCutShortIsNoAttemptEither(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := open(t, func(c *messagebirdtest.Config) {
		c.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			cancel()
			return nil, r.Context().Err()
		})}
	})
	says(a, "1")
	n, err := a.Deliver(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, n)
	require.Len(t, a.Pending(), 2)
	require.Zero(t, a.Pending()[0].Attempt)
	require.Zero(t, a.Totals().Failed)
}

func TestTakenWebhooksCanBeSpoiledShuffledAndRepeated(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.Webhooks[0].Events = []string{"message.created"} })
	says(a, "1", "2")
	taken := a.Take()
	require.Len(t, taken, 2)
	require.Empty(t, a.Pending())
	c := claims(t, taken[0].Header)
	require.Equal(t, a.clock.Now().Unix(), c.NotBefore)
	require.Equal(t, c.NotBefore+60, c.Expires)
	require.Equal(t, "MessageBird", c.Issuer)
	require.NotEmpty(t, c.PayloadHash)

	for range 2 {
		r, err := taken[0].Request(t.Context())
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		res.Body.Close()
	}
	a.Requeue(taken[1], taken[0])
	a.clock.Advance(time.Hour)
	a.deliver()
	got := a.hook.take()
	require.Equal(t, []string{"1", "1", "2", "1"}, texts(got))
	require.Equal(t, got[0].header.Get(messagebirdtest.HeaderToken), got[3].header.Get(messagebirdtest.HeaderToken))
}

func TestSignedHeadersFitAnyRequest(t *testing.T) {
	for _, alg := range []string{"HS256", "HS384", "HS512"} {
		a := open(t, func(c *messagebirdtest.Config) { c.Algorithm = alg })
		h := a.Sign("https://example.ee/hook?x=1", []byte("{}"))
		own := claims(t, h)
		token, err := own.Token(alg, secret)
		require.NoError(t, err)
		require.Equal(t, token, h.Get(messagebirdtest.HeaderToken))
		same := messagebirdtest.NewClaims("https://example.ee/hook?x=1", []byte("{}"), a.clock.Now())
		same.ID = own.ID
		require.Equal(t, same, own)
		require.Empty(t, h.Get(messagebirdtest.HeaderSignature), "only when configured")
	}
}

func TestWithManyAtOnceEachConversationKeepsItsOrder(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) {
		c.Parallel = 8
		c.Webhooks[0].Events = []string{"message.created"}
	})
	people := []string{"+37255500001", "+37255500002", "+37255500003", "+37255500004", "+37255500005"}
	for i := range 20 {
		for _, p := range people {
			a.Person(wa, p).Says(p + " " + string(rune('a'+i)))
		}
	}
	require.Equal(t, 100, a.deliver())
	last := map[string]string{}
	for _, text := range texts(a.hook.take()) {
		who, n, _ := strings.Cut(text, " ")
		require.Less(t, last[who], n)
		last[who] = n
	}
	require.Len(t, last, len(people))
}

func TestRunDeliversUntilItsContextEnds(t *testing.T) {
	arrived := make(chan string)
	a := open(t, func(c *messagebirdtest.Config) {
		c.Now = nil // the machine's clock
		c.Client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body, _ := io.ReadAll(r.Body)
			arrived <- texts([]posted{{body: body}})[0]
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		})}
		c.Webhooks[0].Events = []string{"message.created"}
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	says(a, "1")
	require.Equal(t, "1", <-arrived)
	says(a, "2")
	require.Equal(t, "2", <-arrived)
	cancel()
	require.NoError(t, <-done)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
