package channels_test

import (
	"fmt"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// What fits on one channel as buttons is a numbered text on another.
func ExampleFit() {
	offer := channels.Choices{Body: "Kas soovite aega?", Options: []channels.Choice{{ID: "y", Title: "Jah"}, {ID: "n", Title: "Ei"}}}
	for _, kind := range []channels.Kind{channels.WhatsApp, channels.SMS} {
		caps, _ := channels.Catalogue(kind)
		parts, err := channels.Fit(caps, offer)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %v\n", kind, parts)
		if text, ok := parts[0].(channels.Text); ok {
			fmt.Println(text.Body)
		}
	}
	// Output:
	// whatsapp: [choices(2)]
	// sms: [text(31 bytes)]
	// Kas soovite aega?
	//
	// 1. Jah
	// 2. Ei
}

// The answer to a numbered text is found by its number or its title.
func ExampleMatch() {
	offer := []channels.Choice{{ID: "y", Title: "Jah"}, {ID: "n", Title: "Ei"}}
	for _, answer := range []string{"2.", "jah", "võib-olla"} {
		chosen, ok := channels.Match(offer, answer)
		fmt.Println(answer, ok, chosen.ID)
	}
	// Output:
	// 2. true n
	// jah true y
	// võib-olla false
}

func ExampleSegments() {
	for _, text := range []string{strings.Repeat("a", 161), strings.Repeat("õ", 70)} {
		n, ucs2 := channels.Segments(text)
		fmt.Println(n, ucs2)
	}
	// Output:
	// 2 false
	// 1 true
}
