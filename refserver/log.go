package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// maxLogText bounds one value of the log, in bytes.
const maxLogText = 16 << 10

// logHandler writes one JSON object a line, with the fields of OpenTelemetry's
// log data model:
//
//	timestamp        RFC 3339 with nanoseconds, UTC
//	severity_text    DEBUG, INFO, WARN or ERROR
//	severity_number  5, 9, 13 or 17
//	body             the message, a fixed text
//	trace_id         32 hex digits; of an event from its webhook to its answer
//	resource         service.name, service.version
//	attributes       one flat object; names are those of the semantic
//	                 conventions (http.route, exception.message, …) or begin
//	                 with "liidestuja."; times are RFC 3339, durations seconds
//
// Every text goes through a redactor first, as a last net under code that keeps
// personal data and secrets out of the log by itself. Values of other types
// than text, number, boolean and time are printed by their own Format or String,
// which for personal types tells nothing; they are never taken apart.
type logHandler struct {
	out      *logOut
	level    slog.Level
	redact   *redactor
	resource []byte
	group    string
	attrs    []logAttr
}

type logOut struct {
	mu sync.Mutex
	w  io.Writer
}

type logAttr struct {
	key   string
	value any // as it is encoded
}

// newLog returns a logger that writes to w.
func newLog(w io.Writer, level slog.Level, redact *redactor, b build) *slog.Logger {
	resource, _ := json.Marshal(map[string]string{"service.name": serviceName, "service.version": b.Version})
	return slog.New(&logHandler{out: &logOut{w: w}, level: level, redact: redact, resource: resource})
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.attrs = h.attrs[:len(h.attrs):len(h.attrs)]
	for _, a := range attrs {
		c.attrs = h.flatten(c.attrs, h.group, a)
	}
	return &c
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	c := *h
	c.group = join(h.group, name)
	return &c
}

// Handle implements slog.Handler.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	attrs := h.attrs[:len(h.attrs):len(h.attrs)]
	r.Attrs(func(a slog.Attr) bool {
		attrs = h.flatten(attrs, h.group, a)
		return true
	})
	var b bytes.Buffer
	text, number := severity(r.Level)
	b.WriteByte('{')
	field(&b, "timestamp", r.Time.UTC().Format(time.RFC3339Nano))
	field(&b, "severity_text", text)
	field(&b, "severity_number", number)
	field(&b, "body", h.text(r.Message))
	if id, ok := traceID(attrs); ok {
		field(&b, "trace_id", id)
	}
	field(&b, "resource", json.RawMessage(h.resource))
	b.WriteString(`,"attributes":{`)
	for i, a := range attrs {
		if !overwritten(attrs, i) && a.key != keyTrace {
			field(&b, a.key, a.value)
		}
	}
	b.WriteString("}}\n")
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(b.Bytes())
	return err
}

// field appends a name and its value, with the comma where one is needed.
func field(b *bytes.Buffer, key string, value any) {
	if last := b.Bytes()[b.Len()-1]; last != '{' {
		b.WriteByte(',')
	}
	for i, v := range []any{key, value} {
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		if e.Encode(v) != nil {
			b.WriteString(`"[unprintable]"`) // NaN: no other value reaches this point
		} else {
			b.Truncate(b.Len() - 1) // the encoder's line break
		}
		if i == 0 {
			b.WriteByte(':')
		}
	}
}

func overwritten(attrs []logAttr, i int) bool {
	for _, later := range attrs[i+1:] {
		if later.key == attrs[i].key {
			return true
		}
	}
	return false
}

const keyTrace = "liidestuja.trace"

// traceID returns the trace of an event, a UUID, as OpenTelemetry writes it.
func traceID(attrs []logAttr) (string, bool) {
	for _, a := range attrs {
		if s, ok := a.value.(string); ok && a.key == keyTrace {
			id := strings.ReplaceAll(s, "-", "")
			return id, len(id) == 32
		}
	}
	return "", false
}

func severity(l slog.Level) (string, int) {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG", 5
	case l < slog.LevelWarn:
		return "INFO", 9
	case l < slog.LevelError:
		return "WARN", 13
	}
	return "ERROR", 17
}

func join(group, name string) string {
	if group == "" {
		return name
	}
	return group + "." + name
}

// flatten adds an attribute, or those of a group, under its full name.
func (h *logHandler) flatten(to []logAttr, group string, a slog.Attr) []logAttr {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			group = join(group, a.Key)
		}
		for _, m := range v.Group() {
			to = h.flatten(to, group, m)
		}
		return to
	}
	if a.Key == "" {
		return to
	}
	return append(to, logAttr{conventional(join(group, a.Key)), h.plain(v)})
}

// conventional returns the name under which an attribute is logged.
func conventional(key string) string {
	switch key {
	case "error":
		return "exception.message"
	case "stack":
		return "exception.stacktrace"
	}
	if !strings.Contains(key, ".") {
		return "liidestuja." + key
	}
	return key
}

// plain returns a value as it is encoded: text, number or boolean.
func (h *logHandler) plain(v slog.Value) any {
	switch v.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return v.Any()
	case slog.KindDuration:
		return v.Duration().Seconds()
	case slog.KindTime:
		return v.Time().UTC().Format(time.RFC3339Nano)
	}
	if err, ok := v.Any().(error); ok {
		return h.text(err.Error())
	}
	return h.text(fmt.Sprint(v.Any()))
}

// text is a text as it may be shown.
func (h *logHandler) text(s string) string {
	s = h.redact.text(s)
	if len(s) > maxLogText {
		s = strings.ToValidUTF8(s[:maxLogText], "") + "…"
	}
	return s
}
