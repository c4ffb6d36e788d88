package desk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
)

// FuzzDeskInput lets a specialist's program send anything: bodies, cursors,
// keys, reasons and names. Whatever it is, the answer keeps its form, nothing
// of the input comes back in a problem, and nothing panics.
func FuzzDeskInput(f *testing.F) {
	for _, seed := range []struct{ body, cursor, head string }{
		{`{"text":"Tere"}`, "AAAA", "kaebuse lahendamine"},
		{`{"text":"\ud83c\udf4e"}`, "", "%C3%B5%C3%A4%C3%B6%C3%BC"},
		{`{"choices":{"body":"?","options":[{"id":"a","title":"A"}]}}`, "xxxx", `attachment; filename="a.png"`},
		{`{"template":{"name":"a","language":"et","body":[{"kind":"time","time":"2026-01-01T00:00:00Z"}]}}`, "0", ""},
		{`{"location":{"lat":1e400,"lon":-0}}`, "%00", "a"},
		{`{"file":{"id":"e30.AAAA","name":"../x"}}`, "-1", "k"},
		{`{"restricted":true}`, "9999999999999999999", "k"},
		{`{"force":true,"reason":"x","token":"` + strings.Repeat("a", 40) + `"}`, "a", "k"},
		{`{"text":"a","limit":-1,"cursor":"AAAA","from":"0000-01-01T00:00:00Z"}`, "a", "k"},
	} {
		f.Add(seed.body, seed.cursor, seed.head)
	}
	f.Fuzz(func(t *testing.T, body, cursor, head string) {
		w := newWorld(t)
		_, path := w.claimed("whatsapp")
		token := "Bearer " + w.token["mari"]
		for _, r := range []struct{ method, url string }{
			{"POST", path + "/replies"}, {"POST", path + "/claim"}, {"POST", path + "/restrict"}, {"POST", path + "/end"}, {"POST", path + "/read"},
			{"POST", "/v1/conversations/search"}, {"POST", "/v1/session"}, {"POST", "/v1/files"}, {"POST", "/v1/letters/1/retry"},
			{"GET", "/v1/conversations?cursor=" + url.QueryEscape(cursor)}, {"GET", path + "/messages?before=" + url.QueryEscape(cursor)},
			{"GET", "/v1/letters?cursor=" + url.QueryEscape(cursor)}, {"GET", "/v1/conversations?from=" + url.QueryEscape(cursor)},
			{"GET", "/v1/messages/" + url.PathEscape(cursor)}, {"GET", "/v1/conversations/" + url.PathEscape(cursor)},
			{"GET", path + "/files/" + url.PathEscape(cursor)},
		} {
			req := httptest.NewRequestWithContext(t.Context(), r.method, "https://desk.example"+r.url, strings.NewReader(body))
			req.Header = http.Header{
				"Authorization": {token}, "Content-Type": {"application/json"}, "Sec-Fetch-Site": {"same-origin"},
				"Idempotency-Key": {head}, "Access-Reason": {head}, "Content-Disposition": {head}, "Last-Event-Id": {cursor},
			}
			rec := httptest.NewRecorder()
			w.api.ServeHTTP(rec, req)
			require.Less(t, rec.Code, 500, "%s %s: %s", r.method, r.url, rec.Body)
			if rec.Code < 400 {
				continue
			}
			require.Equal(t, "application/problem+json", rec.Header().Get("Content-Type"))
			var p map[string]any
			require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &p))
			require.Contains(t, desk.CodesForTest(), p["code"])
			if len(body) > 40 {
				require.NotContains(t, rec.Body.String(), body)
			}
		}
	})
}
