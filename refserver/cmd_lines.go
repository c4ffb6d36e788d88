package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"

	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

func cmdLines() command {
	return command{
		name: "lines", args: "list|remove ID|rekey [-confirm VALUE] [-force] [-config FILE | -data FOLDER]",
		short: "list and remove lines that were added, and change their keys",
		long: `Lines are added on the pages of a running server, at /lines, or by its API. These
commands need no login; what they change is in the security log as the operator's.

  list         shows all lines with their state, health and the key of their token
  remove ID    removes a line that was added: the provider is told to send no more
               messages, the token is destroyed. Without -confirm nothing is done,
               and the value to confirm with is shown.
  rekey        seals every stored token with the first key of line_keys. It may be
               repeated, also after it was broken off. To change keys: put a new one
               first, start the server again, rekey, and when list shows the new key
               everywhere take the old one away and start again.

  -confirm VALUE   confirms a removal
  -force           removes a line though the provider cannot be told
  -config FILE     the configuration of the server
  -data FOLDER     the folder of a running demo's data (default ./liidestuja-data)`,
		examples: []string{
			"refserver lines list -config /etc/liidestuja.yaml",
			"refserver lines remove messenger -confirm messenger/3 -config /etc/liidestuja.yaml",
			"refserver lines rekey -config /etc/liidestuja.yaml",
		},
		run: (*console).lines,
	}
}

func (c *console) lines(ctx context.Context, args []string) (err error) {
	f := c.flags()
	at, confirm, force := f.where(), f.String("confirm", "", ""), f.Bool("force", false, "")
	if err := f.parse(args, 1, 2); err != nil {
		return err
	}
	verb := f.words[0]
	if wants := map[string]int{"list": 1, "remove": 2, "rekey": 1}[verb]; len(f.words) != wants {
		return f.usage(errors.New("list, remove ID or rekey is expected"))
	}
	if verb != "remove" && (*confirm != "" || *force) {
		return f.usage(errors.New("-confirm and -force are for remove"))
	}
	admin, done, err := c.reach(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	switch verb {
	case "list":
		return c.listLines(ctx, admin)
	case "rekey":
		var r rekeyed
		if err := admin.do(ctx, "POST", "/lines/rekey", nil, &r); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.stdout, "%d lines have got another key\n", r.Changed)
		return err
	}
	var r lineRemoval
	if err := admin.do(ctx, "POST", "/lines/remove/"+url.PathEscape(f.words[1]), lineRemoval{Confirm: *confirm, Force: *force}, &r); err != nil {
		return err
	}
	if r.Confirm != "" {
		_, _ = fmt.Fprintf(c.stderr, "%s: nothing was removed. Nobody is answered on a removed line any more, and this cannot be taken back.\nTo remove it repeat with: -confirm %s\n", f.words[1], r.Confirm)
		return errTold
	}
	_, err = fmt.Fprintf(c.stdout, "removed %s\n", f.words[1])
	return err
}

func (c *console) listLines(ctx context.Context, admin *adminClient) error {
	var list []lineOfAgency
	if err := admin.do(ctx, "GET", "/lines", nil, &list); err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	_, _ = io.WriteString(w, "ID\tAGENCY\tKIND\tPROVIDER\tACCOUNT\tORIGIN\tSTATE\tHEALTH\tKEY\tADDED\tREMOVED\tBY\n")
	for _, l := range list {
		health := string(l.Health.State)
		if l.Health.Code != "" {
			health += " (" + l.Health.Code + ")"
		}
		if l.State == "active" && !l.Serving {
			health = "not served"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, l.Agency, l.Kind, l.Provider, or(l.Account, "-"), l.Origin, l.State, health,
			or(l.KeyID, "-"), stamp(l.Added), stamp(l.Removed), or(l.By, "-"))
	}
	return w.Flush()
}

// lineOfAgency is a line with its owner.
type lineOfAgency struct {
	Agency string `json:"agency"`
	lines.View
}

// lineRemoval asks for a removal; in an answer Confirm says what is missing.
type lineRemoval struct {
	Confirm string `json:"confirm,omitempty"`
	Force   bool   `json:"force,omitempty"`
}

// rekeyed says how many lines have got another key.
type rekeyed struct {
	Changed int `json:"changed"`
}
