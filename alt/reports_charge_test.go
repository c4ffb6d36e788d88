package alt_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

func TestWhatMessagesCostIsCountedByTheProvidersWords(t *testing.T) {
	var seen []string
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		c.Observe = func(o alt.Observation) {
			if o.Name == "message.charged" || o.Name == "message.free" {
				seen = append(seen, o.Name+" "+o.Code)
			}
		}
	}})
	chat := hs.Chat("whatsapp").Says("tere")
	sent := chat.Sent()[0]
	for i, c := range []*channels.Charge{{Billable: true, Category: "utility"}, {Category: "service"}, nil} {
		hs.Report("whatsapp", &channels.StatusChanged{ID: sent.Receipt.ID, Status: channels.Delivered, Charge: c, EventMeta: channels.EventMeta{
			Key: "status/" + string(rune('a'+i)), Channel: "whatsapp", Peer: chat.Address().Peer, At: hs.Clock().Now()}})
	}
	hs.Flush()
	require.ElementsMatch(t, []string{"message.charged utility", "message.free service"}, seen)
}

func TestAnAgencyAddsUpWhatItsMessagesAreChargedForEachOnce(t *testing.T) {
	hs := alttest.New(t, alt.HandlerFunc(echo))
	chat := hs.Chat("whatsapp")
	utility := &channels.Charge{Billable: true, Model: "PMP", Type: "regular", Category: "utility"}
	n := 0
	report := func(sent channels.ProviderID, ref string, status channels.Status, c *channels.Charge) {
		n++
		hs.Report("whatsapp", &channels.StatusChanged{ID: sent, Ref: ref, Status: status, Charge: c, EventMeta: channels.EventMeta{
			Key: fmt.Sprint("status/", n), Channel: "whatsapp", Peer: chat.Address().Peer, At: hs.Clock().Now()}})
	}
	begin := hs.Clock().Now()
	for range 3 {
		chat.Says("tere")
	}
	sent := chat.Sent()
	for i, status := range []channels.Status{channels.Sent, channels.Delivered, channels.Read} { // each with its price
		report(sent[0].Receipt.ID, sent[0].Ref(), status, utility)
		if i == 1 {
			hs.Advance(48 * time.Hour)
		}
	}
	report(sent[1].Receipt.ID, "", channels.Sent, utility) // an estimate: it is never delivered
	report(sent[2].Receipt.ID, "", channels.Delivered, &channels.Charge{Category: "service"})
	hs.Advance(31 * 24 * time.Hour)
	chat.Says("tere")
	report(chat.Sent()[3].Receipt.ID, "", channels.Delivered, &channels.Charge{Billable: true, Category: "service"})

	got, err := hs.Service().Charges(context.Background(), "agency", begin, time.Time{})
	require.NoError(t, err)
	require.Equal(t, []alt.Charged{
		{Month: "2026-03", Line: "whatsapp", Model: "PMP", Type: "regular", Category: "utility", Messages: 1},
		{Month: "2026-04", Line: "whatsapp", Category: "service", Messages: 1},
	}, got)
	log, _, err := hs.Store().Log(context.Background(), alt.LogQuery{Agency: "agency", Message: string(sent[0].ID)})
	require.NoError(t, err)
	require.Equal(t, "message.charged", log[len(log)-1].Act, "the message's own log has it too")

	got, err = hs.Service().Charges(context.Background(), "another", time.Time{}, time.Time{})
	require.NoError(t, err)
	require.Empty(t, got)
	require.NotContains(t, fmt.Sprint(log), string(chat.Address().Peer))
}
