package eidtest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest"
)

// An agency's own code is tested without a service.
func Example() {
	login := func(method eid.Authenticator) {
		ctx := context.Background()
		c, err := method.Begin(ctx, eid.Request{Level: eid.High, Text: "Vestlus: Terviseamet"})
		if err != nil {
			fmt.Println(err)
			return
		}
		switch id, err := method.Resolve(ctx, c.State, nil); {
		case errors.Is(err, eid.ErrRefused):
			fmt.Println("as you wish")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println("welcome,", id.GivenName, id.Level)
		}
	}
	fake := eidtest.New(eidtest.Config{})
	fake.Script(eidtest.Refuse)
	login(fake)
	login(fake)
	fmt.Println(len(fake.Requests()), "were asked")
	// Output:
	// as you wish
	// welcome, MARY ÄNN high
	// 2 were asked
}
