package bird

import (
	"strings"

	"github.com/liidestuja/liidestuja/channels"
)

const (
	keyPhone = "phonenumber"
	keyEmail = "emailaddress"
	// keyContact stands for Bird's own id of a contact of whom nothing else is
	// told.
	keyContact = "contactId"
)

// identifierKey is the key under which Bird documents the people of a kind.
func identifierKey(k channels.Kind) string {
	switch k {
	case channels.WhatsApp, channels.SMS, channels.Viber:
		return keyPhone
	case channels.Email:
		return keyEmail
	}
	return ""
}

// peerSpace says where else the line's people are known by the same Peer.
func peerSpace(l Line) string {
	switch l.IdentifierKey {
	case keyPhone:
		return channels.PhonePeers
	case keyEmail:
		return keyEmail
	}
	return "bird/" + l.ChannelID
}

// peer is the one form of a person's identifier: the value alone under the
// line's own key, and "key:value" elsewhere.
func (l *line) peer(who person) channels.Peer {
	key, value := string(who.Key), string(who.Value)
	switch {
	case value == "" && who.ID == "":
		return ""
	case value == "":
		return channels.Peer(keyContact + ":" + string(who.ID))
	case key == "":
		key = l.conf.IdentifierKey
	}
	if key == keyPhone {
		value = phone(value)
	}
	if key == l.conf.IdentifierKey && !strings.Contains(value, ":") {
		return channels.Peer(value)
	}
	return channels.Peer(key + ":" + value)
}

// person is the inverse of peer.
func (l *line) person(p channels.Peer) person {
	key, value, keyed := strings.Cut(string(p), ":")
	switch {
	case !keyed:
		return person{Key: loose(l.conf.IdentifierKey), Value: loose(p)}
	case key == keyContact:
		return person{ID: loose(value)}
	}
	return person{Key: loose(key), Value: loose(value)}
}

// phone writes a number as "+" and digits, however it came. What is not a
// person's number (a short number, a name) stays as it is.
func phone(s string) string {
	digits := strings.TrimPrefix(s, "+")
	if len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return s
	}
	return "+" + digits
}
