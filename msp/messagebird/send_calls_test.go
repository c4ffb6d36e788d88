package messagebird_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestTheCallFollowsTheConversation(t *testing.T) {
	for name, c := range map[string]struct {
		via    messagebird.Via
		known  bool
		path   string
		status int // of the simulator's answer
	}{
		"auto, not known":  {messagebird.ViaAuto, false, "/v1/send", 0},
		"auto, known":      {messagebird.ViaAuto, true, "/v1/conversations/*/messages", 0},
		"send, known":      {messagebird.ViaSend, true, "/v1/send", 0},
		"reply, known":     {messagebird.ViaReply, true, "/v1/conversations/*/messages", 0},
		"start, not known": {messagebird.ViaStart, false, "/v1/conversations/start", 0},
		"start, known":     {messagebird.ViaStart, true, "/v1/conversations/start", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sim, p := simulator(t, func(_ *messagebirdtest.Config, cfg *messagebird.Config) { cfg.SendVia = c.via })
			sim.Person(whatsApp, kati).Says("Tere")
			m := hello()
			thread := only[*channels.Received](take(t, sim, p))[0].Thread
			if c.known {
				m.Thread = thread
			}
			// A failure that matches only this path shows that it was this call.
			sim.FailNext(1, messagebirdtest.Failure{Path: c.path, Status: 400, Code: 10})
			_, err := send(t, p, m)
			failure(t, err, channels.ErrRejected, channels.NotSent)
			receipt, err := send(t, p, m)
			require.NoError(t, err)
			sent := sim.Sent()
			require.Len(t, sent, 1)
			require.Equal(t, sent[0].ID, string(receipt.ID))
			if c.path != "/v1/send" {
				require.Equal(t, thread, receipt.Thread)
			}
		})
	}
	sim, p := simulator(t, func(_ *messagebirdtest.Config, cfg *messagebird.Config) { cfg.SendVia = messagebird.ViaReply })
	_, err := send(t, p, hello())
	failure(t, err, channels.ErrCannotInitiate, channels.NotSent)
	require.Zero(t, sim.Totals().Requests)
}

func TestAConversationThatIsGoneDoesNotStopAMessage(t *testing.T) {
	sim, p := simulator(t, nil)
	sim.Person(whatsApp, kati).Says("Tere")
	m := hello()
	m.Thread = "gone"
	_, err := send(t, p, m)
	require.NoError(t, err)
	require.Len(t, sim.Sent(), 1)

	sim, p = simulator(t, func(_ *messagebirdtest.Config, cfg *messagebird.Config) { cfg.SendVia = messagebird.ViaReply })
	_, err = send(t, p, m)
	require.Equal(t, "20", failure(t, err, channels.ErrRejected, channels.NotSent).Provider)
	require.Empty(t, sim.Sent())
}

func TestAnArchivedConversationIsAnsweredInANewOne(t *testing.T) {
	sim, p := simulator(t, nil)
	sim.Person(whatsApp, kati).Says("Tere")
	m := hello()
	m.Thread = only[*channels.Received](take(t, sim, p))[0].Thread
	eraser, _ := channels.As[channels.Eraser](line(t, p, "whatsapp"))
	_, err := eraser.Erase(context.Background(), m.To, m.Thread)
	require.NoError(t, err)
	receipt, err := send(t, p, m)
	require.NoError(t, err)
	require.NotEmpty(t, receipt.Thread)
	require.NotEqual(t, m.Thread, receipt.Thread)
}

func TestBothShapesOfTheAnswerAreRead(t *testing.T) {
	for _, wrap := range []bool{false, true} {
		sim, p := simulator(t, func(s *messagebirdtest.Config, _ *messagebird.Config) { s.WrapSend = wrap })
		sim.Person(whatsApp, kati).Says("Tere")
		receipt, err := send(t, p, hello())
		require.NoError(t, err)
		require.Equal(t, sim.Sent()[0].ID, string(receipt.ID))
	}
}

