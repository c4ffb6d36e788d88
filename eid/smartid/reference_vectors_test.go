package smartid_test

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/smartid"
)

func vectorsV3(t *testing.T, ref *reference) {
	entries, err := os.ReadDir(filepath.Join(ref.dir, "smartid-v3", "vectors"))
	require.NoError(t, err)
	require.Len(t, entries, 4)
	ref.fixtures += len(entries)
	t.Run("authentication codes of links", func(t *testing.T) { vectorsAuthCode(t, ref) })
	t.Run("payload of ACSP_V2", func(t *testing.T) { vectorsPayload(t, ref) })
	t.Run("control codes", func(t *testing.T) { vectorsControlCode(t, ref) })
	t.Run("returns", func(t *testing.T) { vectorsCallback(t, ref) })
}

func vectorsAuthCode(t *testing.T, ref *reference) {
	var rows []struct {
		DeviceLinkType, SessionType, SchemeName, RPChallengeOrDigest, RelyingPartyName, BrokeredRPName string
		Interactions, InitialCallbackURL, SessionSecret, UnprotectedDeviceLink, AuthCode, DeviceLink   string
	}
	ref.decode(t, "smartid-v3/vectors/authcode.json", &rows)
	require.NotEmpty(t, rows)
	for _, r := range rows {
		link := smartid.Link{
			SchemeName: r.SchemeName, RelyingPartyName: r.RelyingPartyName, BrokeredName: r.BrokeredRPName,
			Session: smartid.SessionType(r.SessionType), Challenge: r.RPChallengeOrDigest, Interactions: r.Interactions,
			Callback: r.InitialCallbackURL, Base: "https://smart-id.com/device-link", Token: "wGIrqveE6AuGDATZKmR1mtAZ",
			Secret: must(base64.StdEncoding.DecodeString(r.SessionSecret)), Language: "eng",
		}
		got := map[string]string{
			"QR": link.QR(22*time.Second + 999*time.Millisecond), "Web2App": link.Web2App(), "App2App": link.App2App(),
		}[r.DeviceLinkType]
		require.Equal(t, r.DeviceLink, got)
		require.Equal(t, r.UnprotectedDeviceLink+"&authCode="+r.AuthCode, got)
		ref.vectors++
	}
}

func vectorsPayload(t *testing.T, ref *reference) {
	var rows []struct {
		SchemeName, ServerRandom, RPChallenge, UserChallenge, RelyingPartyName, BrokeredRPName, Interactions string
		InteractionTypeUsed, InitialCallbackURL, FlowType, HashAlgorithm, Payload, DigestBase64              string
	}
	ref.decode(t, "smartid-v3/vectors/acsp-v2.json", &rows)
	require.NotEmpty(t, rows)
	for _, r := range rows {
		a := smartid.Asked{
			SchemeName: r.SchemeName, RelyingPartyName: r.RelyingPartyName, BrokeredName: r.BrokeredRPName,
			Challenge: r.RPChallenge, Interactions: r.Interactions, Callback: r.InitialCallbackURL,
		}
		got := smartid.PayloadForTest(a, r.ServerRandom, r.UserChallenge, smartid.InteractionType(r.InteractionTypeUsed), smartid.FlowType(r.FlowType))
		require.Equal(t, r.Payload, string(got))
		require.Equal(t, "SHA-512", r.HashAlgorithm)
		digest := sha512.Sum512(got)
		require.Equal(t, r.DigestBase64, base64.StdEncoding.EncodeToString(digest[:]))
		ref.vectors++
	}
}

func vectorsControlCode(t *testing.T, ref *reference) {
	var rows []struct{ RPChallengeBase64, Code string }
	ref.decode(t, "smartid-v3/vectors/verification-code.json", &rows)
	require.NotEmpty(t, rows)
	for _, r := range rows {
		require.Equal(t, r.Code, smartid.ControlCode(must(base64.StdEncoding.DecodeString(r.RPChallengeBase64))))
		ref.vectors++
	}
}

func vectorsCallback(t *testing.T, ref *reference) {
	var rows []struct {
		CallbackURL, SessionSecret, SessionSecretDigest, UserChallengeVerifier, UserChallenge, Expect string
	}
	ref.decode(t, "smartid-v3/vectors/callback.json", &rows)
	require.NotEmpty(t, rows)
	for _, r := range rows {
		query := url.Values{"value": {"RrKjjT4aggzu27YBddX1bQ"}, "sessionSecretDigest": {r.SessionSecretDigest}}
		if r.CallbackURL != "" {
			u, err := url.Parse(r.CallbackURL)
			require.NoError(t, err)
			query = u.Query()
		}
		back, err := smartid.ParseReturn(query)
		require.NoError(t, err)
		err = back.Belongs("RrKjjT4aggzu27YBddX1bQ", must(base64.StdEncoding.DecodeString(r.SessionSecret)))
		ref.vectors++
		if r.Expect == "reject" {
			require.ErrorIs(t, err, eid.ErrState)
			continue
		}
		require.NoError(t, err)
		require.True(t, back.AnswersForTest(r.UserChallenge))
		require.False(t, back.AnswersForTest("RvrVNS1GJYCsuEnEqPCdHHn5vl65F3XiBjmxB4zSosw"))
	}
}

func vectorsV2(t *testing.T, ref *reference) {
	var rows []struct{ InputHex, Code string }
	ref.decode(t, "smartid-v2/vectors/verification-code.json", &rows)
	require.NotEmpty(t, rows)
	ref.fixtures++
	for _, r := range rows {
		require.Equal(t, r.Code, smartid.ControlCode(must(hex.DecodeString(r.InputHex))))
		ref.vectors++
	}
}
