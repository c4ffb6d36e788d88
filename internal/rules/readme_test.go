package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// TestREADME holds the README's program and its table of channels against the
// code they come from; with -update it writes them anew.
func TestREADME(t *testing.T) {
	root := filepath.Join("..", "..")
	file := filepath.Join(root, "README.md")
	old, err := os.ReadFile(file)
	require.NoError(t, err)

	program, err := os.ReadFile(filepath.Join(root, "examples", "quickstart", "main.go"))
	require.NoError(t, err)
	_, body, found := strings.Cut(string(program), "func main() {\n")
	require.True(t, found)
	body = strings.TrimSuffix(body, "}\n")
	body = regexp.MustCompile(`(?m)^\t`).ReplaceAllString(body, "")
	require.LessOrEqual(t, strings.Count(body, "\n"), 12, "the README's program is twelve lines")
	var table strings.Builder
	require.NoError(t, channels.Table(&table))

	text := between(t, string(old), "quickstart", "```go\n"+body+"```")
	text = between(t, text, "channels", strings.TrimSpace(table.String()))
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	require.Equal(t, string(old), text, "run go test ./internal/rules -run TestREADME -update and look at the difference")
}

// between replaces what stands between two marks.
func between(t *testing.T, text, mark, content string) string {
	t.Helper()
	begin, end := "<!-- "+mark+" -->\n", "<!-- /"+mark+" -->"
	head, rest, ok := strings.Cut(text, begin)
	require.True(t, ok, mark)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok, mark)
	return head + begin + content + "\n" + end + tail
}
