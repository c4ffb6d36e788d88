package mobileidtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
)

// statusWire is the answer to a poll.
type statusWire struct {
	State       string         `json:"state"`
	Result      string         `json:"result"`
	Signature   *signatureWire `json:"signature,omitempty"`
	Cert        string         `json:"cert,omitempty"`
	Time        string         `json:"time,omitempty"`
	Trace       string         `json:"traceId,omitempty"`
	Unexplained string         `json:"unknownMember,omitempty"`
}

// certificateWire is the answer to a request for a certificate.
type certificateWire struct {
	Result      string `json:"result"`
	Cert        string `json:"cert"`
	Unexplained string `json:"unknownMember,omitempty"`
}

type signatureWire struct {
	Value     string `json:"value"`
	Algorithm string `json:"algorithm"`
}

// running is the status of a session that has not ended.
func (n *session) running() answer { return reply(statusWire{State: "RUNNING"}) }

// compose makes the status of an approval.
func (s *Server) compose(n *session, wrong *Wrong) ([]byte, error) {
	if wrong == nil {
		wrong = &Wrong{}
	}
	if wrong.Replay {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.last[n.kind] == nil {
			return nil, errors.New("mobileidtest: nothing to replay")
		}
		return s.last[n.kind], nil
	}
	holder, c, err := s.hand(n.account, n.kind == kindSign, wrong)
	if err != nil {
		return nil, err
	}
	key := c.key
	if wrong.Key {
		if key, err = holder.newKey(); err != nil {
			return nil, err
		}
	}
	digest := n.ask.hash
	if wrong.Hash != nil {
		h := hashOf(n.ask.hashType).New()
		_, _ = h.Write(wrong.Hash) // never fails, by contract of hash.Hash
		digest = h.Sum(nil)
	}
	value, algorithm, err := sign(key, n.ask.hashType, digest, wrong.DER)
	if err != nil {
		return nil, err
	}
	now := s.now()
	w := statusWire{State: "COMPLETE", Result: or(wrong.Result, resultOK), Time: clockTime(now), Trace: trace(),
		Signature: &signatureWire{base64Of(value), or(wrong.Algorithm, algorithm)}, Unexplained: wrong.extra()}
	if n.kind == kindAuth {
		w.Cert = base64Of(c.der)
	}
	return wrong.tamper(encode(w))
}

// hand returns whose certificate and key an answer has, and which: the holder's, for signing or for authentication,
// unless a wrong answer was ordered.
func (s *Server) hand(holder *account, sign bool, wrong *Wrong) (*account, credential, error) {
	if wrong.Stranger != "" {
		s.mu.Lock()
		holder = s.people[wrong.Stranger]
		s.mu.Unlock()
		if holder == nil {
			return nil, credential{}, fmt.Errorf("mobileidtest: Wrong.Stranger: %w", ErrPerson)
		}
	}
	c, err := s.credential(holder, credentialKind{sign: sign != wrong.SigningCert,
		nonQualified: holder.NonQualified != wrong.NonQualified, from: wrong.NotBefore, to: wrong.NotAfter, foreign: wrong.Untrusted})
	return holder, c, err
}

// sign signs a hash: with keys on P-256 as r and s behind each other, with RSA keys by PKCS #1.
func sign(key crypto.Signer, hashType string, digest []byte, der bool) (value []byte, algorithm string, err error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		value, err = rsa.SignPKCS1v15(nil, k, hashOf(hashType), digest)
		return value, hashType + "WithRSAEncryption", err
	case *ecdsa.PrivateKey:
		algorithm = hashType + "WithECEncryption"
		if der {
			value, err = ecdsa.SignASN1(rand.Reader, k, digest)
			return value, algorithm, err
		}
		r, s, err := ecdsa.Sign(rand.Reader, k, digest)
		if err != nil {
			return nil, "", err
		}
		size := (k.Curve.Params().BitSize + 7) / 8
		value = make([]byte, 2*size)
		r.FillBytes(value[:size])
		s.FillBytes(value[size:])
		return value, algorithm, nil
	}
	return nil, "", fmt.Errorf("mobileidtest: a key of type %T", key)
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func or(s, other string) string {
	if s != "" {
		return s
	}
	return other
}
