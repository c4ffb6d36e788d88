package rules

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A letter in brackets keeps the pattern from finding itself. What providers are
// called may stand in comments and sources of facts, what they call things may not.
var providerWord = regexp.MustCompile(`(?i)wa[m]id|\b(?:p|ig|a)s[i]d\b|wa[b]a|bs[u]id|\bh[s]m\b|access[k]ey\b|app[s]ecret|x-h[u]b-|biz_[o]paque|fbt[r]ace|messageb[i]rd\.`)

// ProviderWords reports words of a provider in the packages that carry every
// provider's messages: what is known by such a word belongs to a driver.
func ProviderWords(t *Tree) []string {
	core := []string{"channels", "channels/channeltest", "eid", "session", "session/sessiontest", "msp", "msp/msptest"}
	var bad []string
	for _, name := range t.Files {
		dir := path.Dir(name)
		if !Within(dir, "alt") && !slices.Contains(core, dir) || strings.HasSuffix(name, "_test.go") {
			continue
		}
		for i, line := range strings.Split(string(t.Content[name]), "\n") {
			if word := providerWord.FindString(line); word != "" {
				bad = append(bad, fmt.Sprintf("%s:%d has a provider's word: %s", name, i+1, word))
			}
		}
	}
	return bad
}
