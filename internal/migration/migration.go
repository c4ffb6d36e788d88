// Package migration reads the steps of a database's schema.
package migration

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Step is one migration of a schema and its way back.
type Step struct{ Up, Down string }

// Read reads the files migrations/NUMBER_NAME.up.sql and .down.sql, numbered from 1
// without a gap.
func Read(files fs.FS) ([]Step, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	found := make([]Step, len(names)/2)
	for _, name := range names {
		base := path.Base(name)
		number, _, _ := strings.Cut(base, "_")
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > len(found) {
			return nil, fmt.Errorf("migration %s: numbers must run from 1 in pairs", base)
		}
		sql, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		switch s := &found[n-1]; {
		case strings.HasSuffix(base, ".up.sql"):
			s.Up = string(sql)
		case strings.HasSuffix(base, ".down.sql"):
			s.Down = string(sql)
		}
	}
	for i, s := range found {
		if s.Up == "" || s.Down == "" {
			return nil, fmt.Errorf("migration %d: needs both ways", i+1)
		}
	}
	return found, nil
}
