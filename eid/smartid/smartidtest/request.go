package smartidtest

import (
	"regexp"
	"strings"
)

// Limits of requests.
const (
	maxName     = 32 // bytes of a relying party's name
	maxCallback = 1800
	maxNonce    = 30
)

// Protocols of signatures.
const (
	protocolAuth = "ACSP_V2"
	protocolSign = "RAW_DIGEST_SIGNATURE"
)

// Levels of certificates.
const (
	Advanced  = "ADVANCED"
	Qualified = "QUALIFIED"
	qscd      = "QSCD" // qualified, on a device: only signing asks for it
)

// ask is a request that was understood.
type ask struct {
	party        RelyingParty
	name         string // the party's, as sent: capitals are signed
	level        string
	challenge    string // rpChallenge or digest, as sent
	raw          []byte // the same, decoded
	scheme       scheme
	interactions string // as sent
	screens      []screen
	callback     string
	nonce        string
	linked       string
	shareIP      bool
	ignored      []string
}

// who reads the relying party: missing names are the request's fault, unknown ones the party's.
func (s *Server) who(f fields, a *ask) *fault {
	uuid := f.required("relyingPartyUUID")
	a.name = f.required("relyingPartyName")
	switch {
	case uuid != "" && !isUUID(uuid):
		f.refuse("relyingPartyUUID", "must be a UUID")
	case len(a.name) > maxName:
		f.refuse("relyingPartyName", "must have at most 32 bytes")
	}
	if bad := f.fault(); bad != nil {
		return bad
	}
	for _, p := range s.cfg.Parties {
		if p.UUID != uuid {
			continue
		}
		if !strings.EqualFold(p.Name, a.name) {
			return forbidden("The relying party may not use this name")
		}
		a.party = p
		return nil
	}
	return unauthorised()
}

// read understands a request that begins a session.
func (s *Server) read(r route, body []byte) (ask, *fault) {
	f, err := readFields(body)
	if err != nil {
		return ask{}, &fault{status: 400, detail: "The body is not a JSON object"}
	}
	a := ask{}
	if bad := s.who(f, &a); bad != nil {
		return ask{}, bad
	}
	a.readLevel(f, r.kind)
	if r.version == 2 {
		a.readV2(f, r.kind)
	} else {
		a.readV3(f, r, &s.cfg)
	}
	a.readProperties(f)
	if r.kind != kindCertificate {
		a.readCapabilities(f)
	}
	a.ignored = f.rest()
	if bad := f.fault(); bad != nil {
		return ask{}, bad
	}
	return a, a.permitted(r.version)
}

func (a *ask) readLevel(f fields, kind string) {
	a.level = Qualified
	levels := []string{Advanced, Qualified}
	if kind != kindAuth {
		levels = append(levels, qscd)
	}
	if _, given := f.members["certificateLevel"]; given {
		a.level = f.oneOf("certificateLevel", levels...)
	}
}

// readV3 reads what the kinds of version 3 have.
func (a *ask) readV3(f fields, r route, c *Config) {
	switch r.kind {
	case kindCertificate:
		return
	case kindAuth:
		a.readAuth(f)
		if _, given := f.members["nonce"]; given {
			f.refuse("nonce", "is not allowed for authentication")
		}
	case kindSign:
		a.readSign(f)
		a.readNonce(f)
	case kindCert:
		a.readNonce(f)
	}
	if r.kind != kindCert {
		a.interactions, a.screens = f.interactions(r.flow)
	}
	switch r.flow {
	case byLink:
		a.readCallback(f, c)
	case byLinked:
		a.linked = f.required("linkedSessionID")
	case byNotification:
		if r.kind == kindAuth {
			f.oneOf("vcType", "numeric4")
		}
	}
}

func (a *ask) readAuth(f fields) {
	f.oneOf("signatureProtocol", protocolAuth)
	p := f.requiredObject("signatureProtocolParameters")
	a.challenge, a.raw = p.base64("rpChallenge", 32, 64)
	p.oneOf("signatureAlgorithm", algorithmPSS)
	a.scheme = scheme{algorithm: algorithmPSS, hash: p.requiredObject("signatureAlgorithmParameters").hash()}
}

func (a *ask) readSign(f fields) {
	f.oneOf("signatureProtocol", protocolSign)
	p := f.requiredObject("signatureProtocolParameters")
	a.challenge, a.raw = p.base64("digest", 1, 64)
	a.scheme.algorithm = p.oneOf("signatureAlgorithm", algorithmPSS, "sha256WithRSAEncryption", "sha384WithRSAEncryption", "sha512WithRSAEncryption")
	switch a.scheme.algorithm {
	case "":
		return
	case algorithmPSS:
		a.scheme.hash = p.requiredObject("signatureAlgorithmParameters").hash()
	default:
		a.scheme.hash = "SHA-" + a.scheme.algorithm[3:6]
	}
	if a.scheme.hash != "" && a.raw != nil && len(a.raw) != hashOf(a.scheme.hash).Size() {
		p.refuse("digest", "the length does not fit the algorithm")
	}
}

func (f fields) hash() string { return f.oneOf("hashAlgorithm", hashNames()...) }

func (a *ask) readNonce(f fields) {
	nonce, given := f.text("nonce")
	if given && (nonce == "" || length(nonce) > maxNonce) {
		f.refuse("nonce", "must have 1 to 30 characters")
	}
	a.nonce = nonce
}

var callbackForm = regexp.MustCompile(`^https?://([^|#]+)$`)

func (a *ask) readCallback(f fields, c *Config) {
	address, given := f.text("initialCallbackUrl")
	if !given {
		return
	}
	if len(address) > maxCallback || !callbackForm.MatchString(address) || !c.takes(address) {
		f.refuse("initialCallbackUrl", "The callback URL value is invalid")
		return
	}
	a.callback = address
}

func (a *ask) readProperties(f fields) {
	if p, ok := f.object("requestProperties"); ok {
		p.take("shareMdClientIpAddress", &a.shareIP, "a boolean")
	}
}

func (a *ask) readCapabilities(f fields) {
	var list []string
	f.take("capabilities", &list, "a list of strings")
}

// permitted refuses what the party has no right to.
func (a *ask) permitted(version int) *fault {
	if a.level == Advanced && a.party.qualifiedOnly(version) {
		return forbidden("The relying party may not ask for this level")
	}
	if a.shareIP && !a.party.ShareIP {
		return forbidden("The relying party may not ask for the address of the device")
	}
	return nil
}

func (p RelyingParty) qualifiedOnly(version int) bool {
	return version == 2 && p.QualifiedOnlyV2 || version == 3 && p.QualifiedOnlyV3
}
