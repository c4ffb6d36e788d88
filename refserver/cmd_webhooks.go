package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
)

func cmdWebhooks() command {
	return command{
		name: "webhooks", args: "register|list|remove [ID] -config FILE [-provider NAME]", short: "manage where a provider reports to",
		long: `  list        shows the account's webhooks; ours are marked with *
  register    makes the account report to this server, for each line; what is
              registered already, for the same line, is left alone
  remove ID   removes a webhook, ours or not

  -provider NAME   which provider, when the configuration has several`,
		examples: []string{
			"refserver webhooks list -config /etc/liidestuja.yaml",
			"refserver webhooks register -config /etc/liidestuja.yaml",
			"refserver webhooks remove 5031e2da142d401c93fbc38518ebb604 -config /etc/liidestuja.yaml",
		},
		run: (*console).webhooks,
	}
}

func (c *console) webhooks(ctx context.Context, args []string) error {
	f := c.flags()
	at, name := f.where(), f.String("provider", "", "")
	if err := f.parse(args, 1, 2); err != nil {
		return err
	}
	if *at.config == "" {
		return f.usage(errors.New("-config is required"))
	}
	wants := map[string]int{"list": 1, "register": 1, "remove": 2}[f.words[0]]
	if wants == 0 || len(f.words) != wants {
		return f.usage(errors.New("list, register or remove ID is expected"))
	}
	p, err := c.configured(*at.config, instead{data: *at.data})
	if err != nil {
		return err
	}
	acc, err := p.account(*name)
	if err != nil {
		return err
	}
	switch f.words[0] {
	case "list":
		return c.listWebhooks(ctx, acc)
	case "register":
		return c.registerWebhooks(ctx, acc)
	}
	if err := acc.hooks.remove(ctx, f.words[1]); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "removed %s\n", f.words[1])
	return err
}

// shownURL shows where a webhook goes without what may be secret in its path.
func shownURL(url, ours string) string {
	if url == ours {
		return url
	}
	scheme, rest, _ := strings.Cut(url, "://")
	host, path, _ := strings.Cut(rest, "/")
	if path != "" {
		host += "/…"
	}
	return scheme + "://" + host
}

func (c *console) listWebhooks(ctx context.Context, acc account) error {
	list, err := acc.hooks.list(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, " \tID\tLINE\tEVENTS\tSTATE\tURL")
	for _, h := range list {
		mark, state := " ", "disabled"
		if h.url == acc.webhook {
			mark = "*"
		}
		if h.enabled {
			state = "enabled"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", mark, h.id, or(h.line, "all"), strings.Join(h.events, ","), state, shownURL(h.url, acc.webhook))
	}
	return w.Flush()
}

func (c *console) registerWebhooks(ctx context.Context, acc account) error {
	there, err := acc.hooks.list(ctx)
	if err != nil {
		return err
	}
	for _, ch := range acc.lines {
		line := ch.Info()
		made, kept, err := acc.hooks.register(ctx, acc.webhook, line, there)
		if err != nil {
			return fmt.Errorf("%s: %w", line.ID, err)
		}
		if len(made) == 0 {
			_, _ = fmt.Fprintf(c.stdout, "%s: registered already as %s\n", line.ID, strings.Join(kept, ", "))
			continue
		}
		_, _ = fmt.Fprintf(c.stdout, "%s: registered as %s\n", line.ID, strings.Join(made, ", "))
	}
	return nil
}
