package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"unicode"

	"github.com/liidestuja/liidestuja/refserver/internal/strictyaml"
)

// loaded is a configuration with the places of its fields.
type loaded struct {
	config
	src *strictyaml.Source
}

// loadConfig reads and decodes a file. What the values mean is checked by
// compile.
func loadConfig(path string) (*loaded, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return decodeConfig(path, data)
}

func decodeConfig(path string, data []byte) (l *loaded, err error) {
	l = new(loaded)
	l.src, err = strictyaml.Decode(path, data, &l.config)
	return l, err
}

// problem is a mistake in a field.
func (l *loaded) problem(field, reason string) error { return l.src.Problem(field, reason) }

// fieldError is a mistake in a field below the section that is being checked.
type fieldError struct{ field, reason string }

// Error implements error.
func (e *fieldError) Error() string { return e.field + ": " + e.reason }

// Errors of constructors look like "alt: Config.MaxBody: must not be negative" or
// "messagebird: Config.Lines[0].ID is required".
var constructorError = regexp.MustCompile(`^[a-z/]+: (?:Config\.)?([A-Z]\w*(?:\[[^\]]*\]|\.[A-Z]\w*)*):? (.*)$`)

// translate makes an error of a constructor one of the file. place says where a
// field of the constructor's Config stands in the file.
func (l *loaded) translate(err error, place func(field string) string) error {
	m := constructorError.FindStringSubmatch(err.Error())
	if m == nil {
		return l.problem(place(""), err.Error())
	}
	return l.problem(place(snake(m[1])), m[2])
}

// snake writes the path of a Go field like one of the file: "Lines[0].ChannelID"
// becomes "lines[0].channel_id".
func snake(path string) string {
	var b strings.Builder
	runes := []rune(path)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '.' && runes[i-1] != '[' {
			before, beforeWord := unicode.IsLower(runes[i-1]), i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if before || beforeWord && unicode.IsUpper(runes[i-1]) {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
