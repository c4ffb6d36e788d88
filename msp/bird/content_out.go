package bird

import (
	"github.com/liidestuja/liidestuja/channels"
)

// bodyOut is what a message says on its way out: the field that its type names.
type bodyOut struct {
	Type     string     `json:"type"`
	Text     *textOut   `json:"text,omitempty"`
	Image    *imageOut  `json:"image,omitempty"`
	File     *fileOut   `json:"file,omitempty"`
	Location *placeWire `json:"location,omitempty"`
	List     *listWire  `json:"list,omitempty"`
}

type textOut struct {
	Text     string       `json:"text"`
	Actions  []actionWire `json:"actions,omitempty"`
	Metadata *subjectWire `json:"metadata,omitempty"`
}

type subjectWire struct {
	Subject string `json:"subject"`
}

type imageOut struct {
	Text   string    `json:"text,omitempty"`
	Images []fileRef `json:"images"`
}

type fileOut struct {
	Text  string    `json:"text,omitempty"`
	Files []fileRef `json:"files"`
}

type fileRef struct {
	URL  string `json:"mediaUrl"`
	Type string `json:"contentType,omitempty"`
	Name string `json:"filename,omitempty"`
}

// placeWire is a location, sent and read.
type placeWire struct {
	Coordinates coordinates `json:"coordinates"`
	Named       *namedPlace `json:"location,omitempty"`
}

type coordinates struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

type namedPlace struct {
	Address string `json:"address,omitempty"`
	Label   string `json:"label,omitempty"`
}

// encode writes content that is not a template in the form of the wire.
func (l *line) encode(c channels.Content) (*bodyOut, *channels.Error) {
	switch c := c.(type) {
	case channels.Text:
		w := &textOut{Text: c.Body}
		if l.info.Kind == channels.Email && l.conf.Subject != "" {
			w.Metadata = &subjectWire{l.conf.Subject}
		}
		return &bodyOut{Type: "text", Text: w}, nil
	case channels.Media:
		return l.encodeMedia(c)
	case channels.Location:
		w := &placeWire{Coordinates: coordinates{c.Latitude, c.Longitude}}
		if c.Name != "" || c.Address != "" {
			w.Named = &namedPlace{Address: c.Address, Label: c.Name}
		}
		return &bodyOut{Type: "location", Location: w}, nil
	case channels.Choices:
		return l.encodeChoices(c)
	}
	return nil, l.refuse(channels.ErrUnsupported, "the kind of content")
}

// encodeMedia writes a file that is on the web. Bird has a type for pictures;
// the type of any other file says how it is shown.
func (l *line) encodeMedia(m channels.Media) (*bodyOut, *channels.Error) {
	switch {
	case m.As == channels.Sticker:
		return nil, l.refuse(channels.ErrUnsupported, "stickers would be sent as pictures")
	case m.URL == "":
		return nil, l.refuse(channels.ErrUnsupported, "a file without an address on the web")
	case !webAddress(m.URL, l.p.cfg.InsecureHTTP):
		return nil, l.refuse(channels.ErrMalformed, "the address of a file is not https")
	case m.As == channels.Image:
		return &bodyOut{Type: "image", Image: &imageOut{Text: m.Caption, Images: []fileRef{{URL: m.URL}}}}, nil
	}
	ref := fileRef{URL: m.URL, Type: m.Type, Name: m.Name}
	setDefault(&ref.Type, map[channels.MediaKind]string{
		channels.Video: "video/mp4", channels.Audio: "audio/mpeg", channels.File: "application/octet-stream",
	}[m.As])
	if ref.Type == "" {
		return nil, l.refuse(channels.ErrUnsupported, "the kind of media")
	}
	return &bodyOut{Type: "file", File: &fileOut{Text: m.Caption, Files: []fileRef{ref}}}, nil
}
