package messagebird_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// referenceDir is the folder of MessageBird's recorded payloads, which are no
// part of the repository; "" when it is not there.
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
	dir = filepath.Join(dir, "messagebird")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// later reports whether a file is of another API, or of another generation.
func later(path string) bool {
	for _, prefix := range []string{
		"verify/", "contacts/", "synthetic/birdplatform_", "synthetic/legacy_template_list", "signatures/standard_webhooks_",
	} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// ofBird reports whether a file is read by the tests of package bird.
func ofBird(path string) bool {
	return strings.HasPrefix(path, "synthetic/birdcrm_") || strings.HasPrefix(path, "signatures/hmac_url_")
}

func TestReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		fmt.Println("reference: absent")
		return
	}
	var fixtures, vectors, laters, failed int
	count := func(ok bool) {
		if !ok {
			failed++
		}
	}
	rows := referenceRows()
	maps.Copy(rows, smsRows())
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch name = filepath.ToSlash(name); {
		case ofBird(name):
		case later(name):
			laters++
		case name == "signatures/jwt_vectors.json":
			n, ok := jwtVectors(t, raw)
			vectors += n
			count(ok)
		case name == "signatures/hmac_query_vectors.json":
			n, ok := hmacVectors(t, raw)
			vectors += n
			count(ok)
		default:
			fixtures++
			row := rows[name]
			delete(rows, name)
			count(t.Run(name, func(t *testing.T) {
				require.NotNil(t, row, "the file has no row in the table")
				row(t, raw)
			}))
		}
		return nil
	})
	require.NoError(t, err)
	for name := range rows {
		failed++
		t.Errorf("%s has a row, and there is no such file", name)
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=%d failed=%d\n", fixtures, vectors, laters, failed)
}

// jwtVectors gives each token its verdict, at the moment when it was received.
func jwtVectors(t *testing.T, raw []byte) (n int, ok bool) {
	var all []struct {
		Name, Method, Secret, URL, Token string
		Payload                          string
		Timestamp                        time.Time
		Valid                            bool
	}
	require.NoError(t, json.Unmarshal(raw, &all))
	ok = true
	for _, v := range all {
		ok = t.Run(v.Name, func(t *testing.T) {
			cfg := config("http://127.0.0.1:1")
			cfg.RetryHorizon = -1
			cfg.SigningKeys = func() []string { return []string{v.Secret + "x", v.Secret} }
			if v.Secret == "" {
				cfg.SigningKeys = func() []string { return []string{signingKey} }
			}
			h := http.Header{}
			h.Set(messagebirdtest.HeaderToken, v.Token)
			r := &channels.Request{Method: v.Method, PublicURL: v.URL, Header: h, Body: []byte(v.Payload), At: v.Timestamp}
			verdict(t, provider(t, cfg), r, v.Valid)
		}) && ok
	}
	return len(all), ok
}

// hmacVectors gives each pair of the older headers its verdict.
func hmacVectors(t *testing.T, raw []byte) (n int, ok bool) {
	var all []struct {
		Name, Timestamp, Query, Body, Signature string
		SigningKey                              string `json:"signing_key"`
		Valid                                   bool
	}
	require.NoError(t, json.Unmarshal(raw, &all))
	ok = true
	for _, v := range all {
		ok = t.Run(v.Name, func(t *testing.T) {
			cfg := config("http://127.0.0.1:1")
			cfg.LegacyHMAC = &messagebird.LegacyConfig{}
			cfg.SigningKeys = func() []string { return []string{v.SigningKey} }
			seconds, err := strconv.ParseInt(v.Timestamp, 10, 64)
			require.NoError(t, err)
			h := http.Header{}
			h.Set(messagebirdtest.HeaderSignature, v.Signature)
			h.Set(messagebirdtest.HeaderTimestamp, v.Timestamp)
			r := &channels.Request{Method: "GET", PublicURL: hookURL, Header: h, Body: []byte(v.Body), At: time.Unix(seconds, 0)}
			if v.Query != "" {
				r.PublicURL += "?" + v.Query
			}
			verdict(t, provider(t, cfg), r, v.Valid)
			if v.Valid && strings.Contains(v.Query, "&status=") {
				reported(t, v.Query)
			}
		}) && ok
	}
	return len(all), ok
}

func verdict(t *testing.T, p *messagebird.Provider, r *channels.Request, valid bool) {
	t.Helper()
	if valid {
		accepted(t, p, r)
		return
	}
	refused(t, p, r)
}
