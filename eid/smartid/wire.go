package smartid

import (
	"net/url"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// sessionRequest begins a session of API v3, whatever it is for.
type sessionRequest struct {
	RelyingPartyUUID  string              `json:"relyingPartyUUID"`
	RelyingPartyName  string              `json:"relyingPartyName"`
	CertificateLevel  CertificateLevel    `json:"certificateLevel"`
	SignatureProtocol string              `json:"signatureProtocol,omitempty"`
	Parameters        *protocolParameters `json:"signatureProtocolParameters,omitempty"`
	Interactions      string              `json:"interactions,omitempty"`
	Properties        *requestProperties  `json:"requestProperties,omitempty"`
	Callback          string              `json:"initialCallbackUrl,omitempty"`
	VCType            string              `json:"vcType,omitempty"`
	LinkedSessionID   string              `json:"linkedSessionID,omitempty"`
}

type protocolParameters struct {
	Challenge  string          `json:"rpChallenge,omitempty"` // of an authentication
	Digest     string          `json:"digest,omitempty"`      // of a signature
	Algorithm  string          `json:"signatureAlgorithm"`
	Parameters *hashParameters `json:"signatureAlgorithmParameters,omitempty"`
}

type hashParameters struct {
	Hash Hash `json:"hashAlgorithm"`
}

type requestProperties struct {
	ShareIP bool `json:"shareMdClientIpAddress"`
}

// properties returns nil when nothing is asked for.
func (s *settings) properties() *requestProperties {
	if !s.ShareIP {
		return nil
	}
	return &requestProperties{ShareIP: true}
}

// sessionReply is what begins: all of a device link, or the number alone.
type sessionReply struct {
	ID     string `json:"sessionID"`
	Token  string `json:"sessionToken"`
	Secret string `json:"sessionSecret"`
	Base   string `json:"deviceLinkBase"`
	VC     struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"vc"`
}

// usable reports whether the parts can be put into links and paths as they are.
func (r sessionReply) usable(linked, insecureHTTP bool) bool {
	if !sessionID(r.ID) {
		return false
	}
	if !linked {
		return true
	}
	secret, err := httpx.DecodeBase64(r.Secret)
	if err != nil || len(secret) == 0 || r.Token == "" || !alphabet(r.Token, "-_.~") {
		return false
	}
	u, err := url.Parse(r.Base)
	return err == nil && u.Hostname() != "" && u.User == nil && u.Opaque == "" &&
		(u.Scheme == "https" || insecureHTTP && u.Scheme == "http") &&
		!strings.ContainsFunc(r.Base, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("?#|\"<>\\", c) })
}

// addressed returns how a session is addressed below path: by account, by code,
// or to whoever answers.
func addressed(path, document string, code eid.PersonalCode) string {
	switch {
	case document != "":
		return path + "/document/" + url.PathEscape(document)
	case code != "":
		return path + "/etsi/" + url.PathEscape(string(code.Identifier()))
	}
	return path + "/anonymous"
}

// validDocument reports whether s can be the number of an account. It begins
// like an identifier, and the service knows the rest.
func validDocument(s string) bool {
	_, err := eid.ParseIdentifier(s)
	return err == nil && alphabet(s, "-")
}
