package mobileid_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/mobileid"
)

// sample is an answer that is accepted, in its parts.
type sample struct {
	name      string
	verifier  *mobileid.Verifier
	asked     mobileid.Asked
	at        time.Time
	der       []byte
	algorithm string
	value     []byte
	step      int // every so many bits of the certificate are changed
}

func (s sample) verify(t *testing.T) (eid.Identity, error) {
	return s.verifier.Verify(t.Context(), []byte(answer(t, s.der, s.algorithm, s.value)), s.asked, s.at)
}

// samples are answers of each kind of key, and the genuine recordings where they
// are to be found.
func samples(t *testing.T) []sample {
	t.Helper()
	r := newRig(t)
	var out []sample
	for name, step := range map[string]int{"EC": 1, "RSA": 7} {
		who := testca.Person{}
		if name == "RSA" {
			who.RSABits = 2048
		}
		cert := r.person(who)
		asked := askedFor(mobileid.SHA256)
		value, algorithm := sign(t, cert, "SHA256", asked.Digest)
		out = append(out, sample{name, r.verifier(), asked, noon(), cert.DER, algorithm, value, step})
	}
	if referenceDir() == "" {
		return out
	}
	for _, c := range cases(t) {
		if c.Expect != "accept" {
			continue
		}
		var recording struct {
			Cert      []byte
			Signature struct {
				Algorithm string
				Value     []byte
			}
		}
		require.NoError(t, json.Unmarshal(reference(t, c.File), &recording))
		out = append(out, sample{c.Name, c.verifier(t), c.asked(), c.At, recording.Cert, recording.Signature.Algorithm, recording.Signature.Value, 29})
	}
	return out
}

// Each bit of what the verdict or the identity depends on is turned over, once at
// a time.
func TestNoBitThatMattersCanBeChanged(t *testing.T) {
	for _, s := range samples(t) {
		t.Run(s.name, func(t *testing.T) {
			_, err := s.verify(t)
			require.NoError(t, err)
			refused := 0
			check := func(m sample, why string, at int) {
				refused++
				if _, err := m.verify(t); err == nil {
					t.Errorf("%s: bit %d was changed, and it was accepted", why, at)
				}
			}
			if testing.Short() {
				s.step *= 29
			}
			flip := func(b []byte, bit int) []byte {
				out := slices.Clone(b)
				out[bit/8] ^= 1 << (bit % 8)
				return out
			}
			for bit := range 8 * len(s.value) {
				m := s
				m.value = flip(s.value, bit)
				check(m, "signature", bit)
			}
			for bit := 0; bit < 8*len(s.der); bit += s.step {
				m := s
				m.der = flip(s.der, bit)
				check(m, "certificate", bit)
			}
			for bit := range 8 * min(len(s.asked.Digest), signedBytes(s)) {
				m := s
				m.asked.Digest = flip(s.asked.Digest, bit)
				check(m, "hash", bit)
			}
			for bit := range 8 * len(s.asked.Code) {
				m := s
				m.asked.Code = eid.PersonalCode(flip([]byte(s.asked.Code), bit))
				check(m, "code", bit)
			}
			for bit := range 8 * len(s.algorithm) {
				m := s
				m.algorithm = string(flip([]byte(s.algorithm), bit))
				check(m, "algorithm", bit)
			}
			for _, d := range []time.Duration{-20 * 365 * 24 * time.Hour, 20 * 365 * 24 * time.Hour} {
				m := s
				m.at = s.at.Add(d)
				check(m, "time", int(d))
			}
			t.Logf("%d changes refused", refused)
		})
	}
}

// signedBytes is how much of a hash the key signs: a key on P-256 signs 32 bytes.
func signedBytes(s sample) int {
	if bytes.Contains([]byte(s.algorithm), []byte("RSA")) {
		return len(s.asked.Digest)
	}
	return 32
}

func TestEveryPrefixOfAnAnswerIsRefused(t *testing.T) {
	for _, s := range samples(t) {
		body := []byte(answer(t, s.der, s.algorithm, s.value))
		for i := range body {
			_, err := s.verifier.Verify(t.Context(), body[:i], s.asked, s.at)
			require.ErrorIs(t, err, mobileid.ErrProtocol, "%s: %d bytes", s.name, i)
		}
		for i := range s.der {
			m := s
			m.der = s.der[:i]
			_, err := m.verify(t)
			require.ErrorIs(t, err, eid.ErrUntrusted)
		}
		m := s
		m.der = append(slices.Clone(s.der), 0)
		_, err := m.verify(t)
		require.ErrorIs(t, err, eid.ErrUntrusted, "something behind the certificate")
	}
}

