package lines_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

func TestTextsAreInEveryLanguageAndUsed(t *testing.T) {
	all := lines.TextsForTest(t)
	keys := slices.Sorted(maps.Keys(all["et"]))
	var source strings.Builder
	for _, pattern := range []string{"web/*.html", "*.go", "../pagetext/*.go"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			if !strings.HasSuffix(name, "_test.go") {
				source.Write(b)
			}
		}
	}
	for _, texts := range all {
		require.Equal(t, keys, slices.Sorted(maps.Keys(texts)))
		for key, text := range texts {
			require.NotEmpty(t, strings.TrimSpace(text), key)
		}
	}
	for _, m := range regexp.MustCompile(`\bt "([a-z.]+)"`).FindAllStringSubmatch(source.String(), -1) {
		require.Contains(t, keys, m[1])
	}
	var prefixes []string
	for _, m := range regexp.MustCompile(`print "([a-z.]+\.)"`).FindAllStringSubmatch(source.String(), -1) {
		prefixes = append(prefixes, m[1])
	}
	for _, key := range keys {
		used := strings.Contains(source.String(), `"`+key+`"`) ||
			slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
		require.True(t, used, "nothing uses %s", key)
	}
}