func TestAConversationThatStartedTellsItsMessage(t *testing.T) {
	const found = `{"totalCount":1,"items":[{"id":"m9","conversationId":"c1","channelId":"` + whatsApp + `","direction":"sent","type":"text",
		"content":{"text":"Tere!"},"createdDatetime":"2026-11-22T12:00:00Z","trackId":"m-1"}]}`
	for name, c := range map[string]struct {
		answer, list string
		id           channels.ProviderID
		calls        int
	}{
		"itself":                      {`{"id":"c1","messages":{"lastMessageId":"m9"}}`, "", "m9", 1},
		"when it is asked for":        {`{"id":"c1","messages":{"totalCount":1}}`, found, "m9", 2},
		"not, where it is not listed": {`{"id":"c1"}`, `{"totalCount":0,"items":[]}`, "", 3},
		"not, without its own id":     {`{"status":"active"}`, found, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := answers(t, says(201, c.answer), says(200, c.list))
			cfg := config(a.URL)
			cfg.SendVia = messagebird.ViaStart
			receipt, err := send(t, provider(t, cfg), hello())
			require.Len(t, a.all(), c.calls)
			require.Equal(t, c.id, receipt.ID)
			if c.id == "" {
				failure(t, err, channels.ErrMalformed, channels.OutcomeUnknown)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "c1", receipt.Thread)
		})
	}
}

func TestOurReferenceTravelsAsConfigured(t *testing.T) {
	for reconcile, want := range map[messagebird.Reconcile][2]string{
		messagebird.ByTrackID: {"m-1", ""}, messagebird.BySource: {"", `{"ref":"m-1"}`},
		messagebird.ByBoth: {"m-1", `{"ref":"m-1"}`}, messagebird.ByContent: {"", ""},
	} {
		sim, p := simulator(t, func(_ *messagebirdtest.Config, c *messagebird.Config) { c.Reconcile = reconcile })
		sim.Person(whatsApp, kati).Says("Tere")
		_, err := send(t, p, hello())
		require.NoError(t, err)
		sent := sim.Sent()[0]
		require.Equal(t, want, [2]string{sent.TrackID, string(sent.Source)})
		echo := only[*channels.Echoed](take(t, sim, p))[0]
		require.Equal(t, reconcile != messagebird.ByContent, echo.Ref == "m-1")
	}
}

func TestOnlyPeopleMayUseTheLongerWindow(t *testing.T) {
	sim, p := simulator(t, nil)
	for _, line := range []channels.ID{"messenger", "whatsapp"} {
		sim.Person(map[channels.ID]string{"messenger": messenger, "whatsapp": whatsApp}[line], kati).Says("Tere")
		for _, extended := range []bool{false, true} {
			m := message(line, kati, channels.Text{Body: "Tere!"})
			m.Extended = extended
			_, err := send(t, p, m)
			require.NoError(t, err)
		}
	}
	var tags []string
	for _, s := range sim.Sent() {
		tags = append(tags, s.Tag)
	}
	require.Equal(t, []string{"", "human_agent", "", ""}, tags)
}

func TestReportsComeBackToTheirLine(t *testing.T) {
	sim, p := simulator(t, func(s *messagebirdtest.Config, c *messagebird.Config) {
		s.Webhooks = nil
		c.ReportURL = hookURL
	})
	phone := sim.Person(textLine, kati)
	phone.Says("Tere")
	receipt, err := send(t, p, message("sms", kati, channels.Text{Body: "Tere!"}))
	require.NoError(t, err)
	require.NoError(t, phone.Fails(string(receipt.ID), 103, "STOP"))
	events := take(t, sim, p)
	require.Len(t, events, 1)
	got := events[0].(*channels.StatusChanged)
	require.Equal(t, channels.ID("sms"), got.Channel)
	require.Equal(t, receipt.ID, got.ID)
	require.ErrorIs(t, got.Err, channels.ErrOptedOut)
}

func TestPeopleCarryOverByTheirNumberOnly(t *testing.T) {
	sim, p := simulator(t, nil)
	spaces := map[channels.ID]string{"whatsapp": channels.PhonePeers, "sms": channels.PhonePeers, "messenger": "messagebird/" + messenger}
	for id, space := range spaces {
		require.Equal(t, space, line(t, p, id).Info().PeerSpace, id)
	}
	_, err := send(t, p, message("whatsapp", "EE.1029384756abcdef", channels.Text{Body: "Tere!"}))
	var e *channels.Error
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, channels.ErrUnreachable)
	require.Equal(t, channels.NotSent, e.Outcome)
	require.Empty(t, sim.Sent())
}
