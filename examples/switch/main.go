// Switch shows that an agency's code does not change with the provider of its
// lines: one handler and one scenario run over MessageBird, Bird and Meta's
// Graph API, on WhatsApp and on Messenger, and every transcript is the same.
// Then a line changes its provider while an answer waits to be sent.
//
// It runs without credentials, against simulators of the three providers, each
// of which speaks its own wire.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"log"
	"os"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
)

//go:embed scenario.txt
var scenario string

func main() {
	if err := run(context.Background()); err != nil {
		log.New(os.Stderr, "", 0).Fatal(err)
	}
}

func run(ctx context.Context) error {
	first := ""
	for _, kind := range []channels.Kind{channels.WhatsApp, channels.Messenger} {
		for _, begin := range []func(webhooks) (*provider, error){messageBird, birdCRM, graphAPI} {
			name, transcript, err := play(ctx, begin, kind)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", name, kind, err)
			}
			if first == "" {
				first = transcript
				fmt.Print(transcript, "\n")
			}
			fmt.Printf("%s, %s: the same transcript: %t\n", name, kind, transcript == first)
		}
	}
	return change(ctx)
}

// handle is the agency's own code. It knows no provider.
func handle(_ context.Context, t *alt.Turn) error {
	if chosen, ok := t.Chosen(); ok {
		return t.ReplyText("Valisite: " + chosen.Title)
	}
	switch c := t.Content().(type) {
	case channels.Text:
		return t.Reply(channels.Choices{Body: "Kirjutasite: " + c.Body + ". Kas soovite rääkida inimesega?",
			Options: []channels.Choice{{ID: "jah", Title: "Jah"}, {ID: "ei", Title: "Ei"}}})
	case channels.Media:
		return t.ReplyText("Sain kätte: " + string(c.As))
	case channels.Location:
		return t.ReplyText(fmt.Sprintf("Olete kohas %.3f, %.3f", c.Latitude, c.Longitude))
	}
	return t.ReplyText("Sellest ma aru ei saa.")
}
