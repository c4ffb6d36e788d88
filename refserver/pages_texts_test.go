package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/refserver/internal/pagetext"
)

func pageTextsForTest(t *testing.T) *pagetext.Catalog {
	t.Helper()
	files, err := fs.Sub(demoTree, "demo")
	require.NoError(t, err)
	texts, err := pagetext.Load(files)
	require.NoError(t, err)
	return texts
}

func TestPageTextsAreComplete(t *testing.T) {
	texts := pageTextsForTest(t)
	require.Equal(t, []language.Tag{language.Estonian, language.English, language.Russian}, texts.Tags, "Estonian is the default")
	want := texts.Keys["et"]
	require.NotEmpty(t, want)
	for _, tag := range texts.Tags {
		require.Equal(t, want, texts.Keys[tag.String()], "texts in %s", tag)
		for _, key := range want {
			got := texts.Say(tag, key, "%", "%")
			require.NotEqual(t, key, got, "%s in %s", key, tag)
			require.NotEmpty(t, strings.TrimSpace(got), "%s in %s", key, tag)
		}
	}
}

// What templates and code ask for is there, and what is there is asked for.
func TestPageTextsAreThoseThatPagesUse(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"demo/*.html", "demo*.go", "pages*.go", "internal/pagetext/*.go"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			source.Write(b)
		}
	}
	text := source.String()
	keys := pageTextsForTest(t).Keys["et"]
	for _, m := range regexp.MustCompile(`\(?\bt "([a-z.]+)"`).FindAllStringSubmatch(text, -1) {
		require.Contains(t, keys, m[1])
	}
	var prefixes []string
	for _, m := range regexp.MustCompile(`print "([a-z.]+\.)"|"(problem\.|done\.)" ?\+`).FindAllStringSubmatch(text, -1) {
		prefixes = append(prefixes, m[1]+m[2])
	}
	for _, key := range keys {
		asked := strings.Contains(text, `"`+key+`"`) || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
		asked = asked || strings.HasSuffix(key, ".answer") // of the menu
		require.True(t, asked, "nothing uses %s", key)
	}
}

func TestEveryReasonOfAFailedLoginHasItsText(t *testing.T) {
	keys := pageTextsForTest(t).Keys["et"]
	for _, reason := range []string{
		alt.LoginExpired, alt.LoginRefused, alt.LoginNoAccount, alt.LoginTooWeak, alt.LoginUntrusted, alt.LoginTechnical,
		alt.LoginOther, alt.LoginPerson, alt.LoginMistaken, alt.LoginTooOften,
	} {
		require.Contains(t, keys, "login.reason."+reason)
	}
}

func TestPageTextsAgreeWithNumbers(t *testing.T) {
	texts := pageTextsForTest(t)
	for _, tc := range []struct {
		tag  language.Tag
		n    int
		want string
	}{
		{language.Estonian, 1, "1 katse"},
		{language.Estonian, 2, "2 katset"},
		{language.English, 1, "1 attempt"},
		{language.English, 0, "0 attempts"},
		{language.Russian, 1, "1 попытка"},
		{language.Russian, 3, "3 попытки"},
		{language.Russian, 5, "5 попыток"},
		{language.Russian, 11, "11 попыток"},
		{language.Russian, 21, "21 попытка"},
	} {
		require.Equal(t, tc.want, texts.Say(tc.tag, "letter.attempts", tc.n))
	}
}

func TestPageTextsSuitTheVisitor(t *testing.T) {
	texts := pageTextsForTest(t)
	for _, tc := range []struct {
		name, chosen, header, want string
	}{
		{"nothing is preferred", "", "", "et"},
		{"the browser's language", "", "ru-RU,ru;q=0.9,en;q=0.8", "ru"},
		{"the best of several", "", "de,en-GB;q=0.7,et;q=0.3", "en"},
		{"none of ours", "", "ja", "et"},
		{"the chosen one before the browser's", "en", "ru", "en"},
		{"a chosen one that is none", "\"><script>", "ru", "ru"},
		{"a header that is none", "", "!!!;q=x", "et"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, tc.want, texts.Best(tc.chosen, tc.header).String())
		})
	}
}
