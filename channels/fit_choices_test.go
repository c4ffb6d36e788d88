package channels_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

func options(n int) []channels.Choice {
	out := make([]channels.Choice, n)
	for i := range out {
		out[i] = channels.Choice{ID: fmt.Sprint("id", i), Title: fmt.Sprint("Valik ", i)}
	}
	return out
}

func TestChoicesStayWhereTheChannelHasRoomForThem(t *testing.T) {
	tap := channels.Choices{Body: strings.Repeat("õ", 50), Header: strings.Repeat("h", 20), Footer: strings.Repeat("f", 20), Options: []channels.Choice{
		{ID: strings.Repeat("i", 16), Title: strings.Repeat("ä", 10)}}}
	list := channels.Choices{Body: "Mis teenus?", Button: strings.Repeat("b", 10), Options: []channels.Choice{
		{ID: "1", Title: strings.Repeat("ä", 12), Description: strings.Repeat("d", 15), Section: strings.Repeat("s", 12)},
		{ID: "2", Title: "teine", Section: "s"}}}
	with := func(c channels.Choices, change func(*channels.Choices)) channels.Choices {
		c.Options = append([]channels.Choice(nil), c.Options...)
		change(&c)
		return c
	}
	for _, tc := range []struct {
		name  string
		offer channels.Choices
		stays bool
	}{
		{"as buttons at every limit", tap, true},
		{"three buttons", channels.Choices{Body: "?", Options: options(3)}, true},
		{"four options are a list", channels.Choices{Body: "?", Options: options(4)}, true},
		{"five rows", channels.Choices{Body: "?", Options: options(5)}, true},
		{"six rows", channels.Choices{Body: "?", Options: options(6)}, false},
		{"as a list at every limit", list, true},
		{"a body that is too long", with(tap, func(c *channels.Choices) { c.Body += "õ" }), false},
		{"a header that is too long", with(tap, func(c *channels.Choices) { c.Header += "h" }), false},
		{"a footer that is too long", with(tap, func(c *channels.Choices) { c.Footer += "f" }), false},
		{"an id that is too long", with(tap, func(c *channels.Choices) { c.Options[0].ID += "i" }), false},
		{"a title too long for a button but not for a row", with(tap, func(c *channels.Choices) { c.Options[0].Title += "ä" }), true},
		{"a row title that is too long", with(list, func(c *channels.Choices) { c.Options[0].Title += "ä" }), false},
		{"a description that is too long", with(list, func(c *channels.Choices) { c.Options[0].Description += "d" }), false},
		{"a section that is too long", with(list, func(c *channels.Choices) { c.Options[0].Section += "s" }), false},
		{"an option outside the sections", with(list, func(c *channels.Choices) { c.Options[1].Section = "" }), false},
		{"a label of the list that is too long", with(list, func(c *channels.Choices) { c.Button += "b" }), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := channels.Fit(phone(), tc.offer)
			require.NoError(t, err)
			if tc.stays {
				require.Equal(t, []channels.Content{tc.offer}, got)
				return
			}
			require.Contains(t, strings.Join(bodies(t, got), ""), "1. "+tc.offer.Options[0].Title)
		})
	}
	l := phone().Choices.Value
	require.True(t, l.FitsButtons(tap))
	require.False(t, l.FitsButtons(list), "a button has no description")
}

func TestChoicesBecomeANumberedText(t *testing.T) {
	offer := channels.Choices{Header: "Broneering", Body: "Mis teenus?", Footer: "Vastake numbriga.", Button: "Ava", Options: []channels.Choice{
		{ID: "p", Title: "  Pass ", Description: "10 päeva", Section: "Dokumendid"},
		{ID: "i", Title: "ID-kaart", Section: "Dokumendid"},
		{ID: "l", Title: "Elamisluba", Section: "Load"}}}
	got, err := channels.Fit(textCaps(500, channels.Runes), offer)
	require.NoError(t, err)
	require.Equal(t, []string{"Broneering\n\nMis teenus?\n\nDokumendid\n1. Pass - 10 päeva\n2. ID-kaart\nLoad\n3. Elamisluba\n\nVastake numbriga."}, bodies(t, got))

	got, err = channels.Fit(textCaps(40, channels.Runes), offer)
	require.NoError(t, err)
	require.Equal(t, []string{"Broneering\n\nMis teenus?\n\n", "Dokumendid\n1. Pass - 10 päeva\n", "2. ID-kaart\nLoad\n3. Elamisluba\n\n", "Vastake numbriga."}, bodies(t, got))
}

