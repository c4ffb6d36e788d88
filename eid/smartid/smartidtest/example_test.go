package smartidtest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

// A relying party sends a notification, and the person approves it on the phone.
func Example() {
	sim, err := smartidtest.New(smartidtest.Config{
		Now:    func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) },
		People: []smartidtest.Person{{Identifier: "PNOEE-60001019906", GivenName: "MARY ÄNN", Surname: "O’CONNEŽ-ŠUSLIK"}},
	})
	if err != nil {
		panic(err)
	}
	base, err := sim.Start()
	if err != nil {
		panic(err)
	}
	defer sim.Close()

	text := `[{"type":"displayTextAndPIN","displayText60":"Vestlus: Linn, Messenger"}]`
	request, _ := json.Marshal(map[string]any{
		"relyingPartyUUID": "00000000-0000-4000-8000-000000000000", "relyingPartyName": "DEMO",
		"signatureProtocol": "ACSP_V2", "signatureProtocolParameters": map[string]any{
			"rpChallenge": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("a"), 64)), "signatureAlgorithm": "rsassa-pss",
			"signatureAlgorithmParameters": map[string]string{"hashAlgorithm": "SHA-512"}},
		"interactions": base64.StdEncoding.EncodeToString([]byte(text)), "vcType": "numeric4",
	})
	res, err := http.Post(base+"/v3/authentication/notification/etsi/PNOEE-60001019906", "application/json", bytes.NewReader(request))
	if err != nil {
		panic(err)
	}
	var session struct{ SessionID string }
	_ = json.NewDecoder(res.Body).Decode(&session)
	res.Body.Close()

	prompt := sim.Prompts("PNOEE-60001019906")[0]
	fmt.Println(prompt.Party, "asks:", prompt.Text)
	fmt.Println("code:", prompt.Code)
	if _, err := prompt.Approve(""); err != nil {
		panic(err)
	}

	res, err = http.Get(base + "/v3/session/" + session.SessionID + "?timeoutMs=10000")
	if err != nil {
		panic(err)
	}
	var status struct {
		State     string
		Result    struct{ EndResult, DocumentNumber string }
		Signature struct{ FlowType string }
	}
	_ = json.NewDecoder(res.Body).Decode(&status)
	res.Body.Close()
	fmt.Println(status.State, status.Result.EndResult, status.Result.DocumentNumber, status.Signature.FlowType)
	// Output:
	// DEMO asks: Vestlus: Linn, Messenger
	// code: 6859
	// COMPLETE OK PNOEE-60001019906-MOCK-Q Notification
}
