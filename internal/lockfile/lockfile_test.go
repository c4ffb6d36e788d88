package lockfile_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/internal/lockfile"
)

func TestALockIsHadOnceAndGivenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := lockfile.Lock(path)
	require.NoError(t, err)
	_, err = lockfile.Lock(path)
	require.ErrorIs(t, err, lockfile.ErrLocked)
	require.NoError(t, lockfile.Unlock(f))
	f, err = lockfile.Lock(path)
	require.NoError(t, err)
	require.NoError(t, lockfile.Unlock(f))
}

func TestALockWithoutAFolderIsAnErrorOfItsOwn(t *testing.T) {
	_, err := lockfile.Lock(filepath.Join(t.TempDir(), "none", "lock"))
	require.Error(t, err)
	require.NotErrorIs(t, err, lockfile.ErrLocked)
}
