package meta_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/channels/meta/metatest"
)

// straight sends a request to the simulator past the driver, with all that goes
// with a call, and returns the code of its refusal, 0 when it was taken.
func (w *world) straight(t *testing.T, line channels.ID, path, contentType string, body []byte) int {
	t.Helper()
	token := map[channels.ID]string{"messenger": simPageToken, "instagram": simPageToken, "login": simLoginToken, "whatsapp": simPhoneToken}[line]
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v25.0/"+path+"?appsecret_proof="+metatest.Proof(outSecret, token), strings.NewReader(string(body)))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", contentType)
	rec := httptest.NewRecorder()
	w.sim.ServeHTTP(rec, r)
	var answer struct {
		Error struct {
			Code  int    `json:"code"`
			Trace string `json:"fbtrace_id"`
		} `json:"error"`
	}
	unmarshal(t, rec.Body.Bytes(), &answer)
	require.Equal(t, rec.Code == http.StatusOK, answer.Error.Code == 0, "%s", rec.Body)
	require.Equal(t, answer.Error.Code == 0, answer.Error.Trace == "", "a refusal has Meta's form")
	return answer.Error.Code
}

// proofs are the lines with a limit of each kind.
func proofs(t *testing.T) []channels.Info {
	var all []channels.Info
	for _, ch := range outApp(t, outConfig("http://127.0.0.1:1")).Channels() {
		all = append(all, ch.Info())
	}
	return all
}

// refusals are the codes by which Meta says that something is too long, too much
// or has no place.
func refusals() []int { return []int{100, 131008, 131009, 131053, 132005} }

// provenTexts are the limits of texts that a line declares, by name.
func provenTexts(c channels.Capabilities) map[string]channels.Limit {
	all := map[string]channels.Limit{}
	add := func(in any, prefix string) {
		v := reflect.ValueOf(in)
		for i := range v.NumField() {
			name := prefix + v.Type().Field(i).Name
			switch f := v.Field(i).Interface().(type) {
			case channels.Limit:
				all[name] = f
			case channels.Fact[channels.Limit]:
				if f.Known() {
					all[name] = f.Value
				}
			}
		}
	}
	add(c, "")
	add(c.Choices.Value, "Choices.")
	return all
}

// Each text that a line declares a limit for is sent past the driver, which
// would not: as long as it may be it is taken, and a unit longer it is refused.
func TestDeclaredTextsAreWhatTheProductTakes(t *testing.T) {
	for _, info := range proofs(t) {
		for name, limit := range provenTexts(info.Capabilities) {
			forms := textForms(info.Kind)[name]
			if limit.Max == 0 && len(forms) == 0 {
				continue // there is no such text, nor a place for one
			}
			t.Run(fmt.Sprintf("%s of %d %s on %s", name, limit.Max, limit.Unit, info.ID), func(t *testing.T) {
				if limit.Max == 0 {
					for i, form := range forms {
						require.Contains(t, refusals(), newLimitWorld(t, nil).sends(t, info, form("a")), "form %d", i)
					}
					return
				}
				require.NotEmpty(t, forms, "there is no proof of this limit")
				for i, form := range forms {
					w := newLimitWorld(t, nil)
					require.Zero(t, w.sends(t, info, form(channeltest.Filled(limit, limit.Max))), "form %d at the limit", i)
					code := w.sends(t, info, form(channeltest.Filled(limit, limit.Max+1)))
					require.Contains(t, refusals(), code, "form %d over the limit", i)
				}
			})
		}
	}
}

func TestDeclaredNumbersOfChoicesAreWhatTheProductTakes(t *testing.T) {
	for _, info := range proofs(t) {
		limits := info.Capabilities.Choices.Value
		for name, most := range map[string]int{"Buttons": limits.Buttons, "Rows": limits.Rows} {
			form := countForms(info.Kind)[name]
			if most == 0 && form == nil {
				continue
			}
			t.Run(fmt.Sprintf("%d %s on %s", most, name, info.ID), func(t *testing.T) {
				require.NotNil(t, form, "there is no proof of this limit")
				w := newLimitWorld(t, nil)
				require.Zero(t, w.sends(t, info, form(most)), "at the limit")
				require.Contains(t, refusals(), w.sends(t, info, form(most+1)), "over the limit")
			})
		}
	}
}

// largestProven bounds the files that are made: the limit of a WhatsApp document,
// 100 MB, is not proven.
const largestProven = 25_000_000

func TestDeclaredFilesAreWhatTheProductTakes(t *testing.T) {
	for _, info := range proofs(t) {
		for _, m := range info.Capabilities.Media.Value {
			t.Run(fmt.Sprintf("%s on %s", m.As, info.ID), func(t *testing.T) {
				w := newLimitWorld(t, nil)
				exact := len(m.Types) > 0
				for _, typ := range m.Types {
					exact = exact && !strings.HasSuffix(typ, "*")
					require.Zero(t, w.uploads(t, info, m.As, concrete(typ), 100), typ)
				}
				if exact {
					require.Contains(t, refusals(), w.uploads(t, info, m.As, undeclared(m.As), 100), "another type")
				}
				if m.Max > largestProven || m.Max == 0 {
					return
				}
				if m.Max > 1_000_000 && testing.Short() {
					t.Skip("large files take a minute under the race detector; make test has them")
				}
				typ := "application/pdf"
				if len(m.Types) > 0 {
					typ = concrete(m.Types[0])
				}
				require.Zero(t, w.uploads(t, info, m.As, typ, int(m.Max)), "at the limit")
				require.Contains(t, refusals(), w.uploads(t, info, m.As, typ, int(m.Max)+1), "over the limit")
			})
		}
	}
}

func TestFilesWithoutACaptionHaveNone(t *testing.T) {
	for _, info := range proofs(t) {
		if info.Capabilities.Caption.Value.Max == 0 {
			continue // then no file has
		}
		for _, m := range info.Capabilities.Media.Value {
			code := newLimitWorld(t, nil).sends(t, info, captioned(m.As, "a"))
			require.Equal(t, m.NoCaption, code != 0, "%s on %s", m.As, info.ID)
		}
	}
}

func TestDeclaredWindowsAreTheProducts(t *testing.T) {
	const closed, open = "closed", "open"
	for _, info := range proofs(t) {
		window := info.Capabilities.Window.Value
		for _, c := range []struct {
			after  time.Duration
			tagged bool
			want   string
		}{
			{window.Reply - time.Second, false, open}, {window.Reply, false, closed},
			{window.HumanAgent - time.Second, true, open}, {window.HumanAgent, true, closed},
		} {
			if c.tagged && window.HumanAgent == 0 {
				continue
			}
			t.Run(fmt.Sprintf("%v after a message on %s, as a person: %t", c.after, info.ID, c.tagged), func(t *testing.T) {
				now := outNoon()
				w := newLimitWorld(t, func() time.Time { return now })
				now = now.Add(c.after)
				code := w.sends(t, info, windowForm(info.Kind, c.tagged))
				require.Equal(t, c.want == closed, code != 0)
				if code != 0 {
					require.Contains(t, []int{10, 131047}, code)
				}
			})
		}
	}
}

// newLimitWorld is a world with a template, whose clock is the real one's noon or
// the given one.
func newLimitWorld(t *testing.T, now func() time.Time) *world {
	t.Helper()
	return newWorld(t, func(sc *metatest.Config, _ *meta.Config) {
		sc.Numbers[0].Templates = []metatest.Template{{Name: "limit", Language: "et", Body: "T{{1}}."}}
		if now != nil {
			sc.Now = now
		}
	})
}
