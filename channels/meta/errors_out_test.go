package meta_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
)

// refused sends a text and returns how Meta's answer is judged.
func refused(t *testing.T, line channels.ID, says http.HandlerFunc, class error, outcome channels.Outcome) channels.Error {
	t.Helper()
	g := graphSays(t, says)
	_, err := outLine(t, outApp(t, outConfig(g.URL)), line).Send(context.Background(), letter(line, channels.Text{Body: "Tere"}))
	require.Len(t, g.all(), 1, "one attempt")
	return outFailure(t, err, class, outcome)
}

// fault is an error object, whose texts tell what they must not.
func faultOf(code string, subcode int, more string) string {
	return fmt.Sprintf(`{"error":{"message":"(#%s) Tere %s","type":"OAuthException","code":%s,"error_subcode":%d,"fbtrace_id":"fbtrace"%s}}`, code, outKati, code, subcode, more)
}

func TestACodeDecidesWhateverTheStatus(t *testing.T) {
	template := []channels.Alternative{channels.UseTemplate, channels.UseOtherChannel}
	human := []channels.Alternative{channels.UseHumanAgent, channels.UseOtherChannel}
	other := []channels.Alternative{channels.UseOtherChannel}
	for _, c := range []struct {
		codes   []string
		class   error
		wait    time.Duration
		person  bool
		instead []channels.Alternative
	}{
		{codes: []string{"1200", "131000", "131016", "133004", "135000", "139103"}, class: channels.ErrUnavailable},
		{codes: []string{"131057", "133016"}, class: channels.ErrUnavailable, wait: 5 * time.Minute},
		{codes: []string{"131053"}, class: channels.ErrUnavailable, wait: 10 * time.Second},
		{codes: []string{"4", "17", "32", "613", "80004", "80006", "80007", "80008", "4/2018001"}, class: channels.ErrRateLimited, wait: time.Minute},
		{codes: []string{"130429"}, class: channels.ErrRateLimited, wait: 5 * time.Second},
		{codes: []string{"131056"}, class: channels.ErrRateLimited, wait: 6 * time.Second, person: true},
		{codes: []string{"131048"}, class: channels.ErrRateLimited, wait: time.Hour, instead: other},
		{codes: []string{"133008", "133009"}, class: channels.ErrRateLimited, wait: time.Hour},
		{codes: []string{"131064", "368", "10/1893063", "131049", "130472", "131063", "137000"}, class: channels.ErrRejected, instead: other},
		{codes: []string{"131050"}, class: channels.ErrOptedOut, instead: other},
		{codes: []string{"131047"}, class: channels.ErrWindowClosed, instead: template},
		{codes: []string{"10/2018278", "10/2018065", "10/2534022"}, class: channels.ErrWindowClosed, instead: human},
		{codes: []string{"131026", "131021", "551", "551/1545041", "200/1545041", "10/2018108", "100/2018001", "100/2534014"}, class: channels.ErrUnreachable, instead: other},
		{codes: []string{"131062"}, class: channels.ErrUnsupported, instead: other},
		{codes: []string{"131051"}, class: channels.ErrUnsupported},
		{codes: []string{"0", "102", "190", "190/458", "190/459", "190/460", "190/463", "190/464", "190/467", "190/1234567", "3", "10", "230", "131005", "200", "200/2018028", "299"}, class: channels.ErrCredentials},
		{codes: []string{"131031", "131042", "131044", "131045", "130497", "131037", "133005", "133006", "133010", "10/2018300", "131030", "2635", "132068", "132069", "139100", "139101", "139102", "100", "100/1893061", "33", "1545121", "131008", "131009", "131052"}, class: channels.ErrRejected},
		{codes: []string{"36000"}, class: channels.ErrTooLong},
		{codes: []string{"132000", "132001", "132005", "132007", "132008", "132012", "132015", "132016", "2388019", "100/2388293"}, class: channels.ErrTemplate},
	} {
		for _, full := range c.codes {
			code, sub, _ := strings.Cut(full, "/")
			subcode := 0
			_, _ = fmt.Sscan(sub, &subcode)
			body := faultOf(code, subcode, "")
			if sub == "" {
				body = strings.Replace(body, `"error_subcode":0,`, "", 1)
			}
			for _, status := range []int{200, 400, 401, 403, 404, 429, 500, 503} {
				t.Run(fmt.Sprintf("%s in a %d", full, status), func(t *testing.T) {
					e := refused(t, "messenger", answer(status, body), c.class, channels.NotSent)
					require.Equal(t, c.wait, e.RetryAfter)
					require.Equal(t, c.person, e.Person)
					require.Equal(t, c.instead, e.Instead)
					require.Equal(t, full, e.Provider)
				})
			}
		}
	}
}

func TestAFaultOfMetasOwnIsRepeatedOnlyWhenItIsCalledTransient(t *testing.T) {
	for _, code := range []string{"1", "2", "987654"} {
		e := refused(t, "whatsapp", answer(500, faultOf(code, 0, `,"is_transient":true`)), channels.ErrUnavailable, channels.NotSent)
		require.True(t, e.Retryable(false))
	}
	for _, code := range []string{"1", "2"} {
		e := refused(t, "whatsapp", answer(500, faultOf(code, 1675030, "")), channels.ErrUnavailable, channels.OutcomeUnknown)
		require.False(t, e.Retryable(false))
		require.Equal(t, code+"/1675030", e.Provider)
	}
	e := refused(t, "whatsapp", answer(400, faultOf("100", 0, `,"is_transient":true`)), channels.ErrRejected, channels.NotSent)
	require.False(t, e.Retryable(false), "what the table says of a code, transient or not")
}

