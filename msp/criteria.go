package msp

import (
	"fmt"
	"io"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// Criteria are what an agency compares ways to its lines by, as far as public
// documents tell. They hold no amounts: those change, and Price says where they
// are published.
type Criteria struct {
	Name    string          // for people
	Package string          // the driver, below the module
	Kinds   []channels.Kind // of lines that the driver carries

	DataLocation channels.Fact[string] // where messages lie
	Retention    channels.Fact[string] // for how long
	Erasure      channels.Fact[channels.Erasure]
	Security     channels.Fact[string] // certificates and statements of the provider
	Agreement    channels.Fact[string] // of personal data
	Transport    channels.Fact[string] // how both sides are sure of each other

	Integration channels.Fact[string] // its form
	Switching   channels.Fact[string] // what goes along when a line moves elsewhere
	Fixed       channels.Fact[string] // what costs at the beginning and each month
	Running     channels.Fact[string] // what costs by use
	Price       channels.Fact[string] // address of the published prices
}

// Table writes a comparison as Markdown: a column for each way, then the source
// of each statement with its date. What is not known says why.
func Table(w io.Writer, ways ...Criteria) error {
	var b strings.Builder
	names, packages, kinds := make([]string, len(ways)), make([]string, len(ways)), make([]string, len(ways))
	for i, c := range ways {
		names[i], packages[i] = c.Name, "`"+c.Package+"`"
		for j, k := range c.Kinds {
			if j > 0 {
				kinds[i] += ", "
			}
			kinds[i] += string(k)
		}
	}
	line := func(title string, cells []string) {
		b.WriteString("| " + title + " | " + strings.Join(cells, " | ") + " |\n")
	}
	line("", names)
	b.WriteString("|" + strings.Repeat(" --- |", len(ways)+1) + "\n")
	line("package", packages)
	line("channels", kinds)
	for i := range ways[:min(1, len(ways))] {
		for j, s := range ways[i].statements() {
			cells := make([]string, len(ways))
			for n, c := range ways {
				cells[n] = c.statements()[j].text
			}
			line(s.title, cells)
		}
	}
	for _, c := range ways {
		fmt.Fprintf(&b, "\nSources for %s:\n\n", c.Name)
		for _, s := range c.statements() {
			if s.source != "" {
				fmt.Fprintf(&b, "- %s: %s (%s)\n", s.title, s.source, s.asOf)
			}
		}
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

type statement struct{ title, text, source, asOf string }

func (c Criteria) statements() []statement {
	return []statement{
		state("where messages lie", c.DataLocation),
		state("for how long", c.Retention),
		state("erasure on demand", channels.Fact[string]{Value: strings.ReplaceAll(string(c.Erasure.Value), "_", " "),
			Source: c.Erasure.Source, AsOf: c.Erasure.AsOf, Unknown: c.Erasure.Unknown}),
		state("security", c.Security),
		state("agreement on personal data", c.Agreement),
		state("transport", c.Transport),
		state("integration", c.Integration),
		state("moving elsewhere", c.Switching),
		state("fixed cost", c.Fixed),
		state("running cost", c.Running),
		state("prices", c.Price),
	}
}

func state(title string, f channels.Fact[string]) statement {
	if !f.Known() {
		return statement{title: title, text: "not known: " + f.Unknown}
	}
	return statement{title, f.Value, f.Source, f.AsOf}
}
