package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

// signs has the configuration sign the log and hand it over.
func (w *world) signs() {
	w.t.Helper()
	code, public, stderr := w.command("audit", "keygen", "alt.example.ee/ppa", w.path("audit.key"))
	require.Equal(w.t, exitOK, code, stderr)
	w.write("audit.pub", public)
	w.change("config.yaml", "log: {level: debug}", fmt.Sprintf(`log: {level: debug}
metrics: {addr: "127.0.0.1:0"}
audit:
  - dir: %s
    signing_keys: [{file: %s}]
    public_keys: %s
    witnesses: [{file: %s}]
security_log: [{file: %s}]
`, w.path("audit"), w.path("audit.key"), w.path("audit.pub"), w.path("witness"), w.path("security.log")))
}

// handedOver are the entries that the file of the security log has.
func (w *world) handedOver() (list []alt.LogEntry) {
	w.t.Helper()
	b, err := os.ReadFile(w.path("security.log"))
	require.NoError(w.t, err)
	for line := range strings.Lines(string(b)) {
		var e alt.LogEntry
		require.NoError(w.t, json.Unmarshal([]byte(line), &e))
		list = append(list, e)
	}
	return list
}

func TestTheServerSignsItsLogAndHandsItOver(t *testing.T) {
	w := newWorld(t)
	w.signs()
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("minu saladus")
	w.deliver()
	w.inbox(person, 1)
	srv.desk(t, http.MethodGet, "/v1/me", "")
	require.Eventually(t, func() bool {
		text := srv.scrape(t)
		return strings.Contains(text, `liidestuja_audit_keeping{agency="ppa"} 1`) &&
			strings.Contains(text, `liidestuja_security_log_handing_over{agency="ppa",sink="security.log"} 1`)
	}, 20*time.Second, 50*time.Millisecond)
	status, _, _ := srv.get(t, "/readyz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, exitOK, srv.stop(), srv.log.String())

	first := w.handedOver()
	acts := make([]string, len(first))
	for i, e := range first {
		acts[i] = e.Act
		require.Equal(t, "ppa", string(e.Agency))
		if i > 0 {
			require.Greater(t, e.Seq, first[i-1].Seq)
		}
	}
	for _, act := range []string{"conversation.opened", "session.started", "message.received", "message.queued", "desk.token_used"} {
		require.Contains(t, acts, act)
	}
	code, stdout := w.verify()
	require.Equal(t, exitOK, code, stdout)
	require.Regexp(t, fmt.Sprintf(`witnessed +%d entries`, len(first)), stdout, "the last entry is signed and witnessed when the server has stopped")
	require.Regexp(t, `contents +2, of them 0 purged`, stdout)

	srv = w.serve() // a restart repeats nothing
	person.Says("veel")
	w.deliver()
	w.inbox(person, 2)
	require.Equal(t, exitOK, srv.stop(), srv.log.String())
	again := w.handedOver()
	require.Greater(t, len(again), len(first))
	require.Equal(t, first, again[:len(first)])
	seqs := make([]int64, len(again))
	for i, e := range again {
		seqs[i] = e.Seq
	}
	require.True(t, slices.IsSorted(seqs))
	require.Len(t, slices.Compact(seqs), len(again))
	b, err := os.ReadFile(w.path("security.log"))
	require.NoError(t, err)
	require.NotContains(t, string(b), "saladus")
	require.NotContains(t, string(b), phone)

	// Somebody changes what the person said.
	w.sql("UPDATE texts SET body = CAST(replace(CAST(body AS TEXT), 'minu saladus', 'minu tunnist') AS BLOB)")
	code, stdout = w.verify()
	require.Equal(t, exitFailed, code, stdout)
	require.Regexp(t, `(?m)^altered content +\d+ .* message.received .* in-\d+ .* does not say what it said`, stdout)
	require.NotContains(t, stdout, "tunnist")
}

func TestEntriesOfASessionAndOfATimeAreExported(t *testing.T) {
	w := newWorld(t)
	w.signs()
	srv := w.serve()
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	w.inbox(person, 1)
	require.Equal(t, exitOK, srv.stop())
	all := w.handedOver()
	session := ""
	for _, e := range all {
		session = or(e.Detail["session"], session)
	}
	at := []string{"-dir", w.path("audit"), "-config", w.path("config.yaml")}
	day := all[0].At.Format(time.DateOnly)
	for name, c := range map[string]struct {
		args []string
		want int // entries; 0: there are none
	}{
		"a session":                    {[]string{"-session", session}, 4},
		"a session that is none":       {[]string{"-session", "x"}, 0},
		"a day":                        {[]string{"-from", day, "-to", all[len(all)-1].At.Format(time.DateOnly)}, len(all)},
		"a time before":                {[]string{"-to", all[0].At.Add(-time.Second).Format(time.RFC3339)}, 0},
		"a time after":                 {[]string{"-from", all[0].At.Add(48 * time.Hour).Format(time.RFC3339)}, 0},
		"a conversation within a time": {[]string{"-conversation", conversationOf(t, w), "-from", day}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			code, proofs, stderr := w.command(slices.Concat([]string{"audit", "export"}, c.args, at)...)
			if c.want == 0 {
				require.Equal(t, exitFailed, code)
				require.Contains(t, stderr, "not found")
				return
			}
			require.Equal(t, exitOK, code, stderr)
			require.Equal(t, c.want, strings.Count(proofs, "\n"), proofs)
			w.write("proofs.json", proofs)
			code, stdout, stderr := w.command("audit", "check", w.path("proofs.json"), "-keys", w.path("audit.pub"))
			require.Equal(t, exitOK, code, stderr)
			require.Equal(t, c.want, strings.Count(stdout, ": good, by the checkpoint"))
		})
	}
	for _, args := range [][]string{{"-session", "x", "-from", day}, {"7", "-session", "x"}, {"-from", "yesterday"}} {
		code, _, stderr := w.command(slices.Concat([]string{"audit", "export"}, args, at)...)
		require.Equal(t, exitUsage, code, stderr)
	}
}

