package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/alt/sqlitestore"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

func TestTheCommandLineIsUnderstoodOrExplained(t *testing.T) {
	for name, c := range map[string]struct {
		args string
		code int
		want string // in what is printed
	}{
		"help":                       {"help", exitOK, "check-config"},
		"-h":                         {"-h", exitOK, "check-config"},
		"help on a command":          {"help backup", exitOK, "usage: refserver backup FILE"},
		"-h after a command":         {"backup -h", exitOK, "usage: refserver backup FILE"},
		"-h before a command":        {"--help replay", exitOK, `{"method":"POST"`},
		"version":                    {"version", exitOK, "liidestuja "},
		"an unknown command":         {"dance", exitUsage, `there is no command "dance"`},
		"an unknown flag":            {"version -x", exitUsage, "flag provided but not defined: -x"},
		"too many words":             {"version now", exitUsage, `"now" is not expected`},
		"too few words":              {"message", exitUsage, "something is missing"},
		"a flag without a value":     {"message in-1 -config", exitUsage, "flag needs an argument"},
		"a verb that is none":        {"dead-letters eat 1", exitUsage, "list, retry, drop or confirm is expected"},
		"a verb without a number":    {"dead-letters retry", exitUsage, "followed by numbers"},
		"a state that is none":       {"dead-letters list -state lost", exitUsage, "-state must be dead or uncertain"},
		"webhooks of nobody":         {"webhooks list", exitUsage, "-config is required"},
		"a webhook without an id":    {"webhooks remove -config x", exitUsage, "list, register or remove ID is expected"},
		"replay for nobody":          {"replay x", exitUsage, "-config is required"},
		"nothing to check":           {"check-config", exitUsage, "a file is expected"},
		"a configuration not there":  {"check-config no.yaml", exitFailed, "the configuration cannot be read"},
		"a store that is not there":  {"message in-1 -data no-such-folder", exitFailed, "there is no store in no-such-folder"},
		"a demo for the whole world": {"-addr 0.0.0.0:0", exitUsage, "the demo lets anybody in"},
		"a demo of an unknown kind":  {"-demo carrier-pigeon", exitUsage, "there are messagebird, bird, meta"},
		"a demo and a configuration": {"-demo meta -config x", exitUsage, "a server with -config runs no demo"},
		"words after --":             {"-data no-such-folder -- message in-1", exitFailed, "there is no store in no-such-folder"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runCommand(t, "", strings.Fields(c.args)...)
			require.Equal(t, c.code, code, stderr)
			require.Contains(t, stdout+stderr, c.want)
			require.Equal(t, c.code == exitOK, stderr == "")
		})
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	for _, cmd := range commands() {
		code, stdout, _ := runCommand(t, "", cmd.name, "-h")
		require.Equal(t, exitOK, code)
		require.Contains(t, stdout, "examples:\n  refserver")
		for _, flag := range regexp.MustCompile(`(?m)^  -(\w+)`).FindAllStringSubmatch(stdout, -1) {
			require.Contains(t, append(valueFlags(), "content", "contents", "force"), flag[1])
		}
	}
}

func TestFlagsMayStandBeforeAndAfterTheCommand(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{
		{"-config", w.path("config.yaml"), "check-config"},
		{"check-config", "-config", w.path("config.yaml")},
		{"--config=" + w.path("config.yaml"), "check-config"},
		{"-data", w.path("elsewhere"), "check-config", w.path("config.yaml")},
		{"check-config", "-data", w.path("elsewhere"), "--", w.path("config.yaml")},
	} {
		code, stdout, stderr := w.command(args...)
		require.Equal(t, exitOK, code, stderr)
		require.Equal(t, w.path("config.yaml")+": good\nmessagebird is called at "+hookURL+"\n  ppa-whatsapp (whatsapp)\n", stdout)
	}
}

func TestTokenPrintsATokenThatTheDeskTakes(t *testing.T) {
	_, stdout, _ := runCommand(t, "", "token")
	m := regexp.MustCompile(`^token: (\S+)\nhash:  (\S+)\n$`).FindStringSubmatch(stdout)
	require.Len(t, m, 3, stdout)
	hash, err := desk.HashToken(m[1])
	require.NoError(t, err)
	require.Equal(t, hash, m[2])
}

