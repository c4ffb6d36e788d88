package main

import (
	"context"
	"fmt"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

func cmdCheckConfig() command {
	return command{
		name: "check-config", args: "FILE", short: "check a configuration and change nothing",
		long: `Reads a configuration and everything that it names: secrets, certificates,
authorities. Every mistake is told with its file, line and field. Nothing is
opened or called, so what only shows at work (a wrong key, a port in use) is
not found.

Exit codes: 0 good, 1 mistakes.`,
		examples: []string{"refserver check-config /etc/liidestuja.yaml"},
		run:      (*console).checkConfig,
	}
}

func (c *console) checkConfig(_ context.Context, args []string) error {
	f := c.flags()
	at := f.where()
	if err := f.parse(args, 0, 1); err != nil {
		return err
	}
	path := *at.config
	if len(f.words) == 1 {
		path = f.words[0]
	}
	if path == "" {
		return f.usage(fmt.Errorf("a file is expected"))
	}
	p, err := c.configured(path, instead{data: *at.data})
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(c.stdout, "%s: good\n", path)
	for _, a := range p.accounts {
		_, _ = fmt.Fprintf(c.stdout, "%s is called at %s\n", a.name, a.webhook)
		for _, ch := range a.lines {
			info := ch.Info()
			_, _ = fmt.Fprintf(c.stdout, "  %s (%s)\n", info.ID, info.Kind)
		}
	}
	if p.lines == nil {
		return nil
	}
	_, _ = fmt.Fprintf(c.stdout, "lines are added at %s/lines\n", p.lines.public)
	for _, provider := range p.lines.providers {
		name := provider.Name()
		_, _ = fmt.Fprintf(c.stdout, "%s, in the app's settings:\n  login returns to %s\n  deauthorize at %s\n  data deletion at %s\n", name,
			lines.ReturnURL(p.lines.public, name), lines.DeauthorizeURL(p.lines.public, name), lines.DeletionURL(p.lines.public, name))
	}
	return nil
}

func cmdToken() command {
	return command{
		name: "token", short: "make a token for the desk",
		long: `Prints a new token and its hash. The hash goes into desk.tokens of the
configuration, the token to the specialist or the program that uses it; it is
kept nowhere and cannot be shown again.`,
		examples: []string{"refserver token"},
		run:      (*console).token,
	}
}

func (c *console) token(_ context.Context, args []string) error {
	if err := c.flags().parse(args, 0, 0); err != nil {
		return err
	}
	token, hash := desk.NewToken()
	_, err := fmt.Fprintf(c.stdout, "token: %s\nhash:  %s\n", token, hash)
	return err
}
