package mobileid_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

// referenceDir is the folder of recordings of the service, which is no part of
// the repository; "" when it is not there.
func referenceDir() string {
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", "..", dir)
	}
	dir = filepath.Join(dir, "eid", "mobileid")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// reference reads a recording.
func reference(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(referenceDir(), filepath.FromSlash(name)))
	require.NoError(t, err)
	return raw
}

func TestReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		fmt.Println("reference: absent")
		return
	}
	rows := referenceRows()
	var fixtures, vectors, failed int
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		fixtures++
		check := rows[name]
		delete(rows, name)
		if !t.Run(name, func(t *testing.T) {
			require.NotNil(t, check, "the file has no row in the table")
			vectors += check(t, reference(t, name))
		}) {
			failed++
		}
		return nil
	}))
	for name := range rows {
		failed++
		t.Errorf("%s has a row, and there is no such file", name)
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", fixtures, vectors, failed)
}

// referenceRows says what becomes of each recording; the result is how many
// verdicts and values it holds.
func referenceRows() map[string]func(*testing.T, []byte) int {
	const auth, signature = "authentication", "signature"
	return map[string]func(*testing.T, []byte) int{
		"cases.json":                         referenceCases,
		"vectors/verification-code.json":     referenceCodes,
		"demo-numbers.json":                  referenceNumbers,
		"ok-ee-ecc-sha512.session.json":      ofCases,
		"ok-ee-ecc-sha256-2025.session.json": ofCases,
		"ok-ee-ecc-sha256-2018.session.json": ofCases,
		"reject-expired-cert.session.json":   ofCases,
		"reject-bad-signature.session.json":  ofCases,

		"requests/authenticationRequest.json":       sends(auth, eid.Request{}),
		"requests/authenticationRequestSHA256.json": sends(auth, eid.Request{Language: "et"}),
		"requests/authenticationRequestUcs2.json":   sends(auth, eid.Request{Language: "ru", Text: "Войти"}),
		"requests/certificateChoiceRequest.json":    sends("certificate", eid.Request{}),
		"requests/signatureRequest.json":            sends(signature, eid.Request{}),

		"responses/authenticationResponse.json":                           begins(auth),
		"responses/signatureResponseLegacySessionId.json":                 begins(signature),
		"responses/mid_authenticate_response_error.json":                  startFails(auth, 400, eid.ErrRequest),
		"responses/certificateChoiceResponseWhenCertificateNotFound.json": startFails("certificate", 200, eid.ErrNoAccount),
		"responses/mid_poll_empty_response.json":                          polls(mobileid.ErrProtocol),
		"responses/sessionStatusRunning.json":                             polls(eid.ErrPending),
		"responses/sessionStatusWhenExpiredTransaction.json":              polls(eid.ErrExpired),
		"responses/sessionStatusWhenTimeout.json":                         polls(eid.ErrExpired),
		"responses/sessionStatusWhenPhoneAbsent.json":                     polls(eid.ErrExpired),
		"responses/sessionStatusWhenNotMIDClient.json":                    polls(eid.ErrNoAccount),
		"responses/sessionStatusWhenSignatureHashMismatch.json":           polls(eid.ErrNoAccount),
		"responses/sessionStatusWhenUserCancelled.json":                   polls(eid.ErrRefused),
		"responses/sessionStatusForSuccessfulAuthenticationRequest.json":  polls(eid.ErrUntrusted),
	}
}

// recorded is a case: what was asked, what was answered, and the verdict.
type recorded struct {
	Name, File, HashType, VerificationCode, NationalIdentityNumber, Expect, Reason string
	PhoneNumber                                                                    eid.Phone
	Hash                                                                           []byte
	At                                                                             time.Time
	Trust                                                                          []string
	Identity                                                                       struct {
		Country, IdentityNumber, SemanticsIdentifier, GivenName, Surname, DateOfBirth string
	}
}

func cases(t *testing.T) []recorded {
	t.Helper()
	var out []recorded
	require.NoError(t, json.Unmarshal(reference(t, "cases.json"), &out))
	require.NotEmpty(t, out)
	return out
}

