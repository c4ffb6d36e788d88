package smartidtest

import (
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"
)

// statusWire is the answer to a poll, of both versions.
type statusWire struct {
	State       string         `json:"state"`
	Result      *resultWire    `json:"result,omitempty"`
	Protocol    string         `json:"signatureProtocol,omitempty"`
	Signature   *signatureWire `json:"signature,omitempty"`
	Cert        *certWire      `json:"cert,omitempty"`
	UsedV3      string         `json:"interactionTypeUsed,omitempty"`
	UsedV2      string         `json:"interactionFlowUsed,omitempty"`
	Device      string         `json:"deviceIpAddress,omitempty"`
	Ignored     []string       `json:"ignoredProperties,omitempty"`
	Unexplained string         `json:"unknownMember,omitempty"`
}

type resultWire struct {
	End      string       `json:"endResult,omitempty"`
	Document string       `json:"documentNumber,omitempty"`
	Details  *detailsWire `json:"details,omitempty"`
}

type detailsWire struct {
	Interaction string `json:"interaction"`
}

type signatureWire struct {
	Value         string          `json:"value"`
	AlgorithmV2   string          `json:"algorithm,omitempty"`
	ServerRandom  string          `json:"serverRandom,omitempty"`
	UserChallenge string          `json:"userChallenge,omitempty"`
	FlowType      string          `json:"flowType,omitempty"`
	AlgorithmV3   string          `json:"signatureAlgorithm,omitempty"`
	Parameters    *parametersWire `json:"signatureAlgorithmParameters,omitempty"`
}

type parametersWire struct {
	Hash    string   `json:"hashAlgorithm"`
	Mask    maskWire `json:"maskGenAlgorithm"`
	Salt    int      `json:"saltLength"`
	Trailer string   `json:"trailerField"`
}

type maskWire struct {
	Algorithm  string `json:"algorithm"`
	Parameters struct {
		Hash string `json:"hashAlgorithm"`
	} `json:"parameters"`
}

type certWire struct {
	Value string `json:"value"`
	Level string `json:"certificateLevel"`
}

// device is the address that a party which may know it gets. It is of the block for documentation.
const device = "192.0.2.17"

// running is the status of a session that has not ended.
func (n *session) running() answer {
	w := statusWire{State: "RUNNING", Ignored: n.ask.ignored}
	if n.route.version == 2 {
		w.Result = &resultWire{}
	}
	return reply(w)
}

// status is the status of a session that has ended; done is what an approval adds.
func (n *session) status(d decision, done *statusWire) []byte {
	w := statusWire{}
	if done != nil {
		w = *done
	}
	w.State, w.Ignored = "COMPLETE", n.ask.ignored
	if w.Result == nil {
		w.Result = n.ending(d)
	}
	return encode(w)
}

// ending is the result without an approval.
func (n *session) ending(d decision) *resultWire {
	switch {
	case d.result != resultRefusedInteraction:
		return &resultWire{End: d.result}
	case n.route.version == 2:
		return &resultWire{End: refusedV2(d.interaction)}
	}
	return &resultWire{End: d.result, Details: &detailsWire{d.interaction}}
}

// refusedV2 is how version 2 says on which screen somebody refused.
func refusedV2(interaction string) string {
	switch interaction {
	case DisplayTextAndPIN:
		return "USER_REFUSED_DISPLAYTEXTANDPIN"
	case VerificationCodeChoice:
		return "USER_REFUSED_VC_CHOICE"
	case ConfirmationMessage:
		return "USER_REFUSED_CONFIRMATIONMESSAGE"
	case ConfirmationMessageAndVerificationCodeChoice:
		return "USER_REFUSED_CONFIRMATIONMESSAGE_WITH_VC_CHOICE"
	}
	return resultRefused
}

