package mobileid_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/mobileid"
)

func TestWhatIsBegunSaysWhoAsksWhomAndForWhat(t *testing.T) {
	r := newRig(t)
	c, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone, Text: "Vestlus: Terviseamet", Language: "en"})
	require.NoError(t, err)
	b := r.service.asked()
	require.Len(t, b.Hash, 32)
	hash := b.Hash
	b.Hash = nil
	require.Equal(t, begun{
		RelyingPartyUUID: uuid, RelyingPartyName: name, PhoneNumber: "+37200000766", NationalIdentityNumber: "60001019906",
		HashType: "SHA256", Language: "ENG", DisplayText: "Vestlus: Terviseamet", DisplayTextFormat: "GSM-7",
	}, b)
	require.Equal(t, mobileid.ControlCode(hash), c.Code)
	require.Regexp(t, `^[0-8]\d{3}$`, c.Code)
	require.Empty(t, c.Link)
	require.Equal(t, r.clock().Add(5*60e9), c.Expires)
	require.LessOrEqual(t, len(c.State), eid.MaxState)

	r.begin()
	require.NotEqual(t, hash, r.service.asked().Hash, "each session signs something of its own")
	require.NotContains(t, r.service.begunOf("authentication")[1], "displayText", "without a text the phone shows its own")
}

func TestTheHashIsAsLongAsItsTypeSays(t *testing.T) {
	for h, size := range map[mobileid.Hash]int{mobileid.SHA256: 32, mobileid.SHA384: 48, mobileid.SHA512: 64, "SHA1": 0, "": 0} {
		require.Equal(t, size, h.Size())
		if size == 0 {
			continue
		}
		r := newRig(t, func(c *mobileid.Config) { c.Hash = h })
		r.begin()
		require.Equal(t, string(h), r.service.asked().HashType)
		require.Len(t, r.service.asked().Hash, size)
	}
	require.Empty(t, mobileid.ControlCode(nil))
}

func TestATextGoesInTheFormatThatHasAllOfIt(t *testing.T) {
	r := newRig(t)
	for text, want := range map[string]string{
		"Vestlus: Terviseamet":             "GSM-7",
		"äöüÄÖÜ §€@_":                      "GSM-7",
		strings.Repeat("a", 100):           "GSM-7",
		strings.Repeat("a", 95) + "[]{}€":  "GSM-7",
		"Sõnum":                            "UCS-2",
		"Šokolaad":                         "UCS-2",
		"žurnaal":                          "UCS-2",
		"Войти":                            "UCS-2",
		strings.Repeat("õ", 50):            "UCS-2",
		"[][][]":                           "UCS-2", // six of the extension table
		strings.Repeat("a", 101):           "",
		strings.Repeat("a", 94) + "[]{}€|": "",
		strings.Repeat("õ", 51):            "",
		strings.Repeat("a", 50) + "õ":      "",
		"two\nlines":                       "",
		"bell\a":                           "",
		"😀":                                "", // not of UCS-2
		"\u202Eevil":                       "",
		"half\xff":                         "",
	} {
		_, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone, Text: text})
		if want == "" {
			require.ErrorIs(t, err, eid.ErrRequest, text)
			require.ErrorContains(t, err, "Text", text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, r.service.asked().DisplayTextFormat, text)
		require.Equal(t, text, r.service.asked().DisplayText)
	}
}

func TestTheLanguageIsOneOfThree(t *testing.T) {
	r := newRig(t)
	for language, want := range map[string]string{"": "EST", "et": "EST", "en": "ENG", "ru": "RUS"} {
		_, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone, Language: language})
		require.NoError(t, err)
		require.Equal(t, want, r.service.asked().Language)
	}
}

func TestARequestThatCannotBeServedStartsNothing(t *testing.T) {
	for field, req := range map[string]eid.Request{
		"Code":     {Phone: phone},
		"Code ":    {Phone: phone, Code: "LV070385-10121"},
		"Code  ":   {Phone: phone, Code: "EE60001019907"}, // check digit
		"Code   ":  {Phone: phone, Code: "60001019906"},
		"Phone":    {Code: code},
		"Phone ":   {Code: code, Phone: "5555555"},
		"Phone  ":  {Code: code, Phone: "+358401234567"},
		"Language": {Code: code, Phone: phone, Language: "fr"},
		"Level":    {Code: code, Phone: phone, Level: eid.High + 1},
		"Level ":   {Code: code, Phone: phone, Level: -1},
	} {
		r := newRig(t)
		_, err := r.m.Begin(t.Context(), req)
		require.ErrorIs(t, err, eid.ErrRequest, field)
		require.ErrorContains(t, err, strings.TrimSpace(field))
		require.Empty(t, r.service.begunOf("authentication"), field)
	}
}

