package tara_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/tara/taratest"
)

const mockAddress = "https://localhost:8080"

// at moves the world's TARA to another address.
func (w *world) at(issuer string) {
	w.sim.SetURL(issuer)
	w.cfg.Client = &http.Client{Transport: moved{w.sim}}
	w.a = w.another()
}

// moved carries requests for whatever host to one handler.
type moved struct{ handler http.Handler }

func (m moved) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.URL.Scheme, in.URL.Host, _ = strings.Cut(address, "://")
	return direct(m).RoundTrip(in)
}

// TARA-Mock's own discovery document is one that we can work with.
func referenceMockDiscovery(t *testing.T, raw []byte) int {
	w := newWorld(t, change{
		sim: func(c *taratest.Config) { c.Issuer = mockAddress },
		cfg: func(c *tara.Config) { c.Issuer = mockAddress },
	})
	w.handled("/openid-configuration", func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write(raw) })
	inner := w.cfg.Client.Transport.(direct).handler
	w.cfg.Client = &http.Client{Transport: moved{inner}}
	w.a = w.another()
	id, err := w.prove(eid.Request{}, mary)
	require.NoError(t, err)
	require.Equal(t, mary, string(id.Code))
	return 1
}

// Its token is accepted when its identity has a country, and refused when it was
// written down without one, as in its own examples.
func referenceMockToken(t *testing.T, raw []byte) int {
	var shape map[string]any
	require.NoError(t, json.Unmarshal(raw, &shape))
	for sub, want := range map[string]error{"EE60001019906": nil, "60001019906": eid.ErrUntrusted, "Isikukood1": eid.ErrUntrusted} {
		w := newWorld(t, change{
			sim: func(c *taratest.Config) { c.Issuer, c.ClientID = mockAddress, shape["aud"].(string) },
			cfg: func(c *tara.Config) {
				c.Issuer, c.ClientID, c.Scopes = mockAddress, shape["aud"].(string), []string{"mid"}
			},
		})
		w.at(mockAddress)
		claims := map[string]any{}
		for name, v := range shape {
			claims[name] = v
		}
		claims["sub"] = sub
		claims["iat"], claims["nbf"], claims["exp"] = w.now.Unix(), w.now.Unix(), w.now.Unix()+60
		w.sign(claims, shape["nonce"].(string), shape["state"].(string))
		_, err := w.prove(eid.Request{Level: eid.High}, mary)
		require.ErrorIs(t, err, want, sub)
	}
	return 3
}
