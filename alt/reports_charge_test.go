package alt_test

import (
	"testing"

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
