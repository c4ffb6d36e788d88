package main

import (
	"context"
	"fmt"
	"time"

	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
)

// change moves the WhatsApp line from MessageBird to Meta while an answer
// waits, because MessageBird takes nothing at the moment. The store stays, the
// line keeps its id, and so does the person, whose number is the same to all.
func change(ctx context.Context) error {
	w := webhooks{&office{}}
	store := memstore.New(memstore.Config{Now: w.office.now})
	before, err := messageBird(w)
	if err != nil {
		return err
	}
	defer before.end()
	if err := w.open(store, before); err != nil {
		return err
	}
	before.refuse()
	before.person(channels.WhatsApp).says("Tere")
	if err := w.settle(ctx, before); err != nil {
		return err
	}
	waiting, err := store.Depths(ctx)
	if err != nil {
		return err
	}
	fmt.Println("\nwaiting at MessageBird:", waiting, "shown:", len(before.inbox()))

	after, err := graphAPI(w)
	if err != nil {
		return err
	}
	defer after.end()
	if err := w.open(store, after); err != nil {
		return err
	}
	w.office.later = time.Hour
	after.person(channels.WhatsApp).says("Kas keegi on seal?")
	if err := w.settle(ctx, after); err != nil {
		return err
	}
	for _, text := range after.inbox() {
		fmt.Println("shown by Meta:", text)
	}
	transcript, err := w.transcript(ctx, "whatsapp")
	fmt.Print(transcript)
	return err
}
