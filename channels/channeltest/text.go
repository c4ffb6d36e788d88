package channeltest

import (
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

// Filled returns a text that is n long in a limit's unit, and of another length
// in every other unit, as far as that goes: a provider, or a driver, that counts
// in a wrong one takes too much of it or too little. It ends with a letter when n
// is odd, so that it is no longer than it has to be.
func Filled(l channels.Limit, n int) string {
	switch l.Unit {
	case channels.Runes:
		return strings.Repeat("😀", n)
	case channels.UTF16:
		return strings.Repeat("😀", n/2) + strings.Repeat("a", n%2)
	case channels.Septets:
		return strings.Repeat("€", n/2) + strings.Repeat("a", n%2)
	default: // bytes
		return strings.Repeat("õ", n/2) + strings.Repeat("a", n%2)
	}
}
