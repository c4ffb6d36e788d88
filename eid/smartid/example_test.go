package smartid_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

// A person scans the code on the page of an agency. The service of this example
// lives in the process; an agency gives Pins and no Client, and a Revocation.
func Example() {
	ctx := context.Background()
	service := &service{scheme: "smart-id-demo"}
	auth, err := smartid.New(smartid.Config{
		Environment: smartid.Demo(), RelyingPartyUUID: "00000000-0000-4000-8000-000000000000", RelyingPartyName: "DEMO",
		Trust: pki().store, InsecureSkipRevocation: true, InsecureNoPins: true, Client: &http.Client{Transport: service},
		PollTimeout: time.Second, Now: func() time.Time { return now },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	challenge, err := auth.Begin(ctx, eid.Request{Level: eid.High, Text: "Vestlus: Terviseamet, Messenger"})
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := auth.LiveLink(challenge.State, now.Add(7*time.Second))
	fmt.Println(strings.HasPrefix(text, "https://smart-id.com/device-link?deviceLinkType=QR&elapsedSeconds=7&"), err)

	_, err = auth.Resolve(ctx, challenge.State, nil)
	fmt.Println(errors.Is(err, eid.ErrPending))

	service.complete(issue(holder{}), "QR") // the person scans and enters the PIN
	identity, err := auth.Resolve(ctx, challenge.State, nil)
	fmt.Println(identity.GivenName, identity.FamilyName, identity.Level, err)
	fmt.Println(identity) // for logs
	// Output:
	// true <nil>
	// true
	// MARI-LIIS MÄNNIK high <nil>
	// identity (smart-id, high)
}
