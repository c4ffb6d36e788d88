// Package modlist tells which modules the repository's packages and their tests
// are built from, and under which licences. The bill of materials and the house
// rules read the same list.
package modlist

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
)

// Main is the name under which the repository's own module appears.
const Main = "."

// Module is one module outside the standard library.
type Module struct {
	Path    string // "golang.org/x/sync", or Main
	Version string // "v0.24.0"; "" for Main
	Sum     string // as go.sum has it: "h1:" and a base64 SHA-256
	Dir     string // where its source lies
}

// Graph is the imports of every package of the repository and below it.
type Graph struct {
	imports map[string][]string // by import path; test variants are packages of their own
	home    map[string]string   // import path -> module path, "" for the standard library
	modules map[string]Module
}

// goPackage is the part that is read of what `go list -json` prints.
type goPackage struct {
	ImportPath string
	Imports    []string
	Module     *struct {
		Path, Version, Sum, Dir string
		Main                    bool
	}
}

// Load asks the go command about all packages of the module in dir, with their
// tests, those behind the build tags of the long tests too.
func Load(ctx context.Context, dir string) (*Graph, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-tags=e2e,crash", "-deps", "-test",
		"-json=ImportPath,Imports,Module", "./...")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, fmt.Errorf("go list: %w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return nil, fmt.Errorf("go list: %w", err)
	}
	g := &Graph{
		imports: make(map[string][]string),
		home:    make(map[string]string),
		modules: make(map[string]Module),
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		g.add(p)
	}
}

func (g *Graph) add(p goPackage) {
	g.imports[p.ImportPath] = p.Imports
	if p.Module == nil {
		return
	}
	m := Module{Path: p.Module.Path, Version: p.Module.Version, Sum: p.Module.Sum, Dir: p.Module.Dir}
	if p.Module.Main {
		m.Path = Main
	}
	g.home[p.ImportPath] = m.Path
	g.modules[m.Path] = m
}

// Has tells whether the package exists.
func (g *Graph) Has(pkg string) bool {
	_, ok := g.imports[pkg]
	return ok
}

// Modules returns every foreign module, those of tests too, sorted by path.
func (g *Graph) Modules() []Module {
	return g.pick(func(path string) bool { return path != Main })
}

// Linked returns the foreign modules that a program importing the packages links,
// sorted by path. Their tests do not count.
func (g *Graph) Linked(packages ...string) []Module {
	linked := make(map[string]bool)
	seen := make(map[string]bool)
	for todo := slices.Clone(packages); len(todo) > 0; {
		pkg := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[pkg] {
			continue
		}
		seen[pkg] = true
		linked[g.home[pkg]] = true
		todo = append(todo, g.imports[pkg]...)
	}
	return g.pick(func(path string) bool { return path != Main && linked[path] })
}

// Own returns the import paths of the repository's packages, sorted. What the go
// command builds for tests ("p.test", "p [p.test]") is not among them.
func (g *Graph) Own() []string {
	var own []string
	for pkg, module := range g.home {
		if module == Main && !strings.HasSuffix(pkg, ".test") && !strings.Contains(pkg, " ") {
			own = append(own, pkg)
		}
	}
	slices.Sort(own)
	return own
}

// Needs returns, by module, the foreign modules whose packages it imports, sorted.
func (g *Graph) Needs() map[string][]string {
	sets := make(map[string]map[string]bool)
	for pkg, imported := range g.imports {
		from := g.home[pkg]
		if from == "" {
			continue
		}
		if sets[from] == nil {
			sets[from] = make(map[string]bool)
		}
		for _, i := range imported {
			if to := g.home[i]; to != "" && to != Main && to != from {
				sets[from][to] = true
			}
		}
	}
	needs := make(map[string][]string)
	for from, set := range sets {
		needs[from] = slices.Sorted(maps.Keys(set))
	}
	return needs
}

func (g *Graph) pick(want func(path string) bool) []Module {
	var out []Module
	for _, path := range slices.Sorted(maps.Keys(g.modules)) {
		if want(path) {
			out = append(out, g.modules[path])
		}
	}
	return out
}
