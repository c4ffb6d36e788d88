package smartidtest_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// hashes are those that a party may ask for.
var hashes = map[string]crypto.Hash{
	"SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512,
	"SHA3-256": crypto.SHA3_256, "SHA3-384": crypto.SHA3_384, "SHA3-512": crypto.SHA3_512,
}

// asked is what a party remembers of its session.
type asked struct {
	request  object
	flow     string
	document string
}

// check looks at an answer as a careful party does; the name of the first check that fails is the error.
func (s *service) check(o asked, status map[string]any, at time.Time) error {
	a := object(status)
	if a.text("state") != "COMPLETE" || a.text("result.endResult") != "OK" {
		return errors.New("result")
	}
	der, err := base64.StdEncoding.DecodeString(a.text("cert.value"))
	if err != nil {
		return errors.New("certificate")
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return errors.New("certificate")
	}
	if err := s.trusted(cert, at); err != nil {
		return errors.New("chain")
	}
	signing := o.request.text("signatureProtocol") == "RAW_DIGEST_SIGNATURE"
	if (cert.KeyUsage&x509.KeyUsageContentCommitment != 0) != signing {
		return errors.New("purpose")
	}
	if !qualified(cert) || a.text("cert.certificateLevel") != "QUALIFIED" {
		return errors.New("level")
	}
	if a.text("result.documentNumber") != o.document || serial(cert)+"-MOCK-Q" != o.document {
		return errors.New("person")
	}
	if a.text("signature.flowType") != o.flow {
		return errors.New("flow")
	}
	if a.text("interactionTypeUsed") != "displayTextAndPIN" {
		return errors.New("interaction")
	}
	if signing {
		return rawSignature(a, o.request, cert)
	}
	return pssSignature(a, o, cert)
}

func pssSignature(a object, o asked, cert *x509.Certificate) error {
	name := o.request.text("signatureProtocolParameters.signatureAlgorithmParameters.hashAlgorithm")
	h := hashes[name]
	if a.text("signature.signatureAlgorithm") != "rsassa-pss" || parameters(a) != fmt.Sprintf("%s id-mgf1 %s %d 0xbc", name, name, h.Size()) {
		return errors.New("parameters")
	}
	callback := ""
	if o.flow == "Web2App" || o.flow == "App2App" {
		callback = o.request.text("initialCallbackUrl")
	}
	shown := sha256.Sum256([]byte(o.request.text("interactions")))
	payload := strings.Join([]string{"smart-id-demo", a.text("signatureProtocol"), a.text("signature.serverRandom"),
		o.request.text("signatureProtocolParameters.rpChallenge"), a.text("signature.userChallenge"),
		base64.StdEncoding.EncodeToString([]byte(o.request.text("relyingPartyName"))), "", base64.StdEncoding.EncodeToString(shown[:]),
		a.text("interactionTypeUsed"), callback, a.text("signature.flowType")}, "|")
	sum := h.New()
	sum.Write([]byte(payload))
	value, err := base64.StdEncoding.DecodeString(a.text("signature.value"))
	if err != nil {
		return errors.New("signature")
	}
	if rsa.VerifyPSS(cert.PublicKey.(*rsa.PublicKey), h, sum.Sum(nil), value, &rsa.PSSOptions{SaltLength: h.Size()}) != nil {
		return errors.New("signature")
	}
	return nil
}

// rawSignature checks a signature over a digest.
func rawSignature(a object, request object, cert *x509.Certificate) error {
	digest, _ := base64.StdEncoding.DecodeString(request.text("signatureProtocolParameters.digest"))
	value, err := base64.StdEncoding.DecodeString(a.text("signature.value"))
	if err != nil {
		return errors.New("signature")
	}
	algorithm := request.text("signatureProtocolParameters.signatureAlgorithm")
	if a.text("signature.signatureAlgorithm") != algorithm || a.text("signatureProtocol") != "RAW_DIGEST_SIGNATURE" {
		return errors.New("parameters")
	}
	h := hashes[request.text("signatureProtocolParameters.signatureAlgorithmParameters.hashAlgorithm")]
	key := cert.PublicKey.(*rsa.PublicKey)
	if algorithm == "rsassa-pss" {
		err = rsa.VerifyPSS(key, h, digest, value, &rsa.PSSOptions{SaltLength: h.Size()})
	} else {
		err = rsa.VerifyPKCS1v15(key, hashes["SHA-"+algorithm[3:6]], digest, value)
	}
	if err != nil {
		return errors.New("signature")
	}
	return nil
}

// parameters are those of the algorithm, in one line.
func parameters(a object) string {
	signature, _ := a["signature"].(map[string]any)
	p, _ := signature["signatureAlgorithmParameters"].(map[string]any)
	return fmt.Sprintf("%s %s %s %v %s", object(p).text("hashAlgorithm"), object(p).text("maskGenAlgorithm.algorithm"),
		object(p).text("maskGenAlgorithm.parameters.hashAlgorithm"), p["saltLength"], object(p).text("trailerField"))
}

func (s *service) trusted(cert *x509.Certificate, at time.Time) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range s.Anchors() {
		roots.AddCert(c)
	}
	for _, c := range s.Intermediates() {
		between.AddCert(c)
	}
	cert.UnhandledCriticalExtensions = nil
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

func qualified(cert *x509.Certificate) bool {
	for _, oid := range cert.Policies {
		if oid.String() == "0.4.0.2042.1.2" || oid.String() == "0.4.0.194112.1.2" {
			return true
		}
	}
	return false
}

func serial(cert *x509.Certificate) string { return cert.Subject.SerialNumber }

// approved begins an authentication or a signature, approves it and returns the answer.
func (s *service) approved(t testing.TB, request object) (asked, map[string]any, error) {
	t.Helper()
	path, sessionType, flow := linkAuth, "auth", "QR"
	switch {
	case request.text("signatureProtocol") == "RAW_DIGEST_SIGNATURE":
		path, sessionType = linkSign, "sign"
	case request.text("vcType") != "":
		path, flow = notifyAuth, "Notification"
	}
	o := s.begin(path, request)
	if flow == "Notification" {
		_, err := s.Prompts(mary)[0].Approve("")
		return asked{request, flow, maryDoc}, s.poll(o.id), err
	}
	p, err := s.Scan(deviceLink(o, flow, sessionType, 0))
	if err != nil {
		return asked{}, nil, err
	}
	_, err = p.Approve(maryDoc)
	return asked{request, flow, maryDoc}, s.poll(o.id), err
}
