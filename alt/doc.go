// Package alt is the engine: it takes what happens on the lines, keeps it,
// hands it to the agency's handlers in order, and sends what they answer.
//
//	webhook -> Verify -> Parse -> Accept (durable) -> 200
//	Claim -> contact, conversation, session -> Handler(Turn) -> Fit -> Commit
//	Claim -> window, opt-out -> Channel.Send once -> Commit(receipt)
//
// The data goes one way and nothing happens before it is written down, so a
// crash at any moment loses nothing: an event is handled once in effect, and a
// send whose outcome is unclear goes to a person instead of out again.
//
//	svc, err := alt.New(alt.Config{
//		Store:    memstore.New(memstore.Config{}),
//		Channels: []channels.Channel{line},
//		Handler: alt.HandlerFunc(func(ctx context.Context, t *alt.Turn) error {
//			return t.ReplyText("You said: " + t.Text())
//		}),
//	})
//	http.Handle("/webhooks/", http.StripPrefix("/webhooks", svc.Webhooks()))
//	err = svc.Run(ctx)
//
// Lines may come and go meanwhile: Service.SetProvider replaces a provider with
// all its lines at once, Lines keeps what was added for the next start, and
// Service.Health tells which lines work.
package alt
