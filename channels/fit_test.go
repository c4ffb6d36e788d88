package channels_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// phone is a channel that carries everything.
func phone() channels.Capabilities {
	runes := func(n int) channels.Limit { return channels.Limit{Max: n, Unit: channels.Runes} }
	return channels.Capabilities{
		Text:         fact(runes(100)),
		Caption:      fact(runes(20)),
		TemplateText: fact(runes(950)),
		Choices: fact(channels.ChoiceLimits{
			Buttons: 3, Rows: 5, Title: runes(10), RowTitle: runes(12), Section: runes(12), Description: runes(15),
			Body: runes(50), Header: runes(20), Footer: runes(20), ID: runes(16),
		}),
		Media: fact([]channels.MediaLimit{
			{As: channels.Image, Types: []string{"image/jpeg", "image/png"}, Max: 5000},
			{As: channels.Image, Types: []string{"image/webp"}, Max: 100},
			{As: channels.Video, Types: []string{"video/*"}},
			{As: channels.Audio, NoCaption: true},
		}),
		Location: fact(true), ContactCard: fact(true), Reaction: fact(true), Templates: fact(true),
	}
}

const link = "https://asutus.ee/pilt.jpg"

func TestMediaFitsOrIsRefused(t *testing.T) {
	image := channels.Media{As: channels.Image, URL: link, Type: "image/jpeg", Size: 5000, Caption: strings.Repeat("õ", 20)}
	with := func(change func(*channels.Media)) channels.Media {
		m := image
		change(&m)
		return m
	}
	for _, tc := range []struct {
		name  string
		media channels.Media
		class error
	}{
		{"at every limit", image, nil},
		{"of a size that is not known", with(func(m *channels.Media) { m.Size = 0 }), nil},
		{"of a type that is not known", with(func(m *channels.Media) { m.Type = "" }), nil},
		{"with a parameter in its type", with(func(m *channels.Media) { m.Type = "image/jpeg; q=1" }), nil},
		{"of any type of a group", channels.Media{As: channels.Video, Blob: "b", Type: "video/mp4", Size: 1 << 40}, nil},
		{"one byte too big", with(func(m *channels.Media) { m.Size++ }), channels.ErrTooLong},
		{"too big for its type only", with(func(m *channels.Media) { m.Type, m.Size = "image/webp", 101 }), channels.ErrTooLong},
		{"of a type that is not carried", with(func(m *channels.Media) { m.Type = "image/tiff" }), channels.ErrUnsupported},
		{"of a kind that is not carried", with(func(m *channels.Media) { m.As = channels.Sticker }), channels.ErrUnsupported},
		{"of no kind", with(func(m *channels.Media) { m.As = "" }), channels.ErrUnsupported},
		{"with a broken type", with(func(m *channels.Media) { m.Type = "image/" }), channels.ErrMalformed},
		{"from nowhere", with(func(m *channels.Media) { m.URL = "" }), channels.ErrMalformed},
		{"from two places", with(func(m *channels.Media) { m.Blob = "b" }), channels.ErrMalformed},
		{"over plain http", with(func(m *channels.Media) { m.URL = "http://asutus.ee/a" }), channels.ErrMalformed},
		{"without a host", with(func(m *channels.Media) { m.URL = "https:///a" }), channels.ErrMalformed},
		{"with a caption that is not UTF-8", with(func(m *channels.Media) { m.Caption = "\xff" }), channels.ErrMalformed},
		{"with a blank caption", with(func(m *channels.Media) { m.Caption = " " }), channels.ErrMalformed},
		{"of a negative size", with(func(m *channels.Media) { m.Size = -1 }), channels.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := channels.Fit(phone(), tc.media)
			if tc.class != nil {
				refused(t, err, tc.class)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []channels.Content{tc.media}, got)
		})
	}
}

