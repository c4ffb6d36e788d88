package channels

import (
	"fmt"
	"io"
	"log/slog"
)

// The methods below keep personal data out of fmt, whatever the verb, and out
// of slog. Encoded as JSON, as stores keep it, content is shown.

// Format prints the kind and the size.
func (c Text) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "text(%d bytes)", len(c.Body)) }

// Format prints the kind.
func (c Media) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "media(%s)", c.As) }

// Format prints the kind.
func (Location) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "location") }

// Format prints the kind.
func (ContactCard) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "contact") }

// Format prints the kind and the number of options.
func (c Choices) Format(s fmt.State, _ rune) { _, _ = fmt.Fprintf(s, "choices(%d)", len(c.Options)) }

// Format prints the kind.
func (Chosen) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "chosen") }

// Format prints the kind.
func (Template) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "template") }

// Format prints the kind.
func (Reaction) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "reaction") }

// Format prints the kind.
func (Unsupported) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "unsupported") }

// Format prints the kind.
func (Param) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "param") }

// Format prints the kind.
func (Choice) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "choice") }

// LogValue returns the kind and the size.
func (c Text) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c Media) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c Location) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c ContactCard) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c Choices) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c Chosen) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c Template) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c Reaction) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// LogValue returns the kind.
func (c Unsupported) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// Format prints the kind.
func (TemplateButton) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "button") }

// LogValue returns the kind.
func (b TemplateButton) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(b)) }

// LogValue returns the kind.
func (p Param) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }

// LogValue returns the kind.
func (c Choice) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }
