package audit_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/alt/memstore"
)

func TestAFileIsAWitness(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, os.WriteFile(w.path("w.txt"), []byte(origin+"\n17\ntorn by a cra"), 0o600))
	file := audit.NewFile(w.path("w.txt"))
	cfg := w.config()
	cfg.Witnesses = []audit.Witness{file}
	var err error
	w.keeper, err = audit.New(cfg)
	require.NoError(t, err)
	for range 3 {
		w.writes(2, "a")
		w.step()
	}
	b, err := os.Open(w.path("w.txt"))
	require.NoError(t, err)
	defer func() { _ = b.Close() }()
	c := w.check()
	c.Witnessed = []audit.Evidence{{Name: file.Name(), Notes: b}}
	r, err := audit.Verify(t.Context(), c)
	require.NoError(t, err)
	require.Empty(t, found(r))
	require.Equal(t, []int64{6, 1}, []int64{r.Witnessed.Size, int64(r.Unreadable)})

	require.Error(t, audit.NewFile(w.path("no/such/folder")).Record(t.Context(), nil))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, file.Record(ended, nil), context.Canceled)
}

func TestAHookIsAWitness(t *testing.T) {
	secret := []byte("canary-secret-of-the-hook")
	status := http.StatusNoContent
	var got http.Header
	var body []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	}))
	defer srv.Close()
	cfg := audit.HookConfig{URL: srv.URL + "/log", Secret: secret, Now: noon, InsecureHTTP: true}
	h, err := audit.NewHook(cfg)
	require.NoError(t, err)
	require.Equal(t, "webhook", h.Name())
	require.NoError(t, h.Record(t.Context(), []byte("note\n")))
	require.Equal(t, "note\n", string(body))
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "%d.note\n", noon().Unix())
	require.Equal(t, "v1="+hex.EncodeToString(mac.Sum(nil)), got.Get("Liidestuja-Signature"))
	require.Equal(t, fmt.Sprint(noon().Unix()), got.Get("Liidestuja-Timestamp"))
	for _, status = range []int{301, 400, 500} {
		err := h.Record(t.Context(), []byte("note\n"))
		require.ErrorContains(t, err, fmt.Sprint(status))
		require.NotContains(t, err.Error(), "canary")
	}
	for field, change := range map[string]func(c *audit.HookConfig){
		"HookConfig.Secret": func(c *audit.HookConfig) { c.Secret = secret[:15] },
		"HookConfig.URL":    func(c *audit.HookConfig) { c.InsecureHTTP = false },
	} {
		c := cfg
		change(&c)
		_, err := audit.NewHook(c)
		require.ErrorContains(t, err, field)
	}
}

func TestAWitnessThatFailsIsTriedAgainAndSeen(t *testing.T) {
	w := newWorld(t)
	w.writes(1)
	w.witness.err = errScripted
	w.step()
	status := func() audit.WitnessStatus { return w.keeper.Status().Witnesses[0] }
	require.Equal(t, audit.WitnessStatus{Name: "memory", Behind: true, Failures: 1}, status())
	for i, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, time.Minute, time.Minute} {
		w.now = w.now.Add(wait - 1)
		w.keeper.Deliver(t.Context())
		require.Equal(t, i+1, w.witness.calls, "not before its time")
		w.now = w.now.Add(1)
		w.keeper.Deliver(t.Context())
		require.Equal(t, i+2, w.witness.calls)
	}
	w.writes(1)
	w.now = w.now.Add(time.Minute)
	require.NoError(t, w.keeper.Step(t.Context()), "the keeper goes on")
	w.witness.err = nil
	w.keeper.Deliver(t.Context())
	require.Equal(t, audit.WitnessStatus{Name: "memory", Size: 2, At: w.now}, status())
	require.Equal(t, 1, strings.Count(w.witness.notes.String(), "— "), "the latest covers the one before")
	w.keeper.Deliver(t.Context())
	require.Equal(t, audit.WitnessStatus{Name: "memory", Size: 2, At: w.now}, status(), "it has it")
}

// stuck is a witness that answers nobody.
type stuck struct{}

func (stuck) Name() string { return "stuck" }
func (stuck) Record(ctx context.Context, _ []byte) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRunSignsEverySixtySecondsAtMostWhateverAWitnessDoes(t *testing.T) {
	dir := t.TempDir()
	k := newKey(t)
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New(memstore.Config{})
		storage, err := audit.OpenDir(dir)
		require.NoError(t, err)
		good := &memory{}
		keeper, err := audit.New(audit.Config{
			Agency: ppa, Origin: origin, Ledger: store, Storage: storage, Signers: []note.Signer{k.signer}, Verifiers: note.VerifierList(k.verifier),
			Witnesses: []audit.Witness{stuck{}, good},
		})
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- keeper.Run(ctx) }()
		write := func() {
			require.NoError(t, store.Commit(t.Context(), alt.Item{}, alt.Changes{Log: []alt.LogEntry{{Agency: ppa, At: time.Now(), Act: "x", Actor: "system"}}}))
		}
		for range 5 {
			write()
			synctest.Wait()
			time.Sleep(time.Minute)
			synctest.Wait()
			s := keeper.Status()
			require.NoError(t, s.Err)
			require.Zero(t, s.Pending)
			require.True(t, s.Witnesses[0].Behind)
			require.False(t, s.Witnesses[1].Behind)
		}
		write()
		stop()
		require.NoError(t, <-done)
		require.EqualValues(t, 6, keeper.Status().Checkpoint.Size, "the last one at the end")
		require.EqualValues(t, 6, keeper.Status().Witnesses[1].Size)
		require.Greater(t, keeper.Status().Witnesses[0].Failures, 3)
		require.NoError(t, storage.Close())
		require.NoError(t, store.Close())
	})
}
