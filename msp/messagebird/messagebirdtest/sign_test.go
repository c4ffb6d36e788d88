package messagebirdtest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTokensAgreeWithTheOfficialVectorsByteForByte(t *testing.T) {
	var vectors []struct {
		Name, Secret, URL, Payload, Token string
		Valid                             bool
	}
	raw, ok := Reference(t, "signatures/jwt_vectors.json")
	if !ok {
		return
	}
	require.NoError(t, json.Unmarshal(raw, &vectors))
	signed := 0
	for _, v := range vectors {
		if !v.Valid {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			part := strings.Split(v.Token, ".")
			var head struct{ Alg string }
			var claims Claims
			decode(t, part[0], &head)
			decode(t, part[1], &claims)

			own := NewClaims(v.URL, []byte(v.Payload), time.Unix(claims.NotBefore, 0))
			own.ID = claims.ID // random in a genuine token
			token, err := own.Token(head.Alg, v.Secret)
			require.NoError(t, err)
			require.Equal(t, v.Token, token)
		})
		signed++
	}
	require.Equal(t, 17, signed)
}

func decode(t *testing.T, part string, to any) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, to))
}

func TestTheOlderSignatureAgreesWithTheOfficialVectors(t *testing.T) {
	var vectors []struct {
		Name, Timestamp, Query, Body, Signature string
		Key                                     string `json:"signing_key"`
		Valid                                   bool
	}
	raw, ok := Reference(t, "signatures/hmac_query_vectors.json")
	if !ok {
		return
	}
	require.NoError(t, json.Unmarshal(raw, &vectors))
	require.Len(t, vectors, 10)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			own := olderSignature(v.Key, v.Timestamp, v.Query, []byte(v.Body))
			require.Equal(t, v.Valid, own == v.Signature)
		})
	}
}

func TestATokenNamesNoBodyWhenThereIsNone(t *testing.T) {
	s := &signer{key: "k", alg: "HS512", now: time.Now}
	var claims map[string]any
	h := s.Sign("https://example.ee/", nil)
	decode(t, strings.Split(h.Get(HeaderToken), ".")[1], &claims)
	require.NotContains(t, claims, "payload_hash")
	require.Empty(t, h.Get("Content-Type"))
}

func TestAForgersTokenHasNoSignature(t *testing.T) {
	token, err := NewClaims("https://example.ee/", nil, time.Unix(0, 0)).Token("none", "")
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(token, "."))
	_, err = Claims{}.Token("RS256", "k")
	require.Error(t, err)
}

func TestTheSignedURLIsTheOneThatIsCalled(t *testing.T) {
	for _, c := range []struct{ registered, called string }{
		{"https://example.ee", "https://example.ee/"},
		{"https://example.ee:443/a", "https://example.ee/a"},
		{"http://example.ee:80/a", "http://example.ee/a"},
		{"https://example.ee:8443", "https://example.ee:8443/"},
		{"https://example.ee/a%2Fb?foo=1&bar=2", "https://example.ee/a%2Fb?foo=1&bar=2"},
		{"https://example.ee/a?x=%20+#part", "https://example.ee/a?x=%20+"},
	} {
		require.Equal(t, c.called, calledURL(c.registered, nil))
		// What Go's client puts on the wire is what was signed.
		r, err := http.NewRequest(http.MethodPost, calledURL(c.registered, nil), nil)
		require.NoError(t, err)
		u, err := url.Parse(c.called)
		require.NoError(t, err)
		require.Equal(t, u.RequestURI(), r.URL.RequestURI())
	}
	require.Equal(t, "https://example.ee/?a=1&b=2", calledURL("https://example.ee/?a=1", map[string]string{"b": "2"}))
}
