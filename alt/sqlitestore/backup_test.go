package sqlitestore_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

func TestABackupOpensAsAStore(t *testing.T) {
	t.Parallel()
	cfg := config(t, nil)
	st := open(t, cfg)
	a := at("mari")
	accept(t, st, says("mari", "m1", "tere"))
	commit(t, st, claim(t, st, alt.Inbox, 1)[0], alt.Changes{Record: true, Conversation: talk(a, "c1"), Send: []channels.Outbound{answer(a, "r1", "vastus")}})
	info, err := st.PutBlob(t.Context(), agency, strings.NewReader("pilt"), 10)
	require.NoError(t, err)

	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // work goes on
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				_, err := st.Accept(context.Background(), []channels.Event{says("jaan", fmt.Sprint("k", i), "tere")})
				if err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	path := filepath.Join(t.TempDir(), "copies", "copy.db")
	require.NoError(t, st.Backup(t.Context(), path))
	close(stop)
	wg.Wait()
	fi, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), fi.Mode().Perm())

	copied := cfg
	copied.Path = path
	wrong := copied
	wrong.Key = []byte(strings.Repeat("x", 32))
	_, err = sqlitestore.Open(t.Context(), wrong)
	require.ErrorIs(t, err, sqlitestore.ErrKey)
	other := open(t, copied)
	page, _, err := other.Messages(t.Context(), alt.MessageQuery{Agency: agency, Conversation: "c1"})
	require.NoError(t, err)
	require.Len(t, page, 2)
	require.Len(t, claim(t, other, alt.Outbox, 10), 1)
	r, err := other.OpenBlob(t.Context(), agency, info.ID)
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, "pilt", string(b))
	v, err := other.Pragma(t.Context(), "integrity_check")
	require.NoError(t, err)
	require.Equal(t, "ok", v)
}

func TestABackupDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	path := filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, os.WriteFile(path, []byte("something"), 0o600))
	require.ErrorIs(t, st.Backup(t.Context(), path), fs.ErrExist)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "something", string(b))
}

func TestABackupThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	st := open(t, config(t, nil))
	_, err := st.PutBlob(t.Context(), agency, strings.NewReader("pilt"), 10)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "copy.db-files"), nil, 0o600)) // a file where a folder is to be
	require.Error(t, st.Backup(t.Context(), filepath.Join(dir, "copy.db")))
	require.NoFileExists(t, filepath.Join(dir, "copy.db"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, st.Backup(ctx, filepath.Join(dir, "other.db")), context.Canceled)
	require.NoFileExists(t, filepath.Join(dir, "other.db"))
}
