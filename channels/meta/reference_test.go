package meta_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// referenceDir is the folder of Meta's recorded payloads, which are no part of
// the repository; "" when it is not there.
func referenceDir() string {
	root, err := os.Getwd()
	for err == nil && root != filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Dir(root)
	}
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	dir = filepath.Join(dir, "meta")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// referenceFiles calls f with each recorded payload.
func referenceFiles(f func(name string, raw []byte)) error {
	dir := referenceDir()
	if dir == "" {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			f(filepath.ToSlash(name), raw)
		}
		return err
	})
}

// TestReference holds the driver to every recorded payload: webhooks by the
// rows of receiving, calls and their answers by those of sending.
func TestReference(t *testing.T) {
	if referenceDir() == "" {
		fmt.Println("reference: absent")
		return
	}
	rows := inRows()
	for name, row := range outRows() {
		require.NotContains(t, rows, name, "two rows for one file")
		rows[name] = row
	}
	var fixtures, vectors, failed int
	count := func(ok bool) {
		if !ok {
			failed++
		}
	}
	err := referenceFiles(func(name string, raw []byte) {
		if strings.HasPrefix(name, "signatures/") {
			n, ok := signatureVectors(t, name, raw)
			vectors += n
			count(ok)
			return
		}
		fixtures++
		row := rows[name]
		delete(rows, name)
		count(t.Run(name, func(t *testing.T) {
			require.NotNil(t, row, "the file has no row in the tables")
			row(t, raw)
		}))
	})
	require.NoError(t, err)
	for name := range rows {
		failed++
		t.Errorf("%s has a row, and there is no such file", name)
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", fixtures, vectors, failed)
}

// signatureVectors gives each vector of a file its verdict.
func signatureVectors(t *testing.T, name string, raw []byte) (n int, ok bool) {
	ok = t.Run(name, func(t *testing.T) {
		switch name {
		case "signatures/x_hub_signature_256.json":
			n = hubVectors(t, raw)
		case "signatures/signed_request.json":
			n = signedRequestVectors(t, raw)
		case "signatures/appsecret_proof.json":
			n = proofVectors(t, raw)
		default:
			t.Errorf("nobody knows these vectors")
		}
	})
	return n, ok
}

func hubVectors(t *testing.T, raw []byte) int {
	var all struct {
		Secret  string `json:"app_secret"`
		Vectors []struct {
			Body    string `json:"body_base64"`
			Raw     string `json:"signature_over_raw_bytes"`
			Escaped string `json:"signature_over_unicode_escaped_form"`
			Strict  bool   `json:"reserialised_json_must_fail"`
		}
		Negative []struct{ Header, Why string }
	}
	require.NoError(t, json.Unmarshal(raw, &all))
	require.NotEmpty(t, all.Vectors)
	require.NotEmpty(t, all.Negative)
	cfg := receiving()
	cfg.AppSecrets = func() []string { return []string{"another", all.Secret} }
	app := receiverOf(t, cfg)
	request := func(body []byte, header string) *channels.Request {
		r := &channels.Request{Method: http.MethodPost, PublicURL: hookURL, Header: http.Header{}, Body: body, At: noon()}
		if header != "" {
			r.Header.Set(hookHeader, header)
		}
		return r
	}
	var first []byte
	for _, v := range all.Vectors {
		body, err := base64.StdEncoding.DecodeString(v.Body)
		require.NoError(t, err)
		believed(t, app, request(body, v.Raw))
		believed(t, app, request(body, v.Escaped))
		if v.Strict {
			var tree any
			require.NoError(t, json.Unmarshal(body, &tree))
			again, err := json.Marshal(tree)
			require.NoError(t, err)
			doubted(t, app, request(again, v.Raw))
		}
		if first == nil {
			first = body
		}
	}
	for _, v := range all.Negative {
		doubted(t, app, request(first, v.Header))
	}
	return len(all.Vectors) + len(all.Negative)
}

func signedRequestVectors(t *testing.T, raw []byte) int {
	type vector struct {
		Value   string `json:"signed_request"`
		Payload struct {
			Issued int64  `json:"issued_at"`
			User   string `json:"user_id"`
		}
	}
	var all struct {
		Secret  string `json:"app_secret"`
		Valid   vector
		Invalid []vector
	}
	require.NoError(t, json.Unmarshal(raw, &all))
	require.NotEmpty(t, all.Invalid)
	cfg := receiving()
	cfg.AppSecrets = func() []string { return []string{"another", all.Secret} }
	cfg.Now = func() time.Time { return time.Unix(all.Valid.Payload.Issued, 0) }
	app := receiverOf(t, cfg)
	got, err := app.SignedRequest(all.Valid.Value)
	require.NoError(t, err)
	require.Equal(t, meta.SignedRequest{User: all.Valid.Payload.User, Issued: cfg.Now().UTC()}, got)
	for _, v := range all.Invalid {
		_, err := app.SignedRequest(v.Value)
		require.ErrorIs(t, err, channels.ErrSignature)
	}
	return 1 + len(all.Invalid)
}

// proofVectors checks the proof where it shows: in a call.
func proofVectors(t *testing.T, raw []byte) int {
	var v struct {
		Secret string `json:"app_secret"`
		Token  string `json:"access_token"`
		Proof  string `json:"appsecret_proof"`
	}
	require.NoError(t, json.Unmarshal(raw, &v))
	var got struct {
		Proof string `json:"appsecret_proof"`
	}
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte(`{"message_id":"m1"}`))
	}))
	t.Cleanup(graph.Close)
	cfg := receiving()
	cfg.InsecureHTTP, cfg.Endpoints.Graph = true, graph.URL
	cfg.AppSecrets = func() []string { return []string{v.Secret} }
	cfg.Lines[0].Token = func() string { return v.Token }
	_, err := receiverOf(t, cfg).Channels()[0].Send(t.Context(), channels.Outbound{
		ID: "m-1", To: channels.Address{Channel: "page", Peer: kati}, Content: channels.Text{Body: "Tere"}, Author: channels.Bot, Parts: 1,
	})
	require.NoError(t, err)
	require.Equal(t, v.Proof, got.Proof)
	return 1
}