func (c recorded) asked() mobileid.Asked {
	return mobileid.Asked{
		Hash: mobileid.Hash(c.HashType), Digest: c.Hash, Code: eid.PersonalCode("EE" + c.NationalIdentityNumber), Level: eid.High,
	}
}

// verifier believes what the case says, or else all demo authorities.
func (c recorded) verifier(t *testing.T) *mobileid.Verifier {
	t.Helper()
	top := os.DirFS(filepath.Dir(referenceDir()))
	var cfg trust.Config
	patterns := c.Trust
	if len(patterns) == 0 {
		patterns = []string{"ca/demo/*.pem"}
	}
	all, err := trust.Load(top, patterns...)
	require.NoError(t, err)
	for _, cert := range all {
		if len(c.Trust) > 0 || cert.Subject.String() == cert.Issuer.String() {
			cfg.Anchors = append(cfg.Anchors, cert)
		} else {
			cfg.Intermediates = append(cfg.Intermediates, cert)
		}
	}
	store, err := trust.New(cfg)
	require.NoError(t, err)
	v, err := mobileid.NewVerifier(mobileid.VerifierConfig{
		Trust: store, Environment: mobileid.Demo(), InsecureSkipRevocation: true,
	})
	require.NoError(t, err)
	return v
}

func referenceCases(t *testing.T, _ []byte) int {
	broken := map[string]error{ // the rule, where it is one of package trust
		"reject-2018-recording-now":                 trust.RuleValidity,
		"reject-expired-cert":                       trust.RuleValidity,
		"reject-untrusted-issuer":                   trust.RuleChain,
		"reject-signing-cert-rsa-foreign-signature": trust.RulePurpose,
	}
	all := cases(t)
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			id, err := c.verifier(t).Verify(t.Context(), reference(t, c.File), c.asked(), c.At)
			if c.Expect != "accept" {
				require.ErrorIs(t, err, eid.ErrUntrusted, c.Reason)
				if rule := broken[c.Name]; rule != nil {
					require.ErrorIs(t, err, rule)
				}
				return
			}
			require.NoError(t, err)
			require.NoError(t, id.Valid())
			want := c.Identity
			require.Equal(t, want.Country+want.IdentityNumber, string(id.Code))
			require.Equal(t, want.SemanticsIdentifier, string(id.Code.Identifier()))
			require.Equal(t, want.GivenName, id.GivenName)
			require.Equal(t, want.Surname, id.FamilyName)
			require.Equal(t, want.DateOfBirth, string(id.Born))
			require.Equal(t, c.VerificationCode, mobileid.ControlCode(c.Hash))
		})
	}
	return len(all)
}

// ofCases is for recordings that cases.json names.
func ofCases(t *testing.T, _ []byte) int {
	for _, c := range cases(t) {
		if strings.HasSuffix(t.Name(), "/"+c.File) {
			return 0
		}
	}
	t.Error("no case has this file")
	return 0
}

func referenceCodes(t *testing.T, raw []byte) int {
	var rows []struct{ HashHex, Code string }
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.NotEmpty(t, rows)
	for _, row := range rows {
		hash, err := hex.DecodeString(row.HashHex)
		require.NoError(t, err)
		require.Equal(t, row.Code, mobileid.ControlCode(hash))
	}
	return len(rows)
}

