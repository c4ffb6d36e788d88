package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"net/http"
	"sync"
	"time"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// maxLists bounds how many revocation lists are kept.
const maxLists = 8

// lists are the revocation lists of the last minutes. One at a time is fetched: a
// list has megabytes, and everybody needs the same one.
type lists struct {
	turn chan struct{} // holds the turn to fetch
	mu   sync.Mutex
	kept map[listKey]*list
}

type listKey struct {
	address string
	issuer  [sha256.Size]byte
}

// list is one that was verified.
type list struct {
	revoked    map[string]struct{} // serial numbers, as their bytes
	fetched    time.Time
	thisUpdate time.Time
	nextUpdate time.Time
}

func newLists() *lists {
	return &lists{turn: make(chan struct{}, 1), kept: map[listKey]*list{}}
}

// list looks for cert in the revocation lists that it names. Each of them is a
// whole one, so the first that can be had decides.
func (r *Revocation) list(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) error {
	return each(cert.CRLDistributionPoints, func(address string) error {
		l, err := r.obtain(ctx, address, issuer, at)
		if err != nil {
			return err
		}
		if _, revoked := l.revoked[string(cert.SerialNumber.Bytes())]; revoked {
			return ErrRevoked
		}
		return nil
	})
}

func (r *Revocation) obtain(ctx context.Context, address string, issuer *x509.Certificate, at time.Time) (*list, error) {
	key := listKey{address, sha256.Sum256(issuer.Raw)}
	if l := r.kept(key, at); l != nil {
		return l, nil
	}
	select {
	case r.lists.turn <- struct{}{}:
		defer func() { <-r.lists.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l := r.kept(key, at); l != nil { // fetched while we waited
		return l, nil
	}
	body, err := r.call(ctx, address, r.cfg.MaxList, httpx.Call{
		Op: "list", Method: http.MethodGet, Header: http.Header{"Accept": {"application/pkix-crl"}},
	})
	if err != nil {
		return nil, err
	}
	l, err := readList(body, address, issuer)
	if err != nil {
		return nil, err
	}
	l.fetched = at
	if err := r.current(l, at); err != nil {
		return nil, err
	}
	r.lists.mu.Lock()
	defer r.lists.mu.Unlock()
	if len(r.lists.kept) >= maxLists {
		clear(r.lists.kept)
	}
	r.lists.kept[key] = l
	return l, nil
}

func (r *Revocation) kept(key listKey, at time.Time) *list {
	r.lists.mu.Lock()
	defer r.lists.mu.Unlock()
	l := r.lists.kept[key]
	if l == nil || at.Before(l.fetched) || at.Sub(l.fetched) > r.cfg.Keep || r.current(l, at) != nil {
		return nil
	}
	return l
}

func (r *Revocation) current(l *list, at time.Time) error {
	switch {
	case l.thisUpdate.After(at.Add(r.cfg.Skew)):
		return unbelievable("of the future")
	case l.nextUpdate.Before(at.Add(-r.cfg.Skew)): // also when it is missing
		return unbelievable("out of date")
	}
	return nil
}

// readList verifies a list and that it is about the certificates of this issuer
// that name this address: not a difference to another list, and no portion of
// which cert could be missing.
func readList(body []byte, address string, issuer *x509.Certificate) (*list, error) {
	parsed, err := x509.ParseRevocationList(body)
	switch {
	case err != nil:
		return nil, unbelievable("form")
	case !bytes.Equal(parsed.RawIssuer, issuer.RawSubject):
		return nil, unbelievable("of another issuer")
	case !soundSignature(parsed.SignatureAlgorithm):
		return nil, unbelievable("weak signature")
	case parsed.CheckSignatureFrom(issuer) != nil:
		return nil, unbelievable("signature")
	}
	for _, e := range parsed.Extensions {
		switch {
		case e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 27}):
			return nil, unbelievable("a difference only")
		case e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 28}):
			if !covers(e.Value, address) {
				return nil, unbelievable("a portion only")
			}
		case e.Critical:
			return nil, unbelievable("critical extension")
		}
	}
	l := &list{
		revoked:    make(map[string]struct{}, len(parsed.RevokedCertificateEntries)),
		thisUpdate: parsed.ThisUpdate, nextUpdate: parsed.NextUpdate,
	}
	for _, entry := range parsed.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Critical { // the entry is another issuer's, for one
				return nil, unbelievable("critical extension")
			}
		}
		l.revoked[string(entry.SerialNumber.Bytes())] = struct{}{}
	}
	return l, nil
}

// covers reads an issuing distribution point: it may name addresses, among them
// this one, and people's certificates, and limit nothing else.
func covers(value cryptobyte.String, address string) bool {
	var idp, point, names cryptobyte.String
	var hasPoint bool
	explicit := der.Tag(0).ContextSpecific().Constructed()
	if !value.ReadASN1(&idp, der.SEQUENCE) || !value.Empty() ||
		!idp.ReadOptionalASN1(&point, &hasPoint, explicit) ||
		!idp.SkipOptionalASN1(der.Tag(1).ContextSpecific()) || !idp.Empty() {
		return false
	}
	if !hasPoint {
		return true
	}
	if !point.ReadASN1(&names, explicit) || !point.Empty() {
		return false
	}
	found := false
	for !names.Empty() {
		var name cryptobyte.String
		var tag der.Tag
		if !names.ReadAnyASN1(&name, &tag) {
			return false
		}
		found = found || tag == der.Tag(6).ContextSpecific() && string(name) == address
	}
	return found
}
