package metatest

import (
	"reflect"

	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Reference reads a file of the reference payloads, below meta. ok is false when they are not there.
func Reference(t *testing.T, name string) (raw []byte, ok bool) {
	t.Helper()
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "reference")
	}
	if _, err := os.Stat(filepath.Join(dir, "meta")); err != nil {
		fmt.Println("reference: absent")
		return nil, false
	}
	raw, err := os.ReadFile(filepath.Join(dir, "meta", filepath.FromSlash(name)))
	require.NoError(t, err)
	return raw, true
}

// SignRequest is signed_request with these claims.
func SignRequest(secret, algorithm, userID string, issued, expires int64) string {
	return signRequest(secret, requestClaims{algorithm, expires, issued, userID})
}

// PageTexts are the words of the pages for people: by language, then by field.
func PageTexts() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, t := range allTexts() {
		v, words := reflect.ValueOf(t), map[string]string{}
		for i := range v.NumField() {
			words[v.Type().Field(i).Name] = v.Field(i).String()
		}
		all[t.Lang] = words
	}
	return all
}
