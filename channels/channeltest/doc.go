// Package channeltest has what tests of chat channels need and what authors of
// drivers prove theirs with.
//
// [Fake] is a line without a provider: it records what is sent, fails as told,
// and signs what people "write", so that it can be mounted like a real one:
//
//	fake := channeltest.New(channeltest.Config{Kind: channels.WhatsApp})
//	request := fake.Post(fake.Message("kati", "Tere!"))  // deliver it as often as you like
//	fake.FailNext(channels.ErrRateLimited)               // the next Send fails
//	fake.Sent()                                          // what went out
//
// [Run] is the conformance suite: it checks of any driver what goes wrong in
// practice. Its only test framework is the interface [T], so that the package
// links no testing package and the Fake can be used in an example program.
package channeltest
