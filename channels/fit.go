package channels

import (
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Fit returns c as the parts in which a channel with caps carries it. It is
// pure, and the only place that parts a text, numbers choices or refuses.
//
//   - A Text over its limit becomes several, which joined are the text.
//   - Choices stay as they are where the channel has enough buttons or rows for
//     them with all that they say; otherwise they become a numbered text, whose
//     answer [Match] maps back.
//   - A caption that is too long, or that the channel has no place for, follows
//     its media as Text: the file is seen first, as with a caption.
//   - Location and ContactCard become Text where they are not carried.
//   - The rest goes as it is or is refused.
//
// Nothing is cut silently. Where a limit is not known, none is enforced; where
// it is not known that the channel carries something, it does not. Every error
// is an *Error with Op "fit" and Outcome NotSent, of class ErrMalformed,
// ErrUnsupported, ErrTooLong or ErrTemplate.
func Fit(caps Capabilities, c Content) ([]Content, error) { return fit(&caps, c) }

// fit has a pointer, because capabilities are two kilobytes, and every message passes.
func fit(caps *Capabilities, c Content) ([]Content, error) {
	switch c := c.(type) {
	case Text:
		return fitText(caps, c.Body)
	case Media:
		return fitMedia(caps, c)
	case Location:
		return fitLocation(caps, c)
	case ContactCard:
		return fitContact(caps, c)
	case Choices:
		return fitChoices(caps, c)
	case Template:
		return fitTemplate(caps, c)
	case Reaction:
		return fitReaction(caps, c)
	case Chosen, Unsupported:
		return nil, refuse(ErrUnsupported, "only people send this kind of content")
	}
	return nil, refuse(ErrMalformed, "no content")
}

// refuse keeps the reason, a fixed text, as the cause.
func refuse(class error, reason string) *Error {
	return &Error{Op: "fit", Class: class, Outcome: NotSent, Err: errors.New(reason)}
}

func fitText(caps *Capabilities, body string) ([]Content, error) {
	switch {
	case !utf8.ValidString(body):
		return nil, refuse(ErrMalformed, "text is not UTF-8")
	case strings.TrimSpace(body) == "":
		return nil, refuse(ErrMalformed, "text is empty")
	case !caps.Text.Known():
		return []Content{Text{Body: body}}, nil
	case caps.Text.Value.Max == 0:
		return nil, refuse(ErrUnsupported, "the channel has no text")
	}
	parts, ok := split(body, caps.Text.Value)
	if !ok {
		return nil, refuse(ErrTooLong, "a character is longer than the limit")
	}
	out := make([]Content, len(parts))
	for i, p := range parts {
		out[i] = Text{Body: p}
	}
	return out, nil
}

func fitMedia(caps *Capabilities, m Media) ([]Content, error) {
	if err := checkMedia(m); err != nil {
		return nil, err
	}
	limit, err := mediaLimit(caps, m)
	if err != nil {
		return nil, err
	}
	carried := !caps.Caption.Known() || caps.Caption.Value.Fits(m.Caption)
	if m.Caption == "" || carried && !limit.NoCaption {
		return []Content{m}, nil
	}
	text, err := fitText(caps, m.Caption)
	if err != nil {
		return nil, err
	}
	m.Caption = ""
	return append([]Content{m}, text...), nil
}

func checkMedia(m Media) error {
	u, err := url.Parse(m.URL)
	switch {
	case (m.URL == "") == (m.Blob == ""):
		return refuse(ErrMalformed, "media needs a URL or a blob, and not both")
	case m.URL != "" && (err != nil || u.Scheme != "https" || u.Host == ""):
		return refuse(ErrMalformed, "the URL of media is not an https one")
	case m.Size < 0:
		return refuse(ErrMalformed, "the size of media is negative")
	case !utf8.ValidString(m.Caption) || !utf8.ValidString(m.Name):
		return refuse(ErrMalformed, "caption or name is not UTF-8")
	case m.Caption != "" && strings.TrimSpace(m.Caption) == "":
		return refuse(ErrMalformed, "caption is white space")
	}
	return nil
}

// mediaLimit returns the limits under which the channel carries m.
func mediaLimit(caps *Capabilities, m Media) (MediaLimit, error) {
	if !caps.Media.Known() {
		return MediaLimit{}, refuse(ErrUnsupported, "not known to carry media")
	}
	typ := ""
	if m.Type != "" {
		var err error
		if typ, _, err = mime.ParseMediaType(m.Type); err != nil {
			return MediaLimit{}, refuse(ErrMalformed, "media type")
		}
	}
	reason := refuse(ErrUnsupported, "kind or type of media is not carried")
	for _, l := range caps.Media.Value {
		switch {
		case l.As != m.As || !l.carries(typ):
		case l.Max > 0 && m.Size > l.Max:
			reason = refuse(ErrTooLong, "media is bigger than the limit")
		default:
			return l, nil
		}
	}
	return MediaLimit{}, reason
}

// carries reports whether a media type, "" when not known, is among the types.
func (l MediaLimit) carries(typ string) bool {
	if typ == "" || len(l.Types) == 0 {
		return true
	}
	for _, t := range l.Types {
		if group, all := strings.CutSuffix(t, "*"); t == typ || all && strings.HasPrefix(typ, group) {
			return true
		}
	}
	return false
}

func fitLocation(caps *Capabilities, l Location) ([]Content, error) {
	inRange := l.Latitude >= -90 && l.Latitude <= 90 && l.Longitude >= -180 && l.Longitude <= 180
	switch {
	case !inRange: // also when one is not a number
		return nil, refuse(ErrMalformed, "coordinates out of range")
	case !utf8.ValidString(l.Name) || !utf8.ValidString(l.Address):
		return nil, refuse(ErrMalformed, "name or address is not UTF-8")
	case caps.Location.Known() && caps.Location.Value:
		return []Content{l}, nil
	}
	return fitText(caps, lines(l.Name, l.Address, fmt.Sprintf("%.6f, %.6f", l.Latitude, l.Longitude)))
}

func fitContact(caps *Capabilities, c ContactCard) ([]Content, error) {
	all := append(append([]string{c.Name}, c.Phones...), c.Emails...)
	for _, s := range all {
		if !utf8.ValidString(s) {
			return nil, refuse(ErrMalformed, "contact is not UTF-8")
		}
	}
	if strings.TrimSpace(c.Name) == "" {
		return nil, refuse(ErrMalformed, "contact has no name")
	}
	if caps.ContactCard.Known() && caps.ContactCard.Value {
		return []Content{c}, nil
	}
	return fitText(caps, lines(all...))
}

func fitReaction(caps *Capabilities, r Reaction) ([]Content, error) {
	switch {
	case r.To == "" || !utf8.ValidString(r.Emoji):
		return nil, refuse(ErrMalformed, "reaction names no message, or is not UTF-8")
	case !caps.Reaction.Known() || !caps.Reaction.Value:
		return nil, refuse(ErrUnsupported, "not known to carry reactions")
	}
	return []Content{r}, nil
}

// lines joins what is not blank.
func lines(ss ...string) string {
	var b strings.Builder
	for _, s := range ss {
		if strings.TrimSpace(s) == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s)
	}
	return b.String()
}
