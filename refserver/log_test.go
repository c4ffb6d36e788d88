package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

// checkSchema holds that each line is what logHandler's comment promises, and
// returns the lines.
func checkSchema(t *testing.T, log string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for _, line := range strings.Split(strings.TrimSpace(log), "\n") {
		if line == "" {
			continue
		}
		d := json.NewDecoder(strings.NewReader(line))
		var v struct {
			Timestamp time.Time         `json:"timestamp"`
			Text      string            `json:"severity_text"`
			Number    int               `json:"severity_number"`
			Body      string            `json:"body"`
			TraceID   string            `json:"trace_id"`
			Resource  map[string]string `json:"resource"`
			Attrs     map[string]any    `json:"attributes"`
		}
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&v), line)
		require.False(t, v.Timestamp.IsZero(), line)
		require.Equal(t, map[string]int{"DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17}[v.Text], v.Number, line)
		require.NotEmpty(t, v.Body, line)
		require.Equal(t, serviceName, v.Resource["service.name"], line)
		require.NotEmpty(t, v.Resource["service.version"], line)
		require.NotNil(t, v.Attrs, line)
		if v.TraceID != "" {
			require.Regexp(t, "^[0-9a-f]{32}$", v.TraceID)
		}
		for name, value := range v.Attrs {
			require.Regexp(t, `^[a-z_]+(\.[a-z0-9_]+)+$`, name)
			switch value.(type) {
			case string, float64, bool:
			default:
				require.Fail(t, "a nested attribute", "%s in %s", name, line)
			}
		}
		// A name twice would be lost by most readers.
		names := attributeNames(t, line)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names), line)
		var whole map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &whole))
		lines = append(lines, whole)
	}
	return lines
}

func attributeNames(t *testing.T, line string) []string {
	t.Helper()
	_, attrs, ok := strings.Cut(line, `"attributes":`)
	require.True(t, ok, line)
	d := json.NewDecoder(strings.NewReader(attrs))
	var names []string
	_, err := d.Token() // {
	require.NoError(t, err)
	for d.More() {
		name, err := d.Token()
		require.NoError(t, err)
		names = append(names, name.(string))
		_, err = d.Token()
		require.NoError(t, err)
	}
	return names
}

type shy struct{ Name string }

func (shy) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("shy")) }

func TestTheLogIsFlatAndNamedLikeOpenTelemetry(t *testing.T) {
	var out bytes.Buffer
	log := newLog(&out, slog.LevelInfo, &redactor{}, build{Version: "v1"})
	log.Debug("not shown")
	log.With("line", "wa", "item", 7).WithGroup("http").With("route", "/v1/").Info("hello",
		slog.Group("response", "status_code", 200), "again", true)
	log.Error("bad", "error", errors.New("why"), "stack", "where", "took", 1500*time.Millisecond, "at", time.Unix(0, 0), "n", math.NaN(),
		"who", shy{"Mari"}, "peer", channels.Peer("secret"), "nothing", nil, "item", 1, "item", 2, "trace", "01a20219-fea1-7d9f-8c8e-6130560c1c1a")
	lines := checkSchema(t, out.String())
	require.Len(t, lines, 2)
	require.Equal(t, map[string]any{
		"liidestuja.line": "wa", "liidestuja.item": 7.0, "http.route": "/v1/", "http.response.status_code": 200.0, "http.again": true,
	}, lines[0]["attributes"])
	require.Equal(t, map[string]any{
		"exception.message": "why", "exception.stacktrace": "where", "liidestuja.took": 1.5, "liidestuja.at": "1970-01-01T00:00:00Z", "liidestuja.n": "[unprintable]",
		"liidestuja.who": "shy", "liidestuja.peer": "[peer]", "liidestuja.nothing": "<nil>", "liidestuja.item": 2.0,
	}, lines[1]["attributes"])
	require.Equal(t, "01a20219fea17d9f8c8e6130560c1c1a", lines[1]["trace_id"])
}

func TestALongTextOfTheLogIsCutAndSaysSo(t *testing.T) {
	var out bytes.Buffer
	newLog(&out, slog.LevelInfo, &redactor{}, build{Version: "v1"}).Info("x", "text", strings.Repeat("õ", maxLogText))
	text := checkSchema(t, out.String())[0]["attributes"].(map[string]any)["liidestuja.text"].(string)
	require.LessOrEqual(t, len(text), maxLogText+3)
	require.True(t, strings.HasSuffix(text, "õ…"))
}

func TestTheRedactorTakesOutWhatMustNotBeShown(t *testing.T) {
	r := &redactor{known: func() []string { return []string{"s3cr3t-value", "abc"} }}
	for name, c := range map[string]struct{ text, want string }{
		"a known secret":           {"got s3cr3t-value here", "got [redacted] here"},
		"not every short word":     {"abcdef", "abcdef"},
		"a bearer token":           {"Authorization: Bearer abc.def-1, next", "Authorization: Bearer [redacted], next"},
		"an access key":            {"AccessKey live_1234", "AccessKey [redacted]"},
		"a web token":              {"token eyJhbGciOi.eyJpc3M.c2ln", "token [redacted]"},
		"user info":                {"https://user:pass@host/x", "https://[redacted]@host/x"},
		"a query":                  {`Get "https://host/x?to=%2B372": EOF`, `Get "https://host/x?[redacted]": EOF`},
		"a query without a host":   {"GET /v1/x?peer=1", "GET /v1/x?[redacted]"},
		"a number":                 {"to +372 5551 2345.", "to [redacted]."},
		"a number as WhatsApp has": {"to 37255512345.", "to [redacted]."},
		"a personal code":          {"id 38001085718!", "id [redacted]!"},
		"innocent numbers":         {"item 123456789012 of 3800108571 at 2026-11-22T07:17:54.487320677Z", "item 123456789012 of 3800108571 at 2026-11-22T07:17:54.487320677Z"},
		"an innocent id":           {"01a20219-fea1-7d9f-8c8e-613056012345", "01a20219-fea1-7d9f-8c8e-613056012345"},
		"a question":               {"ready? yes", "ready? yes"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, r.text(c.text)) })
	}
}

func TestTheLogOfTheHTTPServerNamesNoPeer(t *testing.T) {
	var out bytes.Buffer
	logger := newLog(&out, slog.LevelInfo, &redactor{}, build{Version: "v1"})
	for _, line := range []string{"http: TLS handshake error from 192.0.2.7:4711: EOF", "http: TLS handshake error from [2001:db8::7]:4711: EOF"} {
		slog.NewLogLogger(httpLog{logger.Handler()}, slog.LevelWarn).Println(line)
	}
	require.NotContains(t, out.String(), "192.0.2.7")
	require.NotContains(t, out.String(), "2001:db8")
	for _, l := range checkSchema(t, out.String()) {
		require.Equal(t, "http: TLS handshake error from [peer]: EOF", l["attributes"].(map[string]any)["exception.message"])
	}
}
