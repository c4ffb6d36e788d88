package channels_test

import (
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// evidence finds what is wrong with the facts of an entry, by their names.
func evidence(c channels.Capabilities) []string {
	var wrong []string
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		name, f := v.Type().Field(i).Name, v.Field(i)
		if name == "Kind" {
			continue
		}
		source, asOf, unknown := f.FieldByName("Source").String(), f.FieldByName("AsOf").String(), f.FieldByName("Unknown").String()
		said := source != "" || asOf != "" || !f.FieldByName("Value").IsZero()
		_, err := time.Parse("2006-01", asOf)
		if len(asOf) == 4 {
			_, err = time.Parse("2006", asOf)
		}
		switch {
		case unknown == "" && (source == "" || asOf == ""):
			wrong = append(wrong, name+": unfilled")
		case unknown != "" && said:
			wrong = append(wrong, name+": known and unknown")
		case unknown == "" && err != nil:
			wrong = append(wrong, name+": AsOf is no month")
		case strings.HasPrefix(source, "/") || strings.Contains(source, "file:"):
			wrong = append(wrong, name+": source is not public")
		}
	}
	return wrong
}

func TestEveryFactOfTheCatalogueHasItsEvidence(t *testing.T) {
	require.Len(t, channels.Kinds(), 10)
	for _, k := range channels.Kinds() {
		c, ok := channels.Catalogue(k)
		require.True(t, ok)
		require.Equal(t, k, c.Kind)
		require.Empty(t, evidence(c), "%s", k)
	}
	_, ok := channels.Catalogue("skype")
	require.False(t, ok)
}

func TestTheCheckOfEvidenceFindsWhatIsMissing(t *testing.T) {
	c, _ := channels.Catalogue(channels.WhatsApp)
	c.Text = channels.Fact[channels.Limit]{}
	c.Caption.AsOf = ""
	c.Quote.Unknown = "?"
	c.Window.AsOf = "lately"
	c.Signing.Source = "/notes.txt"
	require.Equal(t, []string{"Text: unfilled", "Caption: unfilled", "Quote: known and unknown",
		"Window: AsOf is no month", "Signing: source is not public"}, evidence(c))
}

func TestTheCatalogueGivesFreshCopies(t *testing.T) {
	for _, k := range channels.Kinds() {
		a, _ := channels.Catalogue(k)
		b, _ := channels.Catalogue(k)
		for i := range a.Media.Value {
			a.Media.Value[i].As = "changed"
			for j := range a.Media.Value[i].Types {
				a.Media.Value[i].Types[j] = "changed"
			}
		}
		for i := range a.Statuses.Value {
			a.Statuses.Value[i] = "changed"
		}
		for i := range a.Link.Value {
			a.Link.Value[i] = "changed"
		}
		for i := range a.Exceptions.Value {
			a.Exceptions.Value[i].Name = "changed"
		}
		c, _ := channels.Catalogue(k)
		require.Equal(t, b, c, "%s", k)
	}
	kinds := channels.Kinds()
	kinds[0] = "changed"
	require.Equal(t, channels.Messenger, channels.Kinds()[0])
}

func TestReplyWindowsOfTheCatalogue(t *testing.T) {
	const day = 24 * time.Hour
	for kind, want := range map[channels.Kind]channels.Window{
		channels.Messenger: {Reply: day, HumanAgent: 7 * day},
		channels.Instagram: {Reply: day, HumanAgent: 7 * day},
		channels.WhatsApp:  {Reply: day},
		channels.Viber:     {}, channels.Telegram: {}, channels.Apple: {}, channels.Signal: {},
		channels.SMS: {}, channels.WebChat: {}, channels.Email: {},
	} {
		c, _ := channels.Catalogue(kind)
		require.True(t, c.Window.Known(), "%s", kind)
		require.Equal(t, want, c.Window.Value, "%s", kind)
	}
}