// compose makes the status of a decision, signed when it was an approval.
func (s *Server) compose(n *session, d decision, wrong *Wrong) ([]byte, error) {
	if d.result != resultOK {
		return n.status(d, nil), nil
	}
	if wrong == nil {
		wrong = &Wrong{}
	}
	if wrong.Replay {
		s.mu.Lock()
		old := s.sessions.last[n.sort()]
		s.mu.Unlock()
		if old == nil {
			return nil, fmt.Errorf("smartidtest: nothing to replay")
		}
		return old, nil
	}
	holder, cert, key, err := s.hand(d.account, n.route.kind != kindAuth, wrong)
	if err != nil {
		return nil, err
	}
	// The document is that of who was asked, so that a stranger is hidden as far as can be.
	w := statusWire{Result: &resultWire{End: or(wrong.EndResult, resultOK), Document: d.account.Document}, Unexplained: wrong.extra()}
	if n.ask.shareIP {
		w.Device = device
	}
	if n.route.kind != kindSign || n.route.version == 3 {
		w.Cert = &certWire{base64Std(cert), wrong.label(holder)}
	}
	if n.route.kind != kindCert {
		if err := n.sign(&w, s.cfg.Scheme, d.flow, key, wrong); err != nil {
			return nil, err
		}
	}
	return wrong.tamper(n.status(d, &w))
}

// sign adds the signature.
func (n *session) sign(w *statusWire, environment, flow string, key *rsa.PrivateKey, wrong *Wrong) error {
	flow = or(wrong.FlowType, flow)
	used := or(wrong.Interaction, n.ask.screens[0].kind)
	how := n.ask.scheme
	digest := n.ask.raw
	g := signatureWire{}
	if n.route.version == 2 {
		w.UsedV2, g.AlgorithmV2 = used, how.algorithm
	} else {
		w.UsedV3, w.Protocol = used, protocolSign
		g.FlowType, g.AlgorithmV3, g.Parameters = flow, how.algorithm, how.parameters()
	}
	if n.route.version == 3 && n.route.kind == kindAuth {
		w.Protocol, g.ServerRandom, g.UserChallenge = protocolAuth, n.random, digestURL([]byte(n.verifier))
		st := statement{scheme: or(wrong.Scheme, environment), serverRandom: n.random, challenge: or(wrong.Challenge, n.ask.challenge),
			userChallenge: g.UserChallenge, party: or(wrong.PartyName, n.ask.name), brokered: n.ask.party.Brokered,
			interactions: n.ask.interactions, used: used, flow: flow}
		if flow == FlowWeb2App || flow == FlowApp2App {
			st.callback = n.ask.callback
		}
		digest = how.sum(st.payload())
	} else if wrong.Challenge != "" {
		digest = how.sum(wrong.Challenge)
	}
	if wrong.PKCS1 && how.algorithm == algorithmPSS {
		how.algorithm = ""
	}
	value, err := how.sign(key, digest)
	g.Value, w.Signature = base64.StdEncoding.EncodeToString(value), &g
	return err
}

// parameters are those of PSS; PKCS #1 has none.
func (c scheme) parameters() *parametersWire {
	if c.algorithm != algorithmPSS {
		return nil
	}
	p := parametersWire{Hash: c.hash, Salt: hashOf(c.hash).Size(), Trailer: "0xbc", Mask: maskWire{Algorithm: "id-mgf1"}}
	p.Mask.Parameters.Hash = c.hash
	return &p
}

// back is the address that the app opens in the browser after an approval: what the party sent, and the proof that this
// is the phone that its link was made for.
func (n *session) back() string {
	if n.ask.callback == "" || n.used != FlowWeb2App && n.used != FlowApp2App {
		return ""
	}
	mark := "?"
	if strings.Contains(n.ask.callback, "?") {
		mark = "&"
	}
	u := n.ask.callback + mark + "sessionSecretDigest=" + digestURL(n.secret)
	if n.route.kind == kindAuth {
		u += "&userChallengeVerifier=" + n.verifier
	}
	return u
}

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}
