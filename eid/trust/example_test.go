package trust_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// A person's certificate is judged: here one of a test's own authority, at a
// service the one that came with the answer.
func Example() {
	ca, _ := testca.New(testca.Config{})
	status := httptest.NewServer(ca.Responder())
	defer status.Close()
	_ = ca.SetURL(status.URL)
	mary, _ := ca.Issue(testca.Person{Kind: testca.MobileID, Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ"})
	host, _ := url.Parse(status.URL)

	store, err := trust.New(trust.Config{Anchors: ca.Anchors(), Intermediates: ca.Intermediates()})
	if err != nil {
		fmt.Println(err)
		return
	}
	revocation, err := trust.NewRevocation(trust.RevocationConfig{
		Hosts:  []string{host.Host},
		Client: &http.Client{}, // the responder of a test is on loopback
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	authentication := trust.Profile{
		Purposes: []trust.Purpose{{Usage: x509.KeyUsageDigitalSignature}},
		Policies: []trust.Policy{{Level: eid.High, All: testca.Policies(testca.MobileID, true)}},
	}
	judge := func() {
		now := time.Now()
		cert, err := trust.Parse(mary.DER)
		if err != nil {
			fmt.Println(err)
			return
		}
		verified, err := store.Verify(cert, authentication, now)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := revocation.Check(context.Background(), cert, verified.Issuer, now); err != nil {
			fmt.Println(errors.Is(err, eid.ErrUntrusted), err)
			return
		}
		person, err := trust.Person(cert)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(verified.Level, string(person.Code), person.FamilyName)
	}
	judge()
	ca.Responder().Revoke(mary)
	judge()
	// Output:
	// high EE60001019906 O’CONNEŽ
	// true eid/trust: certificate is revoked: eid: answer cannot be trusted
}
