package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

type layer struct {
	dir string
	may []string
}

// layers says what of ours the packages in a folder may import, besides what lies
// in the same folder or below it. The longest matching folder decides.
func layers() []layer {
	everything := []string{"channels", "msp", "eid", "session", "alt", "internal"}
	return []layer{
		{"channels", []string{"internal"}},
		{"eid", []string{"internal"}},
		{"msp", []string{"channels", "internal"}},
		{"session", []string{"channels", "eid", "internal"}},
		{"alt", []string{"channels", "msp", "eid", "session", "internal"}},
		{"internal", []string{"channels", "msp", "eid", "session"}},
		{"internal/bench", everything},
		{"internal/consumer", everything},
		{"examples", everything},
		{"refserver", everything},
	}
}

// isLeaf names the two packages that stand at the bottom of all the others, even of
// their own subfolders.
func isLeaf(dir string) bool { return dir == "channels" || dir == "eid" }

// Layers reports imports that go upwards or across.
func Layers(t *Tree) []string {
	var bad []string
	for _, src := range t.Sources {
		dir, may := "", []string(nil)
		for _, l := range layers() {
			if Within(src.Dir, l.dir) && len(l.dir) > len(dir) {
				dir, may = l.dir, l.may
			}
		}
		if !isLeaf(src.Dir) || src.Test {
			may = append(slices.Clone(may), dir)
		}
		if src.Test && dir == "channels" {
			may = append(may, "msp/msptest") // the suite of who carries many lines
		}
		for _, imported := range src.Imports {
			target, ours := Ours(imported)
			if ours && !slices.ContainsFunc(may, func(m string) bool { return m != "" && Within(target, m) }) {
				bad = append(bad, fmt.Sprintf("%s imports %s", src.Path, imported))
			}
		}
	}
	return bad
}

// isTestHelper names the packages of others that only tests may use.
func isTestHelper(imported string) bool {
	return Within(imported, "testing") ||
		Within(imported, "github.com/stretchr/testify") ||
		Within(imported, "github.com/jarcoal/httpmock")
}

// playsProvider names what may import fakes and simulators outside tests: the demo,
// to which no configuration leads, and programs that nobody serves and that must run
// without an account.
func playsProvider(src *Source) bool {
	demo, _ := path.Match("refserver/demo*.go", src.Path)
	return demo || src.Dir == "internal/bench" || src.Dir == "internal/consumer" || Within(src.Dir, "examples")
}

// Production reports production code that would link test helpers.
func Production(t *Tree) []string {
	var bad []string
	for _, src := range t.Sources {
		if src.Test || isSuite(src.Dir) {
			continue
		}
		for _, imported := range src.Imports {
			target, ours := Ours(imported)
			fake := imported == "net/http/httptest" || ours && isSuite(target)
			if isTestHelper(imported) || fake && !playsProvider(src) {
				bad = append(bad, fmt.Sprintf("%s imports %s", src.Path, imported))
			}
		}
	}
	return bad
}

// isSuite tells the packages that are made for tests by their name.
func isSuite(dir string) bool { return strings.HasSuffix(path.Base(dir), "test") }

// simulates returns the driver whose provider a package plays, or "".
func simulates(dir string) string {
	for _, driver := range []string{"msp/messagebird", "msp/bird", "channels/meta", "eid/smartid", "eid/mobileid", "eid/tara"} {
		if dir == path.Join(driver, path.Base(driver)+"test") {
			return driver
		}
	}
	return ""
}

// Simulators reports what a simulator of a provider must not know. One that shared
// code with the driver would share its mistakes, and one that linked testing could
// not be part of the demo.
func Simulators(t *Tree) []string {
	var bad []string
	for _, src := range t.Sources {
		driver := simulates(src.Dir)
		if driver == "" || src.Test {
			continue
		}
		for _, imported := range src.Imports {
			target, ours := Ours(imported)
			if isTestHelper(imported) || imported == "net/http/httptest" || ours && target == driver {
				bad = append(bad, fmt.Sprintf("%s imports %s", src.Path, imported))
			}
		}
	}
	return bad
}
