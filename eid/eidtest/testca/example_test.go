package testca_test

import (
	"fmt"
	"net/http/httptest"

	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
)

func Example() {
	ca, err := testca.New(testca.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	status := httptest.NewServer(ca.Responder())
	defer status.Close()
	if err := ca.SetURL(status.URL); err != nil {
		fmt.Println(err)
		return
	}
	mary, err := ca.Issue(testca.Person{
		Kind: testca.MobileID, Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mary.Cert.Subject.CommonName, "issued by", mary.Cert.Issuer.CommonName)
	ca.Responder().Revoke(mary) // and from now on nobody believes it
	// Output: MARY ÄNN,O’CONNEŽ issued by TEST of EID-Q
}
