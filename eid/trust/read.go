package trust

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
)

// maxFile bounds a file of certificates, in bytes.
const maxFile = 1 << 20

// Read returns the certificates of b: one in DER, or one and more in PEM with
// nothing but white space between them. Anything else in it is an error, so that
// a half-copied file is noticed. Errors quote nothing of b.
func Read(b []byte) ([]*x509.Certificate, error) {
	if len(b) > maxFile {
		return nil, fmt.Errorf("eid/trust: more than %d bytes of certificates", maxFile)
	}
	if len(b) > 0 && b[0] == 0x30 { // a DER sequence; PEM begins with a hyphen
		cert, err := x509.ParseCertificate(b)
		if err != nil {
			return nil, errors.New("eid/trust: malformed certificate")
		}
		return []*x509.Certificate{cert}, nil
	}
	var certs []*x509.Certificate
	for b = bytes.TrimSpace(b); len(b) > 0; b = bytes.TrimSpace(b) {
		block, rest := pem.Decode(b)
		// pem.Decode steps over what it cannot read, which would go unnoticed.
		if block == nil || !bytes.HasPrefix(b, []byte("-----BEGIN CERTIFICATE-----")) ||
			bytes.Count(b[:len(b)-len(rest)], []byte("-----BEGIN")) != 1 || len(block.Headers) > 0 {
			return nil, fmt.Errorf("eid/trust: something else than a certificate after %d of them", len(certs))
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("eid/trust: malformed certificate after %d good ones", len(certs))
		}
		certs, b = append(certs, cert), rest
	}
	if len(certs) == 0 {
		return nil, errors.New("eid/trust: no certificate")
	}
	return certs, nil
}

// Load reads the files that match the patterns (see [fs.Glob]) as [Read] does, in
// the order of their names. A certificate found twice is returned once. A pattern
// that matches nothing is an error; errors name the file.
func Load(fsys fs.FS, patterns ...string) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for _, pattern := range patterns {
		names, err := fs.Glob(fsys, pattern)
		if err != nil {
			return nil, fmt.Errorf("eid/trust: pattern %q: %w", pattern, err)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("eid/trust: pattern %q matches no file", pattern)
		}
		for _, name := range names {
			b, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, fmt.Errorf("eid/trust: %w", err)
			}
			found, err := Read(b)
			if err != nil {
				return nil, fmt.Errorf("%w (file %s)", err, name)
			}
			certs = append(certs, found...)
		}
	}
	return unique(certs), nil
}

// Parse returns the one certificate that a service sent, in DER. A malformed one
// is RuleForm.
func Parse(der []byte) (*x509.Certificate, error) {
	if len(der) > maxLeaf {
		return nil, RuleForm
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, RuleForm // the cause quotes parts of the subject
	}
	return cert, nil
}

// maxLeaf bounds a person's certificate, in bytes; with a 16384-bit key it has
// less than half of them.
const maxLeaf = 16 << 10

func unique(certs []*x509.Certificate) []*x509.Certificate {
	seen := make(map[string]bool, len(certs))
	var out []*x509.Certificate
	for _, c := range certs {
		if !seen[string(c.Raw)] {
			seen[string(c.Raw)] = true
			out = append(out, c)
		}
	}
	return out
}
