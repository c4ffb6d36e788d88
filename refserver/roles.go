package main

import (
	"fmt"
	"slices"
	"strings"
)

// role is a part of the server's work. A process has all of them, or, over a
// store that several processes share, some.
type role string

// Roles of a process. Health, heartbeat and metrics are everywhere.
const (
	roleWebhooks role = "webhooks" // providers report here and fetch files
	roleWorkers  role = "workers"  // turns, sends, downloads, and what is to be done in time
	roleDesk     role = "desk"     // the APIs of the desk and of lines
	rolePages    role = "pages"    // what people open in a browser
)

func allRoles() []role { return []role{roleWebhooks, roleWorkers, roleDesk, rolePages} }

// roles of one process; none named are all.
type roles []role

func (r roles) has(one role) bool { return len(r) == 0 || slices.Contains(r, one) }

func (r roles) all() bool {
	return !slices.ContainsFunc(allRoles(), func(one role) bool { return !r.has(one) })
}

// roleNames lists all roles for a sentence.
func roleNames() string {
	var names []string
	for _, r := range allRoles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// roles reads which of the server's work the process does.
func (c *compiler) roles() {
	for i, name := range c.Roles {
		r, place := role(name), fmt.Sprintf("roles[%d]", i)
		switch {
		case !slices.Contains(allRoles(), r):
			c.fail(place, "must be one of "+roleNames())
		case slices.Contains(c.parts.roles, r):
			c.fail(place, "is named twice")
		}
		c.parts.roles = append(c.parts.roles, r)
	}
	if c.Postgres == nil && !c.parts.roles.all() {
		c.fail("roles", "must be all of them, because one process has the folder of data; a store that processes share is postgres")
	}
}
