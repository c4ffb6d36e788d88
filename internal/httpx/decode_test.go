package httpx_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

func TestSignaturesHaveOneSpelling(t *testing.T) {
	for name, tc := range map[string]struct {
		decode    func(string) ([]byte, error)
		good, bad []string
	}{
		"hex": {httpx.DecodeHex, []string{"", "00", "0aff"}, []string{
			"0A", "fF", "0", "0g", " 00", "00 ", "00\n", "0x00", "００",
		}},
		"base64": {httpx.DecodeBase64, []string{"", "AA==", "AAA=", "AAAA", "+/+/"}, []string{
			"AA", "AA=", "AAA", "AB==", "AAB=", "AA==\n", "\nAA==", "A\r\nA==", "A A==", " AA==", "AA== ", "AA===", "AAAA=", "-_-_", "AA==AA==", "=", "\x00",
		}},
		"base64url": {httpx.DecodeBase64URL, []string{"", "AA", "AAA", "AAAA", "-_-_"}, []string{
			"AA==", "AAA=", "AB", "AAB", "AA\n", "A\rA", "A A", "+/+/", "A", "AAAAA", "AA.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range tc.good {
				_, err := tc.decode(s)
				require.NoError(t, err, "%q", s)
			}
			for _, s := range tc.bad {
				b, err := tc.decode(s)
				require.ErrorIs(t, err, httpx.ErrEncoding, "%q", s)
				require.Nil(t, b)
			}
		})
	}
	b, err := httpx.DecodeHex("0aff")
	require.NoError(t, err)
	require.Equal(t, []byte{0x0a, 0xff}, b)
}

func TestANameIsItsOwn(t *testing.T) {
	for body, own := range map[string]bool{
		`{}`:                           true,
		`{"iss":1,"x":2,"X":3}`:        true,
		`{"x":{"iss":1,"ISS":2}}`:      true,
		`{"x":["iss",{"ISS":2}]}`:      true,
		`{"x":"ISS","iss":"\"ISS\":"}`: true,
		` { "iss" : 1 , "y" : 2 } `:    true,
		`{"iss":1,"iss":1}`:            false,
		`{"iss":1,"Iss":1}`:            false,
		`{"x":[{}],"ISS" : 1}`:         false,
		`{"i\u0073s":1}`:               false,
		`{"iſs":1}`:                    false, // which encoding/json takes for an s
	} {
		require.Equal(t, own, httpx.OwnNames([]byte(body), "iss", "jti"), body)
	}
}

func fuzzDecoder(f *testing.F, decode func(string) ([]byte, error), encode func([]byte) string) {
	for _, s := range []string{"", "AA==", "AA", "00", "0A", "A\nA==", "-_", "+/", "AB=="} {
		f.Add(s, []byte(s))
	}
	f.Fuzz(func(t *testing.T, s string, raw []byte) {
		b, err := decode(s)
		if err == nil && encode(b) != s || err != nil && !errors.Is(err, httpx.ErrEncoding) {
			t.Fatalf("%q: %x %v", s, b, err)
		}
		if b, err := decode(encode(raw)); err != nil || !bytes.Equal(b, raw) {
			t.Fatalf("%x: %x %v", raw, b, err)
		}
	})
}

func FuzzDecodeHex(f *testing.F) { fuzzDecoder(f, httpx.DecodeHex, hex.EncodeToString) }
func FuzzDecodeBase64(f *testing.F) {
	fuzzDecoder(f, httpx.DecodeBase64, base64.StdEncoding.EncodeToString)
}
func FuzzDecodeBase64URL(f *testing.F) {
	fuzzDecoder(f, httpx.DecodeBase64URL, base64.RawURLEncoding.EncodeToString)
}

