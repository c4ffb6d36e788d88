package smartid_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// referenceDir is the folder of recordings, which is no part of the repository;
// "" when it is not there.
func referenceDir() string {
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", "..", dir)
	}
	dir = filepath.Join(dir, "eid")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// reference is what the recordings are read with.
type reference struct {
	dir               string
	fixtures, vectors int
}

func TestReference(t *testing.T) {
	ref := &reference{dir: referenceDir()}
	if ref.dir == "" {
		fmt.Println("reference: absent")
		return
	}
	failed := 0
	for name, check := range map[string]func(*testing.T, *reference){
		"cases of v3": casesV3, "cases of v2": casesV2, "vectors of v3": vectorsV3, "vectors of v2": vectorsV2,
		"requests of v3": requestsV3, "requests of v2": requestsV2, "responses of v3": responsesV3, "responses of v2": responsesV2,
		"demo accounts": demoAccounts, "certificates": certificates,
	} {
		if !t.Run(name, func(t *testing.T) { check(t, ref) }) {
			failed++
		}
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", ref.fixtures, ref.vectors, failed)
}

func (r *reference) read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, name))
	require.NoError(t, err)
	return b
}

func (r *reference) decode(t testing.TB, name string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(r.read(t, name), into), name)
}

func (r *reference) object(t testing.TB, name string) object {
	t.Helper()
	var o object
	r.decode(t, name, &o)
	return o
}

// each runs the row of each file of a folder. A file without a row fails, and so
// does a row without its file.
func (r *reference) each(t *testing.T, folder string, rows map[string]func(*testing.T, []byte)) {
	entries, err := os.ReadDir(filepath.Join(r.dir, folder))
	require.NoError(t, err)
	require.Len(t, entries, len(rows), "rows of %s", folder)
	for _, e := range entries {
		row, ok := rows[e.Name()]
		require.True(t, ok, "%s/%s has no row", folder, e.Name())
		r.fixtures++
		t.Run(e.Name(), func(t *testing.T) { row(t, r.read(t, filepath.Join(folder, e.Name()))) })
	}
}

// trust makes a store of the authorities at those paths, or of all of the demo.
func (r *reference) trust(t testing.TB, paths []string) *trust.Store {
	t.Helper()
	if paths == nil {
		all, err := filepath.Glob(filepath.Join(r.dir, "ca", "demo", "*.pem"))
		require.NoError(t, err)
		for _, p := range all {
			paths = append(paths, strings.TrimPrefix(p, r.dir))
		}
	}
	var cfg trust.Config
	for _, p := range paths {
		certs, err := trust.Read(r.read(t, p))
		require.NoError(t, err)
		for _, c := range certs {
			if c.Subject.String() == c.Issuer.String() {
				cfg.Anchors = append(cfg.Anchors, c)
			} else {
				cfg.Intermediates = append(cfg.Intermediates, c)
			}
		}
	}
	store, err := trust.New(cfg)
	require.NoError(t, err)
	return store
}

func (r *reference) verifier(t testing.TB, e smartid.Environment, paths []string) *smartid.Verifier {
	t.Helper()
	v, err := smartid.NewVerifier(smartid.VerifierConfig{Environment: e, Trust: r.trust(t, paths), InsecureSkipRevocation: true})
	require.NoError(t, err)
	return v
}

// identity is what a case expects.
type identity struct {
	SemanticsIdentifier, GivenName, Surname, DateOfBirth, DocumentNumber string
}

func (i identity) require(t *testing.T, v *smartid.Verified) {
	t.Helper()
	require.Equal(t, i.SemanticsIdentifier, string(v.Identity.Code.Identifier()))
	require.Equal(t, i.GivenName, v.Identity.GivenName)
	require.Equal(t, i.Surname, v.Identity.FamilyName)
	require.Equal(t, i.DateOfBirth, string(v.Identity.Born))
	require.Equal(t, eid.SmartID, v.Identity.Method)
	require.Equal(t, eid.High, v.Identity.Level)
	if i.DocumentNumber != "" {
		require.Equal(t, i.DocumentNumber, v.Document)
	}
}