func TestACaptionThatIsNotCarriedFollowsItsMedia(t *testing.T) {
	caption := strings.Repeat("õ", 21)
	bare := channels.Media{As: channels.Image, URL: link}
	silent := phone()
	silent.Caption = fact(channels.Limit{Unit: channels.Runes})
	for _, tc := range []struct {
		name  string
		caps  channels.Capabilities
		media channels.Media
		want  []string
	}{
		{"one character over the limit", phone(), channels.Media{As: channels.Image, URL: link, Caption: caption}, []string{caption}},
		{"on a channel without captions", silent, channels.Media{As: channels.Image, URL: link, Caption: "a"}, []string{"a"}},
		{"on a kind without captions", phone(), channels.Media{As: channels.Audio, URL: link, Caption: "a"}, []string{"a"}},
		{"in parts when it is longer than a text", phone(), channels.Media{As: channels.Image, URL: link, Caption: strings.Repeat("õ", 101)},
			[]string{strings.Repeat("õ", 100), "õ"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := channels.Fit(tc.caps, tc.media)
			require.NoError(t, err)
			bare.As = tc.media.As
			require.Equal(t, bare, got[0])
			require.Equal(t, tc.want, bodies(t, got[1:]))
		})
	}
}

func TestPlacesAndCardsBecomeTextWhereTheyAreNotCarried(t *testing.T) {
	place := channels.Location{Latitude: 59.436962, Longitude: 24.753574, Name: "Raekoda", Address: "Tallinn"}
	card := channels.ContactCard{Name: "PPA", Phones: []string{"+372 612 3000"}, Emails: []string{"ppa@politsei.ee"}}
	for _, c := range []channels.Content{place, card} {
		got, err := channels.Fit(phone(), c)
		require.NoError(t, err)
		require.Equal(t, []channels.Content{c}, got)
	}
	plain := textCaps(100, channels.Runes)
	got, err := channels.Fit(plain, place)
	require.NoError(t, err)
	require.Equal(t, []string{"Raekoda\nTallinn\n59.436962, 24.753574"}, bodies(t, got))
	got, err = channels.Fit(plain, card)
	require.NoError(t, err)
	require.Equal(t, []string{"PPA\n+372 612 3000\nppa@politsei.ee"}, bodies(t, got))
	got, err = channels.Fit(textCaps(5, channels.Runes), card)
	require.NoError(t, err)
	require.Greater(t, len(got), 1)
}

func TestContentThatNobodyCouldRead(t *testing.T) {
	nothing := channels.Capabilities{}
	for _, tc := range []struct {
		name    string
		caps    channels.Capabilities
		content channels.Content
		class   error
	}{
		{"nothing", phone(), nil, channels.ErrMalformed},
		{"a place off the globe", phone(), channels.Location{Latitude: 90.1}, channels.ErrMalformed},
		{"a place that is no number", phone(), channels.Location{Longitude: math.NaN()}, channels.ErrMalformed},
		{"a place that is not UTF-8", phone(), channels.Location{Name: "\xff"}, channels.ErrMalformed},
		{"a card of nobody", phone(), channels.ContactCard{Phones: []string{"1"}}, channels.ErrMalformed},
		{"a card that is not UTF-8", phone(), channels.ContactCard{Name: "a", Emails: []string{"\xff"}}, channels.ErrMalformed},
		{"a reaction to nothing", phone(), channels.Reaction{Emoji: "👍"}, channels.ErrMalformed},
		{"a reaction where it is not carried", textCaps(1, channels.Runes), channels.Reaction{To: "m", Emoji: "👍"}, channels.ErrUnsupported},
		{"an answer to choices", phone(), channels.Chosen{ID: "a"}, channels.ErrUnsupported},
		{"content that the model does not know", phone(), channels.Unsupported{Type: "poll"}, channels.ErrUnsupported},
		{"media where nothing is known", nothing, channels.Media{As: channels.Image, URL: link}, channels.ErrUnsupported},
		{"a reaction where nothing is known", nothing, channels.Reaction{To: "m", Emoji: "👍"}, channels.ErrUnsupported},
		{"a template where nothing is known", nothing, channels.Template{Name: "a", Language: "et"}, channels.ErrTemplate},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := channels.Fit(tc.caps, tc.content)
			refused(t, err, tc.class)
		})
	}
}

func TestWhereNothingIsKnownLengthsAreNotLimited(t *testing.T) {
	long := strings.Repeat("a", 1<<16)
	got, err := channels.Fit(channels.Capabilities{}, channels.Text{Body: long})
	require.NoError(t, err)
	require.Equal(t, []string{long}, bodies(t, got))

	unknown := channels.Fact[channels.Limit]{Value: channels.Limit{Max: 1, Unit: channels.Runes}, Unknown: "two sources disagree"}
	got, err = channels.Fit(channels.Capabilities{Text: unknown}, channels.Location{Latitude: 59, Longitude: 24})
	require.NoError(t, err)
	require.Equal(t, []string{"59.000000, 24.000000"}, bodies(t, got))
}

