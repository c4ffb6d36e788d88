package channels

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Table writes the catalogue as a Markdown table, a line for each kind. What is
// not known is "?".
func Table(w io.Writer) error {
	columns := []string{"channel", "text", "choices", "media", "reply window", "agency may write first", "templates", "statuses", "broadcast", "erasure", "linking"}
	var b strings.Builder
	row(&b, columns...)
	b.WriteString(strings.Repeat("| --- ", len(columns)) + "|\n")
	for _, k := range Kinds() {
		c, _ := Catalogue(k)
		row(&b, string(k), cell(c.Text, limitText), cell(c.Choices, choicesText), cell(c.Media, mediaKinds),
			cell(c.Window, windowText), cell(c.Initiate, initiation), cell(c.Templates, yesNo), cell(c.Statuses, list[Status]),
			cell(c.Broadcast, yesNo), cell(c.Erasure, erasure), cell(c.Link, list[LinkMethod]))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func row(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

// cell writes a value that is known.
func cell[T any](f Fact[T], write func(T) string) string {
	if !f.Known() {
		return "?"
	}
	return write(f.Value)
}

func limitText(l Limit) string {
	unit := map[Unit]string{Runes: "characters", UTF16: "UTF-16 units", Bytes: "bytes", Septets: "septets"}[l.Unit]
	switch {
	case l.Max == 0:
		return "none"
	case l.Max >= NoLimit:
		return "any length"
	}
	return fmt.Sprintf("%d %s", l.Max, unit)
}

func choicesText(l ChoiceLimits) string {
	switch {
	case l.Buttons > 0 && l.Rows > 0:
		return fmt.Sprintf("%d buttons, %d rows", l.Buttons, l.Rows)
	case l.Buttons > 0:
		return fmt.Sprintf("%d buttons", l.Buttons)
	case l.Rows > 0:
		return fmt.Sprintf("%d rows", l.Rows)
	}
	return "numbered text"
}

func windowText(w Window) string {
	if w.Reply == 0 {
		return "always"
	}
	s := hours(w.Reply)
	if w.HumanAgent > 0 {
		s += " (" + hours(w.HumanAgent) + " for a specialist)"
	}
	return s
}

func hours(d time.Duration) string {
	if d > day && d%day == 0 {
		return fmt.Sprintf("%d d", d/day)
	}
	return fmt.Sprintf("%d h", d/time.Hour)
}

func mediaKinds(limits []MediaLimit) string {
	kinds := make([]MediaKind, len(limits))
	for i, l := range limits {
		kinds[i] = l.As
	}
	return list(kinds)
}

func list[S ~string](values []S) string {
	if len(values) == 0 {
		return "none"
	}
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

func initiation(i Initiation) string {
	switch i {
	case InitiateNever:
		return "no"
	case InitiateTemplate:
		return "by template"
	case InitiateOptIn:
		return "to subscribers"
	}
	return "yes"
}

func erasure(e Erasure) string { return strings.ReplaceAll(string(e), "_", " ") }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
