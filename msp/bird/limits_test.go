package bird_test

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
	"github.com/liidestuja/liidestuja/msp/bird/birdtest"
)

// unproven are the declared limits that are not where the simulator has its own,
// with the reason. The test fails for one that is there after all.
func unproven() map[string]string {
	const noCaption = "it takes a text of any length wherever a file may be sent"
	return map[string]string{
		"Text on sms":               "it does not count the segments of the network",
		"Caption on whatsapp":       noCaption,
		"Caption on messenger":      noCaption,
		"Caption on instagram":      noCaption,
		"Caption on viber":          noCaption,
		"Caption on telegram":       noCaption,
		"Choices.Title on whatsapp": "it does not look at the label of the button that opens a list",
		"Choices.Body on whatsapp":  "above actions it takes a text as long as any other",
		"Choices.ID on messenger":   "it takes 200 characters everywhere",
		"Choices.ID on instagram":   "it takes 200 characters everywhere",
	}
}

// straight posts to the simulator past the driver, and reports whether it was
// taken.
func straight(t *testing.T, sim *birdtest.Server, info channels.Info, body object) bool {
	t.Helper()
	raw, err := json.Marshal(object{"receiver": object{"contacts": []object{{"identifierValue": identifier(info.ID)}}}, "body": body})
	require.NoError(t, err)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/workspaces/"+workspace+"/channels/"+channelID(info.ID)+"/messages", bytes.NewReader(raw))
	r.Header.Set("Authorization", "AccessKey "+accessKey)
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	sim.ServeHTTP(rec, r)
	if rec.Code/100 == 2 {
		return true
	}
	require.Equal(t, http.StatusUnprocessableEntity, rec.Code, "%s", rec.Body)
	require.Contains(t, rec.Body.String(), `"code"`, "a refusal has the API's form")
	return false
}

// limitAccount has a line of each kind.
func limitAccount(t *testing.T) (*birdtest.Server, []channels.Info) {
	t.Helper()
	sim, err := birdtest.New(simConfig())
	require.NoError(t, err)
	var lines []channels.Info
	for _, ch := range receiver(t).Channels() {
		info := ch.Info()
		lines = append(lines, info)
		sim.Person(channelID(info.ID), identifier(info.ID)).Says("Tere")
	}
	return sim, lines
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
// not: as long as it may be it is taken, and a unit longer it is refused. Texts of
// templates are of projects, which only Bird knows.
func TestDeclaredTextsAreWhatTheSimulatorTakes(t *testing.T) {
	known := unproven()
	for _, info := range receiverLines(t) {
		for name, limit := range declaredTexts(info.Capabilities) {
			forms := textForms(info)[name]
			if limit.Max >= channels.NoLimit || name == "TemplateText" || limit.Max == 0 && len(forms) == 0 {
				continue // there is nothing to prove
			}
			what := fmt.Sprintf("%s on %s", name, info.ID)
			t.Run(fmt.Sprintf("%s, %d %s", what, limit.Max, limit.Unit), func(t *testing.T) {
				require.NotEmpty(t, forms, "there is no proof of this limit")
				// Labels are counted in characters by the simulator: of these there are
				// as many as units of UTF-16.
				text := func(n int) string { return strings.Repeat("õ", n) }
				if !strings.HasPrefix(name, "Choices.") || limit.Unit == channels.Bytes {
					text = func(n int) string { return channeltest.Filled(limit, n) }
				}
				sim, _ := limitAccount(t)
				there := true
				for _, form := range forms {
					there = there && (limit.Max == 0 || straight(t, sim, info, form(text(limit.Max)))) &&
						!straight(t, sim, info, form(text(limit.Max+1)))
				}
				require.Equal(t, known[what] == "", there, "known: %q", known[what])
			})
		}
	}
}

func receiverLines(t *testing.T) []channels.Info {
	t.Helper()
	_, lines := limitAccount(t)
	return lines
}

func TestDeclaredNumbersOfChoicesAreWhatTheSimulatorTakes(t *testing.T) {
	sim, lines := limitAccount(t)
	for _, info := range lines {
		limits := info.Capabilities.Choices.Value
		for most, form := range map[int]func(n int) object{limits.Buttons: actionsOf, limits.Rows: itemsOf} {
			if most == 0 {
				require.False(t, straight(t, sim, info, form(1)), "%s has none", info.ID)
				continue
			}
			require.True(t, straight(t, sim, info, form(most)), "%d on %s", most, info.ID)
			require.False(t, straight(t, sim, info, form(most+1)), "%d on %s", most+1, info.ID)
		}
	}
}

func action(text, payload string) object {
	return object{"type": "postback", "postback": object{"text": text, "payload": payload}}
}

func withActions(text string, all ...object) object {
	return object{"type": "text", "text": object{"text": text, "actions": all}}
}

func item(title, description, payload string) object {
	return object{"title": title, "description": description, "actions": []object{action("t", payload)}}
}

func listOf(text, label, section string, items ...object) object {
	return object{"type": "list", "list": object{"text": text, "metadata": object{"button": object{"label": label}},
		"sections": []object{{"title": section, "items": items}}}}
}

func actionsOf(n int) object {
	var all []object
	for i := range n {
		all = append(all, action(fmt.Sprint(i), fmt.Sprint(i)))
	}
	return withActions("b", all...)
}

func itemsOf(n int) object {
	var all []object
	for i := range n {
		all = append(all, item(fmt.Sprint(i), "d", fmt.Sprint(i)))
	}
	return listOf("b", "l", "s", all...)
}

// textForms are the messages that a text stands in, by the name of its limit.
func textForms(info channels.Info) map[string][]func(s string) object {
	type forms = []func(s string) object
	all := map[string][]func(s string) object{
		"Text": {func(s string) object { return object{"type": "text", "text": object{"text": s}} }},
	}
	if info.Kind == channels.SMS {
		return all
	}
	all["Caption"] = forms{func(s string) object {
		return object{"type": "image", "image": object{"text": s, "images": []object{{"mediaUrl": "https://agency.example/a.png"}}}}
	}}
	if info.Capabilities.Choices.Value.Buttons == 0 {
		return all
	}
	all["Choices.Title"] = forms{func(s string) object { return withActions("b", action(s, "1")) }}
	all["Choices.Body"] = forms{func(s string) object { return withActions(s, action("t", "1")) }}
	all["Choices.ID"] = forms{func(s string) object { return withActions("b", action("t", s)) }}
	if info.Capabilities.Choices.Value.Rows == 0 {
		return all
	}
	add := func(name string, f func(s string) object) { all[name] = append(all[name], f) }
	add("Choices.Title", func(s string) object { return listOf("b", s, "s", item("t", "d", "1")) })
	add("Choices.Body", func(s string) object { return listOf(s, "l", "s", item("t", "d", "1")) })
	add("Choices.ID", func(s string) object { return listOf("b", "l", "s", item("t", "d", s)) })
	add("Choices.RowTitle", func(s string) object { return listOf("b", "l", "s", item(s, "d", "1")) })
	add("Choices.Section", func(s string) object { return listOf("b", "l", s, item("t", "d", "1")) })
	add("Choices.Description", func(s string) object { return listOf("b", "l", "s", item("t", s, "1")) })
	return all
}
