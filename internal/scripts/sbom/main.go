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
	modules, direct, err := modlist.List(ctx, ".", "./...")
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
		direct:    direct,
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
