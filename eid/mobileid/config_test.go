package mobileid_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestWhatIsMissingOrWrongInAConfigurationIsNamed(t *testing.T) {
	r := newRig(t)
	require.Equal(t, eid.MobileID, r.m.Method())
	for name, row := range map[string]struct {
		field  string
		change func(*mobileid.Config)
	}{
		"no environment":           {"Environment", func(c *mobileid.Config) { c.Environment = mobileid.Environment{} }},
		"no relying party":         {"RelyingPartyUUID", func(c *mobileid.Config) { c.RelyingPartyUUID = "" }},
		"a malformed one":          {"RelyingPartyUUID", func(c *mobileid.Config) { c.RelyingPartyUUID = uuid + "0" }},
		"no name":                  {"RelyingPartyName", func(c *mobileid.Config) { c.RelyingPartyName = " " }},
		"a name that is no text":   {"RelyingPartyName", func(c *mobileid.Config) { c.RelyingPartyName = "\xff" }},
		"no authorities":           {"Trust", func(c *mobileid.Config) { c.Trust = nil }},
		"no revocation":            {"Revocation", func(c *mobileid.Config) { c.InsecureSkipRevocation = false }},
		"revocation and none":      {"Revocation", func(c *mobileid.Config) { c.Revocation = &checker{} }},
		"no pins":                  {"Pins", func(c *mobileid.Config) { c.InsecureNoPins = false }},
		"pins and none":            {"Pins", func(c *mobileid.Config) { c.Pins = []string{pin([]byte("key"))} }},
		"pins that are none":       {"Pins", func(c *mobileid.Config) { c.InsecureNoPins, c.Pins = false, []string{"sha256//"} }},
		"an unknown hash":          {"Hash", func(c *mobileid.Config) { c.Hash = "SHA1" }},
		"a wait too short":         {"PollTimeout", func(c *mobileid.Config) { c.PollTimeout = time.Millisecond }},
		"a wait too long":          {"PollTimeout", func(c *mobileid.Config) { c.PollTimeout = time.Hour }},
		"no TLS":                   {"Environment", func(c *mobileid.Config) { c.InsecureHTTP = false }},
		"no rules to authenticate": {"Environment.Authentication", func(c *mobileid.Config) { c.Environment.Authentication = trust.Profile{} }},
		"no rules to sign":         {"Environment.Signing", func(c *mobileid.Config) { c.Environment.Signing = trust.Profile{} }},
	} {
		cfg := r.cfg
		row.change(&cfg)
		_, err := mobileid.New(cfg)
		require.ErrorContains(t, err, "eid/mobileid: Config."+row.field, name)
		clean(t, err.Error())
	}
	for field, change := range map[string]func(*mobileid.VerifierConfig){
		"Trust":       func(c *mobileid.VerifierConfig) { c.Trust = nil },
		"Environment": func(c *mobileid.VerifierConfig) { c.Environment = mobileid.Environment{} },
		"Revocation":  func(c *mobileid.VerifierConfig) { c.InsecureSkipRevocation = false },
		"Revocation ": func(c *mobileid.VerifierConfig) { c.Revocation = &checker{} },
	} {
		cfg := mobileid.VerifierConfig{Trust: r.cfg.Trust, Environment: mobileid.Live(), InsecureSkipRevocation: true}
		change(&cfg)
		_, err := mobileid.NewVerifier(cfg)
		require.ErrorContains(t, err, "eid/mobileid: VerifierConfig."+strings.TrimSpace(field))
	}
}

func TestTheZeroConfigurationHasGoodDefaults(t *testing.T) {
	r := newRig(t, func(c *mobileid.Config) {
		c.PollTimeout, c.Hash, c.Now, c.RelyingPartyUUID = 0, "", nil, "C0FFEE00-1111-4222-8333-444455556666"
	})
	c := r.begin()
	require.Equal(t, uuid, r.service.asked().RelyingPartyUUID, "the service wants it in lower case")
	require.Equal(t, "SHA256", r.service.asked().HashType)
	require.WithinDuration(t, time.Now().Add(5*time.Minute), c.Expires, time.Minute)
	_, _ = r.resolve(c)
	require.Equal(t, "15000", r.service.polled()[0].Get("timeoutMs"))
}

func TestTheEnvironmentsAreNotMixedUp(t *testing.T) {
	demo, live := mobileid.Demo(), mobileid.Live()
	require.Equal(t, "https://tsp.demo.sk.ee/mid-api", demo.BaseURL)
	require.Equal(t, "https://mid.sk.ee/mid-api", live.BaseURL)
	for _, p := range []trust.Profile{demo.Authentication, demo.Signing, live.Authentication, live.Signing} {
		require.NoError(t, p.Valid())
	}
	demo.Authentication.Policies[0].All[0][8] = 99
	require.Equal(t, 1, demo.Signing.Policies[0].All[0][8])
	require.Equal(t, 1, mobileid.Demo().Authentication.Policies[0].All[0][8], "each call returns its own")
}

func TestAServiceWithAnotherKeyLearnsNothing(t *testing.T) {
	for name, right := range map[string]bool{"the pinned key": true, "another key": false} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests++
				_, _ = w.Write([]byte(`{"sessionID":"` + session + `"}`))
			}))
			srv.Config.ErrorLog = log.New(io.Discard, "", 0) // a broken handshake is what is wanted
			srv.StartTLS()
			defer srv.Close()
			key := srv.Certificate().RawSubjectPublicKeyInfo
			if !right {
				key = []byte("another")
			}
			r := newRig(t, func(c *mobileid.Config) {
				c.Environment.BaseURL, c.Client = srv.URL, srv.Client()
				c.InsecureNoPins, c.InsecureHTTP, c.Pins = false, false, []string{pin([]byte("the next key")), pin(key)}
			})
			_, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone})
			if right {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, trust.ErrPin)
			require.ErrorIs(t, err, mobileid.ErrUnavailable)
			var f *mobileid.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, mobileid.AdviceConfigure, f.Advice)
			require.False(t, f.Uncertain)
			require.Zero(t, requests)
			clean(t, err.Error())
		})
	}
}

func pin(key []byte) string {
	sum := sha256.Sum256(key)
	return base64.StdEncoding.EncodeToString(sum[:])
}
