package msp_test

import (
	"fmt"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

// An application sees lines, whoever carries them.
func ExampleProvider() {
	var p msp.Provider
	p, err := messagebird.New(messagebird.Config{
		AccessKey:   func() string { return "from a secret store" },
		SigningKeys: func() []string { return []string{"from a secret store"} },
		Lines: []messagebird.Line{
			{ID: "whatsapp", Kind: channels.WhatsApp, ChannelID: "09c3a21d853b4bdbaa1a605ead17c981"},
			{ID: "messenger", Kind: channels.Messenger, ChannelID: "1cf5b8c9f58b499fa3cdafaaaaaaaaaa"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range p.Channels() {
		fmt.Println(p.Name(), line.Info().ID, line.Info().Kind, line.Info().Grade)
	}
	// Output:
	// messagebird whatsapp whatsapp signed
	// messagebird messenger messenger signed
}
