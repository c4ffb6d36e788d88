package main

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// audited is a world whose log is signed until the returned func is called.
func audited(t *testing.T, w *world) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	logged := new(lockedBuffer)
	go func() {
		done <- run(ctx, []string{"audit", "keep", "-dir", w.path("audit"), "-key", w.path("audit.key"), "-keys", w.path("audit.pub"),
			"-witness", w.path("witness"), "-config", w.path("config.yaml")}, noEnv, strings.NewReader(""), logged, logged)
	}()
	return func() {
		cancel()
		require.Equal(t, exitOK, <-done, logged.String())
		require.NotContains(t, logged.String(), "PRIVATE")
	}
}

func (w *world) verify() (code int, stdout string) {
	w.t.Helper()
	code, stdout, stderr := w.command("audit", "verify", "-dir", w.path("audit"), "-keys", w.path("audit.pub"), "-witnessed", w.path("witness"), "-config", w.path("config.yaml"))
	require.Empty(w.t, stderr)
	return code, stdout
}

func TestTheLogIsSignedVerifiedAndProven(t *testing.T) {
	whetherServing(t, func(t *testing.T, w *world, pause, resume func()) {
		code, public, stderr := w.command("audit", "keygen", "alt.example.ee/ppa", w.path("audit.key"))
		require.Equal(t, exitOK, code, stderr)
		require.NotContains(t, public, "PRIVATE")
		w.write("audit.pub", "# of the log\n"+public)
		code, _, _ = w.command("audit", "keygen", "alt.example.ee/ppa", w.path("audit.key"))
		require.Equal(t, exitFailed, code, "a key is not overwritten")

		person := w.sim.Person(waChannel, phone)
		stop := audited(t, w)
		for _, text := range []string{"tere", "minu saladus"} {
			person.Says(text)
			w.deliver()
		}
		w.inbox(person, 2)
		stop()
		pause()
		code, stdout := w.verify()
		require.Equal(t, exitOK, code, stdout)
		require.Regexp(t, `findings +none`, stdout)
		require.Regexp(t, `witnessed +\d+ entries`, stdout)

		code, proofs, stderr := w.command("audit", "export", "-conversation", conversationOf(t, w), "-dir", w.path("audit"), "-config", w.path("config.yaml"))
		require.Equal(t, exitOK, code, stderr)
		require.NotContains(t, proofs, "saladus")
		require.NotContains(t, proofs, phone)
		w.write("proofs.json", proofs)
		code, stdout, stderr = w.command("audit", "check", w.path("proofs.json"), "-keys", w.path("audit.pub"))
		require.Equal(t, exitOK, code, stderr)
		require.Contains(t, stdout, "these are all its entries")
		w.change("proofs.json", `"act":"conversation.opened"`, `"act":"conversation.closed"`)
		code, _, stderr = w.command("audit", "check", w.path("proofs.json"), "-keys", w.path("audit.pub"))
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "the proof is wrong")

		w.sql("UPDATE log SET actor = 'mari' WHERE act = 'message.received' AND seq = (SELECT min(seq) FROM log WHERE act = 'message.received')")
		code, stdout = w.verify()
		require.Equal(t, exitFailed, code, stdout)
		require.Regexp(t, `(?m)^edited +\d+ .* message.received`, stdout)
		w.sql("UPDATE log SET at = 9000000000000000000 WHERE act = 'message.received' AND seq = (SELECT min(seq) FROM log WHERE act = 'message.received')")
		_, stdout = w.verify()
		require.Regexp(t, `(?m)^edited +\d+ .* another time`, stdout, "also a time that no calendar has")
		resume()
	})
}

// sql changes the store from outside.
func (w *world) sql(statement string) {
	w.t.Helper()
	db, err := sql.Open("sqlite", databasePath(w.path("data")))
	require.NoError(w.t, err)
	_, err = db.ExecContext(w.t.Context(), statement)
	require.NoError(w.t, err)
	require.NoError(w.t, db.Close())
}

func conversationOf(t *testing.T, w *world) (id string) {
	t.Helper()
	db, err := sql.Open("sqlite", databasePath(w.path("data")))
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT name FROM conversations").Scan(&id))
	return id
}

func TestTheAuditCommandsSayWhatTheyLack(t *testing.T) {
	w := newWorld(t)
	_, public, _ := w.command("audit", "keygen", "alt.example.ee/ppa", w.path("audit.key"))
	w.write("audit.pub", public)
	w.write("empty", "")
	for args, want := range map[string]string{
		"audit":                                  "something is missing",
		"audit dance":                            "keygen, keep, verify, export or check is expected",
		"audit keygen x":                         "1 words are not what keygen expects",
		"audit keygen a+b " + w.path("x"):        "no plus sign",
		"audit verify -dir x":                    "-keys is required",
		"audit keep -dir x -keys y":              "-key is required",
		"audit export -dir x":                    "numbers of entries are expected",
		"audit export x 7 -conversation y":       "-dir is required",
		"audit check x":                          "-keys is required",
		"audit verify -dir x -keys no-file":      "no-file",
		"audit check x -keys " + w.path("empty"): "there is no public key",
		"audit keep -dir " + w.path("d") + " -key " + w.path("audit.pub") + " -keys " + w.path("audit.pub"):                                  "holds no private key",
		"audit keep -dir " + w.path("d") + " -key " + w.path("audit.key") + " -keys " + w.path("audit.pub") + " -witness https://x.example/": "-secret is required",
		"audit verify -dir " + w.path("d") + " -keys " + w.path("audit.pub"):                                                                 "no such file",
	} {
		code, stdout, stderr := w.command(strings.Fields(args)...)
		require.NotEqual(t, exitOK, code, args)
		require.Empty(t, stdout, args)
		require.Contains(t, stderr, want, args)
		require.NotContains(t, stderr, "PRIVATE", args)
	}
	info, err := os.Stat(w.path("audit.key"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}
