package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

func cmdBackup() command {
	return command{
		name: "backup", args: "FILE [-config FILE | -data FOLDER]", short: "copy the store while it is in use",
		long: `Writes a copy of the store, as it is at one moment, to FILE, which must not be
there yet, and the sealed files of messages to the folder FILE-files. A running server writes
it, as its own user, and goes on serving; when none runs, its store is opened.
The key of the store is not part of the copy and must be kept elsewhere.

To restore, stop the server, empty the data folder, and put the copy there as
liidestuja.db and the folder FILE-files as liidestuja.db-files.

A store in PostgreSQL is copied with the database's own programs instead.

  -config FILE      the configuration of the server
  -data FOLDER      the folder of the demo's data (default ./liidestuja-data)`,
		examples: []string{"refserver backup /backup/2026-11-22.db -config /etc/liidestuja.yaml"},
		run:      (*console).backup,
	}
}

func (c *console) backup(ctx context.Context, args []string) (err error) {
	f := c.flags()
	at := f.where()
	if err := f.parse(args, 1, 1); err != nil {
		return err
	}
	// The server's own folder may be another one than ours.
	path, err := filepath.Abs(f.words[0])
	if err != nil {
		return err
	}
	admin, done, err := c.reach(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if err := admin.do(ctx, "POST", "/backup", map[string]string{"path": path}, nil); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "backup: %s\n", path)
	return err
}
