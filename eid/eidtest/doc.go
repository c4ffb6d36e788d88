// Package eidtest has what tests of authentication need and what authors of
// authenticators prove theirs with.
//
// [Fake] is a method without a service: whoever is asked decides as told.
//
//	fake := eidtest.New(eidtest.Config{})
//	fake.Script(eidtest.Refuse, eidtest.Approve) // the next two; afterwards they approve
//	fake.Requests()                              // what was asked
//
// [Run] is the conformance suite: it checks of any authenticator what goes wrong
// in practice. Its only test framework is the interface [T], so that the package
// links no testing package and the Fake can be used in an example program.
//
// Certificates of people, and what belongs to them, are in eidtest/testca.
package eidtest
