// Package birdtest simulates Bird CRM over real HTTP: a workspace with its
// channels, webhook subscriptions and conversations, and the people at the other
// end. It is for tests of whole services and for demonstrations. It links the
// standard library only, and shares no code with the client it tests: types,
// signer and checks are written from the description of the wire alone.
//
// A [Server] is one workspace and an [http.Handler]. One address serves both
// hosts of the real service, https://api.bird.com and https://media.api.bird.com.
//
//	sim, err := birdtest.New(birdtest.Config{
//		AccessKeys:  []string{"key"},
//		WorkspaceID: "a1b2…",
//		Channels:    []birdtest.Channel{{ID: "614c…", Platform: "whatsapp", Address: "+3726000000"}},
//		Webhooks:    []birdtest.Webhook{{Event: "whatsapp.inbound", URL: service.URL + "/webhooks/bird", SigningKey: "signing-key"}},
//	})
//	url, err := sim.Start()           // or httptest.NewServer(sim) and sim.SetURL
//	phone := sim.Person("614c…", "+37255500001")
//	phone.Says("tere")                // queues whatsapp.inbound
//	n, err := sim.Deliver(ctx)        // posts it, signed, to the service
//	box, err := phone.Wait(ctx, 1)    // what the service answered
//	err = phone.Reads(box[0].ID)      // queues whatsapp.interaction
//
// Nothing is posted before Deliver, or Run for programs that want it by itself.
// A delivery that is repeated goes out byte for byte as it was, with the time and
// the signature of its first attempt. Pending shows the queue, Take hands it over
// for tests that spoil, shuffle or repeat webhooks by themselves, Sign signs
// anything.
//
// FailNext scripts failures: false answers, delays, connections cut before the
// request was read or after it took effect. Sent and References count what the
// API accepted, whether or not the sender heard of it. Requests lists what was
// refused.
//
// # What it refuses
//
// Unknown names (also those that differ in case), missing and wrong fields,
// another workspace, unknown channels and ids, a body beside a template or
// neither, bodies that do not fit their type or their channel, texts, actions
// and lists beyond their limits, templates of unknown projects or with other
// values than theirs, media without TLS, requests over 200 KB. What the platform
// itself forbids (free answers outside the window, a first message to somebody
// who never wrote) is by default accepted and reported as failed later; see
// [Config.Refusals].
//
// # What is not established
//
// Where the real service's behaviour is not known, the form that the public
// examples suggest is the default and others are fields of [Config]: the name of
// interactions, the query within signatures, how a tap comes back, whether the
// reference does. The pauses between retries, statuses of refusals (422), the
// largest page and all limits of platforms are guesses or those of the platforms
// themselves. Deleting a conversation leaves the log of its channel as it is.
package birdtest
