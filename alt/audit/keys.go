package audit

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// NewKey makes a signing key for a log and its public half, as texts of the form
// that note.NewSigner and note.NewVerifier read. origin names the log.
func NewKey(origin string) (private, public string, err error) {
	private, public, err = note.GenerateKey(rand.Reader, origin)
	if err == nil {
		_, err = note.NewSigner(private)
	}
	if err != nil {
		return "", "", errors.New("audit: a key's name must not be empty or hold blanks or a plus sign")
	}
	return private, public, nil
}

// ReadVerifiers reads public keys, one a line. Empty lines and those that begin with
// # are passed over.
func ReadVerifiers(r io.Reader) (note.Verifiers, error) {
	var all []note.Verifier
	known := make(map[string]bool)
	for in, line := bufio.NewScanner(r), 1; ; line++ {
		if !in.Scan() {
			if err := in.Err(); err != nil {
				return nil, fmt.Errorf("audit: read keys: %w", err)
			}
			break
		}
		text := strings.TrimSpace(in.Text())
		if text == "" || text[0] == '#' || known[text] {
			continue
		}
		v, err := note.NewVerifier(text)
		if err != nil {
			return nil, fmt.Errorf("audit: line %d holds no public key", line)
		}
		known[text] = true
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil, errors.New("audit: there is no public key")
	}
	return note.VerifierList(all...), nil
}
