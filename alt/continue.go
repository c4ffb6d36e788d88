package alt

import (
	"slices"

	"github.com/liidestuja/liidestuja/channels"
)

// addresses returns every address at which a conversation was held.
func (c *Conversation) addresses() []channels.Address {
	all := []channels.Address{c.Address}
	for _, a := range c.Trail {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}