// What may differ without changing verdict and identity, because nothing signs
// it. That is all there is.
func TestWhatNothingSignsChangesNothing(t *testing.T) {
	for _, s := range samples(t) {
		want, err := s.verify(t)
		require.NoError(t, err)
		for why, change := range map[string]func(m map[string]any){
			"time: the service's clock, for its logs":           func(m map[string]any) { m["time"] = "1970-01-01T00:00:00" },
			"both, of other types":                              func(m map[string]any) { m["time"], m["traceId"] = 7, []any{} },
			"traceId: for the service's logs":                   func(m map[string]any) { m["traceId"] = "ffff" },
			"both left out, as older versions do":               func(m map[string]any) { delete(m, "time"); delete(m, "traceId") },
			"members of tomorrow, which clients have to expect": func(m map[string]any) { m["more"] = []any{1, map[string]any{"state": "RUNNING"}} },
		} {
			var m map[string]any
			require.NoError(t, json.Unmarshal([]byte(answer(t, s.der, s.algorithm, s.value)), &m))
			change(m)
			body, err := json.Marshal(m)
			require.NoError(t, err)
			got, err := s.verifier.Verify(t.Context(), body, s.asked, s.at)
			require.NoError(t, err, why)
			got.Evidence = want.Evidence
			require.Equal(t, want, got, why)
		}
	}
	t.Run("n-s: whoever has a signature (r, s) has this one too, of the same hash by the same key", func(t *testing.T) {
		for _, s := range samples(t) {
			if len(s.value) != 64 {
				continue
			}
			other := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(s.value[32:]))
			s.value = append(slices.Clone(s.value[:32]), other.FillBytes(make([]byte, 32))...)
			_, err := s.verify(t)
			require.NoError(t, err)
		}
	})
	t.Run("the hash behind 32 bytes: a key on P-256 signs no more, so the default is no longer", func(t *testing.T) {
		for _, s := range samples(t) {
			if len(s.asked.Digest) == sha256.Size || len(s.value) != 64 {
				continue
			}
			for i := sha256.Size; i < len(s.asked.Digest); i++ {
				m := s
				m.asked.Digest = slices.Clone(s.asked.Digest)
				m.asked.Digest[i] ^= 0xFF
				_, err := m.verify(t)
				require.NoError(t, err)
			}
		}
	})
}

func TestEveryWordOfAnAnswerThatIsNotTheRightOneIsRefused(t *testing.T) {
	for _, s := range samples(t) {
		for _, path := range []string{"state", "result"} {
			for _, word := range []any{"", "ok", "OK ", "COMPLETED", "complete", "RUNNING", "USER_CANCELLED", nil, 1, true, []any{"OK"}, map[string]any{}} {
				var m map[string]any
				require.NoError(t, json.Unmarshal([]byte(answer(t, s.der, s.algorithm, s.value)), &m))
				m[path] = word
				body, err := json.Marshal(m)
				require.NoError(t, err)
				_, err = s.verifier.Verify(t.Context(), body, s.asked, s.at)
				require.Error(t, err, fmt.Sprint(path, word))
			}
		}
		// A certificate of somebody else under the same authority, and another one of
		// the same person: both are good, and neither made this signature.
		r := newRig(t)
		for _, who := range []testca.Person{{Code: "EE60001017869"}, {}} {
			m := s
			m.der = r.person(who).DER
			_, err := m.verify(t)
			require.ErrorIs(t, err, eid.ErrUntrusted)
		}
		body := answer(t, s.der, s.algorithm, s.value)
		text := base64.StdEncoding.EncodeToString(s.der)
		for _, other := range []string{"", text[:len(text)-4], text + "AAAA", text[:64] + "\\n" + text[64:], "-----BEGIN CERTIFICATE-----\\n" + text} {
			changed := bytes.Replace([]byte(body), []byte(text), []byte(other), 1)
			_, err := s.verifier.Verify(t.Context(), changed, s.asked, s.at)
			require.ErrorIs(t, err, eid.ErrUntrusted)
		}
	}
}
