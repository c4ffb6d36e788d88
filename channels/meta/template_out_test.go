package meta_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// newsTemplate has variables in its header, its body and a button.
func newsTemplate() meta.Template {
	return meta.Template{Name: "news", Language: "et", Category: "UTILITY", Components: []meta.TemplateComponent{
		{Type: "HEADER", Format: "TEXT", Text: "Asi {{1}}"},
		{Type: "BODY", Text: "Tere, {{1}}! {{2}} {{1}}"},
		{Type: "BUTTONS", Buttons: []meta.ButtonModel{
			{Type: "QUICK_REPLY", Text: "Selge"}, {Type: "URL", Text: "Ava", URL: "https://agency.example/{{1}}"},
			{Type: "COPY_CODE"}, {Type: "URL", Text: "Koju", URL: "https://agency.example/"},
		}},
	}}
}

func words(texts ...string) []channels.Param {
	var p []channels.Param
	for _, s := range texts {
		p = append(p, channels.Param{Kind: channels.ParamText, Text: s})
	}
	return p
}

// news is a message that fits newsTemplate.
func news() channels.Template {
	return channels.Template{Name: "news", Language: "et", Header: words("A-1"), Body: words("Kati", "tore"), Buttons: []channels.TemplateButton{
		{Index: 1, Type: "url", Value: words("x")[0]},
		{Index: 2, Type: "copy_code", Value: channels.Param{Kind: channels.ParamCoupon, Text: "KOOD"}},
	}}
}

// in is the template in a language and a state.
func in(language string, state meta.TemplateState) meta.Template {
	w := newsTemplate()
	w.ID, w.Language, w.State = "7", language, state
	return w
}

// sendNews sends by a book that has these templates.
func sendNews(t *testing.T, m channels.Template, known ...meta.Template) (string, error) {
	t.Helper()
	g := graphSays(t, accepts())
	cfg := outConfig(g.URL)
	book := new(meta.TemplateBook)
	book.Replace("whatsapp", known)
	cfg.Templates = book
	if _, err := outLine(t, outApp(t, cfg), "whatsapp").Send(context.Background(), letter("whatsapp", m)); err != nil {
		require.Empty(t, g.all(), "refused before the wire")
		return "", err
	}
	return withoutProof(t, g.all()[0]), nil
}

