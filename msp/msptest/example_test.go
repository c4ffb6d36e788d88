package msptest_test

import (
	"fmt"

	"github.com/liidestuja/liidestuja/msp/msptest"
)

// In a test of a driver t is the *testing.T. Here it is one that only keeps
// what failed, and the provider is a toy.
func ExampleRun() {
	t := &recorder{}
	msptest.Run(t, subject(nil))
	fmt.Println(len(t.failed), "checks failed")
	// Output: 0 checks failed
}
