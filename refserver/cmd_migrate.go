package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

func cmdMigrate() command {
	return command{
		name: "migrate", args: "VERSION -config FILE", short: "bring the store to a version of its tables, forward or back",
		long: `Brings the store to a version of its tables, a number or "latest".

In PostgreSQL nothing else makes or changes tables: run "migrate latest" once
before the servers of a release start. It connects as postgres.owner, where the
configuration has one, and gives postgres.application its rights.

A server brings the store of a folder to the newest version by itself when it
starts, and no server may run while this works on one.

The way back: an older program that refuses the store says which version it
knows. Run this with the newer program, then start the older one. What only the
newer tables can hold is gone afterwards; make a backup first.

  -config FILE      the configuration of the server
  -data FOLDER      the folder of its data, instead of the configuration's`,
		examples: []string{"refserver migrate latest -config /etc/liidestuja.yaml", "refserver migrate 6 -config /etc/liidestuja.yaml"},
		run:      (*console).migrate,
	}
}

func (c *console) migrate(ctx context.Context, args []string) error {
	f := c.flags()
	at := f.where()
	if err := f.parse(args, 1, 1); err != nil {
		return err
	}
	version, err := strconv.Atoi(f.words[0])
	switch {
	case f.words[0] == "latest":
		version = latestVersion
	case err != nil || version < 1: // 0 would be an empty store
		return f.usage(errors.New("a version is a number from 1, or latest"))
	}
	if *at.config == "" {
		return f.usage(errors.New("-config is required"))
	}
	p, err := c.configured(*at.config, instead{data: *at.data})
	if err != nil {
		return err
	}
	if err := p.migrate(ctx, version); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "the store has version %s\n", f.words[0])
	return err
}
