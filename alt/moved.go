package alt

import "github.com/liidestuja/liidestuja/channels"

// A line may move to another provider, under the same id, while messages wait:
// they go out there. What only the provider before would understand does not go
// with them, and who is not known by the same name there cannot be reached.

// knownAt returns where the names in a message to a person mean something: where
// the person wrote last, or else where the line is now.
func knownAt(info *channels.Info, c *Contact) (provider, space string) {
	if c != nil {
		provider, space = c.Provider, c.PeerSpace
	}
	return or(provider, info.Provider), or(space, info.PeerSpace)
}

// moved reports whether the person of a message is known by another name, or by
// none, where the line is now.
func moved(info *channels.Info, c *Contact, o *channels.Outbound) bool {
	elsewhere := func(space string) bool { return space != "" && info.PeerSpace != "" && space != info.PeerSpace }
	return elsewhere(o.PeerSpace) || c != nil && elsewhere(c.PeerSpace)
}

// carryOver gives a message the provider's name of the conversation, unless it
// is another provider's, and takes such names from it.
func carryOver(o *channels.Outbound, info *channels.Info, c *Contact) {
	here := func(provider string) bool { return provider == "" || provider == info.Provider }
	if !here(o.Provider) {
		o.Thread, o.ReplyTo = "", ""
	}
	if o.Thread == "" && c != nil && here(c.Provider) {
		o.Thread = c.Thread
	}
}