// whetherServing runs a test with a running server and without one: commands
// work both ways.
func whetherServing(t *testing.T, test func(t *testing.T, w *world, pause, resume func())) {
	t.Helper()
	for name, stopped := range map[string]bool{"while the server runs": false, "while no server runs": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			srv := w.serve()
			test(t, w, func() {
				if stopped {
					require.Equal(t, exitOK, srv.stop())
				}
			}, func() {
				if stopped {
					srv = w.serve()
				}
			})
		})
	}
}

func TestMessageShowsTheLifeOfAMessage(t *testing.T) {
	whetherServing(t, func(t *testing.T, w *world, pause, _ func()) {
		person := w.sim.Person(waChannel, phone)
		person.Says("minu saladus")
		w.deliver()
		box := w.inbox(person, 1)
		require.NoError(t, person.Reads(box[0].ID))
		w.deliver()
		track := w.sim.Sent()[0].TrackID
		at := w.path("config.yaml")
		require.Eventually(t, func() bool {
			_, stdout, _ := w.command("message", track, "-config", at)
			return strings.Contains(stdout, "read ")
		}, 10*time.Second, 20*time.Millisecond)
		pause()
		code, stdout, stderr := w.command("message", track, "-config", at)
		require.Equal(t, exitOK, code, stderr)
		require.Regexp(t, `(?m)^message +`+track+`$`, stdout)
		require.Regexp(t, `(?m)^direction +out\nauthor +bot$`, stdout)
		require.Regexp(t, `(?m)^1 +text +\S+Z +done +read +\S+Z +1 +-$`, stdout)
		require.Regexp(t, `(?m)Z +message\.queued +bot:bot `, stdout)
		require.NotContains(t, stdout, "saladus")

		code, stdout, _ = w.command("message", "in-1", "-config", at, "-content")
		require.Equal(t, exitOK, code)
		require.Contains(t, stdout, "minu saladus")
		_, stdout, _ = w.command("message", "in-1", "-config", at)
		require.NotContains(t, stdout, "minu saladus")
		require.Regexp(t, `message\.read +operator`, stdout, "who looked is remembered")

		code, stdout, stderr = w.command("message", "in-99", "-config", at)
		require.Equal(t, exitFailed, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "not found")
	})
}

func TestDeadLettersAreListedAndSettled(t *testing.T) {
	whetherServing(t, func(t *testing.T, w *world, pause, resume func()) {
		person := w.sim.Person(waChannel, phone)
		w.sim.FailNext(2, messagebirdtest.Failure{Method: http.MethodPost, Status: http.StatusUnauthorized, Code: 2})
		person.Says("esimene")
		person.Says("teine")
		w.deliver()
		at := w.path("config.yaml")
		var numbers [][]string
		require.Eventually(t, func() bool {
			_, stdout, _ := w.command("dead-letters", "list", "-config", at)
			numbers = regexp.MustCompile(`(?m)^(\d+) +dead +outbox +ppa-whatsapp +message \S+ +credentials +1 `).FindAllStringSubmatch(stdout, -1)
			return len(numbers) == 2
		}, 10*time.Second, 20*time.Millisecond)
		pause()
		code, stdout, stderr := w.command("dead-letters", "-config", at, "retry", numbers[0][1])
		require.Equal(t, exitOK, code, stderr)
		require.Equal(t, numbers[0][1]+": retry\n", stdout)
		code, _, stderr = w.command("dead-letters", "drop", numbers[1][1], "999", "-config", at)
		require.Equal(t, exitFailed, code)
		require.Regexp(t, `^999: .*not found\n$`, stderr)
		_, stdout, _ = w.command("dead-letters", "list", "-config", at, "-state", "dead")
		require.Equal(t, 1, strings.Count(stdout, "\n"), stdout)
		resume()
		box := w.inbox(person, 1)
		require.Contains(t, box[0].Text(), "esimene")
	})
}

