package rules_test

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/scripts/modlist"
)

// go.mod says which modules the code itself imports and which come with them.
// `go mod tidy -diff` would say the same, but it also fetches what the tests of
// every imported module need, and so fails for reasons that are not ours.
func TestRequirements(t *testing.T) {
	graph, err := modlist.Load(t.Context(), top)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = top
	out, err := cmd.Output()
	require.NoError(t, err)
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []any
		Tool    []any
	}
	require.NoError(t, json.Unmarshal(out, &mod))

	var direct, all []string
	for _, r := range mod.Require {
		all = append(all, r.Path)
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	require.ElementsMatch(t, graph.Needs()[modlist.Main], direct,
		"go.mod lists without // indirect what the code imports, and nothing else; see go mod tidy -e")
	for _, m := range graph.Modules() {
		require.Contains(t, all, m.Path, "go.mod does not list a module that is built; see go mod tidy -e")
	}
	require.Empty(t, mod.Replace, "a replace directive holds for us and not for users")
	require.Empty(t, mod.Tool, "tools run at a version that the Makefile pins")
}
