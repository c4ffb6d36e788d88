package messagebirdtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Reference reads a file of the reference payloads, below messagebird. ok is false when they are not there.
func Reference(t *testing.T, name string) (raw []byte, ok bool) {
	t.Helper()
	dir := os.Getenv("ALT_REFERENCE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "reference")
	}
	if _, err := os.Stat(filepath.Join(dir, "messagebird")); err != nil {
		fmt.Println("reference: absent")
		return nil, false
	}
	raw, err := os.ReadFile(filepath.Join(dir, "messagebird", filepath.FromSlash(name)))
	require.NoError(t, err)
	return raw, true
}
