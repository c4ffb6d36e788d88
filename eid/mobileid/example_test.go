package mobileid_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// A person proves who they are, from the first call to the identity.
func Example() {
	ca, phones, err := simulated()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer phones.Close()
	store, err := trust.New(trust.Config{Anchors: ca.Anchors(), Intermediates: ca.Intermediates()})
	if err != nil {
		fmt.Println(err)
		return
	}
	environment := mobileid.Demo()
	environment.BaseURL = phones.URL
	m, err := mobileid.New(mobileid.Config{
		Environment:      environment,
		RelyingPartyUUID: "00000000-0000-0000-0000-000000000000",
		RelyingPartyName: "DEMO",
		Trust:            store,
		// For this simulation only. A service has Pins, and Revocation from package trust.
		InsecureNoPins: true, InsecureHTTP: true, InsecureSkipRevocation: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	challenge, err := m.Begin(ctx, eid.Request{
		Code: "EE60001019906", Phone: "+37200000766", Text: "Vestlus: Terviseamet", Language: "et",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("control code has", len(challenge.Code), "digits")

	identity, err := m.Resolve(ctx, challenge.State, nil)
	for errors.Is(err, eid.ErrPending) {
		fmt.Println("the person is looking at the phone")
		identity, err = m.Resolve(ctx, challenge.State, nil)
	}
	var failure *mobileid.Failure
	switch {
	case errors.As(err, &failure):
		fmt.Println("failed:", failure.Result, failure.Advice)
	case err != nil:
		fmt.Println("not proven:", err)
	default:
		fmt.Println(identity.GivenName, string(identity.Code), identity.Level)
	}
	// Output:
	// control code has 4 digits
	// the person is looking at the phone
	// MARY ÄNN EE60001019906 high
}

func ExampleControlCode() {
	hash := mobileid.SHA256.Sum([]byte("HACKERMAN_SHA256"))
	fmt.Println(mobileid.ControlCode(hash))
	// Output: 6008
}

// simulated is a service with one phone, whose owner needs a moment and then
// enters the PIN.
func simulated() (*testca.CA, *httptest.Server, error) {
	ca, err := testca.New(testca.Config{})
	if err != nil {
		return nil, nil, err
	}
	mary, err := ca.Issue(testca.Person{Kind: testca.MobileID, Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ"})
	if err != nil {
		return nil, nil, err
	}
	var asked struct{ Hash []byte }
	polls := 0
	return ca, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && json.NewDecoder(r.Body).Decode(&asked) == nil:
			fmt.Fprint(w, `{"sessionID":"de305d54-75b4-431b-adb2-eb6b9e546015"}`)
		case strings.HasPrefix(r.URL.Path, "/authentication/session/") && polls == 0:
			polls++
			fmt.Fprint(w, `{"state":"RUNNING"}`)
		default:
			key, _ := mary.Key.(*ecdsa.PrivateKey)
			x, y, err := ecdsa.Sign(rand.Reader, key, asked.Hash)
			if err != nil {
				http.Error(w, "", http.StatusInternalServerError)
				return
			}
			value := append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)
			fmt.Fprintf(w, `{"state":"COMPLETE","result":"OK","signature":{"value":%q,"algorithm":"SHA256WithECEncryption"},"cert":%q}`,
				base64.StdEncoding.EncodeToString(value), base64.StdEncoding.EncodeToString(mary.DER))
		}
	})), nil
}
