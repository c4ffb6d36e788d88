package rules_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/rules"
)

// top is the repository's top as seen from this package.
const top = "../.."

// checkout reads the files that git tracks or would add. A copy without git, such
// as the module cache, is not the place where the house rules are kept.
func checkout(t *testing.T) *rules.Tree {
	t.Helper()
	if _, err := os.Stat(filepath.Join(top, ".git")); err != nil {
		t.Skip("not a checkout")
	}
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = top
	out, err := cmd.Output()
	require.NoError(t, err)
	var files []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		// What git still tracks may have been deleted since.
		if info, err := os.Lstat(filepath.Join(top, name)); err == nil && info.Mode().IsRegular() {
			files = append(files, name)
		}
	}
	tree, err := rules.Load(os.DirFS(top), files)
	require.NoError(t, err)
	return tree
}

func check(t *testing.T, named map[string]func(*rules.Tree) []string) {
	t.Helper()
	tree := checkout(t)
	for name, rule := range named {
		t.Run(name, func(t *testing.T) {
			for _, violation := range rule(tree) {
				t.Error(violation)
			}
		})
	}
}

func TestHouseRules(t *testing.T) {
	check(t, map[string]func(*rules.Tree) []string{
		"packages import downwards only":                 rules.Layers,
		"production code links no test helper":           rules.Production,
		"simulators share nothing with their driver":     rules.Simulators,
		"words of a provider stay in its driver":         rules.ProviderWords,
		"files have at most 400 lines":                   rules.Length,
		"no package has an init function":                rules.Inits,
		"packages have a comment and public ones a demo": rules.Documented,
		"the top holds nothing unexpected":               rules.Places,
		"no file is tied to a machine or left half done": rules.Leftovers,
	})
}

func TestDocuments(t *testing.T) {
	check(t, map[string]func(*rules.Tree) []string{
		"relative links lead somewhere": rules.Links,
		"named make targets exist":      rules.Commands,
		"named tests exist":             rules.Tests,
	})
}

