// Package testca is a certification authority that issues people's certificates
// as SK ID Solutions does, for tests, simulators and demonstrations, and says of
// them whether they were revoked. It never vouches for anybody real, and its
// authorities belong into no store but that of a test.
//
//	ca, err := testca.New(testca.Config{Now: clock})
//	status := httptest.NewServer(ca.Responder())
//	ca.SetURL(status.URL)
//	mary, err := ca.Issue(testca.Person{Code: "EE60001019906", GivenName: "MARY ÄNN", FamilyName: "O’CONNEŽ"})
//
// What is issued has the fields, usages and policies of the real certificates,
// and a shape of its own where a test asks for that.
package testca
