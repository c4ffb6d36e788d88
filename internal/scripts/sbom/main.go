// Command sbom writes the repository's bill of materials as CycloneDX 1.6 JSON:
// every module that the packages or their tests are built from, with its version,
// checksum, licence and what it needs in turn. Modules that only tests need have
// the scope "excluded": they are in no binary.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/scripts/modlist"
)

func main() {
	version := flag.String("version", "unknown", "version of the repository")
	out := flag.String("o", "", "file to write; standard output when empty")
	flag.Parse()
	if err := run(context.Background(), *version, *out); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, version, out string) error {
	graph, err := modlist.Load(ctx, ".")
	if err != nil {
		return err
	}
	modules, err := collect(graph)
	if err != nil {
		return err
	}
	toolchain, err := exec.CommandContext(ctx, "go", "env", "GOVERSION").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	doc, err := encode(bill{
		version:   version,
		toolchain: strings.TrimPrefix(strings.TrimSpace(string(toolchain)), "go"),
		at:        time.Now().UTC(),
		modules:   modules,
		direct:    graph.Needs()[modlist.Main],
	})
	if err != nil {
		return err
	}
	if out == "" {
		_, err = os.Stdout.Write(doc)
		return err
	}
	if err := os.WriteFile(out, doc, 0o644); err != nil { //nolint:gosec // G306: a bill of materials is public
		return err
	}
	fmt.Printf("sbom: %s modules=%d\n", out, len(modules))
	return nil
}

// collect gathers what is said of each module. The suites and simulators, whose
// names end in "test", are linked by tests alone.
func collect(graph *modlist.Graph) ([]module, error) {
	production := slices.DeleteFunc(graph.Own(), func(pkg string) bool { return strings.HasSuffix(pkg, "test") })
	linked := make(map[string]bool)
	for _, m := range graph.Linked(production...) {
		linked[m.Path] = true
	}
	needs := graph.Needs()
	var modules []module
	for _, m := range graph.Modules() {
		licence, err := modlist.Licence(m.Dir)
		if err != nil {
			return nil, fmt.Errorf("licence of %s: %w", m.Path, err)
		}
		modules = append(modules, module{Module: m, licence: licence, linked: linked[m.Path], needs: needs[m.Path]})
	}
	return modules, nil
}
