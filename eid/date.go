package eid

import (
	"fmt"
	"io"
	"log/slog"
	"time"
)

// Date is a day of the calendar, written "1980-01-08"; empty means unknown. It
// is the date of somebody's birth, so it is personal data and prints as
// "[date]"; string(d) gives the value.
type Date string

// DateOf returns the day of t in UTC.
func DateOf(t time.Time) Date { return Date(t.UTC().Format(time.DateOnly)) }

// ParseDate reads a date of the form YYYY-MM-DD. The error wraps ErrDate.
func ParseDate(s string) (Date, error) {
	if _, ok := Date(s).Time(); !ok {
		return "", fmt.Errorf("%w: not a day as YYYY-MM-DD", ErrDate)
	}
	return Date(s), nil
}

// Time returns the beginning of the day in UTC, and false when the date is
// unknown.
func (d Date) Time() (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	return t, err == nil
}

// String returns a fixed text, so that a date never reaches a log by accident.
func (Date) String() string { return "[date]" }

// GoString returns the same fixed text for %#v.
func (Date) GoString() string { return "[date]" }

// Format prints the same fixed text, whatever the verb.
func (Date) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[date]") }

// LogValue returns the same fixed text for slog.
func (Date) LogValue() slog.Value { return slog.StringValue("[date]") }
