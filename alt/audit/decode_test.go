package audit_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

func entry() alt.LogEntry {
	return alt.LogEntry{Seq: 258, Agency: "ppa", At: time.UnixMicro(1_700_000_000_000_001), Act: "a", Actor: "b", Line: "l", Conversation: "c",
		Message: "m", Detail: map[string]string{"z": "1", "k": "õ"}}
}

// The encoding is what outside parties build upon: it never changes.
func TestTheEncodingOfAnEntryIsFixed(t *testing.T) {
	want := "liidestuja/audit/entry/1\n" + "\x00\x06\x0a\x24\x18\x1e\x40\x01" + "\x03ppa\x01a\x01b\x01l\x01c\x01m" + "\x02" + "\x01k\x02õ" + "\x01z\x011"
	require.Equal(t, want, string(audit.Encode(entry())))
	r := audit.LeafOf(entry(), 6).Record()
	require.Equal(t, "0101010000000000"+"0000000000000102"+"00060a24181e4001"+"0000000000000007", hex.EncodeToString(r[:32]))
	l, err := r.Leaf()
	require.NoError(t, err)
	require.Equal(t, audit.LeafOf(entry(), 6), l)
}

func TestNoTwoEntriesAreEncodedAlike(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(e *alt.LogEntry){
		"as it is":                 func(*alt.LogEntry) {},
		"act and actor joined":     func(e *alt.LogEntry) { e.Act, e.Actor = "ab", "" },
		"actor and line swapped":   func(e *alt.LogEntry) { e.Actor, e.Line = "l", "b" },
		"no detail":                func(e *alt.LogEntry) { e.Detail = nil },
		"one detail":               func(e *alt.LogEntry) { e.Detail = map[string]string{"k": "õ"} },
		"keys and values swapped":  func(e *alt.LogEntry) { e.Detail = map[string]string{"1": "z", "õ": "k"} },
		"a detail in two":          func(e *alt.LogEntry) { e.Detail = map[string]string{"z": "1", "kõ": ""} },
		"another agency":           func(e *alt.LogEntry) { e.Agency = "rik" },
		"a microsecond later":      func(e *alt.LogEntry) { e.At = e.At.Add(time.Microsecond) },
		"a time before 1970":       func(e *alt.LogEntry) { e.At = time.Time{} },
		"message and conversation": func(e *alt.LogEntry) { e.Message, e.Conversation = "c", "m" },
	} {
		e := entry()
		change(&e)
		b := string(audit.Encode(e))
		require.Empty(t, seen[b], name)
		seen[b] = name
	}
	e := entry()
	e.At, e.Seq, e.Detail = e.At.Add(999).In(time.FixedZone("x", 3600)), 7, map[string]string{"k": "õ", "z": "1"}
	require.Equal(t, audit.Encode(entry()), audit.Encode(e), "what no store keeps, and the place, are left out")
}

func FuzzRecord(f *testing.F) {
	r := audit.LeafOf(entry(), -1).Record()
	f.Add(r[:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != audit.RecordSize {
			return
		}
		r := audit.Record(b)
		if l, err := r.Leaf(); err == nil && l.Record() != r {
			t.Fatal("another record gives the same leaf")
		}
	})
}

func TestReadingNotes(t *testing.T) {
	sig := base64.StdEncoding.EncodeToString(make([]byte, 68))
	a, b := "a\n1\n\n— k "+sig+"\n", "b\n\n— k "+sig+"\n— l "+sig+"\n"
	for name, c := range map[string]struct {
		in     string
		want   []string
		broken int
	}{
		"nothing":                        {"", nil, 0},
		"blank lines":                    {"\n\n\n", nil, 0},
		"one":                            {a, []string{a}, 0},
		"two":                            {a + "\n" + b + "\n", []string{a, b}, 0},
		"two without a blank line":       {a + b, []string{a, b}, 0},
		"many blank lines":               {"\n\n" + a + "\n\n\n" + b, []string{a, b}, 0},
		"torn in the text":               {a + "\nb", []string{a}, 1},
		"torn behind the text":           {a + "\nb\n\n", []string{a}, 1},
		"torn in the signature":          {a + "\nb\n\n— k", []string{a}, 1},
		"torn in the second one":         {a + "\n" + b[:len(b)-3], []string{a}, 1},
		"torn, and gone on":              {"b\n\n— k\n\n" + a, []string{a}, 1},
		"torn at four letters":           {"b\n\n— k " + sig[:88] + "\n\n" + a, []string{a}, 1},
		"no base64":                      {"b\n\n— k !" + sig + "\n\n" + a, []string{a}, 1},
		"a text without signature":       {"b\n\n" + a, []string{a}, 1},
		"a signature without text":       {"— k " + sig + "\n\n" + a, []string{a}, 1},
		"a signature after two blanks":   {"b\n\n\n— k " + sig + "\n\n" + a, []string{a}, 2},
		"a line that is too long":        {strings.Repeat("x", 20_000) + "\n\n" + a, []string{a}, 2},
		"a text that is too long":        {strings.Repeat("x\n", 9000) + "\n" + a, []string{a}, 2},
		"a line with a carriage return":  {"a\r\n\r\n— k " + sig + "\r\n\n" + a, []string{a}, 1},
		"a last line without its ending": {a + "\n" + strings.TrimSuffix(b, "\n"), []string{a}, 1},
	} {
		got, broken := audit.SplitNotes(strings.NewReader(c.in))
		require.Equal(t, c.want, got, name)
		require.Equal(t, c.broken, broken, name)
	}
}

