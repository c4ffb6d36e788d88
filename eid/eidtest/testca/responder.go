package testca

import (
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net/http"
	"path"
	"sync"
	"time"
)

// Answer is what a responder says, whatever is true.
type Answer string

// Answers. Those to which nothing else is said are given for OCSP and as a list
// alike; a list that cannot be wrong in that way is answered as Truth.
const (
	Truth          Answer = ""                // good unless revoked; unknown when it was never issued
	Good           Answer = "good"            // not revoked
	Revoked        Answer = "revoked"         // revoked an hour ago; OCSP only, see Revoke
	Unknown        Answer = "unknown"         // OCSP only
	Stale          Answer = "stale"           // true, and out of date since yesterday
	Early          Answer = "early"           // of tomorrow
	WronglySigned  Answer = "wrongly signed"  // in the name of the right one, with another key
	WrongSigner    Answer = "wrong signer"    // by the other authority
	PlainSigner    Answer = "plain signer"    // by a certificate of the issuer that may not; OCSP only
	IssuerSigned   Answer = "issuer signed"   // by the issuer itself, which is right; OCSP only
	OtherSerial    Answer = "other serial"    // about another certificate; OCSP only
	OtherIssuer    Answer = "other issuer"    // about another issuer's certificate; OCSP only
	WithoutNonce   Answer = "without nonce"   // true, prepared beforehand; OCSP only
	OtherNonce     Answer = "other nonce"     // true, for somebody else; OCSP only
	Later          Answer = "try later"       // the protocol's own refusal; OCSP only
	Malformed      Answer = "malformed"       // bytes that are no answer
	Empty          Answer = "empty"           // no bytes
	Unavailable    Answer = "unavailable"     // 503
	ForeignPortion Answer = "foreign portion" // a list of other certificates than asked for; lists only
)

// Responder says which certificates were revoked: OCSP by POST at /ocsp/q and
// /ocsp/nq (the other authority), lists at /crl/q.crl and /crl/nq.crl, below
// whatever path it is mounted at. All methods may be called concurrently.
type Responder struct {
	ca         *CA
	mu         sync.Mutex
	issued     map[string]bool
	revoked    map[string]time.Time
	ocsp, list Answer
	change     func(*Response)
	changeList func(*x509.RevocationList)
	asked      [2]int
}

// Answer sets what is answered by OCSP from now on.
func (r *Responder) Answer(a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ocsp = a
}

// AnswerList sets what the lists are from now on.
func (r *Responder) AnswerList(a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = a
}

// Change is called with each OCSP answer before it is signed, one at a time. Nil:
// none.
func (r *Responder) Change(f func(*Response)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change = f
}

// ChangeList is called with each list before it is signed, one at a time. Nil:
// none.
func (r *Responder) ChangeList(f func(*x509.RevocationList)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changeList = f
}

// Revoke revokes a certificate that this authority issued, for good.
func (r *Responder) Revoke(c *Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked[key(c.Cert.RawIssuer, c.Cert.SerialNumber)] = r.ca.now()
}

// Asked returns how many OCSP requests and how many lists were asked for.
func (r *Responder) Asked() (ocsp, lists int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked[0], r.asked[1]
}

func (r *Responder) add(issuer *authority, c *Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.issued[key(issuer.Cert.RawSubject, c.Cert.SerialNumber)] = true
}

func key(issuer []byte, serial *big.Int) string { return string(issuer) + "|" + serial.String() }

// maxRequest bounds an OCSP request, in bytes.
const maxRequest = 16 << 10

// ServeHTTP implements http.Handler.
func (r *Responder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	dir, file := path.Split(req.URL.Path)
	kind := path.Base(dir)
	var issuer *authority
	switch kind + "/" + file {
	case "ocsp/q", "crl/q.crl":
		issuer = r.ca.qualified
	case "ocsp/nq", "crl/nq.crl":
		issuer = r.ca.other
	default:
		http.NotFound(w, req)
		return
	}
	var body []byte
	var err error
	if kind == "ocsp" {
		if req.Method != http.MethodPost || req.Header.Get("Content-Type") != "application/ocsp-request" {
			http.Error(w, "an OCSP request is posted", http.StatusBadRequest)
			return
		}
		var asked []byte
		if asked, err = io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequest)); err == nil {
			body, err = r.status(issuer, asked)
		}
		w.Header().Set("Content-Type", "application/ocsp-response")
	} else {
		body, err = r.revocationList(issuer)
		w.Header().Set("Content-Type", "application/pkix-crl")
	}
	switch {
	case errors.Is(err, errUnavailable):
		http.Error(w, "not available", http.StatusServiceUnavailable)
	case err != nil:
		http.Error(w, "not possible", http.StatusInternalServerError)
	default:
		_, _ = w.Write(body) // whoever asked is gone
	}
}

var errUnavailable = errors.New("testca: not available")
