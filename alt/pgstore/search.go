package pgstore

import (
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// fold makes texts comparable without regard to case, in any alphabet, and
// leaves out what the database cannot hold as text.
func fold(s string) string {
	return strings.ReplaceAll(strings.ToLower(strings.ToValidUTF8(s, "\ufffd")), "\x00", "")
}

// searchable is what a content says to a person, folded.
func searchable(c channels.Content) string {
	var w []string
	switch c := c.(type) {
	case channels.Text:
		w = []string{c.Body}
	case channels.Media:
		w = []string{c.Caption, c.Name}
	case channels.Location:
		w = []string{c.Name, c.Address}
	case channels.ContactCard:
		w = append(append([]string{c.Name}, c.Phones...), c.Emails...)
	case channels.Choices:
		w = []string{c.Header, c.Body, c.Footer}
		for _, o := range c.Options {
			w = append(w, o.Title, o.Description)
		}
	case channels.Chosen:
		w = []string{c.Title}
	case channels.Template:
		for _, params := range [][]channels.Param{c.Header, c.Body} {
			for _, p := range params {
				w = append(w, p.Text)
			}
		}
	case channels.Unsupported:
		w = []string{c.Fallback}
	}
	return fold(strings.Trim(strings.Join(w, "\n"), "\n"))
}
