package mobileidtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
)

// A relying party asks, and the person enters the PIN on the phone.
func Example() {
	sim, err := mobileidtest.New(mobileidtest.Config{People: []mobileidtest.Person{
		{Phone: "+37255500001", Code: "60001019906", GivenName: "MARY ÄNN", Surname: "O’CONNEŽ-ŠUSLIK"},
	}})
	if err != nil {
		panic(err)
	}
	base, err := sim.Start()
	if err != nil {
		panic(err)
	}
	defer sim.Close()

	hash := sha256.Sum256([]byte("something random"))
	res, err := http.Post(base+"/authentication", "application/json", strings.NewReader(`{
		"relyingPartyUUID": "00000000-0000-0000-0000-000000000000", "relyingPartyName": "DEMO",
		"phoneNumber": "+37255500001", "nationalIdentityNumber": "60001019906", "language": "EST",
		"hash": "`+base64.StdEncoding.EncodeToString(hash[:])+`", "hashType": "SHA256", "displayText": "Vestlus: Linn"}`))
	if err != nil {
		panic(err)
	}
	var session struct{ SessionID string }
	_ = json.NewDecoder(res.Body).Decode(&session)
	res.Body.Close()

	prompt := sim.Prompts("+37255500001")[0]
	fmt.Println(prompt.Party, "asks:", prompt.Text)
	fmt.Println("code:", prompt.Code)
	if err := prompt.Approve(); err != nil {
		panic(err)
	}

	res, err = http.Get(base + "/authentication/session/" + session.SessionID + "?timeoutMs=10000")
	if err != nil {
		panic(err)
	}
	var status struct {
		State, Result string
		Signature     struct{ Algorithm string }
	}
	_ = json.NewDecoder(res.Body).Decode(&status)
	res.Body.Close()
	fmt.Println(status.State, status.Result, status.Signature.Algorithm)
	// Output:
	// DEMO asks: Vestlus: Linn
	// code: 2254
	// COMPLETE OK SHA256WithECEncryption
}
