package rules

import (
	"bytes"
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
)

// maxLines is the length at which a file has more than one idea.
const maxLines = 400

// Length reports Go files that are too long. Generated ones are free.
func Length(t *Tree) []string {
	var bad []string
	for _, src := range t.Sources {
		lines := bytes.Count(t.Content[src.Path], []byte("\n"))
		if lines > maxLines && !ast.IsGenerated(src.Syntax) {
			bad = append(bad, fmt.Sprintf("%s has %d lines, %d are allowed", src.Path, lines, maxLines))
		}
	}
	return bad
}

// Inits reports init functions: what a package does is called by somebody.
func Inits(t *Tree) []string {
	var bad []string
	for _, src := range t.Sources {
		for _, fn := range functions(src) {
			if fn.Recv == nil && fn.Name.Name == "init" {
				bad = append(bad, src.Path+" has a func init")
			}
		}
	}
	return bad
}

// Documented reports packages without a package comment, and public ones without
// an example that a reader can run.
func Documented(t *Tree) []string {
	type pkg struct{ public, comment, example bool }
	packages := make(map[string]*pkg)
	for _, src := range t.Sources {
		p := packages[src.Dir]
		if p == nil {
			p = new(pkg)
			packages[src.Dir] = p
		}
		if src.Test {
			p.example = p.example || hasExample(src)
			continue
		}
		p.comment = p.comment || src.Syntax.Doc != nil
		p.public = p.public || isPublic(src)
	}
	var bad []string
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		p := packages[dir]
		if !p.comment {
			bad = append(bad, fmt.Sprintf("package %q has no package comment", dir))
		}
		if p.public && !p.example {
			bad = append(bad, fmt.Sprintf("package %q has no example", dir))
		}
	}
	return bad
}

// isPublic tells whether somebody outside could import the file's package and
// would find a name in this file.
func isPublic(src *Source) bool {
	if src.Syntax.Name.Name == "main" || Within(src.Dir, "internal") || strings.Contains(src.Dir, "/internal") {
		return false
	}
	for _, decl := range src.Syntax.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() {
				return true
			}
		case *ast.GenDecl:
			if slices.ContainsFunc(d.Specs, exportsName) {
				return true
			}
		}
	}
	return false
}

func exportsName(spec ast.Spec) bool {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.IsExported()
	case *ast.ValueSpec:
		return slices.ContainsFunc(s.Names, (*ast.Ident).IsExported)
	}
	return false
}

func hasExample(src *Source) bool {
	return slices.ContainsFunc(functions(src), func(fn *ast.FuncDecl) bool {
		return strings.HasPrefix(fn.Name.Name, "Example")
	})
}

func functions(src *Source) []*ast.FuncDecl {
	var out []*ast.FuncDecl
	for _, decl := range src.Syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok {
			out = append(out, fn)
		}
	}
	return out
}
