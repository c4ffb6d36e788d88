package rules_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/rules"
	"github.com/liidestuja/liidestuja/internal/scripts/modlist"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew")

const golden = "testdata/golden.txt"

// The golden list names, for each package that users import, the modules that it
// links and their licences, so that a new dependency is a visible line of a change.
func TestLinkedModules(t *testing.T) {
	graph, err := modlist.Load(t.Context(), top)
	require.NoError(t, err)

	// The core promises to link little; the others only say what they link.
	core := []string{
		"channels", "msp", "msp/messagebird", "eid", "eid/trust", "eid/smartid", "eid/mobileid", "session", "alt", "alt/memstore", "alt/desk",
	}
	others := []string{"alt/audit", "alt/login", "alt/pgstore", "alt/sqlitestore", "eid/tara", "refserver"}
	short := regexp.MustCompile(`^(golang\.org/x/.+|github\.com/go-resty/resty/v2|github\.com/cenkalti/backoff/v4|github\.com/sony/gobreaker)$`)
	free := regexp.MustCompile(`^(Apache-2\.0|BSD-2-Clause|BSD-3-Clause|ISC|MIT|MPL-2\.0)( AND (Apache-2\.0|BSD-2-Clause|BSD-3-Clause|ISC|MIT|MPL-2\.0))*$`)

	var got strings.Builder
	got.WriteString("# package: module licence, of all that the package links outside the standard library\n")
	for i, pkg := range append(core, others...) {
		path := rules.Module + "/" + pkg
		if !graph.Has(path) {
			continue // an error below, if the golden list names it
		}
		modules := graph.Linked(path)
		if len(modules) == 0 {
			got.WriteString(pkg + ": nothing\n")
		}
		for _, m := range modules {
			licence, err := modlist.Licence(m.Dir)
			require.NoError(t, err)
			require.Regexp(t, free, licence, "the licence of %s", m.Path)
			if i < len(core) {
				require.Regexp(t, short, m.Path, "%s may not link this module", pkg)
			}
			got.WriteString(pkg + ": " + m.Path + " " + licence + "\n")
		}
	}
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String(), "run go test ./internal/rules -run TestLinkedModules -update and look at the difference")
}
