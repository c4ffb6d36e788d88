package strictyaml

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a file.
type Problem struct {
	File  string
	Line  int    // from 1
	Field string // "providers[0].name"; empty: the file as a whole
	// Reason says what is wrong. It never quotes a value.
	Reason string
}

// Error prints "file:line: field: reason".
func (p *Problem) Error() string {
	s := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Field != "" {
		s += p.Field + ": "
	}
	return s + p.Reason
}

// Problems are all mistakes of a file, in the order of its lines as far as they
// were found in it.
type Problems []*Problem

// Error prints one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Source knows where each field of a decoded file stands.
type Source struct {
	File  string
	lines map[string]int
}

// Has reports whether the file has the field.
func (s *Source) Has(field string) bool { return s.lines[field] > 0 }

// Problem returns a problem of a field, at the line of the field or, when it is
// missing, of what should hold it.
func (s *Source) Problem(field, reason string) *Problem {
	at := field
	for at != "" && s.lines[at] == 0 {
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	return &Problem{File: s.File, Line: max(1, s.lines[at]), Field: field, Reason: reason}
}
