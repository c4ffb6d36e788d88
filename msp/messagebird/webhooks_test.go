package messagebird_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestALineOverTheSMSAPIHasNoWebhooks(t *testing.T) {
	a := answers(t, says(201, `{"id":"1"}`))
	_, err := provider(t, smsConfig(a.URL)).CreateWebhook(context.Background(), messagebird.Webhook{URL: hookURL, Line: "mobile"})
	failure(t, err, channels.ErrUnsupported, channels.NotSent)
	require.Empty(t, a.all())
}

func TestWebhooksAreMadeListedChangedAndRemoved(t *testing.T) {
	ctx := context.Background()
	sim, p := simulator(t, func(s *messagebirdtest.Config, _ *messagebird.Config) { s.Webhooks = nil })
	all, err := p.Webhooks(ctx)
	require.NoError(t, err)
	require.Empty(t, all)

	one, err := p.CreateWebhook(ctx, messagebird.Webhook{URL: hookURL})
	require.NoError(t, err)
	require.Equal(t, messagebird.Webhook{ID: one.ID, URL: hookURL, Events: []string{"message.created", "message.updated"}, Enabled: true, Created: noon()}, one)
	two, err := p.CreateWebhook(ctx, messagebird.Webhook{URL: hookURL + "?a=1", Line: "sms", Events: []string{"message.created"}})
	require.NoError(t, err)
	require.Equal(t, channels.ID("sms"), two.Line)
	require.Equal(t, textLine, two.ChannelID)
	all, err = p.Webhooks(ctx)
	require.NoError(t, err)
	require.Equal(t, []messagebird.Webhook{one, two}, all)

	two.Enabled, two.Events = false, []string{"message.updated"}
	changed, err := p.UpdateWebhook(ctx, two)
	require.NoError(t, err)
	require.Equal(t, two, changed)

	sim.Person(whatsApp, kati).Says("Tere")
	require.Len(t, only[*channels.Received](take(t, sim, p)), 1, "one webhook is left for WhatsApp")

	require.NoError(t, p.DeleteWebhook(ctx, one.ID))
	failure(t, p.DeleteWebhook(ctx, one.ID), channels.ErrRejected, channels.NotSent)
	all, err = p.Webhooks(ctx)
	require.NoError(t, err)
	require.Equal(t, []messagebird.Webhook{two}, all)
}

func TestManyWebhooksAreAllListed(t *testing.T) {
	_, p := simulator(t, nil)
	for range 44 {
		_, err := p.CreateWebhook(context.Background(), messagebird.Webhook{URL: hookURL})
		require.NoError(t, err)
	}
	all, err := p.Webhooks(context.Background())
	require.NoError(t, err)
	require.Len(t, all, 45)
}

func TestAWebhookThatCannotBeIsNotAskedFor(t *testing.T) {
	a := answers(t, says(201, `{"status":"enabled"}`))
	cfg := config(a.URL)
	p := provider(t, cfg)
	for _, w := range []messagebird.Webhook{{}, {URL: "agency.example"}, {URL: "ftp://agency.example"}, {URL: "https://a:b@agency.example"}, {URL: hookURL + "#a"}, {URL: hookURL, Line: "viber"}} {
		_, err := p.CreateWebhook(context.Background(), w)
		failure(t, err, channels.ErrMalformed, channels.NotSent)
	}
	_, err := p.UpdateWebhook(context.Background(), messagebird.Webhook{ID: "1", URL: hookURL})
	failure(t, err, channels.ErrMalformed, channels.NotSent)
	failure(t, p.DeleteWebhook(context.Background(), ""), channels.ErrMalformed, channels.NotSent)
	require.Empty(t, a.all())

	_, err = p.CreateWebhook(context.Background(), messagebird.Webhook{URL: hookURL})
	failure(t, err, channels.ErrMalformed, channels.OutcomeUnknown) // made, but nobody knows which
	require.JSONEq(t, `{"url":"`+hookURL+`","events":["message.created","message.updated"],"settings":{"expected_http_code":"2xx"}}`, a.all()[0].Body)
}

func TestAWebhookCallThatFailsSaysSo(t *testing.T) {
	ctx := context.Background()
	for class, answer := range map[error]int{channels.ErrCredentials: 401, channels.ErrRateLimited: 429, channels.ErrUnavailable: 500} {
		p := provider(t, config(answers(t, says(answer, "")).URL))
		_, err := p.CreateWebhook(ctx, messagebird.Webhook{URL: hookURL})
		require.ErrorIs(t, err, class)
		_, err = p.UpdateWebhook(ctx, messagebird.Webhook{ID: "1", URL: hookURL, Events: []string{"message.created"}})
		failure(t, err, class, channels.NotSent)
		_, err = p.Webhooks(ctx)
		failure(t, err, class, channels.NotSent)
		failure(t, p.DeleteWebhook(ctx, "1"), class, channels.NotSent)
	}
}

func TestErasingArchives(t *testing.T) {
	ctx := context.Background()
	sim, p := simulator(t, nil)
	sim.Person(whatsApp, kati).Says("Tere")
	thread := only[*channels.Received](take(t, sim, p))[0].Thread
	to := channels.Address{Channel: "whatsapp", Peer: kati}
	eraser, ok := channels.As[channels.Eraser](line(t, p, "whatsapp"))
	require.True(t, ok)
	for range 2 {
		got, err := eraser.Erase(ctx, to, thread)
		require.NoError(t, err)
		require.Equal(t, channels.Archived, got)
	}
	got, err := eraser.Erase(ctx, to, "gone")
	require.NoError(t, err)
	require.Equal(t, channels.NothingStored, got)
	got, err = eraser.Erase(ctx, to, "")
	require.NoError(t, err)
	require.Equal(t, channels.NotErasable, got)

	for class, answer := range map[error]string{channels.ErrMalformed: `{"id":"c1","status":"active"}`, channels.ErrUnavailable: ""} {
		a := answers(t, says(200, answer))
		if answer == "" {
			a = answers(t, hangsUp)
		}
		eraser, _ = channels.As[channels.Eraser](line(t, provider(t, config(a.URL)), "whatsapp"))
		got, err = eraser.Erase(ctx, to, "c1")
		require.Empty(t, got)
		require.ErrorIs(t, err, class)
	}
}
