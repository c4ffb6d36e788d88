package channels_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/liidestuja/liidestuja/channels"
)

// FuzzFit checks what must hold of any text: each part within the limit, the
// parts joined are the text, and what is refused is refused for a reason.
func FuzzFit(f *testing.F) {
	f.Add("Tere, õhtu! 👨‍👩‍👧‍👦 🇪🇪", 7, uint8(0), "Jah", "")
	f.Add("Здравствуйте.\r\n\r\nПока", 3, uint8(1), "Ei", "selgitus")
	f.Add("[€] {a}\\b|~^", 2, uint8(3), "1", "x")
	f.Add("a\xff", 10, uint8(2), " ", "\n")
	f.Add(strings.Repeat("õ", 400), 160, uint8(3), "Õ", "")
	units := []channels.Unit{channels.Runes, channels.UTF16, channels.Bytes, channels.Septets}
	f.Fuzz(func(t *testing.T, s string, limit int, unit uint8, title, description string) {
		l := channels.Limit{Max: limit & 0xFFF, Unit: units[int(unit)%len(units)]}
		caps := textCaps(l.Max, l.Unit)
		caps.Caption = fact(l)
		caps.Media = fact([]channels.MediaLimit{{As: channels.Image}})
		caps.Choices = fact(channels.ChoiceLimits{Buttons: 2, Title: l, Body: l, ID: l})

		parts, err := channels.Fit(caps, channels.Text{Body: s})
		checkParts(t, l, parts, err)
		if err == nil && join(parts) != s {
			t.Errorf("the parts joined differ from the text")
		}
		if err == nil && !utf8.ValidString(s) {
			t.Errorf("text that is not UTF-8 was accepted")
		}

		parts, err = channels.Fit(caps, channels.Media{As: channels.Image, URL: link, Caption: s})
		checkParts(t, l, parts, err)
		if err == nil && join(parts) != s {
			t.Errorf("the caption was changed")
		}

		offer := channels.Choices{Body: s, Options: []channels.Choice{{ID: "a", Title: title, Description: description}, {ID: "b", Title: "Muu"}}}
		parts, err = channels.Fit(caps, offer)
		checkParts(t, l, parts, err)
		if chosen, ok := channels.Match(offer.Options, title); err == nil && ok && chosen.ID == "b" {
			t.Errorf("an answer was matched to another option")
		}
		channels.Segments(s)
	})
}

func checkParts(t *testing.T, l channels.Limit, parts []channels.Content, err error) {
	var e *channels.Error
	switch {
	case err == nil && len(parts) == 0:
		t.Errorf("no parts and no error")
	case err != nil && (!errors.As(err, &e) || e.Class == nil || e.Outcome != channels.NotSent):
		t.Errorf("an error of no class: %T", err)
	}
	for _, p := range parts {
		var said string
		switch p := p.(type) {
		case channels.Text:
			said = p.Body
			if said == "" {
				t.Errorf("an empty part")
			}
		case channels.Media:
			said = p.Caption
		}
		if !l.Fits(said) || !utf8.ValidString(said) {
			t.Errorf("a part over the limit of %d %s, or not UTF-8", l.Max, l.Unit)
		}
	}
}

func join(parts []channels.Content) string {
	var b strings.Builder
	for _, p := range parts {
		switch p := p.(type) {
		case channels.Text:
			b.WriteString(p.Body)
		case channels.Media:
			b.WriteString(p.Caption)
		}
	}
	return b.String()
}