func TestTemplateFitsOrIsRefused(t *testing.T) {
	text := func(n int) []channels.Param {
		return []channels.Param{{Kind: channels.ParamText, Text: strings.Repeat("õ", n)}}
	}
	template := func(body ...channels.Param) channels.Template {
		return channels.Template{Name: "otsus", Language: "et", Body: body}
	}
	button := func(b ...channels.TemplateButton) channels.Template {
		return channels.Template{Name: "otsus", Language: "et", Buttons: b}
	}
	payload := channels.Param{Kind: channels.ParamPayload, Text: "jah"}
	for _, tc := range []struct {
		name     string
		template channels.Template
		class    error
	}{
		{"950 characters", template(text(950)...), nil},
		{"951 characters", template(text(951)...), channels.ErrTooLong},
		{"951 characters in header and body", channels.Template{Name: "a", Language: "et", Header: text(1), Body: text(950)}, channels.ErrTooLong},
		{"every kind of variable", template(
			channels.Param{Kind: channels.ParamText, Text: "a"},
			channels.Param{Kind: channels.ParamCurrency, Currency: "EUR", Amount: 12340},
			channels.Param{Kind: channels.ParamTime, Time: time.Unix(1, 0)},
			channels.Param{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Image, URL: link}},
			payload,
			channels.Param{Kind: channels.ParamCoupon, Text: "A1"}), nil},
		{"named variables", template(channels.Param{Kind: channels.ParamText, Name: "a", Text: "1"}, channels.Param{Kind: channels.ParamText, Name: "b", Text: "2"}), nil},
		{"buttons", button(channels.TemplateButton{Type: "quick_reply", Value: payload}, channels.TemplateButton{Index: 1, Type: "url", Value: payload}), nil},
		{"without a name", channels.Template{Language: "et"}, channels.ErrMalformed},
		{"without a language", channels.Template{Name: "otsus"}, channels.ErrMalformed},
		{"a kind that is not known", template(channels.Param{Kind: "html", Text: "a"}), channels.ErrMalformed},
		{"a variable without text", template(channels.Param{Kind: channels.ParamText}), channels.ErrMalformed},
		{"a variable that is not UTF-8", template(channels.Param{Kind: channels.ParamText, Text: "\xff"}), channels.ErrMalformed},
		{"a currency in small letters", template(channels.Param{Kind: channels.ParamCurrency, Currency: "eur"}), channels.ErrMalformed},
		{"a currency that is too long", template(channels.Param{Kind: channels.ParamCurrency, Currency: "EURO"}), channels.ErrMalformed},
		{"no time", template(channels.Param{Kind: channels.ParamTime}), channels.ErrMalformed},
		{"no media", template(channels.Param{Kind: channels.ParamMedia}), channels.ErrMalformed},
		{"media from nowhere", template(channels.Param{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.Image}}), channels.ErrMalformed},
		{"a name missing", template(channels.Param{Kind: channels.ParamText, Name: "a", Text: "1"}, channels.Param{Kind: channels.ParamText, Text: "2"}), channels.ErrMalformed},
		{"a name twice", template(channels.Param{Kind: channels.ParamText, Name: "a", Text: "1"}, channels.Param{Kind: channels.ParamText, Name: "a", Text: "2"}), channels.ErrMalformed},
		{"a button of another type", button(channels.TemplateButton{Type: "flow", Value: payload}), channels.ErrMalformed},
		{"a button before the first", button(channels.TemplateButton{Index: -1, Type: "url", Value: payload}), channels.ErrMalformed},
		{"a button twice", button(channels.TemplateButton{Type: "url", Value: payload}, channels.TemplateButton{Type: "url", Value: payload}), channels.ErrMalformed},
		{"a button without a value", button(channels.TemplateButton{Type: "url"}), channels.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := channels.Fit(phone(), tc.template)
			if tc.class != nil {
				refused(t, err, tc.class)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []channels.Content{tc.template}, got)
		})
	}
	without := phone()
	without.Templates = fact(false)
	_, err := channels.Fit(without, template(text(1)...))
	refused(t, err, channels.ErrTemplate)
}
