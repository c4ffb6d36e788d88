package modlist_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/scripts/modlist"
)

// writeModule lays out a module with a package "used", which imports a replaced
// module, and a package "tested", whose test imports another one.
func writeModule(t *testing.T) string {
	t.Helper()
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/main\n\ngo 1.26.0\n\n" +
			"require (\n\texample.org/lib v1.0.0\n\texample.org/check v1.0.0\n)\n\n" +
			"replace (\n\texample.org/lib => ./lib\n\texample.org/check => ./check\n)\n",
		"lib/go.mod":            "module example.org/lib\n\ngo 1.26.0\n",
		"lib/lib.go":            "package lib\n",
		"check/go.mod":          "module example.org/check\n\ngo 1.26.0\n",
		"check/check.go":        "package check\n",
		"used/used.go":          "package used\n\nimport _ \"example.org/lib\"\n",
		"tested/tested.go":      "package tested\n",
		"tested/tested_test.go": "package tested\n\nimport _ \"example.org/check\"\n",
		"above/above.go":        "package above\n\nimport _ \"example.org/main/used\"\n",
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func paths(modules []modlist.Module) []string {
	out := make([]string, 0, len(modules))
	for _, m := range modules {
		out = append(out, m.Path)
	}
	return out
}

func TestGraph(t *testing.T) {
	g, err := modlist.Load(context.Background(), writeModule(t))
	require.NoError(t, err)

	t.Run("a package links what it imports", func(t *testing.T) {
		require.Equal(t, []string{"example.org/lib"}, paths(g.Linked("example.org/main/used")))
	})
	t.Run("a package links what it imports through others", func(t *testing.T) {
		require.Equal(t, []string{"example.org/lib"}, paths(g.Linked("example.org/main/above")))
	})
	t.Run("what only tests import is not linked", func(t *testing.T) {
		require.Empty(t, g.Linked("example.org/main/tested"))
	})
	t.Run("all modules hold those of the tests", func(t *testing.T) {
		require.Equal(t, []string{"example.org/check", "example.org/lib"}, paths(g.Modules()))
		require.Equal(t, []string{"example.org/check", "example.org/lib"}, g.Needs()[modlist.Main])
	})
	t.Run("only own packages are own", func(t *testing.T) {
		require.Equal(t, []string{"example.org/main/above", "example.org/main/tested", "example.org/main/used"}, g.Own())
		require.True(t, g.Has("example.org/main/tested"))
		require.False(t, g.Has("example.org/main/absent"))
	})
}

func TestLoadReportsWhatTheGoCommandSays(t *testing.T) {
	_, err := modlist.Load(context.Background(), t.TempDir())
	require.ErrorContains(t, err, "main module")
}
