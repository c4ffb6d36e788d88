package birdtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

func TestScriptedFailures(t *testing.T) {
	d := open(t, nil)
	d.Person(wa, person).Says("tere")

	d.FailNext(2, birdtest.Failure{Method: "POST", Path: "/workspaces/*/channels/*/messages", Status: 500, Code: "InternalError"})
	status, _ := d.call("GET", sendPath, "")
	require.Equal(t, 200, status, "another method is not meant")
	for range 2 {
		status, answer := d.call("POST", sendPath, text("x", ""))
		require.Equal(t, 500, status)
		require.Equal(t, "InternalError", answer["code"])
	}
	d.sends(text("x", `,"reference":"taken"`))
	require.Len(t, d.Sent(), 1)

	d.FailNext(1, birdtest.Failure{Status: 502, Body: []byte("<html>"), AfterAccept: true})
	status, _ = d.call("POST", sendPath, text("x", `,"reference":"lost"`))
	require.Equal(t, 502, status)
	require.Equal(t, map[string]int{"taken": 1, "lost": 1}, d.References(), "it took effect")

	d.FailNext(-1, birdtest.Failure{Status: 429, RetryAfter: 1500 * time.Millisecond})
	status, _ = d.call("POST", sendPath, text("x", ""))
	require.Equal(t, 429, status)
	d.Heal()
	d.sends(text("x", ""))
	require.Equal(t, 4, d.Totals().Scripted)
	require.True(t, d.Requests()[0].Scripted)
}

func TestHangUps(t *testing.T) {
	d := open(t, nil)
	d.Person(wa, person).Says("tere")
	post := func() error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.base+sendPath, strings.NewReader(text("x", "")))
		require.NoError(t, err)
		r.GetBody = nil
		r.Header.Set("Authorization", "AccessKey "+key)
		res, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	d.FailNext(1, birdtest.Failure{HangUpBeforeRead: true})
	require.Error(t, post())
	require.Empty(t, d.Sent())
	d.FailNext(1, birdtest.Failure{HangUpAfterAccept: true})
	require.Error(t, post())
	require.Len(t, d.Sent(), 1)
	d.FailNext(1, birdtest.Failure{Delay: 10 * time.Millisecond})
	began := time.Now()
	require.NoError(t, post())
	require.GreaterOrEqual(t, time.Since(began), 10*time.Millisecond)
}

func TestTheRateIsCountedByTheClock(t *testing.T) {
	d := open(t, func(c *birdtest.Config) { c.Rate = birdtest.Rate{PerSecond: 2, RetryAfter: 3 * time.Second} })
	status := func() int {
		s, _ := d.call("GET", sendPath, "")
		return s
	}
	require.Equal(t, []int{200, 200, 429}, []int{status(), status(), status()})
	d.clock.advance(time.Second)
	require.Equal(t, []int{200, 200, 429}, []int{status(), status(), status()})
}
