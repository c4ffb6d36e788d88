// Package strictyaml decodes configuration files. It takes the plain part of
// YAML only (no anchors, aliases, merges, tags or second documents), refuses
// fields that are not known or given twice, reports all mistakes at once with
// file, line and field, remembers the line of each field for the checks that
// follow, and never quotes a value, because it may be a secret in the wrong
// place.
//
//	var cfg Config // fields with the tag yaml:"name"
//	src, err := strictyaml.Decode("agency.yaml", data, &cfg) // Problems
//	if cfg.Name == "" {
//		return src.Problem("name", "is required") // agency.yaml:1: name: is required
//	}
package strictyaml

import (
	"bytes"
	"encoding"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a file. They keep the parser, which recurses and looks back at every
// field, from exhausting the stack and the operator's patience.
const (
	MaxSize  = 256 << 10 // bytes
	maxLines = 5000
	maxLine  = 2000 // bytes
	maxDepth = 64   // open brackets
	maxTold  = 50   // problems
)

// Refuser is a struct that may stand where somebody would write something else.
// It says so in its own words, and the names of its unknown fields are not
// printed.
type Refuser interface {
	// Refusal returns the reason.
	Refusal() string
}

// Decode fills v, a pointer to a struct, from a document. Structs, pointers to
// them, slices, maps with string keys, strings, booleans, numbers and types
// with UnmarshalText are understood; an empty value is as good as none. The
// error is of type Problems.
func Decode(file string, data []byte, v any) (*Source, error) {
	d := &decoder{src: &Source{File: file, lines: make(map[string]int)}}
	if root := d.parse(data); root != nil {
		d.value("", root, reflect.ValueOf(v).Elem())
	}
	if len(d.problems) > 0 {
		return d.src, d.problems
	}
	return d.src, nil
}

type decoder struct {
	src      *Source
	problems Problems
}

// at adds a problem at a line.
func (d *decoder) at(line int, field, reason string) {
	if len(d.problems) == maxTold {
		return
	}
	d.problems = append(d.problems, &Problem{File: d.src.File, Line: max(1, line), Field: field, Reason: reason})
}

// parse returns the root of the document, or nil after adding a problem.
func (d *decoder) parse(data []byte) (root ast.Node) {
	if line, reason := bounds(data); reason != "" {
		d.at(line, "", reason)
		return nil
	}
	defer func() {
		// A file is the operator's own, and a mistake of the parser must not
		// look like one of the server.
		if recover() != nil {
			d.at(1, "", "is not YAML that can be read")
			root = nil
		}
	}()
	f, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return nil
	}
	for _, doc := range f.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType:
		case root != nil:
			d.at(lineOf(doc.Body), "", "is a second document; one is expected")
			return nil
		default:
			root = doc.Body
		}
	}
	if root == nil {
		d.at(1, "", "is empty")
	}
	return root
}

// bounds refuses what no configuration needs.
func bounds(data []byte) (line int, reason string) {
	if len(data) > MaxSize {
		return 1, fmt.Sprintf("is longer than %d bytes", MaxSize)
	}
	depth := 0
	for i, l := range bytes.Split(data, []byte("\n")) {
		if i >= maxLines {
			return i, fmt.Sprintf("has more than %d lines", maxLines)
		}
		if len(l) > maxLine {
			return i + 1, fmt.Sprintf("is longer than %d bytes", maxLine)
		}
		for _, c := range l {
			switch c {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
		}
		if depth > maxDepth {
			return i + 1, "is nested too deeply"
		}
	}
	return 0, ""
}

func (d *decoder) syntax(err error) {
	line, reason := 1, "is not YAML"
	if e, ok := err.(yaml.Error); ok { //nolint:errorlint // the parser returns its errors bare, and the interface is no error type of its own
		if t := e.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
		quoted := regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
		reason = "is not YAML here: " + quoted.ReplaceAllString(e.GetMessage(), "…")
	}
	d.at(line, "", reason)
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}

func (d *decoder) value(path string, n ast.Node, to reflect.Value) {
	switch n.Type() {
	case ast.NullType:
		return
	case ast.AnchorType, ast.AliasType, ast.TagType, ast.MergeKeyType, ast.DirectiveType:
		d.at(lineOf(n), path, "anchors, aliases, merges and tags are not understood here")
		return
	}
	if t, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if s, ok := d.scalar(path, n, "a single value"); ok {
			if err := t.UnmarshalText([]byte(s)); err != nil {
				d.at(lineOf(n), path, err.Error())
			}
		}
		return
	}
	switch to.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(to.Type().Elem())
		d.value(path, n, fresh.Elem())
		to.Set(fresh)
	case reflect.Struct:
		d.structure(path, n, to)
	case reflect.Map:
		d.mapping(path, n, to)
	case reflect.Slice:
		d.sequence(path, n, to)
	default:
		d.simple(path, n, to)
	}
}