func FuzzNotes(f *testing.F) {
	sig := base64.StdEncoding.EncodeToString(make([]byte, 68))
	f.Add("a\n1\n\n— k " + sig + "\n\nb\n\n— k " + sig + "\n")
	f.Fuzz(func(t *testing.T, s string) {
		list, _ := audit.SplitNotes(strings.NewReader(s))
		again, broken := audit.SplitNotes(strings.NewReader(strings.Join(list, "\n")))
		if broken != 0 || len(again) != len(list) {
			t.Fatalf("%q gives %q, and these %q", s, list, again)
		}
		for _, msg := range list {
			_, _ = audit.OpenCheckpoint([]byte(msg), "x", nil)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add(audit.Checkpoint{Origin: origin, Size: 17, At: noon()}.Text())
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := audit.ParseCheckpoint(text); err == nil && c.Text() != text {
			t.Fatalf("%q is read as %q", text, c.Text())
		}
	})
}

func TestOnlyACheckpointIsRead(t *testing.T) {
	good := audit.Checkpoint{Origin: origin, Size: 17, At: noon()}.Text()
	c, err := audit.ParseCheckpoint(good)
	require.NoError(t, err)
	require.Equal(t, audit.Checkpoint{Origin: origin, Size: 17, At: noon()}, c)
	for name, bad := range map[string]string{
		"empty": "", "no origin": strings.TrimPrefix(good, origin), "a line more": good + "x\n", "a line less": good[:strings.Index(good, "time")],
		"no size": strings.Replace(good, "\n17\n", "\n0\n", 1), "a negative size": strings.Replace(good, "\n17\n", "\n-1\n", 1),
		"a size with zeros": strings.Replace(good, "\n17\n", "\n017\n", 1), "a huge size": strings.Replace(good, "\n17\n", "\n9000000000000000000\n", 1),
		"another hash": strings.Replace(good, "A=\n", "B=\n", 1), "a short hash": strings.Replace(good, "AAAA", "", 1),
		"another zone": strings.Replace(good, "Z\n", "+00:00\n", 1), "no end": strings.TrimSuffix(good, "\n"),
	} {
		_, err := audit.ParseCheckpoint(bad)
		require.Error(t, err, name)
	}
}

func FuzzProofs(f *testing.F) {
	b, err := json.Marshal(audit.Proof{Format: audit.ProofFormat, Entry: entry(), Place: 3, Prev: -1})
	require.NoError(f, err)
	f.Add(b)
	k := newKey(f)
	msg, err := audit.Checkpoint{Origin: origin, Size: 7, At: noon()}.Sign(k.signer)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		proofs, err := audit.ReadProofs(bytes.NewReader(b))
		if err != nil {
			return
		}
		for i := range proofs {
			proofs[i].Checkpoint = string(msg) // so that the rest is looked at
		}
		if _, err := audit.VerifyConversation(proofs, origin, verifiersOf(k)); err == nil {
			t.Fatal("a proof was found")
		}
	})
}

func TestReadVerifiers(t *testing.T) {
	_, public, err := audit.NewKey(origin)
	require.NoError(t, err)
	_, err = audit.ReadVerifiers(strings.NewReader("# keys\n\n " + public + " \n" + public + "\n"))
	require.NoError(t, err)
	for _, bad := range []string{"", "# none\n", "x\n", public + "x\n", strings.Repeat("x", 100_000)} {
		_, err = audit.ReadVerifiers(strings.NewReader(bad))
		require.Error(t, err)
	}
	for _, name := range []string{"", "a b", "a+b"} {
		_, _, err := audit.NewKey(name)
		require.Error(t, err, name)
	}
}
