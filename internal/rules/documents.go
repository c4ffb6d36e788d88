package rules

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	span     = regexp.MustCompile("`[^`\n]+`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)(?:\s+"[^"]*")?\)`)
	heading  = regexp.MustCompile(`(?m)^#{1,6}\s+(.+?)\s*$`)
	target   = regexp.MustCompile(`\bmake ([a-z][a-z0-9-]*)`)
	recipe   = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`)
	testName = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)[A-Z]\w*|\bExample_?[A-Z]\w*`)
)

// Links reports relative links of the documents that lead nowhere, in the tree or
// among the headings of the document they name.
func Links(t *Tree) []string {
	var bad []string
	for _, name := range documents(t) {
		text := span.ReplaceAllString(prose(t, name), "")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			u, err := url.Parse(m[1])
			if err != nil {
				bad = append(bad, fmt.Sprintf("%s: the link %s cannot be read", name, m[1]))
				continue
			}
			if u.Scheme != "" || u.Host != "" {
				continue
			}
			to := name
			if u.Path != "" {
				to = path.Join(path.Dir(name), u.Path)
			}
			switch {
			case !exists(t, to):
				bad = append(bad, fmt.Sprintf("%s: the link %s leads nowhere", name, m[1]))
			case u.Fragment != "" && path.Ext(to) == ".md" && !slices.Contains(anchors(t, to), u.Fragment):
				bad = append(bad, fmt.Sprintf("%s: the link %s names no heading", name, m[1]))
			}
		}
	}
	return bad
}

// Commands reports `make` targets that documents name and the Makefile lacks.
func Commands(t *Tree) []string {
	var known []string
	for _, m := range recipe.FindAllStringSubmatch(string(t.Content["Makefile"]), -1) {
		known = append(known, m[1])
	}
	var bad []string
	for _, name := range documents(t) {
		for _, code := range codes(t, name) {
			for _, m := range target.FindAllStringSubmatch(code, -1) {
				if !slices.Contains(known, m[1]) {
					bad = append(bad, fmt.Sprintf("%s: there is no make target %s", name, m[1]))
				}
			}
		}
	}
	return bad
}

// Tests reports tests that documents name as evidence and that do not exist. A
// command line with -run gives a pattern, and is not read.
func Tests(t *Tree) []string {
	known := make(map[string]bool)
	for _, src := range t.Sources {
		for _, fn := range functions(src) {
			known[fn.Name.Name] = true
		}
	}
	var bad []string
	for _, name := range documents(t) {
		for _, code := range span.FindAllString(prose(t, name), -1) {
			if strings.Contains(code, "-run") || strings.Contains(code, "-fuzz") {
				continue
			}
			for _, test := range testName.FindAllString(code, -1) {
				if !known[test] {
					bad = append(bad, fmt.Sprintf("%s: there is no test %s", name, test))
				}
			}
		}
	}
	return bad
}

func documents(t *Tree) []string {
	var out []string
	for _, name := range t.Files {
		if path.Ext(name) == ".md" {
			out = append(out, name)
		}
	}
	return out
}

// prose is a document without its blocks of code.
func prose(t *Tree, name string) string {
	return fence.ReplaceAllString(string(t.Content[name]), "")
}

// codes are the blocks and the spans of code of a document.
func codes(t *Tree, name string) []string {
	return append(fence.FindAllString(string(t.Content[name]), -1), span.FindAllString(prose(t, name), -1)...)
}

// exists knows folders as well as files.
func exists(t *Tree, name string) bool {
	return slices.ContainsFunc(t.Files, func(f string) bool { return Within(f, name) })
}

// anchors are the fragments that a document's headings can be reached by: lower
// case, punctuation dropped, a hyphen for each blank.
func anchors(t *Tree, name string) []string {
	var out []string
	for _, m := range heading.FindAllStringSubmatch(prose(t, name), -1) {
		out = append(out, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return out
}