// TestRulesFindViolations shows each rule a tree that breaks it, and one beside it
// that does not.
func TestRulesFindViolations(t *testing.T) {
	const ours = rules.Module
	type files map[string]string
	long := "// Package a is long.\npackage a\n" + strings.Repeat("\n", 399)
	for name, tc := range map[string]struct {
		rule func(*rules.Tree) []string
		in   files
		want []string
	}{
		"a leaf imports nothing of ours": {
			rules.Layers,
			files{"channels/a.go": `package channels; import "` + ours + `/eid"`},
			[]string{"channels/a.go imports " + ours + "/eid"},
		},
		"a leaf does not import its own subfolder": {
			rules.Layers,
			files{"channels/a.go": `package channels; import "` + ours + `/channels/meta"`},
			[]string{"channels/a.go imports " + ours + "/channels/meta"},
		},
		"a leaf's test may import its suite, and anybody internal": {
			rules.Layers,
			files{
				"channels/a_test.go": `package channels; import "` + ours + `/channels/channeltest"`,
				"channels/a.go":      `package channels; import "` + ours + `/internal/uuid"`,
			},
			nil,
		},
		"a driver does not import the engine, in a test neither": {
			rules.Layers,
			files{"msp/messagebird/a_test.go": `package messagebird; import "` + ours + `/alt"`},
			[]string{"msp/messagebird/a_test.go imports " + ours + "/alt"},
		},
		"helpers do not import the engine, but the benchmark does": {
			rules.Layers,
			files{
				"internal/lanes/a.go": `package lanes; import "` + ours + `/alt"`,
				"internal/bench/a.go": `package main; import "` + ours + `/alt"`,
			},
			[]string{"internal/lanes/a.go imports " + ours + "/alt"},
		},
		"a folder that no layer knows imports nothing of ours": {
			rules.Layers,
			files{"doc.go": `package liidestuja; import "` + ours + `/channels"`},
			[]string{"doc.go imports " + ours + "/channels"},
		},
		"production code imports no test helper": {
			rules.Production,
			files{
				"alt/a.go":              `package alt; import "testing"`,
				"alt/b.go":              `package alt; import "github.com/stretchr/testify/require"`,
				"alt/c.go":              `package alt; import "` + ours + `/channels/channeltest"`,
				"alt/d.go":              `package alt; import "net/http/httptest"`,
				"alt/a_test.go":         `package alt; import "testing"`,
				"alt/alttest/a.go":      `package alttest; import "testing"`,
				"refserver/demo_b.go":   `package main; import "` + ours + `/msp/bird/birdtest"`,
				"refserver/demo/a.go":   `package demo; import "` + ours + `/msp/bird/birdtest"`,
				"refserver/main.go":     `package main; import "` + ours + `/msp/messagebird/messagebirdtest"`,
				"internal/bench/run.go": `package main; import "testing/iotest"`,
				"examples/one/main.go":  `package main; import "` + ours + `/channels/channeltest"`,
				"examples/two/main.go":  `package main; import "github.com/stretchr/testify/require"`,
			},
			[]string{
				"alt/a.go imports testing",
				"alt/b.go imports github.com/stretchr/testify/require",
				"alt/c.go imports " + ours + "/channels/channeltest",
				"alt/d.go imports net/http/httptest",
				"examples/two/main.go imports github.com/stretchr/testify/require",
				"internal/bench/run.go imports testing/iotest",
				"refserver/demo/a.go imports " + ours + "/msp/bird/birdtest",
				"refserver/main.go imports " + ours + "/msp/messagebird/messagebirdtest",
			},
		},
		"a simulator knows neither its driver nor testing": {
			rules.Simulators,
			files{
				"msp/messagebird/messagebirdtest/a.go":      `package messagebirdtest; import "` + ours + `/msp/messagebird"`,
				"msp/messagebird/messagebirdtest/b.go":      `package messagebirdtest; import "testing"`,
				"msp/messagebird/messagebirdtest/a_test.go": `package messagebirdtest; import "testing"`,
			},
			[]string{
				"msp/messagebird/messagebirdtest/a.go imports " + ours + "/msp/messagebird",
				"msp/messagebird/messagebirdtest/b.go imports testing",
			},
		},
		"a file may have 400 lines and not one more, unless generated": {
			rules.Length,
			files{"a.go": long, "b.go": long[:len(long)-1], "c.go": "// Code generated by x. DO NOT EDIT.\n" + long},
			[]string{"a.go has 401 lines, 400 are allowed"},
		},
		"an init function is found, a method of that name is none": {
			rules.Inits,
			files{"a.go": "package a; func init() {}", "b.go": "package a; type T int; func (T) init() {}"},
			[]string{"a.go has a func init"},
		},
		"a public package has a comment and an example": {
			rules.Documented,
			files{
				"a/a.go":          "package a\n\nfunc Do() {}",
				"b/b.go":          "// Package b is fine.\npackage b\n\nconst C = 1",
				"b/b_test.go":     "package b\n\nfunc ExampleC() {}",
				"c/c.go":          "// Package c exports nothing.\npackage c\n\ntype t int",
				"cmd/main.go":     "// Command cmd runs.\npackage main\n\ntype T int",
				"internal/d/d.go": "// Package d is for us.\npackage d\n\nvar V int",
			},
			[]string{`package "a" has no package comment`, `package "a" has no example`},
		},
		"an unknown name at the top and a second module are found": {
			rules.Places,
			files{"scratch.txt": "", "go.mod": "", "internal/x/go.mod": "", "docs/a.md": ""},
			[]string{"internal/x/go.mod: the repository is one module", "scratch.txt does not belong at the top of the repository"},
		},
		"paths of a machine, registry hosts and notes are found": {
			rules.Leftovers,
			files{
				"a.sh":  "cd /ho" + "me/ann/src\nls home/ann\ncurl https://example.org/ho" + "me/page",
				"b.txt": "see https://proxy.golan" + "g.org/x",
				"c.go":  "package c\n\n// TO" + "DO: finish",
				"d.png": "\x00 /ro" + "ot/x",
			},
			[]string{
				"a.sh:1 has a path of somebody's machine",
				"b.txt:1 names the host of a package registry",
				"c.go:3 leaves a note to do it later",
			},
		},
		"links to files, folders and headings are followed": {
			rules.Links,
			files{
				"README.md": "[a](docs/a.md) [b](docs) [c](docs/a.md#the-first-word) [d](https://x.example/y) [e](#here)\n" +
					"[f](docs/no.md) [`g`](docs/a.md#no) [h](#there)\n## Here\n`[i](no.md)`\n```\n[j](no.md)\n```\n",
				"docs/a.md": "# The `first` word!\n[up](../README.md)",
			},
			[]string{
				"README.md: the link docs/no.md leads nowhere",
				"README.md: the link docs/a.md#no names no heading",
				"README.md: the link #there names no heading",
			},
		},
		"words of a provider stay in its driver": {
			rules.ProviderWords,
			files{
				"alt/a.go":           "package alt // the WAMID\n",
				"alt/desk/a.yaml":    "x: accessKey\n",
				"alt/a_test.go":      "package alt // wamid\n",
				"channels/a.go":      "package channels // of MessageBird and Meta\n",
				"channels/meta/a.go": "package meta // wamid\n",
			},
			[]string{"alt/a.go:1 has a provider's word: WAMID", "alt/desk/a.yaml:1 has a provider's word: accessKey"},
		},
		"make targets are looked up in the Makefile": {
			rules.Commands,
			files{
				"Makefile":  "GO := go\ntest: ## run\n\tgo test\n",
				"README.md": "`make test`, `make brew` and we make peace\n```\nmake soup\n```\n",
			},
			[]string{"README.md: there is no make target soup", "README.md: there is no make target brew"},
		},
		"tests are looked up by name": {
			rules.Tests,
			files{
				"a_test.go": "package a; func TestA() {}; func ExampleB_c() {}",
				"docs/a.md": "`TestA/a case` `alt.TestNo` `ExampleB_c` `FuzzNo` `go test -run TestX` TestProse `Testing`",
			},
			[]string{"docs/a.md: there is no test TestNo", "docs/a.md: there is no test FuzzNo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fsys, names := fstest.MapFS{}, []string(nil)
			for file, content := range tc.in {
				fsys[file] = &fstest.MapFile{Data: []byte(content), Mode: fs.ModePerm}
				names = append(names, file)
			}
			tree, err := rules.Load(fsys, names)
			require.NoError(t, err)
			require.Equal(t, tc.want, tc.rule(tree))
		})
	}
}
