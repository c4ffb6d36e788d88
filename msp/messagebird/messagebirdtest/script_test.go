package messagebirdtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestTheNextRequestsFailAsScripted(t *testing.T) {
	a := open(t)
	a.FailNext(1, messagebirdtest.Failure{Status: 503, Code: 99, Description: "internal error", RetryAfter: 1500 * time.Millisecond})
	a.FailNext(2, messagebirdtest.Failure{Status: 502, Body: []byte("<html>bad gateway</html>")})

	res, raw := a.do("POST", "/v1/send", textTo(sms, person, "1"), "AccessKey "+key)
	require.Equal(t, 503, res.StatusCode)
	require.Equal(t, "2", res.Header.Get("Retry-After"), "whole seconds, never too early")
	require.JSONEq(t, `{"errors":[{"code":99,"description":"internal error","parameter":null}]}`, string(raw))
	for range 2 {
		res, raw = a.do("POST", "/v1/send", textTo(sms, person, "2"), "AccessKey "+key)
		require.Equal(t, 502, res.StatusCode)
		require.Equal(t, "<html>bad gateway</html>", string(raw))
		require.Contains(t, res.Header.Get("Content-Type"), "text/html")
		require.Empty(t, res.Header.Get("Retry-After"))
	}
	require.Empty(t, a.Sent())
	a.send(sms, person, "3")
	require.Len(t, a.Sent(), 1)
	require.Equal(t, 3, a.Totals().Scripted)
	require.Zero(t, a.Totals().Refused)
	require.True(t, a.Requests()[0].Scripted)
}

func TestAFailureCanBeLimitedToAPathAndAMethod(t *testing.T) {
	a := open(t)
	a.FailNext(1, messagebirdtest.Failure{Method: "POST", Path: "/v1/conversations/*/messages", Status: 500})
	a.send(sms, person, "1")
	conv := "/v1/conversations/" + conversationOf(a)
	status, _ := a.call("GET", conv+"/messages", nil)
	require.Equal(t, 200, status)
	status, _ = a.call("POST", conv+"/messages", map[string]any{"type": "text", "content": map[string]any{"text": "x"}})
	require.Equal(t, 500, status)
}

func TestAnOutageLastsUntilItIsHealed(t *testing.T) {
	a := open(t)
	a.FailNext(-1, messagebirdtest.Failure{Status: 503})
	for range 5 {
		status, _ := a.call("GET", "/v1/conversations", nil)
		require.Equal(t, 503, status)
	}
	a.Heal()
	status, _ := a.call("GET", "/v1/conversations", nil)
	require.Equal(t, 200, status)
}

func post(a *account) error {
	r, _ := http.NewRequest("POST", a.url+"/v1/send", strings.NewReader(fmt.Sprintf(
		`{"from":%q,"to":%q,"type":"text","content":{"text":"x"},"trackId":"t"}`, sms, person)))
	r.Header.Set("Authorization", "AccessKey "+key)
	res, err := http.DefaultClient.Do(r)
	if err == nil {
		res.Body.Close()
	}
	return err
}

func TestAConnectionCutBeforeReadingHasNoEffect(t *testing.T) {
	a := open(t)
	a.FailNext(1, messagebirdtest.Failure{HangUpBeforeRead: true})
	require.Error(t, post(a))
	require.Empty(t, a.Sent())
	require.Empty(t, a.Pending())
	require.Zero(t, a.Requests()[0].Status)
}

func TestAConnectionCutAfterAcceptanceCountsAsSent(t *testing.T) {
	a := open(t)
	a.FailNext(1, messagebirdtest.Failure{HangUpAfterAccept: true})
	require.Error(t, post(a))
	require.Len(t, a.Sent(), 1)
	require.Equal(t, 1, a.Tracks()["t"])
	require.Len(t, a.Person(sms, person).Inbox(), 1)
	require.Len(t, a.Pending(), 2, "and has its echo")
	require.NoError(t, post(a))
	require.Equal(t, 2, a.Tracks()["t"], "a blind retry is a double")
}

func TestAFalseAnswerAfterAcceptanceCountsAsSent(t *testing.T) {
	a := open(t)
	a.FailNext(1, messagebirdtest.Failure{Status: 200, Body: []byte(`{"id":"cut o`), AfterAccept: true})
	res, raw := a.do("POST", "/v1/send", textTo(sms, person, "x"), "AccessKey "+key)
	require.Equal(t, 200, res.StatusCode)
	require.False(t, json.Valid(raw))
	require.Len(t, a.Sent(), 1)
}

