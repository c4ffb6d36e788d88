package strictyaml_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/refserver/internal/strictyaml"
)

type colour string

func (c *colour) UnmarshalText(b []byte) error {
	if string(b) != "red" {
		return errors.New("must be red")
	}
	*c = colour(b)
	return nil
}

type secret struct {
	Env string `yaml:"env"`
}

func (*secret) Refusal() string { return "must be {env: NAME}" }

type inner struct {
	Name string  `yaml:"name"`
	Rate float64 `yaml:"rate"`
}

type config struct {
	Text   string            `yaml:"text"`
	On     bool              `yaml:"on"`
	Count  int               `yaml:"count"`
	Colour colour            `yaml:"colour"`
	List   []inner           `yaml:"list"`
	Words  []string          `yaml:"words"`
	Map    map[string]inner  `yaml:"map"`
	Texts  map[string]string `yaml:"texts"`
	Opt    *inner            `yaml:"opt"`
	Key    secret            `yaml:"key"`
	hidden string
}

func TestDecodeFillsFields(t *testing.T) {
	const doc = `# a comment
text: 0123 # kept as it is written
on: true
count: -3
colour: red
list:
  - {name: a, rate: 1.5}
  - name: "b"
    rate: 2
words: [x, 'y']
map:
  k: {name: in a map}
texts:
  et: |
    Tere
    tulemast
opt:
key: {env: NAME}
`
	var c config
	src, err := strictyaml.Decode("f.yaml", []byte(doc), &c)
	require.NoError(t, err)
	require.Equal(t, config{
		Text: "0123", On: true, Count: -3, Colour: "red", List: []inner{{"a", 1.5}, {"b", 2}}, Words: []string{"x", "y"},
		Map: map[string]inner{"k": {Name: "in a map"}}, Texts: map[string]string{"et": "Tere\ntulemast\n"}, Key: secret{"NAME"},
	}, c)
	require.Empty(t, c.hidden)
	require.True(t, src.Has("list[1].rate"))
	require.False(t, src.Has("list[2]"))
	require.Equal(t, "f.yaml:9: list[1].rate: is odd", src.Problem("list[1].rate", "is odd").Error())
	require.Equal(t, "f.yaml:8: list[1].colour: is missing, so its owner's line is told",
		src.Problem("list[1].colour", "is missing, so its owner's line is told").Error())
	require.Equal(t, "f.yaml:1: nothing.of.it: is there", src.Problem("nothing.of.it", "is there").Error())
}

