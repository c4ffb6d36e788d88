package main

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// One process takes the message, another decides what to answer and is refused by
// the provider, and a third one sends it.
func TestOneTraceFollowsAMessageThroughThreeReplicas(t *testing.T) {
	dsn := newDatabase(t)
	w, c := followedWorld(t)
	w.inDatabase(dsn)
	w.migrate()
	w.sim.FailNext(1, messagebirdtest.Failure{Status: http.StatusTooManyRequests, RetryAfter: 3 * time.Second})
	second := w.serve("-roles", "workers")
	first := w.serve("-roles", "webhooks") // the one that requests reach
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	require.Eventually(t, func() bool { return strings.Contains(second.log.String(), "work given back") }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, exitOK, second.stop())
	turns, refused := c.named(spanTurn), c.named(spanSend)
	require.Len(t, turns, 1)
	require.Len(t, refused, 1)
	require.Empty(t, c.named(spanWebhook), "the first replica has told nothing yet")

	third := w.serve("-roles", "workers")
	w.inbox(person, 1)
	require.Equal(t, exitOK, third.stop())
	require.Equal(t, exitOK, first.stop())
	sent := c.named(spanSend)
	for id, turn := range turns {
		webhook := c.named(spanWebhook)[id]
		require.NotNil(t, webhook, "the first replica's span is of the same trace")
		require.NotNil(t, sent[id], "and so is the third one's")
		for _, span := range []string{hex.EncodeToString(turn.GetParentSpanId()), hex.EncodeToString(refused[id].GetParentSpanId()),
			hex.EncodeToString(sent[id].GetParentSpanId())} {
			require.Equal(t, hex.EncodeToString(webhook.GetSpanId()), span)
		}
		require.NotEqual(t, refused[id].GetSpanId(), sent[id].GetSpanId())
		require.Less(t, refused[id].GetStartTimeUnixNano(), sent[id].GetStartTimeUnixNano())
	}
}
