package tara_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/tara"
)

func fuzzed(f *testing.F) *tara.Authenticator {
	a, err := tara.New(tara.Config{
		Issuer: address, ClientID: client, ClientSecret: func() string { return secret }, RedirectURL: home,
		Client: offline(), Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
	})
	require.NoError(f, err)
	return a
}

func FuzzState(f *testing.F) {
	a := fuzzed(f)
	f.Add(`{"issuer":"https://tara.example","client":"agency chat","redirect":"https://agency.example/eid/tara","state":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","level":"high","means":null,"expires":"2030-01-01T00:00:00Z"}`, "state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&code=x")
	f.Add("{}", "error=user_cancel")
	f.Fuzz(func(t *testing.T, body, query string) {
		answer, _ := url.ParseQuery(query)
		for _, s := range []eid.State{eid.State(body), tara.Sealed(body)} {
			id, err := a.Resolve(t.Context(), s, answer)
			require.Error(t, err)
			require.Zero(t, id)
		}
	})
}

func FuzzClaims(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	f.Add([]byte(`{"iss":"i","aud":"c","exp":1800000040,"iat":1800000000,"sub":"EE60001019906","amr":["mID"],"acr":"high","state":"s","nonce":"n","profile_attributes":{"given_name":"MARY","date_of_birth":"2000-01-01"}}`))
	f.Add([]byte(`{"iss":"i","aud":["c","d"],"azp":"c","exp":1e9,"iat":-1,"sub":"LV07038510121"}`))
	f.Add([]byte(`{"aud":{}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		id, err := tara.ReadClaims(payload, "i", "c", "s", "n", now)
		if err != nil {
			require.Zero(t, id)
			return
		}
		id.At = now
		require.NoError(t, id.Valid())
		require.True(t, id.Level.AtLeast(eid.Substantial))
	})
}
