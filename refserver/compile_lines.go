package main

import (
	"fmt"
	"slices"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// lineKeys makes the ring that seals the tokens of lines which are added while the
// server runs.
func (c *compiler) lineKeys() {
	if len(c.LineKeys) == 0 {
		return
	}
	before := len(c.errs)
	var keys []sealed.Key
	for i, k := range c.LineKeys {
		place := fmt.Sprintf("line_keys[%d]", i)
		value, ok := c.secret(place+".key", k.Key)
		if !ok {
			continue
		}
		key, err := decodeKey(value)
		if err == nil {
			_, err = sealed.NewRing(sealed.Key{ID: or(k.ID, "x"), Secret: key})
		}
		switch {
		case k.ID == "":
			c.fail(place+".id", "is required: a name that no other key has or had, like \"2026-11\"")
		case err != nil:
			c.fail(place, err.Error())
		case slices.ContainsFunc(keys, func(other sealed.Key) bool { return other.ID == k.ID }):
			c.fail(place+".id", "is another key's already")
		}
		keys = append(keys, sealed.Key{ID: k.ID, Secret: key})
	}
	if len(c.errs) > before {
		return
	}
	ring, err := sealed.NewRing(keys...)
	if err != nil {
		c.fail("line_keys", err.Error())
		return
	}
	c.parts.lines = &lineParts{ring: ring, public: c.PublicURL, secret: c.vault.tell}
}

// owners are the agencies of the file: each may have lines in the store.
func (c *compiler) owners() {
	all := []channels.Agency{channels.Agency(c.Agency)}
	for _, p := range c.parts.alt.Providers {
		for _, ch := range p.Channels() {
			all = append(all, ch.Info().Agency)
		}
	}
	for _, t := range c.Desk.Tokens {
		all = append(all, channels.Agency(t.Agency))
	}
	slices.Sort(all)
	c.parts.agencies = slices.DeleteFunc(slices.Compact(all), func(a channels.Agency) bool { return a == "" })
}
