package channeltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

func parseChecks() []check {
	return []check{
		{"a message arrives as it was written", messageArrives},
		{"a batch of messages gives an event for each, in order", batchIsWhole},
		{"a redelivery gives the same keys", keysAreStable},
		{"Parse does not change the request", parseIsPure},
		{"a body that is not understood is malformed, not lost", garbageIsMalformed},
		{"a text that is not UTF-8 is malformed, not mended", invalidUTF8IsMalformed},
		{"a value of another type does not break Parse", otherTypesAreSafe},
	}
}

// parse calls Parse and makes a panic a failure.
func parse(t TB, in *Instance, r *channels.Request) (evs []channels.Event, err error) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("Parse panicked")
		}
	}()
	return in.Webhook.Parse(t.Context(), r)
}

// received parses an authentic request and returns its messages.
func (s Subject) received(t TB, in *Instance, r *channels.Request) []*channels.Received {
	t.Helper()
	evs, err := parse(t, in, clone(r))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	var out []*channels.Received
	keys := map[string]bool{}
	for _, e := range evs {
		m := e.Meta()
		wellFormed(t, m)
		if keys[m.Key] {
			t.Errorf("two events of one request have the same key")
		}
		if m.Channel != in.Line.Info().ID {
			t.Errorf("an event is on the line %q", m.Channel)
		}
		keys[m.Key] = true
		if r, ok := e.(*channels.Received); ok {
			out = append(out, r)
		}
	}
	return out
}

func messageArrives(t TB, s Subject, in *Instance) {
	body := canary + ": õäöü šž, Здравствуйте 👍🏽 \"<&>\"\nteine rida"
	got := s.received(t, in, request(t, in, body))
	if len(got) != 1 {
		t.Fatalf("%d messages instead of 1", len(got))
	}
	if got[0].Content != (channels.Text{Body: body}) {
		t.Errorf("the text is not what was written")
	}
	if got[0].Peer != s.Peer {
		t.Errorf("the message is from another person")
	}
	if got[0].ID == "" {
		t.Errorf("the message has no ID")
	}
}

func batchIsWhole(t TB, s Subject, in *Instance) {
	var texts []string
	for i := range 5 {
		texts = append(texts, fmt.Sprint(canary, i))
	}
	got := s.received(t, in, request(t, in, texts...))
	if len(got) != len(texts) {
		t.Fatalf("%d messages of %d", len(got), len(texts))
	}
	for i, e := range got {
		if e.Content != (channels.Text{Body: texts[i]}) {
			t.Errorf("message %d is not in its place", i+1)
		}
	}
}

func keysAreStable(t TB, s Subject, in *Instance) {
	r := request(t, in, canary)
	first := s.received(t, in, r)
	again := s.received(t, in, r)
	if in.Resign != nil {
		signed := in.Resign(clone(r))
		if err := in.Webhook.Verify(t.Context(), signed); err != nil {
			t.Errorf("a redelivery that was signed anew is refused: %v", err)
		}
		again = append(again, s.received(t, in, signed)...)
	}
	other := s.received(t, in, request(t, in, canary))
	if len(first) != 1 || len(again) == 0 || len(other) != 1 {
		t.Fatalf("a request with one message gives %d, %d and %d", len(first), len(again), len(other))
	}
	for _, e := range again {
		if e.Key != first[0].Key {
			t.Errorf("a redelivery has another key")
		}
	}
	if other[0].Key == first[0].Key {
		t.Errorf("another message has the same key")
	}
}

func parseIsPure(t TB, _ Subject, in *Instance) {
	r := request(t, in, canary)
	before := clone(r)
	first, _ := parse(t, in, r)
	second, _ := parse(t, in, r)
	if !reflect.DeepEqual(before, clone(r)) {
		t.Errorf("Parse changes the request")
	}
	if !reflect.DeepEqual(first, second) {
		t.Errorf("two calls of Parse differ")
	}
}

func garbageIsMalformed(t TB, s Subject, in *Instance) {
	r := request(t, in, canary)
	for name, body := range map[string]string{
		"nothing":              "",
		"white space":          " \r\n",
		"null":                 "null",
		"a number":             "7",
		"a string":             `"a"`,
		"an object of nothing": "{}",
		"an array of nothing":  "[]",
		"deep arrays":          strings.Repeat("[", 1<<17),
		"deep objects":         strings.Repeat(`{"a":`, 1<<17),
		"half of it":           string(r.Body[:len(r.Body)/2]),
		"it and more":          string(r.Body) + "x",
		"it twice":             string(r.Body) + string(r.Body),
		"bytes":                "\x00\xff\xfe",
	} {
		c := clone(r)
		c.Body = []byte(body)
		s.malformed(t, in, c, name)
	}
}

func invalidUTF8IsMalformed(t TB, s Subject, in *Instance) {
	r := request(t, in, canary)
	c := clone(r)
	c.Body = bytes.Replace(c.Body, []byte(canary), []byte(canary[:3]+"\xff"+canary[4:]), 1)
	if bytes.Equal(c.Body, r.Body) {
		t.Skipf("the wire does not show the text as it is")
	}
	s.malformed(t, in, c, "a text that is not UTF-8")
}

// malformed checks that a body is refused as a whole or told of as Malformed.
func (s Subject) malformed(t TB, in *Instance, r *channels.Request, what string) {
	t.Helper()
	evs, err := parse(t, in, r)
	if err != nil {
		s.isFailure(t, in, err)
		if !errors.Is(err, channels.ErrMalformed) {
			t.Errorf("%s: not ErrMalformed", what)
		}
		return
	}
	for _, e := range evs {
		if m, ok := e.(*channels.Malformed); ok {
			s.keepsSecrets(t, "the reason of a Malformed", m.Reason)
			return
		}
	}
	t.Errorf("%s: neither an error nor a Malformed", what)
}

// otherTypesAreSafe puts a value of every other type in the place of each value
// of a JSON body.
func otherTypesAreSafe(t TB, s Subject, in *Instance) {
	r := request(t, in, canary)
	var tree any
	if json.Unmarshal(r.Body, &tree) != nil {
		t.Skipf("the wire is not JSON")
	}
	var places []func(any) (undo func())
	walk(tree, func(set func(any), old any) {
		places = append(places, func(v any) func() { set(v); return func() { set(old) } })
	})
	for _, replace := range places {
		for _, v := range []any{nil, true, 1e300, -7, "", "\u0000", []any{}, []any{nil}, map[string]any{}, map[string]any{"a": nil}} {
			undo := replace(v)
			body, err := json.Marshal(tree)
			undo()
			if err != nil {
				t.Fatalf("encode: %v", err)
			}
			c := clone(r)
			c.Body = body
			evs, err := parse(t, in, c)
			if err != nil {
				s.isFailure(t, in, err)
			}
			for _, e := range evs {
				if e == nil || e.Meta().Key == "" || e.Meta().Channel == "" {
					t.Errorf("an event without key or line")
				}
			}
		}
	}
}

// walk calls f for every value below v.
func walk(v any, f func(set func(any), old any)) {
	switch v := v.(type) {
	case map[string]any:
		for k, old := range v {
			f(func(x any) { v[k] = x }, old)
			walk(old, f)
		}
	case []any:
		for i, old := range v {
			f(func(x any) { v[i] = x }, old)
			walk(old, f)
		}
	}
}
