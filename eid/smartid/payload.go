package smartid

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
)

// Signature protocols of API v3.
const (
	protocolACSP = "ACSP_V2"
	protocolRaw  = "RAW_DIGEST_SIGNATURE"
)

// payload returns what the person's key signs in an authentication: what was
// asked, what the service added, and how the answer came about. All base64 is
// used as it was sent or received.
func (a Asked) payload(serverRandom, userChallenge string, used InteractionType, flow FlowType) []byte {
	interactions := sha256.Sum256([]byte(a.Interactions))
	callback := ""
	if flow.returns() {
		callback = a.Callback
	}
	return []byte(strings.Join([]string{
		a.SchemeName, protocolACSP, serverRandom, a.Challenge, userChallenge,
		b64(a.RelyingPartyName), b64(a.BrokeredName), base64.StdEncoding.EncodeToString(interactions[:]),
		string(used), callback, string(flow),
	}, "|"))
}

// ControlCode returns the four digits that the person compares: of the decoded
// challenge in API v3, of the hash in API v2.
func ControlCode(challenge []byte) string {
	sum := sha256.Sum256(challenge)
	return fmt.Sprintf("%04d", binary.BigEndian.Uint16(sum[len(sum)-2:])%10000)
}
