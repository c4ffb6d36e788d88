package migration_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/migration"
)

func files(names ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for _, n := range names {
		fs["migrations/"+n] = &fstest.MapFile{Data: []byte(n)}
	}
	return fs
}

func TestStepsComeInTheOrderOfTheirNumbers(t *testing.T) {
	steps, err := migration.Read(files("0002_b.up.sql", "0002_b.down.sql", "0001_a.down.sql", "0001_a.up.sql"))
	require.NoError(t, err)
	assert.Equal(t, []migration.Step{
		{Up: "0001_a.up.sql", Down: "0001_a.down.sql"}, {Up: "0002_b.up.sql", Down: "0002_b.down.sql"},
	}, steps)
}

func TestStepsThatDoNotFormALadderAreRefused(t *testing.T) {
	for name, fs := range map[string]fstest.MapFS{
		"a way back is missing": files("0001_a.up.sql"),
		"a number is missing":   files("0001_a.up.sql", "0001_a.down.sql", "0003_c.up.sql", "0003_c.down.sql"),
		"it begins at nothing":  files("0000_a.up.sql", "0000_a.down.sql"),
		"it has no number":      files("a.up.sql", "a.down.sql"),
		"one number has two":    files("0001_a.up.sql", "0001_b.up.sql"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := migration.Read(fs)
			assert.Error(t, err)
		})
	}
}