// What may go out after the window is data too: an exception for people wherever
// the window has an extension for them, and none where there is no window.
func TestExceptionsFollowTheWindow(t *testing.T) {
	for _, k := range channels.Kinds() {
		c, _ := channels.Catalogue(k)
		require.True(t, c.Exceptions.Known(), "%s", k)
		require.Equal(t, c.Window.Value.HumanAgent > 0, slices.ContainsFunc(c.Exceptions.Value, func(e channels.Exception) bool {
			return e.Name == channels.HumanAgent && e.For != ""
		}), "%s", k)
		if c.Window.Value.Reply == 0 {
			require.Empty(t, c.Exceptions.Value, "%s", k)
		}
	}
}

// Notices to subscribers are off unless a document says that the channel has
// them.
func TestNoticesToSubscribersAreOffUnlessProven(t *testing.T) {
	for _, k := range channels.Kinds() {
		c, _ := channels.Catalogue(k)
		require.Equal(t, k == channels.Viber || k == channels.Telegram, c.OptInBroadcast.Known() && c.OptInBroadcast.Value, "%s", k)
	}
}

// Every limit counts in a unit that is known, and choices that may be shown
// have room for a title, a body and an id.
func TestLimitsOfTheCatalogueAreUsable(t *testing.T) {
	units := []channels.Unit{channels.Runes, channels.UTF16, channels.Bytes, channels.Septets}
	for _, k := range channels.Kinds() {
		c, _ := channels.Catalogue(k)
		for _, l := range []channels.Fact[channels.Limit]{c.Text, c.Caption, c.TemplateText} {
			if l.Known() {
				require.Contains(t, units, l.Value.Unit, "%s", k)
			}
		}
		if l := c.Choices.Value; l.Buttons > 0 {
			for _, l := range []channels.Limit{l.Title, l.Body, l.ID} {
				require.Positive(t, l.Max, "%s", k)
				require.Contains(t, units, l.Unit, "%s", k)
			}
		}
		if c.Text.Known() {
			require.Positive(t, c.Text.Value.Max, "%s", k)
		}
		for _, m := range c.Media.Value {
			require.NotEmpty(t, m.As, "%s", k)
		}
	}
}

func TestEveryKindCarriesALongText(t *testing.T) {
	body := strings.Repeat("Teie taotlus on läbi vaadatud. Õnne! ", 600)
	for _, k := range channels.Kinds() {
		c, _ := channels.Catalogue(k)
		got, err := channels.Fit(c, channels.Text{Body: body})
		require.NoError(t, err, "%s", k)
		require.Equal(t, body, strings.Join(bodies(t, got), ""), "%s", k)
		for _, p := range bodies(t, got) {
			require.True(t, !c.Text.Known() || c.Text.Value.Fits(p), "%s", k)
		}
	}
}

func TestOfAnUnknownKindNothingIsKnown(t *testing.T) {
	c := channels.UnknownCapabilities("pigeon", "nobody asked")
	require.Equal(t, channels.Kind("pigeon"), c.Kind)
	require.Empty(t, evidence(c))
	v := reflect.ValueOf(c)
	for i := 1; i < v.NumField(); i++ {
		require.Equal(t, "nobody asked", v.Field(i).FieldByName("Unknown").String(), v.Type().Field(i).Name)
	}
}

func TestTheTableHasALineForEachKind(t *testing.T) {
	var b strings.Builder
	require.NoError(t, channels.Table(&b))
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	require.Len(t, lines, 2+len(channels.Kinds()))
	for i, line := range lines {
		require.Equal(t, strings.Count(lines[0], "|"), strings.Count(line, "|"))
		require.NotContains(t, line, "|  |", "an empty cell")
		if i >= 2 {
			require.True(t, strings.HasPrefix(line, "| "+string(channels.Kinds()[i-2])+" | "), line)
		}
	}
	require.Contains(t, b.String(), "| whatsapp | 4096 UTF-16 units | 3 buttons, 10 rows | image, video, audio, file, sticker | 24 h | by template | yes | sent, delivered, read, failed | yes | impossible | inbound, code, auth |")
	require.Contains(t, b.String(), "| apple | ? | ? | ? | always | no | no | ? | no | ? | none |")
	require.Contains(t, b.String(), "| messenger | 2000 UTF-16 units | 13 buttons | image, video, audio, file | 24 h (7 d for a specialist) | no | ? |")
	require.ErrorIs(t, channels.Table(full{}), io.ErrShortWrite)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