func TestAnAnswerThatBeginsNothingIsAFailureAndNotRepeated(t *testing.T) {
	for name, row := range map[string]struct {
		status int
		body   string
		want   error
	}{
		"a field is refused":           {400, `{"error":"nationalIdentityNumber 60001019906 is bad","time":"2019-07-23T11:27:49","traceId":"4a295f2786d6dc89"}`, eid.ErrRequest},
		"the relying party is unknown": {401, `{"error":"Failed to authorize user"}`, mobileid.ErrCredentials},
		"the address is not allowed":   {403, ``, mobileid.ErrCredentials},
		"the path is wrong":            {404, `<html>`, mobileid.ErrProtocol},
		"the method is wrong":          {405, `{}`, mobileid.ErrProtocol},
		"it is sent elsewhere":         {302, ``, mobileid.ErrProtocol},
		"it is too much":               {429, ``, mobileid.ErrUnavailable},
		"the service fails":            {500, `{"error":"Internal error"}`, mobileid.ErrUnavailable},
		"the service is under repair":  {503, ``, mobileid.ErrUnavailable},
		"nothing is accepted":          {202, `{"sessionID":"` + session + `"}`, mobileid.ErrProtocol},
		"no session is named":          {200, `{}`, mobileid.ErrProtocol},
		"the session is a path":        {200, `{"sessionID":"../certificate"}`, mobileid.ErrProtocol},
		"the session is a number":      {200, `{"sessionID":7}`, mobileid.ErrProtocol},
		"two sessions are named":       {200, `{"sessionID":"a","sessionId":"b"}`, mobileid.ErrProtocol},
		"it is no JSON":                {200, `<html>`, mobileid.ErrProtocol},
		"it is endless":                {200, `{"sessionID":"` + strings.Repeat("a", 70<<10) + `"}`, mobileid.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.service.start = func(string, begun) (int, string) { return row.status, row.body }
			_, err := r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone})
			require.ErrorIs(t, err, row.want)
			var f *mobileid.Failure
			require.ErrorAs(t, err, &f)
			require.Equal(t, "authentication", f.Op)
			if row.status != http.StatusOK {
				require.Equal(t, row.status, f.Status)
			}
			if strings.Contains(row.body, "traceId") {
				require.Equal(t, "4a295f2786d6dc89", f.Trace)
				require.ErrorContains(t, err, "4a295f2786d6dc89")
			}
			clean(t, err.Error())
			require.Len(t, r.service.begunOf("authentication"), 1)
			require.Equal(t, row.status == 200 || row.status >= 500, f.Uncertain, "whether the phone may be ringing")
			require.NotEmpty(t, f.Advice)
		})
	}
}

func TestBothSpellingsOfASessionAreRead(t *testing.T) {
	r := newRig(t)
	for _, body := range []string{`{"sessionID":"a-1"}`, `{"sessionId":"a-1"}`, `{"sessionID":"a-1","sessionId":"a-1","more":[1]}`} {
		r.service.start = func(string, begun) (int, string) { return 200, body }
		r.begin()
	}
}

func TestBeginEndsWithItsContextAndWithItsSourceOfChance(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.m.Begin(ctx, eid.Request{Code: code, Phone: phone})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, mobileid.ErrUnavailable)
	var f *mobileid.Failure
	require.ErrorAs(t, err, &f)
	require.False(t, f.Uncertain, "nothing was sent")

	dry := errors.New("dry")
	r = newRig(t, func(c *mobileid.Config) { c.Rand = iotest.ErrReader(dry) })
	_, err = r.m.Begin(t.Context(), eid.Request{Code: code, Phone: phone})
	require.ErrorIs(t, err, dry)
	require.Empty(t, r.service.begunOf("authentication"))
}