func TestBackupCopiesTheStoreAtWork(t *testing.T) {
	whetherServing(t, func(t *testing.T, w *world, pause, _ func()) {
		person := w.sim.Person(waChannel, phone)
		person.Says("tere")
		w.deliver()
		w.inbox(person, 1)
		pause()
		copied := w.path("copies/one.db")
		code, stdout, stderr := w.command("backup", copied, "-config", w.path("config.yaml"))
		require.Equal(t, exitOK, code, stderr)
		require.Equal(t, "backup: "+copied+"\n", stdout)
		info, err := os.Stat(copied)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "others may not read it")
		store, err := sqlitestore.Open(t.Context(), sqlitestore.Config{Path: copied, KeyFile: w.path("store.key")})
		require.NoError(t, err)
		parts, err := store.Message(t.Context(), "ppa", "in-1")
		require.NoError(t, err)
		require.Len(t, parts, 1)
		require.NoError(t, store.Close())

		code, _, stderr = w.command("backup", copied, "-config", w.path("config.yaml"))
		require.Equal(t, exitFailed, code, "nothing is overwritten")
		require.Contains(t, stderr, "exists")
	})
}

func TestReplayTakesRecordedRequestsOnce(t *testing.T) {
	whetherServing(t, func(t *testing.T, w *world, pause, _ func()) {
		person := w.sim.Person(waChannel, phone)
		for _, text := range []string{"üks", "kaks", "kolm"} {
			person.Says(text)
		}
		var file bytes.Buffer
		e := json.NewEncoder(&file)
		for _, d := range w.sim.Take() {
			if d.Event != messagebirdtest.EventMessageCreated {
				continue
			}
			h := d.Header.Clone()
			if strings.Contains(string(d.Body), "kolm") {
				h.Set(messagebirdtest.HeaderToken, "forged")
			}
			require.NoError(t, e.Encode(recorded{Path: "/webhooks/messagebird", Headers: h, Body: d.Body}))
		}
		file.WriteString("\n{\"path\":\"/v1/me\"}\nnot json\n{\"path\":\"/webhooks/../v1/me\"}\n")
		w.write("requests.jsonl", file.String())
		pause()
		for range 2 {
			code, stdout, stderr := w.command("replay", w.path("requests.jsonl"), "-config", w.path("config.yaml"))
			require.Equal(t, exitFailed, code)
			require.Equal(t, "replay: requests=6 accepted=2 refused=4\n", stdout)
			require.Equal(t, "line 3: answered 403\nline 5: path must lie under /webhooks/\nline 6: is not a recorded request\nline 7: path must lie under /webhooks/\n", stderr)
		}
		code, stdout, _ := runCommand(t, strings.Split(file.String(), "\n")[0]+"\n", "replay", "-", "-config", w.path("config.yaml"))
		require.Equal(t, exitOK, code)
		require.Equal(t, "replay: requests=1 accepted=1 refused=0\n", stdout)
	})
}

func TestWebhooksAreRegisteredListedAndRemoved(t *testing.T) {
	w := newWorld(t)
	hooks := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := w.command(append([]string{"webhooks", "-config", w.path("config.yaml")}, args...)...)
		require.Equal(t, exitOK, code, stderr)
		return stdout
	}
	list := hooks("list")
	m := regexp.MustCompile(`(?m)^\* +(\w+) +all +\S+ +enabled +` + regexp.QuoteMeta(hookURL) + `$`).FindStringSubmatch(list)
	require.Len(t, m, 2, list)
	require.Equal(t, "ppa-whatsapp: registered already as "+m[1]+"\n", hooks("register"))
	require.Equal(t, "removed "+m[1]+"\n", hooks("remove", m[1]))
	require.Equal(t, 1, strings.Count(hooks("list"), "\n"))
	require.Regexp(t, `^ppa-whatsapp: registered as \w+\n$`, hooks("register"))
	require.Regexp(t, `(?m)^\* +\w+ +ppa-whatsapp +message\.created,message\.updated +enabled +`, hooks("list"))

	code, _, stderr := w.command("webhooks", "list", "-provider", "other", "-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "-provider must be one of messagebird")
	w.write("access.key", "wrong-key")
	code, _, stderr = w.command("webhooks", "list", "-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "credentials refused")
}

func TestASecondServerOnTheSameDataIsRefused(t *testing.T) {
	w := newWorld(t)
	w.serve()
	code, stdout, stderr := w.command("-config", w.path("config.yaml"))
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "in use by another process")
}
