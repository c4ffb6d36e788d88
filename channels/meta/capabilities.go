package meta

import (
	"errors"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// capabilities are what a line declares.
func capabilities(l Line) (channels.Capabilities, error) {
	if l.Capabilities != nil {
		return *l.Capabilities, nil
	}
	c, ok := channels.Catalogue(l.Kind)
	if !ok {
		return c, errors.New("has no entry in the catalogue")
	}
	if l.NoHumanAgent {
		c.Window.Value.HumanAgent = 0
		c.Exceptions.Value = slices.DeleteFunc(slices.Clone(c.Exceptions.Value), func(e channels.Exception) bool { return e.Name == channels.HumanAgent })
	}
	return c, nil
}
