package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// command is one thing that the program does.
type command struct {
	name, args, short string
	long              string
	examples          []string
	run               func(c *console, ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		cmdServe(), cmdCheckConfig(), cmdWebhooks(), cmdMessage(), cmdReplay(), cmdDeadLetters(), cmdLines(), cmdTrust(), cmdAudit(), cmdBackup(), cmdMigrate(), cmdToken(), cmdVersion(),
	}
}

// usageError is a command line that was not understood.
type usageError struct{ reason, try string }

// Error implements error.
func (e *usageError) Error() string { return e.reason }

// dispatch finds the command among the arguments, which may have flags before
// and after it, and runs it.
func (c *console) dispatch(ctx context.Context, args []string) error {
	name, rest := splitCommand(args)
	switch {
	case name == "help" || name == "" && wantsHelp(rest):
		return c.help(rest)
	case name == "":
		name = "serve"
	}
	for _, cmd := range commands() {
		if cmd.name == name {
			c.command = cmd
			if wantsHelp(rest) {
				return c.explain(cmd)
			}
			return cmd.run(c, ctx, rest)
		}
	}
	return &usageError{fmt.Sprintf("there is no command %q", name), "refserver help"}
}

// valueFlags take the next argument as their value.
func valueFlags() []string {
	return []string{
		"addr", "data", "config", "demo", "roles", "provider", "state", "confirm",
		"dir", "keys", "key", "witness", "secret", "witnessed", "term", "content-term", "conversation", "session", "from", "to", "agency",
	}
}

// splitCommand takes the first argument that is no flag and no flag's value.
func splitCommand(args []string) (name string, rest []string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if !strings.HasPrefix(a, "-") {
			return a, slices.Concat(args[:i], args[i+1:])
		}
		if slices.Contains(valueFlags(), strings.TrimLeft(a, "-")) {
			i++
		}
	}
	return "", args
}

func wantsHelp(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return a == "-h" || a == "-help" || a == "--help" })
}

func (c *console) help(args []string) error {
	for _, cmd := range commands() {
		if len(args) == 1 && args[0] == cmd.name {
			return c.explain(cmd)
		}
	}
	var b strings.Builder
	b.WriteString("The reference server of Liidestuja: people write on their chat channels, an agency answers.\n\n" +
		"usage: refserver [command] [flags]\n\ncommands:\n")
	for _, cmd := range commands() {
		fmt.Fprintf(&b, "  %-14s %s\n", cmd.name, cmd.short)
	}
	b.WriteString("\nWithout a command it serves; without a configuration it serves a demo.\nrefserver COMMAND -h explains a command.\n")
	_, err := io.WriteString(c.stdout, b.String())
	return err
}

func (c *console) explain(cmd command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n\n%s\n", strings.TrimSpace("refserver "+cmd.name+" "+cmd.args), cmd.long)
	b.WriteString("\nexamples:\n")
	for _, e := range cmd.examples {
		b.WriteString("  " + e + "\n")
	}
	_, err := io.WriteString(c.stdout, b.String())
	return err
}

// flags are those of one command.
type flags struct {
	*flag.FlagSet
	c     *console
	words []string // what is no flag
}

func (c *console) flags() *flags {
	f := &flags{FlagSet: flag.NewFlagSet(c.command.name, flag.ContinueOnError), c: c}
	f.SetOutput(io.Discard) // what is wrong is told by run
	return f
}

// parse reads flags and words in any order; so many words must be there.
func (f *flags) parse(args []string, min, max int) error {
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return f.usage(err)
		}
		rest := f.Args()
		if parsed := len(args) - len(rest); parsed > 0 && args[parsed-1] == "--" {
			f.words = append(f.words, rest...)
			break
		}
		if args = rest; len(rest) > 0 {
			f.words, args = append(f.words, rest[0]), rest[1:]
		}
	}
	switch n := len(f.words); {
	case n < min:
		return f.usage(errors.New("something is missing"))
	case n > max:
		return f.usage(fmt.Errorf("%q is not expected", f.words[max]))
	}
	return nil
}

func (f *flags) usage(err error) error {
	return &usageError{err.Error(), "refserver " + f.c.command.name + " -h"}
}

// or returns a, or b when a is empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
