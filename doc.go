// Package liidestuja is the map of a connector between the chat channels that
// people use and a public agency's own systems. It holds no code; take what you
// need:
//
//   - alt: the engine. alt.New takes a store, lines and a handler; mount
//     Service.Webhooks, call Service.Run.
//   - channels: the model of messages and the contract of a line;
//     channels/channeltest: a fake line, and the conformance suite of drivers.
//   - msp, msp/messagebird: lines through a messaging service provider;
//     msp/messagebird/messagebirdtest: a simulator of it.
//   - session, eid: one talk, and how sure its person's identity is.
//   - alt/memstore, alt/sqlitestore: stores; alt/storetest: the suite of stores.
//   - alt/desk: people answer, through an HTTP API.
//   - alt/alttest: a whole service on fakes, for your tests.
//   - refserver: a reference server; "go run ./refserver" starts a demo.
//
// The design and its reasons are in docs/design.md.
package liidestuja