func TestDecodeNamesLineAndField(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"an unknown field":                     {"text: a\nother: b\n", `f.yaml:2: has an unknown field: "other"`},
		"an unknown field further down":        {"list:\n  - name: a\n    nme: b\n", `f.yaml:3: list[0]: has an unknown field: "nme"`},
		"an unknown field that may be a value": {"Sesame123: b\n", `f.yaml:1: has an unknown field: (not shown, it may be a value)`},
		"a field twice":                        {"text: a\ntext: b\n", "f.yaml:2: has a field twice: \"text\""},
		"a field twice in a map":               {"texts:\n  et: a\n  et: b\n", "f.yaml:3: texts: has a field twice: \"et\""},
		"a wrong type":                         {"on: maybe\n", "f.yaml:1: on: must be true or false"},
		"a quoted boolean":                     {"on: \"true\"\n", "f.yaml:1: on: must be true or false"},
		"a number with a unit":                 {"count: 3s\n", "f.yaml:1: count: must be a whole number"},
		"a broken number":                      {"count: 3.5\n", "f.yaml:1: count: must be a whole number"},
		"a number that is none":                {"list: [{rate: .nan}]\n", "f.yaml:1: list[0].rate: must be a number"},
		"a number without end":                 {"list: [{rate: Inf}]\n", "f.yaml:1: list[0].rate: must be a number"},
		"a list for a text":                    {"text: [a]\n", "f.yaml:1: text: must be a text"},
		"a text for a list":                    {"\nwords: a\n", "f.yaml:2: words: must be a list"},
		"a text for fields":                    {"opt: a\n", "f.yaml:1: opt: must be fields, one a line"},
		"a text for a map":                     {"map: a\n", "f.yaml:1: map: must be fields, one a line"},
		"an empty entry of a list":             {"list:\n  -\n", "f.yaml:2: list[0]: is empty"},
		"a type's own opinion":                 {"colour: blue\n", "f.yaml:1: colour: must be red"},
		"a secret written out":                 {"key: Sesame123\n", "f.yaml:1: key: must be {env: NAME}"},
		"a secret as a field's name":           {"key:\n  sesame: x\n", "f.yaml:2: key: must be {env: NAME}"},
		"an anchor":                            {"text: &a b\n", "f.yaml:1: text: anchors, aliases, merges and tags are not understood here"},
		"an alias":                             {"text: *a\n", "f.yaml:1: text: anchors, aliases, merges and tags are not understood here"},
		"a tag":                                {"text: !!str b\n", "f.yaml:1: text: anchors, aliases, merges and tags are not understood here"},
		"a merge":                              {"opt:\n  <<: {name: a}\n", "f.yaml:2: opt: has a key that is not a plain word"},
		"a complex key":                        {"? text\n: b\n", "f.yaml:1: has a key that is not a plain word"},
		"nothing at all":                       {"", "f.yaml:1: is empty"},
		"nothing but a comment":                {"# a\n", "f.yaml:1: is empty"},
		"two documents":                        {"text: a\n---\ntext: b\n", "f.yaml:3: is a second document; one is expected"},
		"a list at the top":                    {"- a\n", "f.yaml:1: must be fields, one a line"},
		"no YAML":                              {"text: 'Sesame123\n", "f.yaml:1: is not YAML here: could not find end character of single-quoted text"},
		"deep nesting":                         {"list: " + strings.Repeat("[", 100), "f.yaml:1: is nested too deeply"},
		"a line without end":                   {"text: " + strings.Repeat("a", 3000), "f.yaml:1: is longer than 2000 bytes"},
		"too many lines":                       {strings.Repeat("a: b\n", 6000), "f.yaml:5000: has more than 5000 lines"},
		"too much":                             {strings.Repeat("#\n", strictyaml.MaxSize/2) + "#", "f.yaml:1: is longer than 262144 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := strictyaml.Decode("f.yaml", []byte(c.doc), new(config))
			require.EqualError(t, err, c.want)
		})
	}
}

func TestDecodeTellsAllProblems(t *testing.T) {
	_, err := strictyaml.Decode("f.yaml", []byte("on: 1\nlist:\n  - rate: x\n  - other: 1\n"), new(config))
	require.EqualError(t, err, "f.yaml:1: on: must be true or false\nf.yaml:3: list[0].rate: must be a number\nf.yaml:4: list[1]: has an unknown field: \"other\"")
}

func TestDecodeTellsAtMostFiftyProblems(t *testing.T) {
	_, err := strictyaml.Decode("f.yaml", []byte(strings.Repeat("a: b\n", 1000)), new(config))
	require.Equal(t, 50, strings.Count(err.Error(), "\n")+1)
}

func FuzzDecode(f *testing.F) {
	for _, doc := range []string{"text: a\n", "list:\n  - {name: a, rate: 1.5}\n", "key: {env: A}\n", "a: &b\n  <<: *b\n", "? - ? -\n", "\"\\x\": |2\n  a\n"} {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		const canary = "Sesame123"
		src, err := strictyaml.Decode("f.yaml", append([]byte("key: "+canary+"\n"), doc...), new(config))
		require.NotNil(t, src)
		if err != nil {
			require.NotContains(t, err.Error(), canary)
			require.True(t, strings.HasPrefix(err.Error(), "f.yaml:"))
		}
	})
}
