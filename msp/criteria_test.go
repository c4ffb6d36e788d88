package msp_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/bird"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

var update = flag.Bool("update", false, "write docs/providers.md anew")

func ways() []msp.Criteria {
	return []msp.Criteria{messagebird.Criteria(), bird.Criteria(), msp.DirectMeta()}
}

func TestEveryCriterionHasItsEvidence(t *testing.T) {
	amount := regexp.MustCompile(`[€$£]|\b(EUR|USD|cents?)\b`)
	for _, c := range ways() {
		v := reflect.ValueOf(c)
		for i := range v.NumField() {
			name, field := c.Name+" "+v.Type().Field(i).Name, v.Field(i)
			require.False(t, field.IsZero(), name)
			if f, ok := field.Interface().(interface{ Filled() bool }); ok {
				require.True(t, f.Filled(), name)
			}
			if f, ok := field.Interface().(channels.Fact[string]); ok {
				require.Equal(t, f.Unknown == "", f.Value != "", name)
				require.NotRegexp(t, amount, f.Value, name)
				require.NotContains(t, f.Value, "|", name)
			}
		}
		_, err := os.Stat(filepath.Join("..", filepath.FromSlash(c.Package)))
		require.NoError(t, err, c.Name)
	}
}

// TestProviders holds docs/providers.md against the data it comes from; with
// -update it writes the table anew.
func TestProviders(t *testing.T) {
	file := filepath.Join("..", "docs", "providers.md")
	old, err := os.ReadFile(file)
	require.NoError(t, err)
	const begin, end = "<!-- providers -->\n", "<!-- /providers -->"
	head, rest, ok := strings.Cut(string(old), begin)
	require.True(t, ok)
	_, tail, ok := strings.Cut(rest, end)
	require.True(t, ok)
	var table strings.Builder
	require.NoError(t, msp.Table(&table, ways()...))
	text := head + begin + table.String() + end + tail
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	require.Equal(t, string(old), text, "run go test ./msp -run TestProviders -update and look at the difference")
}

func TestTheTableOfProvidersHasAColumnForEach(t *testing.T) {
	var b strings.Builder
	require.NoError(t, msp.Table(&b, ways()...))
	table, _, _ := strings.Cut(b.String(), "\n\n")
	for line := range strings.SplitSeq(table, "\n") {
		require.Equal(t, 5, strings.Count(line, "|"), line)
	}
	require.NoError(t, msp.Table(&b))
	require.ErrorIs(t, msp.Table(short{}, ways()...), io.ErrShortWrite)
}

type short struct{}

func (short) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
