package smartid

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/liidestuja/liidestuja/eid"
)

// Evidence is what the Evidence of an identity holds, as JSON: with it and the
// authorities of that day the signature is verified again. There is no secret of
// the session in it.
type Evidence struct {
	API          int             `json:"api"`              // 2 or 3
	Scheme       string          `json:"scheme,omitempty"` // of v3
	Party        string          `json:"party"`            // relyingPartyName
	Brokered     string          `json:"brokered,omitempty"`
	Challenge    string          `json:"challenge"` // base64; of v2 the hash
	Interactions string          `json:"interactions"`
	Callback     string          `json:"callback,omitempty"`
	Hash         Hash            `json:"hash"`
	Session      json.RawMessage `json:"session"` // what the service answered
}

// Format prints a fixed text, whatever the verb.
func (Evidence) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[evidence]") }

// LogValue returns the same fixed text for slog.
func (Evidence) LogValue() slog.Value { return slog.StringValue("[evidence]") }

func verified(c *certified, s Session, at time.Time, e Evidence) (*Verified, error) {
	proof, err := json.Marshal(e)
	if err != nil {
		return nil, malformed("evidence")
	}
	v := &Verified{
		Identity: eid.Identity{
			Code: c.person.Code, GivenName: c.person.GivenName, FamilyName: c.person.FamilyName, Born: c.person.Born,
			Method: eid.SmartID, Level: c.level, At: at, Evidence: proof,
		},
		Document: s.status.Result.DocumentNumber, Certificate: c.leaf, DeviceIP: s.status.DeviceIPAddress,
		Interaction: s.status.InteractionTypeUsed,
	}
	if e.API == 2 {
		v.Interaction = s.status.InteractionFlowUsed
	} else {
		v.Flow = s.status.Signature.FlowType
	}
	if err := v.Identity.Valid(); err != nil {
		return nil, fmt.Errorf("eid/smartid: %w: %w", err, eid.ErrUntrusted)
	}
	return v, nil
}
