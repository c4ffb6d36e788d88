package alt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/alttest"
	"github.com/liidestuja/liidestuja/channels"
)

// topical refuses what speaks of elections.
func topical(asked *[]string) func(context.Context, alt.Conversation, channels.Outbound) error {
	return func(_ context.Context, c alt.Conversation, o channels.Outbound) error {
		body := o.Content.(channels.Text).Body
		*asked = append(*asked, fmt.Sprint(body, " ", c.State))
		if strings.Contains(body, "valimised") {
			return fmt.Errorf("%w: off topic", alt.ErrPolicy)
		}
		return nil
	}
}

func TestWithinTheWindowAMachineAnswersOnTheTopicOnly(t *testing.T) {
	var asked []string
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) { c.Topic = topical(&asked) }})
	chat := hs.Chat("whatsapp").Says("pass").Expect("You said: pass")
	require.Equal(t, []string{"You said: pass open"}, asked)

	chat.Says("valimised").ExpectNothing()
	letters := hs.Letters()
	require.Len(t, letters, 1, "a person answers instead")
	require.Equal(t, "policy", letters[0].Code)
	chat.Says("viisa").Expect("You said: viisa") // nothing waits behind it

	send := func(o channels.Outbound) error {
		o.To = chat.Address()
		_, err := hs.Service().Send(context.Background(), o)
		hs.Settle()
		return err
	}
	require.ErrorIs(t, send(channels.Outbound{ID: "n1", Content: channels.Text{Body: "valimised tulevad"}}), alt.ErrPolicy)
	require.NoError(t, send(channels.Outbound{ID: "n2", Content: channels.Text{Body: "viisa on valmis"}}))
	require.NoError(t, send(channels.Outbound{ID: "n3", Content: channels.Template{Name: "valimised", Language: "et"}}))
	require.NoError(t, send(channels.Outbound{ID: "n4", Author: channels.Person, Content: channels.Text{Body: "valimised on pühapäeval"}}))
	chat.Expect("viisa on valmis", "template valimised", "valimised on pühapäeval")

	other := hs.Chat("sms").Says("valimised")
	other.Expect("You said: valimised") // a line without a window has no such rule
}

func TestATopicThatCannotBeJudgedNowIsJudgedLater(t *testing.T) {
	fails := 2
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		c.Topic = func(context.Context, alt.Conversation, channels.Outbound) error {
			if fails--; fails == 0 {
				panic("judge")
			} else if fails > 0 {
				return errors.New("the judge is out")
			}
			return nil
		}
	}})
	chat := hs.Chat("whatsapp").Says("tere").ExpectNothing()
	hs.Advance(time.Minute)
	chat.Expect("You said: tere")
	require.Empty(t, hs.Letters())
}

func TestAMessageThatIsQueuedIsNotRefusedWhenItIsRepeated(t *testing.T) {
	off := false
	hs := alttest.NewWith(t, alttest.Config{Handler: alt.HandlerFunc(echo), Change: func(c *alt.Config) {
		c.Topic = func(context.Context, alt.Conversation, channels.Outbound) error {
			if off {
				return alt.ErrPolicy
			}
			return nil
		}
	}})
	chat := hs.Chat("whatsapp").Says("tere").Expect("You said: tere")
	o := channels.Outbound{ID: "n1", To: chat.Address(), Content: channels.Text{Body: "viisa on valmis"}}
	for range 2 {
		_, err := hs.Service().Send(context.Background(), o)
		require.NoError(t, err)
		off = true
	}
	hs.Settle()
	chat.Expect("viisa on valmis")
}
