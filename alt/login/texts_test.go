package login_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAllTextsAreThereInAllLanguages(t *testing.T) {
	read := func(lang string) map[string]string {
		b, err := os.ReadFile("web/" + lang + ".json")
		require.NoError(t, err)
		var texts map[string]string
		require.NoError(t, json.Unmarshal(b, &texts))
		return texts
	}
	et := read("et")
	var source strings.Builder
	for _, f := range []string{"web/page.html", "web/stages.html", "handlers.go", "look.go"} {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		source.Write(b)
	}
	for _, lang := range []string{"en", "ru"} {
		other := read(lang)
		for key, text := range et {
			require.NotEmpty(t, other[key], "%s in %s", key, lang)
			require.Equal(t, strings.Count(text, "{"), strings.Count(other[key], "{"), key)
		}
		require.Len(t, other, len(et))
	}
	for _, m := range regexp.MustCompile(`\.T "([a-z_]+)"`).FindAllStringSubmatch(source.String(), -1) {
		require.NotEmpty(t, et[m[1]], m[1])
	}
	for _, m := range regexp.MustCompile(`problem\(w, r, [^,]+, "([a-z_]+)"\)`).FindAllStringSubmatch(source.String(), -1) {
		require.NotEmpty(t, et[m[1]+"_title"], m[1])
		require.NotEmpty(t, et[m[1]+"_text"], m[1])
	}
}