func TestALateAnswerComesAfterTheEffect(t *testing.T) {
	a := open(t)
	a.FailNext(1, messagebirdtest.Failure{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		r, _ := http.NewRequestWithContext(ctx, "POST", a.url+"/v1/send", strings.NewReader(fmt.Sprintf(
			`{"from":%q,"to":%q,"type":"text","content":{"text":"x"}}`, sms, person)))
		r.Header.Set("Authorization", "AccessKey "+key)
		_, err := http.DefaultClient.Do(r)
		failed <- err
	}()
	_, err := a.Person(sms, person).Wait(t.Context(), 1)
	require.NoError(t, err)
	cancel() // the client has run out of patience
	require.ErrorIs(t, <-failed, context.Canceled)
	require.Len(t, a.Sent(), 1)
}

func TestLatencyDelaysEveryAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := messagebirdtest.New(messagebirdtest.Config{AccessKeys: []string{key}, SigningKey: secret, Latency: time.Second,
			Channels: []messagebirdtest.Channel{{ID: wa, Platform: "whatsapp"}}})
		require.NoError(t, err)
		begin := time.Now()
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/conversations", nil))
		require.Equal(t, time.Second, time.Since(begin))
	})
}

func TestTheRateLimitFollowsTheClock(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second} {
		a := open(t, func(c *messagebirdtest.Config) {
			c.Rate = messagebirdtest.Rate{PerSecond: 2, Burst: 3, RetryAfter: after}
		})
		get := func() *http.Response {
			res, _ := a.do("GET", "/v1/conversations", nil, "AccessKey "+key)
			return res
		}
		for range 3 {
			require.Equal(t, 200, get().StatusCode)
		}
		res := get()
		require.Equal(t, 429, res.StatusCode)
		require.Equal(t, after > 0, res.Header.Get("Retry-After") == "1")
		a.clock.Advance(500 * time.Millisecond)
		require.Equal(t, 200, get().StatusCode)
		require.Equal(t, 429, get().StatusCode)
		a.clock.Advance(time.Hour)
		for range 3 {
			require.Equal(t, 200, get().StatusCode, "no more than the burst is saved up")
		}
		require.Equal(t, 429, get().StatusCode)
	}
}

func TestManyAtOnceAreEachCountedOnce(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.Statuses = []string{"delivered"} })
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			phone := a.Person(wa, fmt.Sprintf("+3725550%04d", w))
			phone.Says("tere")
			for i := range each {
				request := textTo(wa, fmt.Sprintf("+3725550%04d", w), "x")
				request["trackId"] = fmt.Sprint(w, "-", i)
				res, _ := a.do("POST", "/v1/send", request, "AccessKey "+key)
				if res.StatusCode != 202 {
					t.Errorf("status %d", res.StatusCode)
				}
				_ = phone.Inbox()
				_, _ = a.Deliver(t.Context())
				_ = a.Totals()
			}
		})
	}
	wg.Wait()
	a.deliver()
	require.Len(t, a.Sent(), workers*each)
	require.Len(t, a.Tracks(), workers*each)
	for track, n := range a.Tracks() {
		require.Equal(t, 1, n, track)
	}
	// A new conversation and a message from each person, an echo and a status for each answer.
	require.Equal(t, 2*workers+2*workers*each, a.Totals().Posted)
	require.Len(t, a.hook.take(), 2*workers+2*workers*each)
}

func TestCountOnlyKeepsCountersAndNothingElse(t *testing.T) {
	a := open(t, func(c *messagebirdtest.Config) { c.CountOnly = true })
	phone := a.Person(wa, person)
	phone.Says("tere")
	request := textTo(wa, person, "x")
	request["trackId"] = "t"
	status, _ := a.call("POST", "/v1/send", request)
	require.Equal(t, 202, status)
	require.Empty(t, a.Sent())
	require.Empty(t, phone.Inbox())
	require.Equal(t, map[string]int{"t": 1}, a.Tracks())
	require.Equal(t, 1, a.Totals().Accepted)
	require.Equal(t, 1, a.Totals().Received)
	require.Len(t, a.events(), 3, "webhooks go on")
	_, list := a.call("GET", "/v1/conversations", nil)
	require.EqualValues(t, 2, at(list["items"].([]any)[0], "messages", "totalCount"))
}

func TestCloseEndsTheServerAndKeepsTheAccount(t *testing.T) {
	a := open(t)
	a.send(sms, person, "1")
	_, err := a.Start()
	require.Error(t, err, "already started")
	require.NoError(t, a.Close())
	require.NoError(t, a.Close())
	require.Error(t, post(a))
	a.url, err = a.Start()
	require.NoError(t, err)
	a.send(sms, person, "2")
	require.Len(t, a.Sent(), 2)
}
