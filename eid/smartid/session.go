package smartid

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Session is what the service says of a session of either API. Nothing of it is
// proven before a [Verifier] has said so. It holds personal data and prints its
// state only.
type Session struct {
	status sessionStatus
	raw    []byte
}

// sessionStatus is the wire's form. Unknown members are ignored, as the service
// demands, and known ones have their types.
type sessionStatus struct {
	State  string `json:"state"`
	Result *struct {
		EndResult      string `json:"endResult"`
		DocumentNumber string `json:"documentNumber"`
		Details        struct {
			Interaction string `json:"interaction"`
		} `json:"details"`
	} `json:"result"`
	SignatureProtocol   string            `json:"signatureProtocol"`
	Signature           *sessionSignature `json:"signature"`
	Cert                *sessionCert      `json:"cert"`
	InteractionTypeUsed InteractionType   `json:"interactionTypeUsed"` // v3
	InteractionFlowUsed InteractionType   `json:"interactionFlowUsed"` // v2
	DeviceIPAddress     string            `json:"deviceIpAddress"`
}

type sessionSignature struct {
	Value         string             `json:"value"`
	Algorithm     string             `json:"algorithm"` // v2
	ServerRandom  string             `json:"serverRandom"`
	UserChallenge string             `json:"userChallenge"`
	FlowType      FlowType           `json:"flowType"`
	Named         string             `json:"signatureAlgorithm"` // v3
	Parameters    *sessionParameters `json:"signatureAlgorithmParameters"`
}

type sessionParameters struct {
	Hash Hash `json:"hashAlgorithm"`
	Mask struct {
		Algorithm  string `json:"algorithm"`
		Parameters struct {
			Hash Hash `json:"hashAlgorithm"`
		} `json:"parameters"`
	} `json:"maskGenAlgorithm"`
	SaltLength int    `json:"saltLength"`
	Trailer    string `json:"trailerField"`
}

type sessionCert struct {
	Value string           `json:"value"`
	Level CertificateLevel `json:"certificateLevel"`
}

// maxSession bounds an answer, in bytes. Those of the service have about 5 KB.
const maxSession = 64 << 10

// ParseSession reads the body of a session status. The error wraps ErrProtocol
// and quotes nothing.
func ParseSession(body []byte) (Session, error) {
	if len(body) > maxSession {
		return Session{}, fmt.Errorf("%w: too long", ErrProtocol)
	}
	s := Session{raw: bytes.Clone(body)}
	if err := httpx.DecodeJSON(body, &s.status, httpx.JSONLimits{}); err != nil {
		return Session{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	switch s.status.State {
	case "RUNNING", "COMPLETE":
		return s, nil
	}
	return Session{}, fmt.Errorf("%w: unknown state", ErrProtocol)
}

// Err returns nil when the session came to a good end and has a result to
// verify, [eid.ErrPending] while it is running, and otherwise a *Failure.
func (s Session) Err() error {
	switch {
	case s.status.State == "RUNNING":
		return eid.ErrPending
	case s.status.State != "COMPLETE":
		return fmt.Errorf("%w: unknown state", ErrProtocol)
	case s.status.Result == nil || s.status.Result.EndResult == "":
		return malformed("no result")
	case s.status.Result.EndResult == "OK":
		return nil
	}
	o := outcomeOf(s.status.Result.EndResult)
	return &Failure{
		Op: opPoll, Result: word(s.status.Result.EndResult), Interaction: word(s.status.Result.Details.Interaction),
		Advice: o.advice, kind: o.kind,
	}
}

// Format prints the state only, whatever the verb.
func (s Session) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "session ("+strings.ToLower(word(s.status.State))+")")
}

// LogValue gives the state only.
func (s Session) LogValue() slog.Value {
	return slog.GroupValue(slog.String("state", strings.ToLower(word(s.status.State))))
}

// malformed is the error of a good end whose parts do not prove anything. what
// is constant text.
func malformed(what string) error { return fmt.Errorf("eid/smartid: %s: %w", what, eid.ErrUntrusted) }

// foreign is the error of an answer to something else than what was asked.
func foreign(what string) error { return fmt.Errorf("eid/smartid: %s: %w", what, eid.ErrState) }