func TestMistakesOfTheSecurityLogsSectionsAreTold(t *testing.T) {
	for name, c := range map[string]struct{ section, want string }{
		"no folder":            {"audit: [{signing_keys: [{file: DIR/audit.key}], public_keys: DIR/audit.pub}]", "audit[0].dir: is required"},
		"no key":               {"audit: [{dir: x, public_keys: DIR/audit.pub}]", "audit[0].signing_keys: is required"},
		"a key that is none":   {"audit: [{dir: x, signing_keys: [{file: DIR/audit.pub}], public_keys: DIR/audit.pub}]", "audit[0].signing_keys[0]: is no private key"},
		"no public keys":       {"audit: [{dir: x, signing_keys: [{file: DIR/audit.key}]}]", "audit[0].public_keys: is required"},
		"no such public keys":  {"audit: [{dir: x, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/no}]", "audit[0].public_keys: cannot be read"},
		"another public key":   {"audit: [{dir: x, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/other.pub}]", "audit[0]: Verifiers do not know any of"},
		"too seldom":           {"audit: [{dir: x, every: 61s, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/audit.pub}]", "audit[0]: Every must be 60 s at most"},
		"an agency twice":      {"audit: [{dir: x, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/audit.pub}, {dir: y, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/audit.pub}]", "audit[1].agency: is another entry's already"},
		"a witness of two":     {"audit: [{dir: x, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/audit.pub, witnesses: [{file: a, url: \"https://b\"}]}]", "audit[0].witnesses[0]: must have one of file and url"},
		"a witness in secret":  {"audit: [{dir: x, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/audit.pub, witnesses: [{url: \"https://b.example\"}]}]", "audit[0].witnesses[0].secret: is required"},
		"a witness without s":  {"audit: [{dir: x, signing_keys: [{file: DIR/audit.key}], public_keys: DIR/audit.pub, witnesses: [{url: \"http://b.example\", secret: {file: DIR/audit.pub}}]}]", "audit[0].witnesses[0].url:"},
		"an output to nowhere": {"security_log: [{}]", "security_log[0]: must have one of file, stream and url"},
		"a stream of no name":  {"security_log: [{stream: tape}]", "security_log[0].stream: must be stdout or stderr"},
		"an output twice":      {"security_log: [{stream: stdout}, {stream: stdout}]", "security_log[1]: is there twice"},
		"a secret for a file":  {"security_log: [{file: x, secret: {file: DIR/audit.pub}}]", "security_log[0].secret: signs requests to an url"},
		"a secret that is short": {"security_log: [{url: \"https://b.example\", secret: {file: DIR/short}}]",
			"security_log[0].secret: Secret must be at least 16 bytes"},
		"a host that is not called": {"egress: {allowed_hosts: [a.example, 127.0.0.1]}\nsecurity_log: [{url: \"https://b.example\", secret: {file: DIR/audit.pub}}]",
			"security_log[0].url: leads to b.example, which is not among egress.allowed_hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			private, public, err := audit.NewKey("alt.example.ee/ppa")
			require.NoError(t, err)
			_, other, err := audit.NewKey("alt.example.ee/ppa")
			require.NoError(t, err)
			for file, content := range map[string]string{"audit.key": private, "audit.pub": public, "other.pub": other, "short": "short"} {
				w.write(file, content+"\n")
			}
			w.change("config.yaml", "log: {level: debug}", strings.ReplaceAll(c.section, "DIR", w.dir))
			code, _, stderr := w.command("check-config", w.path("config.yaml"))
			require.Equal(t, exitFailed, code)
			require.Contains(t, stderr, c.want)
			require.NotContains(t, stderr, "PRIVATE")
		})
	}
}

