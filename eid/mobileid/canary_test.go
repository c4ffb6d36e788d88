package mobileid_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/mobileid"
)

// clean requires that a text holds nothing of a person and no secret.
func clean(t testing.TB, text string) {
	t.Helper()
	for _, canary := range []string{
		"60001019906", "37200000766", uuid, "c0ffee", session, "MARY", "CONNE", "ŠUSLIK", "PNOEE", "canary",
		"63616e617279", // canary in hexadecimal
	} {
		require.NotContains(t, text, canary)
	}
}

func TestNothingPersonalOrSecretIsPrinted(t *testing.T) {
	r := newRig(t)
	r.cfg.RelyingPartyName = name
	id, err := r.resolve(r.begin())
	require.NoError(t, err)
	signer, err := r.m.Certificate(t.Context(), code, phone)
	require.NoError(t, err)
	values := []any{
		r.cfg, &r.cfg, r.m, id, signer, *signer,
		mobileid.Asked{Hash: mobileid.SHA256, Digest: []byte("canary"), Code: code},
		mobileid.AskedSignature{Digest: []byte("canary"), Code: code, Certificate: signer.Certificate},
		mobileid.Evidence{Digest: []byte("canary"), Answer: []byte(`"canary"`)},
		mobileid.SignatureRequest{By: signer, Digest: []byte("canary"), Phone: phone, Text: "canary"},
		mobileid.Signature{Value: []byte("canary"), Digest: []byte("canary"), By: *signer}, &mobileid.Signature{By: *signer},
		&mobileid.Failure{Op: "session", Result: "canary " + string(code), Err: eid.ErrUntrusted},
	}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if _, isError := v.(error); isError && verb != "%v" && verb != "%+v" && verb != "%s" && verb != "%q" {
				continue // an error has a text
			}
			clean(t, fmt.Sprintf(verb, v))
		}
		var log strings.Builder
		logger := slog.New(slog.NewTextHandler(&log, nil))
		logger.Info("value", slog.Any("v", v))
		slog.New(slog.NewJSONHandler(&log, nil)).Info("value", slog.Any("v", v))
		clean(t, log.String())
	}
}

func TestAFailureSaysOnlyWordsOfTheService(t *testing.T) {
	for result, want := range map[string]string{
		"PHONE_ABSENT": "eid/mobileid: session: PHONE_ABSENT: eid: time is over (trace 4a29)",
		"SOME_NEW_ONE": "eid/mobileid: session: SOME_NEW_ONE: eid: ended without a decision (trace 4a29)",
		"canary":       "eid/mobileid: session: unreadable result: eid: ended without a decision (trace 4a29)",
		"60001019906":  "eid/mobileid: session: unreadable result: eid: ended without a decision (trace 4a29)",
	} {
		r := newRig(t)
		r.answers(200, `{"state":"COMPLETE","result":"`+result+`","traceId":"4a29"}`)
		_, err := r.resolve(r.begin())
		require.EqualError(t, err, want)
		var f *mobileid.Failure
		require.ErrorAs(t, err, &f)
		require.Equal(t, result, f.Result)
	}
	r := newRig(t)
	r.answers(200, `{"state":"COMPLETE","result":"X","traceId":"phone 37200000766"}`)
	_, err := r.resolve(r.begin())
	clean(t, err.Error())
}
