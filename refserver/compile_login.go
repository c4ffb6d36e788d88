package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/login"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/trust"
	"github.com/liidestuja/liidestuja/internal/sealed"
)

// loginPath is where the pages of logins are mounted.
const loginPath = "/login"

// loginParts are what people's logins are made of.
type loginParts struct {
	logins alt.Logins
	pages  login.Config // all but Service and Logger
	// services are those behind the methods, in the methods' order.
	services []*eidService
}

// authorities are the certificates that a service's answers are judged by.
type authorities struct {
	service string
	store   *trust.Store
}

// authorities returns those of every service that has any.
func (p *loginParts) authorities() (all []authorities) {
	if p == nil {
		return nil
	}
	for _, s := range p.services {
		if s.trust != nil {
			all = append(all, authorities{s.name, s.trust})
		}
	}
	return all
}

// login makes the logins, where the file has any.
func (c *compiler) login() {
	l := c.Login
	if l == nil {
		return
	}
	p := &loginParts{
		logins: alt.Logins{URL: c.PublicURL + loginPath, Keys: c.loginKeys(l.Keys), Lines: make(map[channels.ID]alt.LoginPolicy),
			Names: make(map[channels.Agency]map[string]string), For: l.ValidFor.std(), PerHour: l.PerHour, Remember: l.Remember.std()},
		pages: login.Config{URL: c.PublicURL + loginPath, PerMinute: l.PerMinute, ClientIP: clientBehind(c.trusted)},
	}
	for name, words := range l.Names {
		p.logins.Names[channels.Agency(name)] = words
	}
	for _, id := range slices.Sorted(maps.Keys(l.Lines)) {
		policy := l.Lines[id]
		place := "login.lines." + id
		p.logins.Lines[channels.ID(id)] = alt.LoginPolicy{
			Off: policy.Off, Least: c.level(place+".least", policy.Least),
			InChat: policy.InChat, InChatMost: c.level(place+".in_chat_most", policy.InChatMost),
		}
	}
	if len(l.Names) == 0 {
		c.fail("login.names", "is required: the short name of each agency, by language")
	}
	if l.PerMinute < 0 {
		c.fail("login.per_minute", "must not be negative")
	}
	c.methods(p)
	c.parts.login = p
}

// level reads a level; empty is none.
func (c *compiler) level(field, word string) eid.Level {
	level, err := eid.ParseLevel(or(word, eid.Low.String()))
	switch {
	case word == "":
		return eid.Undefined
	case err != nil || level == eid.Undefined:
		c.fail(field, "must be low, substantial or high")
	}
	return level
}

// loginKeys reads the keys that seal what is kept of a login.
func (c *compiler) loginKeys(list []loginKeyConf) func() []alt.Key {
	if len(list) == 0 {
		c.fail("login.keys", "is required: one, and the ones before it as long as remember")
	}
	var ids []string
	for i, k := range list {
		place := fmt.Sprintf("login.keys[%d]", i)
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
		case slices.Contains(ids, k.ID):
			c.fail(place+".id", "is another key's already")
		}
		ids = append(ids, k.ID)
	}
	v := c.vault
	return func() []alt.Key {
		var keys []alt.Key
		for _, k := range list {
			if key, err := decodeKey(v.get(k.Key)); err == nil { // a file that is being replaced
				keys = append(keys, alt.Key{ID: k.ID, Secret: key})
			}
		}
		return keys
	}
}

// lineIDs are the lines that the policies of logins name: each is one of the
// file, unless lines are added while the server runs.
func (c *compiler) lineIDs() {
	if c.parts.login == nil || c.parts.lines != nil {
		return
	}
	known := make(map[channels.ID]bool)
	for _, p := range c.parts.alt.Providers {
		for _, ch := range p.Channels() {
			known[ch.Info().ID] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.parts.login.logins.Lines)) {
		if len(known) > 0 && !known[id] {
			c.fail("login.lines."+string(id), "is no line of this file")
		}
	}
}

// placeOfLogins says where a field of alt.Logins stands in the file.
func placeOfLogins(field string) string {
	field = strings.TrimPrefix(strings.TrimPrefix(field, "logins"), ".")
	switch field {
	case "for":
		field = "valid_for"
	case "url":
		return "public_url"
	}
	return strings.TrimSuffix("login."+field, ".")
}
