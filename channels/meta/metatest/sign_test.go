package metatest_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

func TestSignaturesAgreeWithTheReference(t *testing.T) {
	raw, ok := metatest.Reference(t, "signatures/x_hub_signature_256.json")
	if !ok {
		return
	}
	var set struct {
		Secret  string `json:"app_secret"`
		Vectors []struct {
			Name    string
			Body    []byte `json:"body_base64"`
			Raw     string `json:"signature_over_raw_bytes"`
			Escaped string `json:"signature_over_unicode_escaped_form"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &set))
	require.NotEmpty(t, set.Vectors)
	for _, v := range set.Vectors {
		require.Equal(t, v.Raw, metatest.Signature(set.Secret, v.Body), v.Name)
		require.Equal(t, v.Escaped, metatest.Signature(set.Secret, metatest.EscapeUnicode(v.Body)), v.Name)
	}
}

func TestProofsAgreeWithTheReference(t *testing.T) {
	raw, ok := metatest.Reference(t, "signatures/appsecret_proof.json")
	if !ok {
		return
	}
	var v struct {
		Secret string `json:"app_secret"`
		Token  string `json:"access_token"`
		Proof  string `json:"appsecret_proof"`
	}
	require.NoError(t, json.Unmarshal(raw, &v))
	require.Equal(t, v.Proof, metatest.Proof(v.Secret, v.Token))
}

func TestSignedRequestsAgreeWithTheReference(t *testing.T) {
	raw, ok := metatest.Reference(t, "signatures/signed_request.json")
	if !ok {
		return
	}
	var v struct {
		Secret string `json:"app_secret"`
		Valid  struct {
			Request string `json:"signed_request"`
			Payload struct {
				Algorithm string
				Expires   int64
				Issued    int64  `json:"issued_at"`
				UserID    string `json:"user_id"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &v))
	p := v.Valid.Payload
	require.Equal(t, v.Valid.Request, metatest.SignRequest(v.Secret, p.Algorithm, p.UserID, p.Issued, p.Expires))
}

func TestBothSignaturesGoOut(t *testing.T) {
	a := open(t)
	h := a.Sign([]byte(`{}`))
	require.Len(t, h.Get(metatest.HeaderSignature), 71)
	require.Len(t, h.Get(metatest.HeaderSignatureOlder), 45)
	require.Equal(t, "application/json", h.Get("Content-Type"))
}
