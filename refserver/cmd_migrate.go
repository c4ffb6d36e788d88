package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/liidestuja/liidestuja/alt/sqlitestore"
)

func cmdMigrate() command {
	return command{
		name: "migrate", args: "VERSION -config FILE", short: "bring the store back to what an older program knows",
		long: `Brings the store of a server that does not run to a version of its tables. A
server brings it to the newest by itself when it starts, so this is for the way
back: an older program that refuses the store says which version it knows. Run
this with the newer program, then start the older one.

What only the newer tables can hold is gone afterwards; make a backup first.

  -config FILE      the configuration of the server
  -data FOLDER      the folder of its data, instead of the configuration's`,
		examples: []string{"refserver migrate 6 -config /etc/liidestuja.yaml"},
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
	case err != nil || version < 1: // 0 would be an empty store
		return f.usage(errors.New("a version is a number from 1"))
	case *at.config == "":
		return f.usage(errors.New("-config is required"))
	}
	p, err := c.configured(*at.config, instead{data: *at.data})
	if err != nil {
		return err
	}
	if err := sqlitestore.Migrate(ctx, p.storeConfig(), version); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "the store has version %d\n", version)
	return err
}