// entries returns the entries of a mapping, each key once.
func (d *decoder) entries(path string, n ast.Node, visit func(key, path string, e *ast.MappingValueNode)) bool {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return false
	}
	seen := make(map[string]bool)
	for _, e := range values {
		if e.Key.IsMergeKey() || e.Key.Type() == ast.MappingKeyType || e.Key.Type() == ast.AnchorType || e.Key.Type() == ast.TagType || e.Key.GetToken() == nil {
			d.at(lineOf(e.Key), path, "has a key that is not a plain word")
			continue
		}
		key := e.Key.GetToken().Value
		at := strings.TrimPrefix(path+"."+key, ".")
		if seen[key] {
			d.at(lineOf(e.Key), path, "has a field twice:"+quoteName(key))
			continue
		}
		seen[key] = true
		visit(key, at, e)
	}
	return true
}

func (d *decoder) structure(path string, n ast.Node, to reflect.Value) {
	refuser, refuses := to.Addr().Interface().(Refuser)
	known := make(map[string]int)
	for i := range to.NumField() {
		if name := to.Type().Field(i).Tag.Get("yaml"); name != "" {
			known[name] = i
		}
	}
	ok := d.entries(path, n, func(key, at string, e *ast.MappingValueNode) {
		i, there := known[key]
		switch {
		case !there && refuses:
			d.at(lineOf(e.Key), path, refuser.Refusal())
		case !there:
			d.at(lineOf(e.Key), path, "has an unknown field:"+quoteName(key))
		default:
			d.src.lines[at] = lineOf(e.Key)
			d.value(at, e.Value, to.Field(i))
		}
	})
	switch {
	case ok:
	case refuses:
		d.at(lineOf(n), path, refuser.Refusal())
	default:
		d.at(lineOf(n), path, "must be fields, one a line")
	}
}

// quoteName prints a name that looks like one of ours; anything else may be a
// value in the wrong place.
func quoteName(key string) string {
	if regexp.MustCompile(`^[a-z][a-z_]{0,39}$`).MatchString(key) {
		return fmt.Sprintf(" %q", key)
	}
	return " (not shown, it may be a value)"
}

func (d *decoder) mapping(path string, n ast.Node, to reflect.Value) {
	out := reflect.MakeMap(to.Type())
	ok := d.entries(path, n, func(key, at string, e *ast.MappingValueNode) {
		d.src.lines[at] = lineOf(e.Key)
		v := reflect.New(to.Type().Elem()).Elem()
		d.value(at, e.Value, v)
		out.SetMapIndex(reflect.ValueOf(key).Convert(to.Type().Key()), v)
	})
	if !ok {
		d.at(lineOf(n), path, "must be fields, one a line")
		return
	}
	to.Set(out)
}

func (d *decoder) sequence(path string, n ast.Node, to reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.at(lineOf(n), path, "must be a list")
		return
	}
	out := reflect.MakeSlice(to.Type(), len(seq.Values), len(seq.Values))
	for i, v := range seq.Values {
		at := path + "[" + strconv.Itoa(i) + "]"
		d.src.lines[at] = lineOf(v)
		if v.Type() == ast.NullType {
			d.at(lineOf(v), at, "is empty")
			continue
		}
		d.value(at, v, out.Index(i))
	}
	to.Set(out)
}

// scalar returns the text of a single value as it is written.
func (d *decoder) scalar(path string, n ast.Node, want string) (string, bool) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.StringNode:
		return n.Value, true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	d.at(lineOf(n), path, "must be "+want)
	return "", false
}

func (d *decoder) simple(path string, n ast.Node, to reflect.Value) {
	wants := map[reflect.Kind]string{reflect.String: "a text", reflect.Bool: "true or false", reflect.Int: "a whole number", reflect.Float64: "a number"}
	want := wants[to.Kind()]
	s, ok := d.scalar(path, n, want)
	if !ok {
		return
	}
	// What is in quotes is a text.
	if t := n.GetToken(); to.Kind() != reflect.String && (t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType) {
		d.at(lineOf(n), path, "must be "+want)
		return
	}
	var err error
	switch to.Kind() {
	case reflect.String:
		to.SetString(s)
	case reflect.Bool:
		to.SetBool(s == "true")
		if s != "true" && s != "false" {
			err = strconv.ErrSyntax
		}
	case reflect.Int:
		var i int64
		i, err = strconv.ParseInt(s, 10, 0)
		to.SetInt(i)
	case reflect.Float64:
		var f float64
		if f, err = strconv.ParseFloat(s, 64); math.IsNaN(f) || math.IsInf(f, 0) {
			err = strconv.ErrRange
		}
		to.SetFloat(f)
	default:
		panic("strictyaml: cannot decode into " + to.Type().String()) // a mistake in the program, found by any test
	}
	if err != nil {
		d.at(lineOf(n), path, "must be "+want)
	}
}
