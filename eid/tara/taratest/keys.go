package taratest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
)

type key struct {
	id      string
	private *rsa.PrivateKey
}

func (s *Server) newKey() (*key, error) {
	private, err := rsa.GenerateKey(s.cfg.Rand, s.cfg.KeyBits)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return &key{base64.RawURLEncoding.EncodeToString(sum[:9]), private}, nil
}

// Rotate brings in a new key, which signs from now on. The old ones stay published.
func (s *Server) Rotate() error {
	k, err := s.newKey()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, k)
	return nil
}

// Withdraw takes all keys but the newest out of what is published.
func (s *Server) Withdraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = s.keys[len(s.keys)-1:]
}

// signer returns the key that signs.
func (s *Server) signer() *key {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[len(s.keys)-1]
}

func (s *Server) serveKeys(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	published := []map[string]string{}
	for _, k := range s.keys {
		public := k.private.PublicKey
		published = append(published, map[string]string{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id,
			"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
		})
	}
	s.mu.Unlock()
	answer(w, http.StatusOK, map[string]any{"keys": published})
}

// sign writes a token, in the way of the case.
func (s *Server) sign(claims map[string]any, c Case) (string, error) {
	k := s.signer()
	header := map[string]string{"alg": "RS256", "typ": "JWT", "kid": k.id}
	switch c {
	case AlgNone:
		header["alg"] = "none"
	case AlgHS256:
		header["alg"] = "HS256"
	case StrangeKey, ForgedKey:
		strange, err := s.newKey()
		if err != nil {
			return "", err
		}
		if c == StrangeKey {
			header["kid"] = strange.id
		}
		k = strange
	}
	input, err := signingInput(header, claims)
	if err != nil {
		return "", err
	}
	switch c {
	case AlgNone:
		return input + ".", nil
	case AlgHS256:
		der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
		if err != nil {
			return "", err
		}
		mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
	}
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(s.cfg.Rand, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	switch c {
	case Spoiled:
		signature[len(signature)-1] ^= 1
	case Swapped: // good signature of other claims
		claims["sub"] = "EE38001085718"
		if input, err = signingInput(header, claims); err != nil {
			return "", err
		}
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func signingInput(header map[string]string, claims map[string]any) (string, error) {
	head, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body), nil
}
