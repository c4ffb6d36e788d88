package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// top is all that may lie at the top of the repository.
func top() []string {
	return []string{
		"alt", "channels", "docs", "eid", "examples", "internal", "msp", "refserver", "session",
		"doc.go", "go.mod", "go.sum", "Makefile", "LICENSE",
		"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
		".ci", ".gitattributes", ".gitignore", ".golangci.yml",
	}
}

// Places reports what lies where nobody would look for it.
func Places(t *Tree) []string {
	var bad []string
	for _, name := range t.Files {
		if first, _, _ := strings.Cut(name, "/"); !slices.Contains(top(), first) {
			bad = append(bad, name+" does not belong at the top of the repository")
		}
		if path.Base(name) == "go.mod" && name != "go.mod" && !strings.Contains(name, "testdata/") {
			bad = append(bad, name+": the repository is one module")
		}
	}
	return bad
}

// What ties the repository to one machine or moment. A letter in brackets keeps a
// pattern from finding itself.
var (
	machinePath  = regexp.MustCompile("(?:^|[\\s\"'`=(:,])/(?:ho[m]e|ro[o]t|wo[r]k|Us[e]rs|fa[r]m)/")
	registryHost = regexp.MustCompile(`(?:proxy|sum)\.golan[g]\.org|registry\.npmj[s]\.|npmj[s]\.com|(?:deb|security)\.debia[n]\.org`)
	laterNote    = regexp.MustCompile(`\b(?:TO[D]O|FIX[M]E)\b`)
)

// Leftovers reports what an author forgot to take out, with the line.
func Leftovers(t *Tree) []string {
	var bad []string
	for _, name := range t.Files {
		content := t.Content[name]
		if !isText(content) {
			continue
		}
		for i, line := range strings.Split(string(content), "\n") {
			switch {
			case machinePath.MatchString(line):
				bad = append(bad, fmt.Sprintf("%s:%d has a path of somebody's machine", name, i+1))
			case registryHost.MatchString(line):
				bad = append(bad, fmt.Sprintf("%s:%d names the host of a package registry", name, i+1))
			case laterNote.MatchString(line):
				bad = append(bad, fmt.Sprintf("%s:%d leaves a note to do it later", name, i+1))
			}
		}
	}
	return bad
}
