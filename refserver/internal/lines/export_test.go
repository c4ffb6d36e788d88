package lines

import (
	"encoding/json"
	"testing"
)

// CodesForTest are the codes of all problems.
func CodesForTest() []string {
	var codes []string
	for code := range kinds() {
		codes = append(codes, code)
	}
	return codes
}

// TextsForTest are the texts of the pages by language.
func TextsForTest(t *testing.T) map[string]map[string]string {
	t.Helper()
	all := make(map[string]map[string]string)
	for _, tag := range []string{"et", "en", "ru"} {
		b, err := web.ReadFile("web/texts/" + tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		texts := make(map[string]string)
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		all[tag] = texts
	}
	return all
}