func TestAnAnswerThatSaysTooLittleIsJudgedWithCare(t *testing.T) {
	for name, c := range map[string]struct {
		says    http.HandlerFunc
		class   error
		outcome channels.Outcome
		code    string
	}{
		"a code that nobody knows":         {answer(400, faultOf("987654", 77, "")), channels.ErrRejected, channels.OutcomeUnknown, "987654/77"},
		"a transient error without a code": {answer(400, `{"error":{"is_transient":true}}`), channels.ErrRejected, channels.OutcomeUnknown, ""},
		"an error without a code":          {answer(400, `{"error":{"message":"Tere"}}`), channels.ErrRejected, channels.OutcomeUnknown, ""},
		"an error whose code is a word":    {answer(400, `{"error":{"code":"Tere"}}`), channels.ErrRejected, channels.OutcomeUnknown, ""},
		"a code in quotes":                 {answer(400, `{"error":{"code":"131047"}}`), channels.ErrWindowClosed, channels.NotSent, "131047"},
		"a gateway's page":                 {answer(502, `<html>Tere</html>`), channels.ErrUnavailable, channels.OutcomeUnknown, "http_502"},
		"a redirect":                       {answer(302, ``, "Location", "https://elsewhere.example"), channels.ErrUnavailable, channels.OutcomeUnknown, "http_302"},
		"a gateway's refusal":              {answer(404, `<html>`), channels.ErrRejected, channels.NotSent, "http_404"},
		"a gateway's limit":                {answer(429, `slow down`), channels.ErrRateLimited, channels.NotSent, "http_429"},
		"a gateway that wants a password":  {answer(403, ``), channels.ErrCredentials, channels.NotSent, "http_403"},
		"a gateway that waited too long":   {answer(408, ``), channels.ErrUnavailable, channels.OutcomeUnknown, "http_408"},
		"too much for a gateway":           {answer(413, ``), channels.ErrTooLong, channels.NotSent, "http_413"},
		"a success that is no JSON":        {answer(200, `<html>Tere</html>`), channels.ErrMalformed, channels.OutcomeUnknown, "http_200"},
		"a success of half an object":      {answer(200, `{"message_id":"m_`), channels.ErrMalformed, channels.OutcomeUnknown, "http_200"},
		"a success without an id":          {answer(200, `{"messages":[{"id":""}]}`), channels.ErrMalformed, channels.OutcomeUnknown, "no_id"},
		"an id that is a number":           {answer(200, `{"message_id":7,"messages":[{"id":7}]}`), channels.ErrMalformed, channels.OutcomeUnknown, "no_id"},
		"a success that is a list":         {answer(200, `[]`), channels.ErrMalformed, channels.OutcomeUnknown, ""},
	} {
		for _, line := range []channels.ID{"messenger", "whatsapp"} {
			t.Run(name+" on "+string(line), func(t *testing.T) {
				e := refused(t, line, c.says, c.class, c.outcome)
				if c.code != "" {
					require.Equal(t, c.code, e.Provider)
				}
			})
		}
	}
}

func TestAHumanAgentIsNotProposedInVain(t *testing.T) {
	g := graphSays(t, answer(400, faultOf("10", 2018278, "")))
	cfg := outConfig(g.URL)
	cfg.Lines[1].NoHumanAgent = true
	app := outApp(t, cfg)
	answered := letter("messenger", channels.Text{Body: "Tere"})
	answered.Author, answered.Extended = channels.Person, true
	for _, m := range []channels.Outbound{answered, letter("instagram", channels.Text{Body: "Tere"})} {
		_, err := outLine(t, app, m.To.Channel).Send(context.Background(), m)
		e := outFailure(t, err, channels.ErrWindowClosed, channels.NotSent)
		require.Equal(t, []channels.Alternative{channels.UseOtherChannel}, e.Instead)
	}
}

func TestAWaitThatIsAskedForIsTheLongest(t *testing.T) {
	const hour = `{"9":[{"type":"whatsapp","call_count":100,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":3}]}`
	for name, c := range map[string]struct {
		code   string
		header []string
		want   time.Duration
	}{
		"the table's":                  {"130429", []string{"Retry-After", "1"}, 5 * time.Second},
		"the header's":                 {"130429", []string{"Retry-After", "7"}, 7 * time.Second},
		"the estimate":                 {"80007", []string{"X-Business-Use-Case-Usage", hour}, 3 * time.Minute},
		"never the line's for a pair":  {"131056", []string{"X-Business-Use-Case-Usage", hour}, 6 * time.Second},
		"never for what will not pass": {"131026", []string{"X-Business-Use-Case-Usage", hour}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := graphSays(t, answer(400, faultOf(c.code, 0, ""), c.header...))
			_, err := outLine(t, outApp(t, outConfig(g.URL)), "whatsapp").Send(context.Background(), letter("whatsapp", channels.Text{Body: "Tere"}))
			var e *channels.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.want, e.RetryAfter)
		})
	}
}

func TestAdviceIsForTheOperator(t *testing.T) {
	require.Contains(t, meta.Advice("190/460"), "password")
	require.Contains(t, meta.Advice("190/999"), "token", "of the code alone")
	require.Contains(t, meta.Advice("2635"), "Config.Version")
	require.Contains(t, meta.Advice("205"), "permission")
	require.Contains(t, meta.Advice("133005"), "PIN")
	for _, nothing := range []string{"", "/", "131026", "987654", "usage", "http_502", "no_id"} {
		require.Empty(t, meta.Advice(nothing))
	}
}
