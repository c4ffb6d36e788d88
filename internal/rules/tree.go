package rules

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Module is the path that all our import paths start with.
const Module = "github.com/liidestuja/liidestuja"

// Tree is the checkout: the files that git tracks or would add, read once.
type Tree struct {
	Files   []string          // slash-separated, relative to the top, sorted
	Content map[string][]byte // of each file
	Sources []*Source         // the Go files among them
}

// Source is one Go file.
type Source struct {
	Path    string
	Dir     string // "" at the top
	Test    bool   // its name ends in _test.go
	Syntax  *ast.File
	Imports []string // paths as written
}

// Load reads the named files.
func Load(fsys fs.FS, files []string) (*Tree, error) {
	t := &Tree{Files: slices.Sorted(slices.Values(files)), Content: make(map[string][]byte)}
	for _, name := range t.Files {
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		t.Content[name] = content
		if path.Ext(name) != ".go" || strings.Contains(name, "testdata/") {
			continue
		}
		src, err := parse(name, content)
		if err != nil {
			return nil, err
		}
		t.Sources = append(t.Sources, src)
	}
	return t, nil
}

func parse(name string, content []byte) (*Source, error) {
	syntax, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	src := &Source{Path: name, Test: strings.HasSuffix(name, "_test.go"), Syntax: syntax}
	if dir := path.Dir(name); dir != "." {
		src.Dir = dir
	}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		src.Imports = append(src.Imports, imported)
	}
	return src, nil
}

// Ours returns the folder of an import path of this module.
func Ours(imported string) (dir string, ok bool) {
	if imported == Module {
		return "", true
	}
	return strings.CutPrefix(imported, Module+"/")
}

// Within tells whether dir is parent or lies below it.
func Within(dir, parent string) bool {
	return dir == parent || strings.HasPrefix(dir, parent+"/")
}

// isText tells a text from a picture or a database.
func isText(content []byte) bool { return !bytes.ContainsRune(content, 0) }
