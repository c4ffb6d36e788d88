package mobileidtest_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/mobileid/mobileidtest"
)

// referenceDir is the folder of vectors and examples, which is no part of the repository; "" when it is not there.
func referenceDir() string {
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = "../shared/reference"
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join("..", "..", "..", dir)
	}
	dir = filepath.Join(dir, "eid", "mobileid")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

func TestReference(t *testing.T) {
	dir := referenceDir()
	if dir == "" {
		fmt.Println("reference: absent")
		return
	}
	files := map[string]func(t *testing.T, raw []byte) int{
		"vectors/verification-code.json": controlCodes,
		"demo-numbers.json":              demoNumbers,
	}
	for name, path := range map[string]string{
		"authenticationRequest": "/authentication", "authenticationRequestSHA256": "/authentication", "authenticationRequestUcs2": "/authentication",
		"signatureRequest": "/signature", "certificateChoiceRequest": "/certificate",
	} {
		files["requests/"+name+".json"] = accepted(path)
	}
	for _, result := range []string{"TIMEOUT", "NOT_MID_CLIENT", "USER_CANCELLED", "SIGNATURE_HASH_MISMATCH", "PHONE_ABSENT", "EXPIRED_TRANSACTION"} {
		files["responses/sessionStatusWhen"+camel(result)+".json"] = ended(result)
	}
	vectors, failed := 0, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		ok := t.Run(name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			require.NoError(t, err)
			vectors += files[name](t, raw)
		})
		if !ok {
			failed++
		}
	}
	fmt.Printf("reference: fixtures=%d vectors=%d later=0 failed=%d\n", len(files), vectors, failed)
}

// camel writes a result as the names of the files do.
func camel(result string) string {
	var out strings.Builder
	for _, word := range strings.Split(result, "_") {
		if word == "MID" {
			out.WriteString(word)
			continue
		}
		out.WriteString(word[:1] + strings.ToLower(word[1:]))
	}
	return out.String()
}

func controlCodes(t *testing.T, raw []byte) int {
	var rows []struct{ HashHex, Code string }
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.NotEmpty(t, rows)
	for _, r := range rows {
		b, err := hex.DecodeString(r.HashHex)
		require.NoError(t, err)
		require.Equal(t, r.Code, mobileidtest.ControlCode(b))
	}
	return len(rows)
}

// Every documented number is there and ends as it is documented.
func demoNumbers(t *testing.T, raw []byte) int {
	s := open(t, func(c *mobileidtest.Config) { c.People, c.DemoNumbers = nil, true })
	byPhone := map[string]mobileidtest.Person{}
	for _, p := range s.People() {
		byPhone[p.Phone] = p
	}
	var rows []struct{ PhoneNumber, NationalIdentityNumber, Outcome string }
	require.NoError(t, json.Unmarshal(raw, &rows))
	require.Len(t, byPhone, len(rows))
	for _, r := range rows {
		p := byPhone[r.PhoneNumber]
		result, _, _ := strings.Cut(r.Outcome, " ")
		require.Equal(t, []string{r.NationalIdentityNumber, result}, []string{p.Code, p.Result})
		require.False(t, strings.Contains(r.Outcome, "PNOEE-") && p.OldCertificate)
	}
	return len(rows)
}

func accepted(path string) func(t *testing.T, raw []byte) int {
	return func(t *testing.T, raw []byte) int {
		s := open(t, func(c *mobileidtest.Config) { c.People, c.DemoNumbers = nil, true })
		status, m := s.do("POST", path, string(raw))
		require.Equal(t, 200, status, "%v", m)
		if path == "/certificate" {
			require.Equal(t, "OK", m["result"])
			return 1
		}
		require.Equal(t, "OK", s.poll(path, m["sessionID"].(string))["result"])
		return 1
	}
}

// ended checks that a session that ends so says at least what the reference's answer says.
func ended(result string) func(t *testing.T, raw []byte) int {
	return func(t *testing.T, raw []byte) int {
		s := open(t)
		id := s.begin("/authentication", request(mary, "SHA256"))
		require.NoError(t, s.Prompts(mary)[0].End(result))
		var want map[string]any
		require.NoError(t, json.Unmarshal(raw, &want))
		got := s.poll("/authentication", id)
		for name, value := range want {
			require.Equal(t, value, got[name])
		}
		return 1
	}
}
