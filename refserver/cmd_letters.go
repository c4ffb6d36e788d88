package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"text/tabwriter"
)

func cmdDeadLetters() command {
	return command{
		name: "dead-letters", args: "list|retry|drop|confirm [NUMBER...] [-state dead|uncertain] [-config FILE | -data FOLDER]",
		short: "list and settle what waits for a person",
		long: `Letters are what the machine gave up: dead ones were refused or tried too often,
of uncertain ones nobody knows whether they went out. What they say is not shown.

  list              shows them, oldest first
  retry NUMBER...   queues them again; an uncertain one may then arrive twice
  drop NUMBER...    gives them up for good
  confirm NUMBER... says that uncertain ones did arrive

  -state            lists only the dead or only the uncertain ones
  -config FILE      the configuration of the server
  -data FOLDER      the folder of the demo's data (default ./liidestuja-data)`,
		examples: []string{"refserver dead-letters list -state uncertain", "refserver dead-letters confirm 12 14 -config /etc/liidestuja.yaml"},
		run:      (*console).deadLetters,
	}
}

func (c *console) deadLetters(ctx context.Context, args []string) (err error) {
	f := c.flags()
	at, state := f.where(), f.String("state", "", "")
	if err := f.parse(args, 1, 1000); err != nil {
		return err
	}
	verb, numbers := f.words[0], f.words[1:]
	switch {
	case !slices.Contains([]string{"list", "retry", "drop", "confirm"}, verb):
		return f.usage(errors.New("list, retry, drop or confirm is expected"))
	case (verb == "list") != (len(numbers) == 0):
		return f.usage(errors.New("retry, drop and confirm are followed by numbers, list is not"))
	case !slices.Contains([]string{"", "dead", "uncertain"}, *state):
		return f.usage(errors.New("-state must be dead or uncertain"))
	}
	admin, done, err := c.reach(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if verb == "list" {
		return c.listLetters(ctx, admin, *state)
	}
	failed := false
	for _, n := range numbers {
		if err := admin.do(ctx, "POST", "/letters/"+url.PathEscape(n)+"/"+verb, nil, nil); err != nil {
			_, _ = fmt.Fprintf(c.stderr, "%s: %v\n", n, err)
			failed = true
			continue
		}
		_, _ = fmt.Fprintf(c.stdout, "%s: %s\n", n, verb)
	}
	if failed {
		return errTold
	}
	return nil
}

func (c *console) listLetters(ctx context.Context, admin *adminClient, state string) error {
	var list []letterView
	if err := admin.do(ctx, "GET", "/letters?state="+state, nil, &list); err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NUMBER\tSTATE\tWORK\tLINE\tWHAT\tCODE\tATTEMPTS\tACCEPTED\tGIVEN UP\tCONVERSATION")
	for _, l := range list {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", l.ID, l.State, l.Work, l.Line, l.What, or(l.Code, "-"), l.Attempts, stamp(l.Accepted), stamp(l.At), or(l.Conversation, "-"))
	}
	return w.Flush()
}