func TestAButtonHasATitleOnly(t *testing.T) {
	caps := phone()
	caps.Choices.Value.Rows = 0
	plain := channels.Choices{Body: "?", Options: options(2)}
	got, err := channels.Fit(caps, plain)
	require.NoError(t, err)
	require.Equal(t, []channels.Content{plain}, got)
	for name, change := range map[string]func(*channels.Choice){
		"a description": func(o *channels.Choice) { o.Description = "d" },
		"a section":     func(o *channels.Choice) { o.Section = "s" },
	} {
		offer := channels.Choices{Body: "?", Options: options(2)}
		change(&offer.Options[1])
		got, err := channels.Fit(caps, offer)
		require.NoError(t, err)
		require.Contains(t, bodies(t, got)[0], "2. Valik 1", name)
	}
}

func TestChoicesThatCouldNotBeAnswered(t *testing.T) {
	for name, offer := range map[string]channels.Choices{
		"no options":              {Body: "?"},
		"no body":                 {Options: options(1)},
		"an option without an id": {Body: "?", Options: []channels.Choice{{Title: "a"}}},
		"an option without title": {Body: "?", Options: []channels.Choice{{ID: "a", Title: " "}}},
		"an id twice":             {Body: "?", Options: []channels.Choice{{ID: "a", Title: "a"}, {ID: "a", Title: "b"}}},
		"a title twice":           {Body: "?", Options: []channels.Choice{{ID: "a", Title: "Õhtu"}, {ID: "b", Title: "õhtu "}}},
		"a title of two lines":    {Body: "?", Options: []channels.Choice{{ID: "a", Title: "a\nb"}}},
		"a body not UTF-8":        {Body: "\xff", Options: options(1)},
		"a title not UTF-8":       {Body: "?", Options: []channels.Choice{{ID: "a", Title: "\xff"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, caps := range []channels.Capabilities{phone(), {}} {
				_, err := channels.Fit(caps, offer)
				refused(t, err, channels.ErrMalformed)
			}
		})
	}
}

func TestAnAnswerIsMatchedToItsOption(t *testing.T) {
	offer := []channels.Choice{{ID: "p", Title: "Pass"}, {ID: "k", Title: "Õnne 2"}, {ID: "e", Title: "Ei, aitäh"}}
	years := []channels.Choice{{ID: "a", Title: "2"}, {ID: "b", Title: "1"}, {ID: "c", Title: "3"}}
	for _, tc := range []struct {
		name   string
		offer  []channels.Choice
		answer string
		id     string
	}{
		{"a number", offer, "2", "k"},
		{"a number with a full stop", offer, "2.", "k"},
		{"a number with a bracket", offer, "2)", "k"},
		{"a number in white space", offer, " 2\n", "k"},
		{"a title in capitals", offer, "ÕNNE 2", "k"},
		{"a title in white space", offer, "  õnne   2 ", "k"},
		{"a number and its title", offer, "1. pass", "p"},
		{"a number and its title without a full stop", offer, "1 Pass", "p"},
		{"a number and another title", offer, "2. Pass", ""},
		{"a number past the end", offer, "4", ""},
		{"nought", offer, "0", ""},
		{"a longer number", offer, "12", ""},
		{"a number with a nought before it", offer, "02", ""},
		{"a fraction", offer, "1.5", ""},
		{"a sentence", offer, "Pass palun", ""},
		{"nothing", offer, "  ", ""},
		{"one offered nothing", nil, "1", ""},
		{"a number that is also another's title", years, "1", ""},
		{"a number that is its own title", years, "3", "c"},
		{"a number that goes on with another's title", years, "12", ""},
		{"not UTF-8", offer, "\xff", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := channels.Match(tc.offer, tc.answer)
			require.Equal(t, tc.id != "", ok)
			require.Equal(t, tc.id, got.ID)
		})
	}
	got, _ := channels.Match(offer, "2")
	require.Equal(t, channels.Chosen{ID: "k", Title: "Õnne 2"}, got)
}