// referenceNumbers gives each number of the demo the result that it always has.
func referenceNumbers(t *testing.T, raw []byte) int {
	var rows []struct {
		PhoneNumber                     eid.Phone
		NationalIdentityNumber, Outcome string
	}
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.NotEmpty(t, rows)
	want := map[string]error{
		"NOT_MID_CLIENT": eid.ErrNoAccount, "USER_CANCELLED": eid.ErrRefused, "SIGNATURE_HASH_MISMATCH": eid.ErrNoAccount,
		"SIM_ERROR": eid.ErrFailed, "PHONE_ABSENT": eid.ErrExpired, "DELIVERY_ERROR": eid.ErrFailed, "TIMEOUT": eid.ErrExpired,
	}
	for _, row := range rows {
		result, _, _ := strings.Cut(row.Outcome, " ")
		country := "EE"
		if strings.HasPrefix(string(row.PhoneNumber), "+370") {
			country = "LT"
		}
		who := eid.PersonalCode(country + row.NationalIdentityNumber)
		r := newRig(t)
		if result == "OK" {
			cert := r.person(testca.Person{Code: who, BareCode: !strings.Contains(row.Outcome, "PNOEE-")})
			r.service.poll = r.phoneOf(cert)
		} else {
			r.answers(200, `{"state":"COMPLETE","result":"`+result+`"}`)
		}
		c, err := r.m.Begin(t.Context(), eid.Request{Code: who, Phone: row.PhoneNumber})
		require.NoError(t, err, row.Outcome)
		require.Equal(t, string(row.PhoneNumber), r.service.asked().PhoneNumber)
		id, err := r.resolve(c)
		if result == "OK" {
			require.NoError(t, err)
			require.Equal(t, who, id.Code)
			continue
		}
		require.Contains(t, want, result)
		require.ErrorIs(t, err, want[result])
	}
	return len(rows)
}

// sends requires that a request of ours is the recorded one. The hash of an
// authentication is ours to choose.
func sends(op string, req eid.Request) func(*testing.T, []byte) int {
	return func(t *testing.T, raw []byte) int {
		var want map[string]any
		var was begun
		require.NoError(t, json.Unmarshal(raw, &want))
		require.NoError(t, json.Unmarshal(raw, &was))
		r := newRig(t, func(c *mobileid.Config) {
			c.RelyingPartyUUID, c.RelyingPartyName = was.RelyingPartyUUID, was.RelyingPartyName
			c.Hash = mobileid.Hash(was.HashType)
		})
		req.Code, req.Phone = eid.PersonalCode("EE"+was.NationalIdentityNumber), eid.Phone(was.PhoneNumber)
		signer, err := r.m.Certificate(t.Context(), req.Code, req.Phone)
		require.NoError(t, err)
		switch op {
		case "authentication":
			_, err = r.m.Begin(t.Context(), req)
		case "signature":
			_, err = r.m.BeginSignature(t.Context(), mobileid.SignatureRequest{
				By: signer, Phone: req.Phone, Hash: mobileid.Hash(was.HashType), Digest: was.Hash,
			})
		}
		require.NoError(t, err)
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(r.service.begunOf(op)[0]), &got))
		if op == "authentication" {
			require.Len(t, got["hash"], len(fmt.Sprint(want["hash"])))
			want["hash"] = got["hash"]
		}
		require.Equal(t, want, got)
		return 1
	}
}

// begins requires that an answer begins a session whose id is then polled.
func begins(op string) func(*testing.T, []byte) int {
	return func(t *testing.T, raw []byte) int {
		r := newRig(t)
		usual := r.service.start
		r.service.start = func(called string, b begun) (int, string) {
			if called == op {
				return 200, string(raw)
			}
			return usual(called, b)
		}
		if op == "signature" {
			r.beginSignature()
		} else {
			_, err := r.resolve(r.begin())
			require.NoError(t, err)
		}
		return 1
	}
}

func startFails(op string, status int, want error) func(*testing.T, []byte) int {
	return func(t *testing.T, raw []byte) int {
		r := newRig(t)
		r.service.start = func(string, begun) (int, string) { return status, string(raw) }
		var err error
		if op == "certificate" {
			_, err = r.m.Certificate(t.Context(), code, phone)
		} else {
			_, err = r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone})
		}
		require.ErrorIs(t, err, want)
		return 1
	}
}

func polls(want error) func(*testing.T, []byte) int {
	return func(t *testing.T, raw []byte) int {
		r := newRig(t)
		r.answers(200, string(raw))
		_, err := r.resolve(r.begin())
		require.ErrorIs(t, err, want)
		return 1
	}
}
