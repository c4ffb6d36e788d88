package sqlitestore

import (
	"bytes"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// What is kept decoded until it is claimed is copied first, so that its giver
// cannot change it.

func copyEvent(e channels.Event) channels.Event {
	var c channels.Event
	switch e := e.(type) {
	case *channels.Received:
		v := *e
		v.Content = copyContent(e.Content)
		c = &v
	case *channels.Edited:
		v := *e
		v.Content = copyContent(e.Content)
		c = &v
	case *channels.Withdrawn:
		c = shallow(e)
	case *channels.Echoed:
		v := *e
		v.Content = copyContent(e.Content)
		c = &v
	case *channels.StatusChanged:
		v := *e
		if e.Err != nil {
			v.Err = shallow(e.Err)
		}
		c = &v
	case *channels.Referred:
		c = shallow(e)
	case *channels.PeerChanged:
		c = shallow(e)
	case *channels.ThreadControl:
		c = shallow(e)
	case *channels.OptedOut:
		c = shallow(e)
	case *channels.LineChanged:
		c = shallow(e)
	case *channels.Due:
		c = shallow(e)
	case *channels.SessionEnded:
		c = shallow(e)
	case *channels.AuthDecided:
		c = shallow(e)
	case *channels.Malformed:
		c = shallow(e)
	}
	m := c.Meta()
	m.Raw = bytes.Clone(m.Raw)
	return c
}

func shallow[T any](v *T) *T {
	c := *v
	return &c
}

func copyContent(c channels.Content) channels.Content {
	switch c := c.(type) {
	case channels.Media:
		c.Open = nil
		return c
	case channels.ContactCard:
		c.Phones, c.Emails = slices.Clone(c.Phones), slices.Clone(c.Emails)
		return c
	case channels.Choices:
		c.Options = slices.Clone(c.Options)
		return c
	case channels.Template:
		c.Header, c.Body, c.Buttons = slices.Clone(c.Header), slices.Clone(c.Body), slices.Clone(c.Buttons)
		for i := range c.Header {
			copyParam(&c.Header[i])
		}
		for i := range c.Body {
			copyParam(&c.Body[i])
		}
		for i := range c.Buttons {
			copyParam(&c.Buttons[i].Value)
		}
		return c
	}
	return c
}

func copyParam(p *channels.Param) {
	if p.Media != nil {
		p.Media = shallow(p.Media)
		p.Media.Open = nil
	}
}