// refused asserts that an error is one that a caller takes for a refusal.
func refused(t testing.TB, err error) {
	t.Helper()
	require.Error(t, err)
	kinds := []error{eid.ErrUntrusted, eid.ErrState, eid.ErrTooWeak, eid.ErrPending, eid.ErrRefused, eid.ErrExpired, eid.ErrNoAccount}
	require.True(t, slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(err, k) }), "%v", err)
}

// identifier reads a semantics identifier as the code that is asked for.
func identifier(t testing.TB, s string) eid.PersonalCode {
	t.Helper()
	if s == "" {
		return ""
	}
	i, err := eid.ParseIdentifier(s)
	require.NoError(t, err)
	c, err := i.PersonalCode()
	require.NoError(t, err)
	return c
}

// alone verifies a certificate without anything else of an answer.
func alone(t *testing.T, store *trust.Store, raw []byte, at time.Time) error {
	t.Helper()
	certs, err := trust.Read(raw)
	require.NoError(t, err)
	_, err = store.Verify(certs[0], smartid.Demo().AuthenticationProfile(smartid.Qualified), at)
	return err
}

// certificates are those that no case names, and those that cases put into other
// answers, each by itself.
func certificates(t *testing.T, ref *reference) {
	at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	store := ref.trust(t, nil)
	rule := func(want error) func(*testing.T, []byte) {
		return func(t *testing.T, raw []byte) {
			err := alone(t, store, raw, at)
			if want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, want)
		}
	}
	ref.each(t, "smartid-v3/certs", map[string]func(*testing.T, []byte){
		"auth-cert-40504040001-demo-q.crt": rule(nil),
		"expired-cert.pem.crt":             rule(trust.RuleValidity),
		"nq-auth-cert-40504049999.crt":     rule(trust.RulePolicy),
		"sign-cert-40504040001.pem.crt":    rule(trust.RulePurpose),
	})
	person := func(want trust.Subject, wantRule error) func(*testing.T, []byte) {
		return func(t *testing.T, raw []byte) {
			certs, err := trust.Read(raw)
			require.NoError(t, err)
			got, err := trust.Person(certs[0])
			require.NoError(t, err)
			require.Equal(t, string(want.Identifier), string(got.Identifier))
			require.Equal(t, string(want.Born), string(got.Born))
			within := certs[0].NotBefore.Add(24 * time.Hour)
			_, err = store.Verify(certs[0], smartid.Demo().AuthenticationProfile(smartid.Qualified), within)
			require.ErrorIs(t, err, wantRule)
		}
	}
	ref.each(t, "smartid-v2/certs", map[string]func(*testing.T, []byte){
		"identity-lv-010117-21234-untrusted-issuer.pem": person(
			trust.Subject{Identifier: "PNOLV-010117-21234", Born: "2017-01-01"}, eid.ErrUntrusted),
		"identity-lv-329999-99901-dob-attribute-signing-cert.pem": person(
			trust.Subject{Identifier: "PNOLV-329999-99901", Born: "1903-03-03"}, trust.RulePurpose),
	})
}

// demoAccounts have numbers by which an account can be asked again.
func demoAccounts(t *testing.T, ref *reference) {
	var accounts []struct{ Flow, EndResult, DocumentNumber string }
	ref.decode(t, "smartid-v3/demo-accounts.json", &accounts)
	require.NotEmpty(t, accounts)
	ref.fixtures++
	r := newRig(t, nil)
	for _, a := range accounts {
		_, err := r.BeginDocument(t.Context(), eid.Request{}, a.DocumentNumber)
		require.NoError(t, err, a.DocumentNumber)
		require.Equal(t, "/smart-id-rp/v3/authentication/device-link/document/"+a.DocumentNumber, r.service.begun.path)
		parsed, err := smartid.ParseSession(must(json.Marshal(object{"state": "COMPLETE", "result": object{"endResult": a.EndResult}})))
		require.NoError(t, err)
		if a.EndResult == "OK" {
			require.NoError(t, parsed.Err())
			continue
		}
		refused(t, parsed.Err())
	}
}
