// Package modlist tells which modules a set of packages is built from, and under
// which licences. The bill of materials and the house rules read the same list.
package modlist

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
)

// Module is one module outside this repository and the standard library.
type Module struct {
	Path    string // "golang.org/x/sync"
	Version string // "v0.24.0"
	Sum     string // as go.sum has it: "h1:" and a base64 SHA-256
	Licence string // SPDX expression, "" when no licence text was recognised
	Linked  bool   // by a package itself, not only by its tests
	Needs   []string
}

// goPackage is the part that is read of what `go list -json` prints.
type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Module     *struct {
		Path, Version, Sum, Dir string
		Main                    bool
	}
}

// Main is the path under which Needs and the first result of List name the
// repository's own module.
const Main = "."

// List returns the modules that the packages matching the patterns, and their
// tests, are built from, sorted by path. The second result names, by path, the
// modules that the repository's own packages import directly.
func List(ctx context.Context, dir string, patterns ...string) ([]Module, []string, error) {
	linked, err := goList(ctx, dir, false, patterns)
	if err != nil {
		return nil, nil, err
	}
	tested, err := goList(ctx, dir, true, patterns)
	if err != nil {
		return nil, nil, err
	}

	home := make(map[string]string) // import path -> module path
	for _, p := range tested {
		home[p.ImportPath] = p.modulePath()
	}
	found := make(map[string]*Module)
	needs := make(map[string]map[string]bool)
	for _, p := range tested {
		from := p.modulePath()
		if from == "" {
			continue
		}
		if needs[from] == nil {
			needs[from] = make(map[string]bool)
		}
		for _, imported := range p.Imports {
			if to := home[imported]; to != "" && to != from {
				needs[from][to] = true
			}
		}
		if from == Main || found[from] != nil {
			continue
		}
		licence, err := Licence(p.Module.Dir)
		if err != nil {
			return nil, nil, fmt.Errorf("licence of %s: %w", from, err)
		}
		found[from] = &Module{Path: from, Version: p.Module.Version, Sum: p.Module.Sum, Licence: licence}
	}
	for _, p := range linked {
		if m := found[p.modulePath()]; m != nil {
			m.Linked = true
		}
	}

	modules := make([]Module, 0, len(found))
	for path, m := range found {
		m.Needs = sortedKeys(needs[path])
		modules = append(modules, *m)
	}
	slices.SortFunc(modules, func(a, b Module) int { return cmp.Compare(a.Path, b.Path) })
	return modules, sortedKeys(needs[Main]), nil
}

// modulePath is "" for the standard library and Main for the repository.
func (p goPackage) modulePath() string {
	switch {
	case p.Module == nil:
		return ""
	case p.Module.Main:
		return Main
	default:
		return p.Module.Path
	}
}

func goList(ctx context.Context, dir string, tests bool, patterns []string) ([]goPackage, error) {
	args := []string{"list", "-deps", "-json=ImportPath,Standard,Imports,Module"}
	if tests {
		args = append(args, "-test")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, patterns...)...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, fmt.Errorf("go list: %w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return nil, fmt.Errorf("go list: %w", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, p)
	}
}

func sortedKeys(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
