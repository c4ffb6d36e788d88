package messagebird_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/msp/messagebird"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

const botLine = "7d3a2b7a1c0e4f6f8a9b0c1d2e3f4a5c"

type object = map[string]any

// unproven are the declared limits beyond which the simulator takes more, with
// the reason. The test fails for one that it has after all.
func unproven() map[string]string {
	return map[string]string{
		"TemplateText on whatsapp": "it does not know the texts of templates",
		"Caption on messenger":     "it takes a caption wherever a file may be sent",
		"Text on mobile":           "a little less is declared, so that no text needs a tenth short message",
		"Text on sms":              "it does not count the segments of the Conversations API",
	}
}

// straight posts to the simulator past the driver, and reports whether it was
// taken.
func straight(t *testing.T, sim *messagebirdtest.Server, path string, body object) bool {
	t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(raw))
	r.Header.Set("Authorization", "AccessKey "+accessKey)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	sim.ServeHTTP(rec, r)
	if rec.Code/100 == 2 {
		return true
	}
	require.Equal(t, http.StatusUnprocessableEntity, rec.Code, "%s", rec.Body)
	require.Contains(t, rec.Body.String(), `"errors"`, "a refusal has the API's form")
	return false
}

// limitAccount has a line of each kind.
func limitAccount(t *testing.T) (*messagebirdtest.Server, []channels.Info) {
	t.Helper()
	sim, p := simulator(t, func(sc *messagebirdtest.Config, c *messagebird.Config) {
		sc.Channels = append(sc.Channels, messagebirdtest.Channel{ID: botLine, Platform: "telegram", Number: "bot"})
		sc.Numbers = []messagebirdtest.Number{{Number: number}}
		c.Lines = append(c.Lines, messagebird.Line{ID: "telegram", Kind: channels.Telegram, ChannelID: botLine},
			messagebird.Line{ID: "mobile", Kind: channels.SMS, SMS: &messagebird.SMS{Originator: number}})
	})
	var lines []channels.Info
	for _, ch := range p.Channels() {
		info := ch.Info()
		lines = append(lines, info)
		if id := limitLines()[info.ID]; id != "" {
			sim.Person(id, kati).Says("Tere")
		}
	}
	return sim, lines
}

func limitLines() map[channels.ID]string {
	return map[channels.ID]string{"whatsapp": whatsApp, "messenger": messenger, "sms": textLine, "telegram": botLine}
}

// declaredTexts are the limits of texts that a line declares, by name.
func declaredTexts(c channels.Capabilities) map[string]channels.Limit {
	all := map[string]channels.Limit{}
	for prefix, in := range map[string]any{"": c, "Choices.": c.Choices.Value} {
		v := reflect.ValueOf(in)
		for i := range v.NumField() {
			switch f := v.Field(i).Interface().(type) {
			case channels.Limit:
				all[prefix+v.Type().Field(i).Name] = f
			case channels.Fact[channels.Limit]:
				if f.Known() {
					all[prefix+v.Type().Field(i).Name] = f.Value
				}
			}
		}
	}
	return all
}

// Each text that a line declares a limit for is sent past the driver, which would
// not: as long as it may be it is taken, and a unit longer it is refused.
func TestDeclaredTextsAreWhatTheSimulatorTakes(t *testing.T) {
	known := unproven()
	sim, lines := limitAccount(t)
	for _, info := range lines {
		for name, limit := range declaredTexts(info.Capabilities) {
			forms := textForms(info)[name]
			if limit.Max == 0 && len(forms) == 0 {
				continue // there is no such text, nor a place for one
			}
			what := fmt.Sprintf("%s on %s", name, info.ID)
			t.Run(fmt.Sprintf("%s, %d %s", what, limit.Max, limit.Unit), func(t *testing.T) {
				require.NotEmpty(t, forms, "there is no proof of this limit")
				// Labels are counted in characters by the simulator: of these there are
				// as many as units of UTF-16.
				text := func(n int) string { return strings.Repeat("õ", n) }
				if !strings.HasPrefix(name, "Choices.") {
					text = func(n int) string { return channeltest.Filled(limit, n) }
				}
				for i, form := range forms {
					if limit.Max > 0 {
						require.True(t, form(t, sim, text(limit.Max)), "form %d at the limit", i)
					}
					require.Equal(t, known[what] != "", form(t, sim, text(limit.Max+1)), "form %d over the limit; known: %q", i, known[what])
				}
			})
		}
	}
}

func TestDeclaredNumbersOfChoicesAreWhatTheSimulatorTakes(t *testing.T) {
	sim, lines := limitAccount(t)
	for _, info := range lines {
		limits := info.Capabilities.Choices.Value
		if info.Kind != channels.WhatsApp {
			require.Zero(t, limits.Buttons+limits.Rows, "there is no proof for %s", info.ID)
			continue
		}
		for most, form := range map[int]func(n int) object{limits.Buttons: buttonsOf, limits.Rows: rowsOf} {
			require.True(t, interactive(t, sim, form(most)), "%d", most)
			require.False(t, interactive(t, sim, form(most+1)), "%d", most+1)
		}
	}
}
