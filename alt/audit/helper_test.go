package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	_ "modernc.org/sqlite"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/channels"
)

const (
	ppa    = channels.Agency("ppa")
	origin = "alt.example.ee/ppa"
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// key is a signing key of the tests.
type key struct {
	signer   note.Signer
	verifier note.Verifier
}

func newKey(tb testing.TB) key {
	tb.Helper()
	private, public, err := audit.NewKey(origin)
	require.NoError(tb, err)
	s, err := note.NewSigner(private)
	require.NoError(tb, err)
	v, err := note.NewVerifier(public)
	require.NoError(tb, err)
	return key{s, v}
}

// world is a store in a file, whose log a Keeper follows.
type world struct {
	testing.TB
	dir     string
	store   alt.Store
	storage *audit.Dir
	keeper  *audit.Keeper
	keys    []key
	now     time.Time
	witness *memory
	last    int64 // entry, where a test wants to know it
}

// memory is a witness, whose failures are scripted.
type memory struct {
	notes bytes.Buffer
	calls int
	err   error
}

func (m *memory) Name() string { return "memory" }

func (m *memory) Record(_ context.Context, note []byte) error {
	m.calls++
	if m.err != nil {
		return m.err
	}
	m.notes.Write(note)
	m.notes.WriteString("\n")
	return nil
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{TB: tb, dir: tb.TempDir(), keys: []key{newKey(tb)}, now: noon(), witness: &memory{}}
	tb.Cleanup(w.close)
	w.open()
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) config() audit.Config {
	var signers []note.Signer
	for _, k := range w.keys {
		signers = append(signers, k.signer)
	}
	return audit.Config{
		Agency: ppa, Origin: origin, Ledger: w.store, Storage: w.storage, Signers: signers, Verifiers: w.verifiers(),
		Witnesses: []audit.Witness{w.witness}, Now: func() time.Time { return w.now },
	}
}

func (w *world) verifiers() note.Verifiers {
	var list []note.Verifier
	for _, k := range w.keys {
		list = append(list, k.verifier)
	}
	return note.VerifierList(list...)
}

// open opens the store and starts a Keeper.
func (w *world) open() {
	w.Helper()
	var err error
	w.store, err = sqlitestore.Open(w.Context(), sqlitestore.Config{Path: w.path("alt.db"), Key: bytes.Repeat([]byte{7}, 32), Now: func() time.Time { return w.now }})
	require.NoError(w, err)
	w.startKeeper()
}

func (w *world) startKeeper() {
	w.Helper()
	var err error
	w.storage, err = audit.OpenDir(w.path("audit"))
	require.NoError(w, err)
	w.keeper, err = audit.New(w.config())
	require.NoError(w, err)
}

func (w *world) close() {
	if w.storage != nil {
		require.NoError(w, w.storage.Close())
	}
	if w.store != nil {
		require.NoError(w, w.store.Close())
	}
	w.store, w.storage = nil, nil
}

// writes makes entries of conversations, in turn, and one of none.
func (w *world) writes(entries int, conversations ...string) {
	w.Helper()
	var list []alt.LogEntry
	for i := range entries {
		w.now = w.now.Add(time.Second)
		e := alt.LogEntry{Agency: ppa, At: w.now, Act: "message.received", Actor: "contact", Line: "page", Message: fmt.Sprintf("in-%d", w.now.Unix()),
			Detail: map[string]string{"n": fmt.Sprint(i), "code": "x"}}
		if len(conversations) > 0 {
			e.Conversation = conversations[i%len(conversations)]
		}
		if list = append(list, e); len(list) == 500 {
			w.log(list...)
			list = nil
		}
	}
	w.log(list...)
}

func (w *world) log(list ...alt.LogEntry) {
	w.Helper()
	require.NoError(w, w.store.Commit(w.Context(), alt.Item{}, alt.Changes{Log: list}))
}

// step has the keeper sign what there is, and its witness told.
func (w *world) step() {
	w.Helper()
	w.now = w.now.Add(time.Minute)
	require.NoError(w, w.keeper.Step(w.Context()))
	w.keeper.Deliver(w.Context())
}

// attack changes the database from outside, while nothing runs, and opens it again.
func (w *world) attack(statements ...string) {
	w.Helper()
	w.close()
	db, err := sql.Open("sqlite", w.path("alt.db"))
	require.NoError(w, err)
	for _, s := range statements {
		res, err := db.ExecContext(w.Context(), s)
		require.NoError(w, err, s)
		n, err := res.RowsAffected()
		require.NoError(w, err)
		require.Positive(w, n, s)
	}
	require.NoError(w, db.Close())
	w.open()
}

// seqs are the numbers of all entries.
func (w *world) seqs() (seqs []int64) {
	w.Helper()
	for _, e := range w.entries() {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func (w *world) entries() (all []alt.LogEntry) {
	w.Helper()
	for q := (alt.LogQuery{Agency: ppa, Limit: 1000}); ; {
		page, next, err := w.store.Log(w.Context(), q)
		require.NoError(w, err)
		if all = append(all, page...); next == "" {
			return all
		}
		q.Cursor = next
	}
}

func (w *world) check() audit.Check {
	return audit.Check{
		Agency: ppa, Origin: origin, Ledger: w.store, Storage: w.storage, Verifiers: w.verifiers(),
		Witnessed: []audit.Evidence{{Name: "witness", Notes: bytes.NewReader(w.witness.notes.Bytes())}}, Now: func() time.Time { return w.now },
	}
}

func (w *world) verify() *audit.Report {
	w.Helper()
	r, err := audit.Verify(w.Context(), w.check())
	require.NoError(w, err)
	return r
}

// found are findings as kind and entry; a storage's finding as kind and where.
func found(r *audit.Report) (list []string) {
	for _, f := range r.Findings {
		s := string(f.Kind)
		if f.Seq != 0 {
			s += fmt.Sprintf(" %d", f.Seq)
		}
		if f.Through > f.Seq {
			s += fmt.Sprintf("-%d", f.Through)
		}
		if f.Where != "" {
			s += " at " + f.Where
		}
		list = append(list, s)
	}
	return list
}

// file changes a file of the storage.
func (w *world) file(name string, change func(b []byte) []byte) {
	w.Helper()
	b, err := os.ReadFile(w.path(name))
	require.NoError(w, err)
	require.NoError(w, os.WriteFile(w.path(name), change(b), 0o600))
}

var errScripted = errors.New("scripted")

// errNoSpace is what a full disk says.
var errNoSpace = syscall.ENOSPC

// attackOnly changes the database and leaves all closed.
func (w *world) attackOnly(statement string) {
	w.Helper()
	db, err := sql.Open("sqlite", w.path("alt.db"))
	require.NoError(w, err)
	_, err = db.ExecContext(w.Context(), statement)
	require.NoError(w, err)
	require.NoError(w, db.Close())
}

// tryStart opens all, has the keeper make a step, and closes all.
func (w *world) tryStart() (err error) {
	w.Helper()
	defer w.close()
	w.store, err = sqlitestore.Open(w.Context(), sqlitestore.Config{Path: w.path("alt.db"), Key: bytes.Repeat([]byte{7}, 32)})
	require.NoError(w, err)
	if w.storage, err = audit.OpenDir(w.path("audit")); err != nil {
		w.storage = nil
		return err
	}
	w.keeper, err = audit.New(w.config())
	require.NoError(w, err)
	return w.keeper.Step(w.Context())
}

func verifiersOf(k key) note.Verifiers { return note.VerifierList(k.verifier) }
