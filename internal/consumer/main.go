// Command consumer uses the library the way a program of somebody else does: a
// person writes to a WhatsApp line, the handler answers, and the answer reaches the
// person in the provider's own wire format. `make consumer` copies this file into a
// module of its own, builds and runs it there, and lists the modules that it links.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/memstore"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "consumer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	public := "http://" + ln.Addr().String() + "/webhooks"

	// The provider's place is taken by its simulator.
	sim, err := messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: []string{"key"},
		SigningKey: "signing key",
		Channels:   []messagebirdtest.Channel{{ID: "wa", Platform: "whatsapp", Number: "+3726000000"}},
		Webhooks:   []messagebirdtest.Webhook{{URL: public + "/messagebird"}},
	})
	if err != nil {
		return err
	}
	api, err := sim.Start()
	if err != nil {
		return err
	}
	defer func() { _ = sim.Close() }()

	svc, err := newService(public, api)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler:           http.StripPrefix("/webhooks", svc.Webhooks()),
		ReadHeaderTimeout: 5 * time.Second,
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 2)
	go func() { ended <- srv.Serve(ln) }()
	go func() { ended <- svc.Run(ctx) }()

	err = talk(ctx, sim)
	stop()
	_ = srv.Close()
	for range cap(ended) {
		if e := <-ended; e != nil && !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func newService(public, api string) (*alt.Service, error) {
	provider, err := messagebird.New(messagebird.Config{
		AccessKey:    func() string { return "key" },
		SigningKeys:  func() []string { return []string{"signing key"} },
		Lines:        []messagebird.Line{{ID: "demo", Kind: channels.WhatsApp, ChannelID: "wa"}},
		Endpoints:    messagebird.Endpoints{Conversations: api + "/v1"},
		InsecureHTTP: true, // the simulator is on this machine
	})
	if err != nil {
		return nil, err
	}
	return alt.New(alt.Config{
		Providers: []msp.Provider{provider},
		Store:     memstore.New(memstore.Config{}),
		PublicURL: public,
		Handler: alt.HandlerFunc(func(_ context.Context, t *alt.Turn) error {
			return t.ReplyText("Tere! Kirjutasite: " + t.Text())
		}),
	})
}

func talk(ctx context.Context, sim *messagebirdtest.Server) error {
	phone := sim.Person("wa", "+37255500001")
	phone.Says("tere")
	if _, err := sim.Deliver(ctx); err != nil {
		return err
	}
	box, err := phone.Wait(ctx, 1)
	if err != nil {
		return err
	}
	fmt.Println("consumer: the person read:", box[0].Text())
	return nil
}