func TestOfSeveralServersOneSignsTheLogAndAnotherGoesOn(t *testing.T) {
	dsn := newDatabase(t)
	w := newWorld(t)
	w.inDatabase(dsn)
	w.migrate()
	w.signs()
	servers := []*running{w.serve(), w.serve()}
	const signs, hands = `liidestuja_audit_keeping{agency="ppa"} 1`, `liidestuja_security_log_handing_over{agency="ppa",sink="security.log"} 1`
	who := func(what string) (list []int) {
		for i, srv := range servers {
			if strings.Contains(srv.scrape(t), what) {
				list = append(list, i)
			}
		}
		return list
	}
	one := func(what string) func() bool { return func() bool { return len(who(what)) == 1 } }
	require.Eventually(t, one(signs), 30*time.Second, 50*time.Millisecond)
	require.Eventually(t, one(hands), 30*time.Second, 50*time.Millisecond)
	person := w.sim.Person(waChannel, phone)
	person.Says("tere")
	w.deliver()
	w.inbox(person, 1)
	for range 20 {
		require.Len(t, who(signs), 1, "one at a time")
		time.Sleep(20 * time.Millisecond)
	}
	first := who(signs)[0]
	left := servers[1-first]
	require.Equal(t, exitOK, servers[first].stop(), servers[first].log.String())
	servers = []*running{left}
	w.target.mu.Lock()
	*w.target.base = left.url
	w.target.mu.Unlock()
	person.Says("veel")
	w.deliver()
	w.inbox(person, 2)
	require.Eventually(t, one(signs), 40*time.Second, 50*time.Millisecond, "the other one goes on: %s", left.log.String())
	require.Eventually(t, one(hands), 40*time.Second, 50*time.Millisecond)
	require.Equal(t, exitOK, left.stop(), left.log.String())

	code, stdout := w.verify()
	require.Equal(t, exitOK, code, stdout)
	got := w.handedOver()
	require.Regexp(t, fmt.Sprintf(`witnessed +%d entries`, len(got)), stdout)
	require.Regexp(t, `contents +4, of them 0 purged`, stdout)
	for i := range got[1:] {
		require.Equal(t, got[i].Seq+1, got[i+1].Seq, "all of them, in order, once")
		require.False(t, got[i+1].At.Before(got[i].At), "by the database's clock")
	}
}
