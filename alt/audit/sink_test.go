package audit_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

func entriesFrom(seqs ...int64) (list []alt.LogEntry) {
	for _, n := range seqs {
		list = append(list, alt.LogEntry{Seq: n, Agency: ppa, At: noon(), Act: "message.received", Actor: "contact", Message: "in-1", Detail: map[string]string{"a": "b\nc"}})
	}
	return list
}

// read returns the numbers of the entries in a file, line by line; -1 is a torn one.
func read(t *testing.T, path string) (seqs []int64) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.HasSuffix(b, []byte("\n")))
	for line := range strings.Lines(string(b)) {
		var e alt.LogEntry
		if json.Unmarshal([]byte(line), &e) != nil {
			e.Seq = -1
		}
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func TestAFileOfTheSecurityLogIsAppendedToAndMayBeMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "security.log")
	s := audit.NewFileSink(path)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.Write(t.Context(), entriesFrom(1, 2)))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, `{"seq":1,"agency":"ppa","at":"2026-11-22T12:00:00Z","act":"message.received","actor":"contact","message":"in-1","detail":{"a":"b\nc"}}`,
		strings.Split(string(b), "\n")[0])
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	require.NoError(t, os.Rename(path, path+".1"))
	require.NoError(t, s.Write(t.Context(), entriesFrom(3)))
	require.NoError(t, os.Remove(path+".1"))
	require.NoError(t, s.Write(t.Context(), entriesFrom(4)))
	require.Equal(t, []int64{3, 4}, read(t, path))

	require.NoError(t, os.Truncate(path, int64(len(b))-10))
	another := audit.NewFileSink(path)
	require.NoError(t, another.Write(t.Context(), entriesFrom(4)))
	require.NoError(t, another.Close())
	require.Equal(t, []int64{3, -1, 4}, read(t, path), "what a crash tore is a line of its own")
	require.Equal(t, "security.log", s.Name())
}

func TestAFileThatCannotBeWrittenIsAnError(t *testing.T) {
	s := audit.NewFileSink(filepath.Join(t.TempDir(), "no", "folder"))
	require.ErrorContains(t, s.Write(t.Context(), entriesFrom(1)), "security log")
	require.NoError(t, s.Close())
	require.ErrorIs(t, audit.NewFileSink("/dev/full").Write(t.Context(), entriesFrom(1)), errNoSpace)
}

func TestAStreamGetsWholeLines(t *testing.T) {
	var b bytes.Buffer
	s := audit.NewWriterSink("stdout", &b)
	require.NoError(t, s.Write(t.Context(), entriesFrom(1, 2)))
	require.Equal(t, 2, strings.Count(b.String(), "\n"))
	require.Equal(t, "stdout", s.Name())
}

func TestAnAddressGetsSignedEntries(t *testing.T) {
	secret := []byte("a secret of 16 bytes")
	status := http.StatusNoContent
	var got []byte
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, secret)
		_, _ = io.WriteString(mac, r.Header.Get("Liidestuja-Timestamp")+"."+string(got))
		if r.Header.Get("Liidestuja-Signature") != "v1="+hex.EncodeToString(mac.Sum(nil)) || r.Header.Get("Content-Type") != "application/x-ndjson" {
			status = http.StatusForbidden
		}
		w.WriteHeader(status)
	}))
	defer srv.Close()
	h, err := audit.NewHook(audit.HookConfig{URL: srv.URL, Secret: secret, InsecureHTTP: true})
	require.NoError(t, err)
	require.NoError(t, h.Write(t.Context(), entriesFrom(1, 2)))
	require.Equal(t, 2, bytes.Count(got, []byte("\n")))
	status = http.StatusServiceUnavailable
	require.EqualError(t, h.Write(t.Context(), entriesFrom(1)), "audit: security log: answered 503")
}
