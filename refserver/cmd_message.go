package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

func cmdMessage() command {
	return command{
		name: "message", args: "ID [-content] [-config FILE | -data FOLDER]", short: "show the whole life of one message",
		long: `Shows the parts of a message with their statuses, attempts and times, and what
the security log says about it. IDs are those of the desk and its API; the id of
a person's message is "in-" and a number. A running server is asked; when none
runs, its store is opened.

  -content          shows what the message says too; the security log remembers
                    that somebody looked
  -config FILE      the configuration of the server
  -data FOLDER      the folder of the demo's data (default ./liidestuja-data)`,
		examples: []string{"refserver message in-17", "refserver message 019a7c3e-3f1c-7000-8000-0123456789ab -config /etc/liidestuja.yaml"},
		run:      (*console).message,
	}
}

func (c *console) message(ctx context.Context, args []string) (err error) {
	f := c.flags()
	at, content := f.where(), f.Bool("content", false, "")
	if err := f.parse(args, 1, 1); err != nil {
		return err
	}
	admin, done, err := c.reach(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	var l life
	if err := admin.do(ctx, "GET", "/message/"+f.words[0]+"?content="+strconv.FormatBool(*content), nil, &l); err != nil {
		return err
	}
	return c.showLife(l)
}

func (c *console) showLife(l life) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "message\t%s\nagency\t%s\nline\t%s\nconversation\t%s\ndirection\t%s\n", l.ID, l.Agency, l.Line, or(l.Conversation, "-"), l.Direction)
	if l.Author != "" {
		_, _ = fmt.Fprintf(w, "author\t%s\n", strings.TrimSpace(l.Author+" "+l.By))
	}
	_, _ = fmt.Fprintln(w, "\nPART\tKIND\tAT\tSTATE\tSTATUS\tSINCE\tATTEMPTS\tCODE")
	for _, p := range l.Parts {
		kind := p.Kind
		if p.Edited {
			kind += " (edited)"
		}
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", p.Part, kind, stamp(p.At), or(p.State, "-"), or(p.Status, "-"), stamp(p.StatusAt), p.Attempts, or(p.Code, "-"))
	}
	for _, p := range l.Parts {
		if len(p.Content) > 0 {
			_, _ = fmt.Fprintf(w, "\npart %d: %s\n", p.Part, p.Content)
		}
	}
	if len(l.Log) > 0 {
		_, _ = fmt.Fprintln(w, "\nLOG\tACT\tACTOR\tDETAIL")
	}
	for _, e := range l.Log {
		var detail []string
		for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
			detail = append(detail, k+"="+e.Detail[k])
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", stamp(e.At), e.Act, e.Actor, or(strings.Join(detail, " "), "-"))
	}
	return w.Flush()
}
