package smartid_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

// states are one of each kind.
func states(t testing.TB) map[byte]eid.State {
	r := newRig(t, nil)
	out := map[byte]eid.State{'a': begin(t, r, eid.Request{ReturnURL: returnURL, Code: code}).State}
	sign, err := r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PSS, Code: code})
	require.NoError(t, err)
	choice, err := r.BeginCertificateChoice(t.Context(), smartid.ChoiceRequest{ReturnURL: returnURL})
	require.NoError(t, err)
	service := &service{}
	v2, err := smartid.NewV2(configV2(service))
	require.NoError(t, err)
	old, err := v2.Begin(t.Context(), eid.Request{Code: code})
	require.NoError(t, err)
	out['s'], out['c'], out['2'] = sign.State, choice.State, old.State
	return out
}

func TestAStateIsReadInTheOneFormInWhichItIsWritten(t *testing.T) {
	for kind, s := range states(t) {
		t.Run(string(kind), func(t *testing.T) {
			require.Less(t, len(s), 1<<10)
			s := smartid.Untagged(s)
			again, err := smartid.StateForTest(s, kind)
			require.NoError(t, err)
			require.True(t, bytes.Equal(s, again))
			for _, other := range []byte("asc2x\x00") {
				if other != kind {
					_, err := smartid.StateForTest(s, other)
					require.ErrorIs(t, err, eid.ErrState)
				}
			}
			for n := range len(s) {
				_, err := smartid.StateForTest(s[:n], kind)
				require.ErrorIs(t, err, eid.ErrState, "the first %d bytes", n)
			}
			for name, b := range map[string][]byte{
				"a byte more":     append(bytes.Clone(s), 0),
				"another version": append([]byte{2}, s[1:]...),
				"many bytes more": append(bytes.Clone(s), make([]byte, eid.MaxState)...),
				"a length that is written with more bytes than it needs": bytes.Join([][]byte{s[:18], {s[18] | 0x80, 0}, s[19:]}, nil),
				"an end before the beginning":                            bytes.Join([][]byte{s[:10], make([]byte, 8), s[18:]}, nil),
				"a length beyond the end":                                bytes.Join([][]byte{s[:18], binary.AppendUvarint(nil, 1<<63), s[19:]}, nil),
			} {
				_, err := smartid.StateForTest(b, kind)
				require.ErrorIs(t, err, eid.ErrState, name)
				require.Equal(t, "eid: answer does not belong to what was begun", err.Error()[strings.LastIndex(err.Error(), "eid: "):])
			}
		})
	}
}

func TestAMalformedStateMakesNoCall(t *testing.T) {
	r := newRig(t, nil)
	good := begin(t, r, eid.Request{}).State
	calls := len(r.service.requests)
	for _, s := range []eid.State{nil, {}, {1}, {1, 'a'}, eid.State("canary"), good[:len(good)-1], states(t)['s']} {
		_, err := r.Resolve(t.Context(), s, nil)
		require.ErrorIs(t, err, eid.ErrState)
		_, err = r.ResolveCertificateChoice(t.Context(), s)
		require.ErrorIs(t, err, eid.ErrState)
		if len(s) < 2 || s[1] != 's' {
			_, err = r.ResolveSignature(t.Context(), s, nil)
			require.ErrorIs(t, err, eid.ErrState)
			_, err = r.LiveLink(s, now)
			require.ErrorIs(t, err, eid.ErrState)
		}
	}
	require.Len(t, r.service.requests, calls)
}

