// Package desk lets people answer: inward it is a handler that takes messages
// on for the agency's specialists, outward an HTTP API on which their tool,
// a CRM or a page of one's own, stands.
//
//	person -> ... -> Chain -> NewHandler's handler: waits, unread, "passed on"
//	specialist's tool -> API: list, read, claim, reply, hand back, end
//	specialist's tool <- GET /v1/events: what changed, in the order of commits
//
// The API is described by an OpenAPI 3.1 document, served at
// /v1/openapi.yaml. Everything it knows lies in the service's store, the logins
// of browser pages too, so any replica answers any request. Wrong tokens and live
// streams are counted by each process alone.
//
//	people, err := desk.NewHandler(desk.HandlerConfig{})
//	svc, err := alt.New(alt.Config{
//		Handler: alt.Chain(
//			alt.Link{Name: "bot", Kind: alt.HeldByBot, Handler: bot},
//			alt.Link{Name: "desk", Kind: alt.HeldByDesk, Handler: people},
//		), ...
//	})
//	d, err := desk.New(desk.Config{Service: svc, Tokens: desk.Tokens(token)})
//	http.Handle("/v1/", d.API())
//
// Who may see what: a specialist sees the conversations of the agency that no
// colleague holds; one that a colleague holds, or a restricted one, only for a
// reason, which is written to the security log before anything is shown. An
// auditor reads all and changes nothing. An admin does both. Another agency's
// conversations do not exist.
package desk