func nested(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func TestDecodeJSON(t *testing.T) {
	type message struct {
		Text string `json:"text"`
		Any  any    `json:"any"`
	}
	for name, tc := range map[string]struct {
		body   string
		lim    httpx.JSONLimits
		reason error // nil: accepted
		offset int64
	}{
		"an object":                       {body: ` {"text":"õ"} ` + "\n"},
		"unknown fields":                  {body: `{"text":"a","new":{"x":[1]}}`},
		"depth at the limit":              {body: `{"any":` + nested(63) + `}`},
		"depth at a chosen limit":         {body: `{"any":[[1]]}`, lim: httpx.JSONLimits{MaxDepth: 3}},
		"brackets in a string":            {body: `{"text":"` + strings.Repeat("[{", 200) + `"}`},
		"brackets after an escaped quote": {body: `{"text":"\"` + strings.Repeat("[", 200) + `\\"}`},
		"siblings do not add up":          {body: `{"any":[` + strings.Repeat("[],", 500) + `[]]}`},
		"null":                            {body: `null`},
		"a number for a string, lenient":  {body: `{"any":"a","text":37255512345}`, lim: httpx.JSONLimits{Lenient: true}},
		"a list for an object, lenient":   {body: `[]`, lim: httpx.JSONLimits{Lenient: true}},
		"null after it, where allowed":    {body: `{"text":"a"} null` + "\n", lim: httpx.JSONLimits{TrailingNull: true}},

		"depth over the limit":         {body: `{"any":` + nested(64) + `}`, reason: httpx.ErrDepth, offset: 7 + 63},
		"depth over a chosen limit":    {body: `{"any":[[1]]}`, lim: httpx.JSONLimits{MaxDepth: 2}, reason: httpx.ErrDepth, offset: 8},
		"depth without an end":         {body: strings.Repeat("[", 1<<20), reason: httpx.ErrDepth, offset: 64},
		"depth in an unknown field":    {body: `{"new":` + strings.Repeat(`{"a":`, 64) + `1` + strings.Repeat("}", 65), reason: httpx.ErrDepth, offset: 7 + 63*5},
		"invalid UTF-8 in a string":    {body: "{\"text\":\"a\xff\"}", reason: httpx.ErrUTF8, offset: 10},
		"invalid UTF-8 after it":       {body: "{}\xc3", reason: httpx.ErrUTF8, offset: 2},
		"a surrogate in UTF-8":         {body: "{\"text\":\"\xed\xa0\x80\"}", reason: httpx.ErrUTF8, offset: 9},
		"nothing":                      {body: "", reason: httpx.ErrSyntax},
		"white space":                  {body: " \n", reason: httpx.ErrSyntax, offset: 2},
		"half an object":               {body: `{"text":`, reason: httpx.ErrSyntax, offset: 8},
		"not JSON":                     {body: canary, reason: httpx.ErrSyntax, offset: 1},
		"a byte order mark":            {body: "\ufeff{}", reason: httpx.ErrSyntax, offset: 1},
		"a string for an object":       {body: `"` + canary + `"`, reason: httpx.ErrShape, offset: int64(len(canary)) + 2},
		"a number for a string":        {body: `{"text":37255512345}`, reason: httpx.ErrShape, offset: 19},
		"a second object":              {body: `{} {}`, reason: httpx.ErrTrailing, offset: 3},
		"a brace too many":             {body: `{}}`, reason: httpx.ErrTrailing, offset: 2},
		"a zero byte after it":         {body: "{}\x00", reason: httpx.ErrTrailing, offset: 2},
		"null after it":                {body: `{} null`, reason: httpx.ErrTrailing, offset: 3},
		"two nulls after it":           {body: `{} null null`, lim: httpx.JSONLimits{TrailingNull: true}, reason: httpx.ErrTrailing, offset: 8},
		"more than null after it":      {body: `{} nullx`, lim: httpx.JSONLimits{TrailingNull: true}, reason: httpx.ErrTrailing, offset: 7},
		"another value, null allowed":  {body: `{} 1`, lim: httpx.JSONLimits{TrailingNull: true}, reason: httpx.ErrTrailing, offset: 3},
		"half an object, lenient":      {body: `{"text":5`, lim: httpx.JSONLimits{Lenient: true}, reason: httpx.ErrSyntax, offset: 9},
		"a second object, lenient":     {body: `{"text":5} {}`, lim: httpx.JSONLimits{Lenient: true}, reason: httpx.ErrTrailing, offset: 11},
		"a number too large for float": {body: `{"any":1e999}`, reason: httpx.ErrShape, offset: 13},
	} {
		t.Run(name, func(t *testing.T) {
			var m message
			err := httpx.DecodeJSON([]byte(tc.body), &m, tc.lim)
			if tc.reason == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.reason)
			var je *httpx.JSONError
			require.ErrorAs(t, err, &je)
			require.Equal(t, tc.offset, je.Offset)
			for _, leak := range []string{canary, "37255512345", canary[:1] + "'"} {
				require.NotContains(t, err.Error(), leak)
			}
		})
	}
}

func TestALenientDecodeKeepsWhatFits(t *testing.T) {
	var m struct {
		Text string
		Any  struct{ Inner []int }
		Last string
	}
	require.NoError(t, httpx.DecodeJSON([]byte(`{"text":{},"any":{"inner":[1,"x",3]},"last":"l"}`), &m, httpx.JSONLimits{Lenient: true}))
	require.Empty(t, m.Text)
	require.Equal(t, []int{1, 0, 3}, m.Any.Inner)
	require.Equal(t, "l", m.Last)
}

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{"", "null", `{"a":[1,{"b":"\u00f5\\\""}]}`, nested(9), `{} null`, "{}\xff", `"[[["`, `{"a":1}x`, "[[[[[[[[[", "1E700"} {
		f.Add([]byte(s), 8)
	}
	f.Fuzz(func(t *testing.T, body []byte, limit int) {
		limit = 1 + (limit&0x7fffffff)%16
		var v any
		err := httpx.DecodeJSON(body, &v, httpx.JSONLimits{MaxDepth: limit})
		var je *httpx.JSONError
		if err != nil {
			if !errors.As(err, &je) || je.Offset < 0 || je.Offset > int64(len(body)) {
				t.Fatalf("%q: %v", body, err)
			}
			if json.Valid(body) && utf8.Valid(body) && depthOf(t, body) <= limit && !errors.Is(err, httpx.ErrShape) {
				t.Fatalf("%q: refused without need: %v", body, err)
			}
			return
		}
		if !json.Valid(body) || !utf8.Valid(body) || depthOf(t, body) > limit {
			t.Fatalf("%q: accepted", body)
		}
	})
}

// depthOf measures valid JSON with the standard tokenizer.
func depthOf(t *testing.T, body []byte) (deepest int) {
	dec, depth := json.NewDecoder(bytes.NewReader(body)), 0
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
}