// TestNothingPrintsWhatIsPersonalOrSecret formats everything that holds such
// values in every way in which it could get into a log by accident.
func TestNothingPrintsWhatIsPersonalOrSecret(t *testing.T) {
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{ReturnURL: returnURL, Code: code, Text: "canary text"})
	answer := r.service.complete(issue(holder{}), "Web2App")
	v, err := r.ResolveVerified(t.Context(), c.State, r.service.returned(t))
	require.NoError(t, err)
	back, err := smartid.ParseReturn(r.service.returned(t))
	require.NoError(t, err)
	cfg := goodConfig()
	cfg.RelyingPartyUUID = "ca0a0000-0000-4000-8000-0000000ca0a0"
	v2 := configV2(&service{})
	v2.RelyingPartyUUID = cfg.RelyingPartyUUID
	ch, err := r.BeginSignature(t.Context(), smartid.SignatureRequest{Document: document, Digest: digestOf("a"), Scheme: smartid.PSS})
	require.NoError(t, err)
	r.service.signs(signer(holder{}), "QR")
	sig, err := r.ResolveSignature(t.Context(), ch.State, nil)
	require.NoError(t, err)
	link := smartid.Link{Secret: []byte(sessionSecret), Token: "wGIrqveE6AuGDATZKmR1mtAZ", Callback: returnURL}

	values := []any{
		c, c.State, v, *v, v.Identity, back, *back, cfg, v2, parse(t, answer), link, *sig, sig, sig.By,
		smartid.Asked{Secret: []byte(sessionSecret), Code: code, Document: document, Challenge: "canary text", Callback: returnURL, Return: back},
		smartid.AskedV2{Code: code, Document: document, Digest: "canary text"},
		smartid.Evidence{Challenge: "canary text", Callback: returnURL, Session: []byte(`{"canary":"38001085718"}`)},
		smartid.AskedSignature{Code: code, Document: document, Secret: []byte(sessionSecret), Digest: "canary text"},
		smartid.SignatureRequest{Code: code, Document: document, Text: "canary text", ReturnURL: returnURL},
	}
	var out bytes.Buffer
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			_, _ = fmt.Fprintf(&out, verb+"\n", value)
		}
		for _, h := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
			slog.New(h).Info("test", "value", value)
		}
	}
	for _, canary := range []string{
		"38001085718", "MARI", "MÄNNIK", "1980", "ABCD", "192.0.2.7", "canary", "agency.example", "ca0a", "wGIrqve", "B98ODi", sessionSecret,
		fmt.Sprintf("%x", sessionSecret), back.Value, back.SecretDigest, back.Verifier, r.service.begun.verifier, "a2e28e5c",
	} {
		require.NotContains(t, out.String(), canary)
	}
}

// TestErrorsHoldNothingOfTheAnswer puts a canary into every member of an answer
// and into the person, and reads what comes of it.
func TestErrorsHoldNothingOfTheAnswer(t *testing.T) {
	const canary = "CANARY-38001085718-\x00"
	r := newRig(t, nil)
	c := begin(t, r, eid.Request{Code: "EE50001029996"})
	answer := r.service.complete(issue(holder{given: "CANARY"}), "QR")
	seen := 0
	for _, pointer := range leaves(answer, "") {
		o := clone(answer)
		set(t, o, pointer, canary)
		r.service.answers(o)
		_, err := r.Resolve(t.Context(), c.State, nil)
		require.Error(t, err)
		for e := range unwrapped(err) {
			require.NotContains(t, strings.ToUpper(fmt.Sprintf("%v %+v %s", e, e, e)), "CANARY", pointer)
			require.NotContains(t, e.Error(), "38001085718", pointer)
			seen++
		}
	}
	require.Greater(t, seen, 30)
	_, err := r.BeginDocument(t.Context(), eid.Request{}, canary)
	require.NotContains(t, err.Error(), "CANARY")
	_, err = r.Begin(t.Context(), eid.Request{ReturnURL: "https://CANARY.example/#" + canary, Text: canary})
	require.NotContains(t, err.Error(), "CANARY")
	_, err = r.Begin(t.Context(), eid.Request{ReturnURL: "https://CANARY.example/%zz|"})
	require.NotContains(t, err.Error(), "CANARY")
}

// unwrapped yields an error and all that it wraps.
func unwrapped(err error) func(yield func(error) bool) {
	var walk func(error, func(error) bool) bool
	walk = func(err error, yield func(error) bool) bool {
		if err == nil {
			return true
		}
		if !yield(err) {
			return false
		}
		switch w := err.(type) { //nolint:errorlint // this walks the tree that errorlint would have walked
		case interface{ Unwrap() error }:
			return walk(w.Unwrap(), yield)
		case interface{ Unwrap() []error }:
			for _, e := range w.Unwrap() {
				if !walk(e, yield) {
					return false
				}
			}
		}
		return true
	}
	return func(yield func(error) bool) { walk(err, yield) }
}

func TestTimesOfAStateAreKeptToTheMillisecond(t *testing.T) {
	r := newRig(t, nil)
	r.clock.at = now.Add(123456789 * time.Nanosecond)
	c, err := r.Begin(t.Context(), eid.Request{})
	require.NoError(t, err)
	require.Equal(t, now.Add(123*time.Millisecond+5*time.Minute), c.Expires)
	r.clock.at = c.Expires.Add(-time.Nanosecond)
	_, err = r.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrPending)
	r.clock.at = c.Expires
	_, err = r.Resolve(t.Context(), c.State, nil)
	require.ErrorIs(t, err, eid.ErrExpired)
}
