package meta_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// A book that follows what Meta says of templates: what is paused is refused
// before it is sent. The simulator stands for Meta, and the small handler for
// alt.Service, which gives such events to alt.Config.Operator.
func ExampleTemplateBook_Apply() {
	ctx := context.Background()
	book := new(meta.TemplateBook)

	operator := func(_ context.Context, e channels.Event) { // alt.Config.Operator
		if change, ok := e.(*channels.LineChanged); ok {
			book.Apply(change)
		}
	}

	sim, err := metatest.New(metatest.Config{
		AppID: "900000000000009", AppSecrets: []string{"app-secret"}, VerifyToken: "word",
		Numbers: []metatest.Number{{ID: "3001", WABA: "4001", Token: "EAA1", Display: "3726123000", Templates: []metatest.Template{
			{Name: "booking", Language: "et", Body: "Tere {{1}}, teie aeg on homme."},
		}}},
	})
	if err != nil {
		panic(err)
	}
	base, err := sim.Start()
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	app, err := meta.New(meta.Config{
		AppSecrets: func() []string { return []string{"app-secret"} }, VerifyToken: func() string { return "word" },
		Lines:     []meta.Line{{ID: "whatsapp", Kind: channels.WhatsApp, Account: "3001", Business: "4001", Token: func() string { return "EAA1" }}},
		Templates: book, // which Send asks
		Endpoints: meta.Endpoints{Graph: base}, InsecureHTTP: true,
	})
	if err != nil {
		panic(err)
	}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request := &channels.Request{Method: r.Method, Header: r.Header, Body: body}
		if app.Verify(r.Context(), request) != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		events, _ := app.Parse(r.Context(), request)
		for _, e := range events {
			operator(r.Context(), e)
		}
	}))
	defer service.Close()
	sim.SetWebhook(service.URL)

	templates, err := app.Templates(ctx, "whatsapp") // once, at the start
	if err != nil {
		panic(err)
	}
	book.Replace("whatsapp", templates)
	remind := func() {
		_, err := app.Channels()[0].Send(ctx, channels.Outbound{
			ID: "m-1", To: channels.Address{Channel: "whatsapp", Peer: "+37255500001"},
			Content: channels.Template{Name: "booking", Language: "et", Body: []channels.Param{{Kind: channels.ParamText, Text: "Kati"}}},
		})
		fmt.Println(errors.Is(err, channels.ErrTemplate), "sent:", len(sim.Sent()), "refused by Meta:", len(sim.Requests()))
	}
	remind()
	for _, state := range []string{metatest.TemplatePaused, metatest.TemplateApproved} {
		if err := sim.SetTemplate("4001", "booking", "et", state, ""); err != nil {
			panic(err)
		}
		if _, err := sim.Deliver(ctx); err != nil {
			panic(err)
		}
		remind()
	}
	// Output:
	// false sent: 1 refused by Meta: 0
	// true sent: 1 refused by Meta: 0
	// false sent: 2 refused by Meta: 0
}