func TestATemplateIsSentWithItsVariables(t *testing.T) {
	m := channels.Template{Name: "case", Language: "en-GB",
		Header: []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: channels.File, URL: outPicture, Name: "otsus.pdf", Caption: "c"}}},
		Body: []channels.Param{
			{Kind: channels.ParamText, Name: "who", Text: "Kati"},
			{Kind: channels.ParamCurrency, Name: "sum", Currency: "EUR", Amount: 12340},
			{Kind: channels.ParamTime, Name: "when", Time: time.Date(2024, 3, 3, 10, 5, 0, 0, time.UTC)},
		},
		Buttons: news().Buttons,
	}
	_, body := sent(t, letter("whatsapp", m))
	require.JSONEq(t, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"`+outPhone+`","type":"template","biz_opaque_callback_data":"m-1","template":{
		"name":"case","language":{"code":"en_GB"},"components":[
		{"type":"header","parameters":[{"type":"document","document":{"link":"`+outPicture+`","filename":"otsus.pdf"}}]},
		{"type":"body","parameters":[{"type":"text","parameter_name":"who","text":"Kati"},
			{"type":"currency","parameter_name":"sum","currency":{"fallback_value":"12.34 EUR","code":"EUR","amount_1000":12340}},
			{"type":"date_time","parameter_name":"when","date_time":{"fallback_value":"03.03.2024 10:05","day_of_week":7,"year":2024,"month":3,"day_of_month":3,"hour":10,"minute":5,"calendar":"GREGORIAN"}}]},
		{"type":"button","sub_type":"url","index":"1","parameters":[{"type":"text","text":"x"}]},
		{"type":"button","sub_type":"copy_code","index":"2","parameters":[{"type":"coupon_code","coupon_code":"KOOD"}]}]}}`, body)

	_, body = sent(t, letter("whatsapp", channels.Template{Name: "plain", Language: "et"}))
	require.Contains(t, body, `"template":{"name":"plain","language":{"code":"et"}}`)
}

func TestWhatIsNotApprovedIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		ask   string
		known []meta.Template
		goes  string // in this language; empty: refused
	}{
		"approved":                              {"et", []meta.Template{in("et", meta.TemplateApproved)}, "et"},
		"of low quality, and still sent":        {"et", []meta.Template{in("et", meta.TemplateFlagged)}, "et"},
		"pending":                               {"et", []meta.Template{in("et", meta.TemplatePending)}, ""},
		"rejected":                              {"et", []meta.Template{in("et", meta.TemplateRejected)}, ""},
		"paused":                                {"et", []meta.Template{in("et", meta.TemplatePaused)}, ""},
		"disabled":                              {"et", []meta.Template{in("et", meta.TemplateDisabled)}, ""},
		"in a state of tomorrow":                {"et", []meta.Template{in("et", "LOCKED")}, ""},
		"not known at all":                      {"et", nil, "et"},
		"the next language":                     {"et", []meta.Template{in("et", meta.TemplatePaused), in("ru", meta.TemplateApproved), in("en", meta.TemplateApproved)}, "en"},
		"the language asked for comes first":    {"ru", []meta.Template{in("et", meta.TemplateApproved), in("ru", meta.TemplateApproved)}, "ru"},
		"Estonian comes before English":         {"fi", []meta.Template{in("en", meta.TemplateApproved), in("et", meta.TemplateApproved)}, "et"},
		"a regional form":                       {"en", []meta.Template{in("en_US", meta.TemplateApproved), in("en_GB", meta.TemplateApproved)}, "en_GB"},
		"the very form asked for":               {"en-US", []meta.Template{in("en_GB", meta.TemplateApproved), in("en_US", meta.TemplateApproved)}, "en_US"},
		"no language that anybody here chooses": {"et", []meta.Template{in("fi", meta.TemplateApproved)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := news()
			m.Language = c.ask
			body, err := sendNews(t, m, c.known...)
			if c.goes == "" {
				outFailure(t, err, channels.ErrTemplate, channels.NotSent)
				return
			}
			require.NoError(t, err)
			require.Contains(t, body, `"language":{"code":"`+c.goes+`"}`)
		})
	}
}

func TestVariablesMustBeThoseOfTheTemplate(t *testing.T) {
	file := func(as channels.MediaKind) []channels.Param {
		return []channels.Param{{Kind: channels.ParamMedia, Media: &channels.Media{As: as, URL: outPicture}}}
	}
	headed := func(format string) func(*meta.Template) {
		return func(w *meta.Template) { w.Components[0] = meta.TemplateComponent{Type: "HEADER", Format: format} }
	}
	named := func(w *meta.Template) { w.Components[1].Text = "{{name}} {{ case_id }}" }
	name := func(names ...string) func(*channels.Template) {
		return func(m *channels.Template) {
			m.Body = words(names...)
			for i := range m.Body {
				m.Body[i].Name = names[i]
			}
		}
	}
	button := func(change func([]channels.TemplateButton) []channels.TemplateButton) func(*channels.Template) {
		return func(m *channels.Template) { m.Buttons = change(m.Buttons) }
	}
	for title, c := range map[string]struct {
		template func(*meta.Template)
		message  func(*channels.Template)
		fits     bool
	}{
		"all there":                      {nil, nil, true},
		"one missing in the body":        {nil, func(m *channels.Template) { m.Body = m.Body[:1] }, false},
		"one extra in the body":          {nil, func(m *channels.Template) { m.Body = words("a", "b", "c") }, false},
		"a name where there are numbers": {nil, name("name", "case_id"), false},
		"none in the header":             {nil, func(m *channels.Template) { m.Header = nil }, false},
		"a file where there is a text":   {nil, func(m *channels.Template) { m.Header = file(channels.Image) }, false},
		"names":                          {named, name("case_id", "name"), true},
		"a wrong name":                   {named, name("case_id", "names"), false},
		"a name twice":                   {named, name("name", "name"), false},
		"numbers where there are names":  {named, nil, false},
		"an image":                       {headed("IMAGE"), func(m *channels.Template) { m.Header = file(channels.Image) }, true},
		"a video for an image":           {headed("IMAGE"), func(m *channels.Template) { m.Header = file(channels.Video) }, false},
		"a document":                     {headed("DOCUMENT"), func(m *channels.Template) { m.Header = file(channels.File) }, true},
		"no image":                       {headed("IMAGE"), func(m *channels.Template) { m.Header = nil }, false},
		"a place":                        {headed("LOCATION"), func(m *channels.Template) { m.Header = nil }, false},
		"a quick reply's payload": {nil, button(func(b []channels.TemplateButton) []channels.TemplateButton {
			return append(b, channels.TemplateButton{Index: 0, Type: "quick_reply", Value: channels.Param{Kind: channels.ParamPayload, Text: "p"}})
		}), true},
		"a button that is not there": {nil, button(func(b []channels.TemplateButton) []channels.TemplateButton {
			return append(b, channels.TemplateButton{Index: 4, Type: "quick_reply", Value: channels.Param{Kind: channels.ParamPayload, Text: "p"}})
		}), false},
		"a button without a variable": {nil, button(func(b []channels.TemplateButton) []channels.TemplateButton {
			return append(b, channels.TemplateButton{Index: 3, Type: "url", Value: words("x")[0]})
		}), false},
		"a button of another kind": {nil, button(func(b []channels.TemplateButton) []channels.TemplateButton {
			return append(b, channels.TemplateButton{Index: 0, Type: "url", Value: words("x")[0]})
		}), false},
		"no code to copy": {nil, button(func(b []channels.TemplateButton) []channels.TemplateButton { return b[:1] }), false},
		"no address":      {nil, button(func(b []channels.TemplateButton) []channels.TemplateButton { return b[1:] }), false},
		"a text that nobody told": {func(w *meta.Template) { w.Components = nil }, func(m *channels.Template) {
			m.Body = nil
		}, true},
	} {
		t.Run(title, func(t *testing.T) {
			w, m := in("et", meta.TemplateApproved), news()
			if c.template != nil {
				c.template(&w)
			}
			if c.message != nil {
				c.message(&m)
			}
			_, err := sendNews(t, m, w)
			if c.fits {
				require.NoError(t, err)
				return
			}
			outFailure(t, err, channels.ErrTemplate, channels.NotSent)
		})
	}
}

func TestABookFollowsTheEvents(t *testing.T) {
	book := new(meta.TemplateBook)
	event := func(line channels.ID, subject, name, state string) *channels.LineChanged {
		return &channels.LineChanged{EventMeta: channels.EventMeta{Channel: line}, Subject: subject, Name: name, State: state}
	}
	require.False(t, book.Apply(event("a", "template", "news/et", "paused")), "nothing is known yet")
	require.Empty(t, book.Variants("a", "news"))
	other := in("et", meta.TemplateApproved)
	other.ID = "8"
	book.Replace("a", []meta.Template{in("et", meta.TemplateApproved), in("ru", meta.TemplatePending)})
	book.Replace("b", []meta.Template{in("et", meta.TemplateApproved)})
	book.Replace("c", []meta.Template{other})
	state := func(line channels.ID) meta.TemplateState { return book.Variants(line, "news")[0].State }

	require.True(t, book.Apply(event("a", "template", "news/et", "paused")))
	require.Equal(t, meta.TemplatePaused, state("a"))
	require.Equal(t, meta.TemplatePaused, state("b"), "the same template of another number")
	require.Equal(t, meta.TemplateApproved, state("c"), "another account's")
	require.Equal(t, meta.TemplatePending, book.Variants("a", "news")[1].State, "another language")
	require.True(t, book.Apply(event("a", "template", "news/et", "reinstated")))
	require.Equal(t, meta.TemplateApproved, state("a"))
	for _, e := range []*channels.LineChanged{
		event("a", "template_quality", "news/et", "red"), event("a", "template", "news", "paused"),
		event("a", "template", "olds/et", "paused"), event("d", "template", "news/et", "paused"),
	} {
		require.False(t, book.Apply(e))
	}
	require.Equal(t, meta.TemplateApproved, state("a"))

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			book.Apply(event("a", "template", "news/et", "paused"))
			book.Variants("a", "news")
			book.Replace("a", []meta.Template{in("et", meta.TemplateApproved)})
		})
	}
	all.Wait()
}

func TestTemplatesAreListedToTheLastPage(t *testing.T) {
	g := graphSays(t,
		answer(http.StatusOK, `{"data":[{"id":"1","name":"a","language":"et","status":"APPROVED","components":[{"type":"BODY","text":"Tere"}]}],"paging":{"cursors":{"after":"MjQ"},"next":"https://graph.facebook.com/?access_token=x"}}`),
		answer(http.StatusOK, `{"data":[{"id":"2","name":"b","language":"ru","status":"PAUSED","parameter_format":"NAMED","surprise":1}],"paging":{"cursors":{"after":"NDg"}}}`))
	got, err := outApp(t, outConfig(g.URL)).Templates(context.Background(), "whatsapp")
	require.NoError(t, err)
	require.Equal(t, []meta.Template{
		{ID: "1", Name: "a", Language: "et", State: meta.TemplateApproved, Components: []meta.TemplateComponent{{Type: "BODY", Text: "Tere"}}},
		{ID: "2", Name: "b", Language: "ru", State: meta.TemplatePaused, Variables: "NAMED"},
	}, got)
	calls := g.all()
	require.Len(t, calls, 2)
	require.Equal(t, "/v25.0/"+outBusiness+"/message_templates", calls[0].Path)
	require.NotContains(t, calls[0].Query, "after=")
	require.Contains(t, calls[1].Query, "after=MjQ")

	endless := graphSays(t, answer(http.StatusOK, `{"data":[],"paging":{"cursors":{"after":"x"},"next":"y"}}`))
	_, err = outApp(t, outConfig(endless.URL)).Templates(context.Background(), "whatsapp")
	outFailure(t, err, channels.ErrTooLong, channels.NotSent)
}

func TestTemplatesAreMadeChangedAndRemoved(t *testing.T) {
	g := graphSays(t, answer(http.StatusOK, `{"id":"9","status":"REJECTED","category":"MARKETING"}`))
	app := outApp(t, outConfig(g.URL))
	ctx := context.Background()
	w := in("et-EE", meta.TemplateApproved)
	got, err := app.CreateTemplate(ctx, "whatsapp", w)
	require.NoError(t, err)
	w.ID, w.State, w.Language, w.Category = "9", meta.TemplateRejected, "et_EE", "MARKETING"
	require.Equal(t, w, got, "with what Meta decided")
	require.NotContains(t, string(g.all()[0].Body), "APPROVED", "the state is not ours to say")

	require.NoError(t, app.EditTemplate(ctx, "whatsapp", meta.Template{ID: "9", Name: "news", Components: newsTemplate().Components[1:2]}))
	require.Equal(t, "/v25.0/9", g.all()[1].Path)
	require.JSONEq(t, `{"components":[{"type":"BODY","text":"Tere, {{1}}! {{2}} {{1}}"}]}`, withoutProof(t, g.all()[1]))

	require.NoError(t, app.DeleteTemplate(ctx, "whatsapp", "news", "9"))
	require.NoError(t, app.DeleteTemplate(ctx, "whatsapp", "news", ""))
	require.Equal(t, http.MethodDelete, g.all()[2].Method)
	require.Equal(t, "appsecret_proof="+outProof+"&hsm_id=9&name=news", g.all()[2].Query)
	require.Equal(t, "appsecret_proof="+outProof+"&name=news", g.all()[3].Query)
}

func TestTemplatesThatCannotBeAskedFor(t *testing.T) {
	g := graphSays(t, answer(400, faultOf("100", 2388019, "")))
	cfg := outConfig(g.URL)
	app := outApp(t, cfg)
	ctx := context.Background()
	_, err := app.Templates(ctx, "messenger")
	outFailure(t, err, channels.ErrUnsupported, channels.NotSent)
	_, err = app.Templates(ctx, "nobody")
	outFailure(t, err, channels.ErrRejected, channels.NotSent)
	_, err = app.CreateTemplate(ctx, "whatsapp", meta.Template{Name: "news"})
	outFailure(t, err, channels.ErrTemplate, channels.NotSent)
	outFailure(t, app.EditTemplate(ctx, "whatsapp", meta.Template{ID: "../x"}), channels.ErrTemplate, channels.NotSent)
	outFailure(t, app.DeleteTemplate(ctx, "whatsapp", "", "9"), channels.ErrTemplate, channels.NotSent)
	outFailure(t, app.DeleteTemplate(ctx, "whatsapp", "news", "x"), channels.ErrTemplate, channels.NotSent)
	require.Empty(t, g.all())
	_, err = app.CreateTemplate(ctx, "whatsapp", newsTemplate())
	e := outFailure(t, err, channels.ErrTemplate, channels.NotSent)
	require.Equal(t, "100/2388019", e.Provider)
}
