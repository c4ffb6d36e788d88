package msptest_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
	"github.com/liidestuja/liidestuja/msp/msptest"
)

const kati = channels.Peer("+37255500001")

// account is a provider of the simplest kind: its wire is a signed list of
// {"line","id","text"}. Fields set to true break one duty each.
type account struct {
	name  string
	lines []channels.Channel
	calls int

	grows, shares, drops, misroutes, unstable, nameless bool
}

type wire struct {
	Line channels.ID `json:"line"`
	ID   string      `json:"id"`
	Text string      `json:"text"`
}

func newAccount() *account {
	a := &account{name: "toy"}
	for _, kind := range []channels.Kind{channels.WhatsApp, channels.SMS} {
		a.lines = append(a.lines, channeltest.New(channeltest.Config{Kind: kind, Secret: "s"}))
	}
	return a
}

func (a *account) Name() string {
	a.calls++
	if a.nameless {
		return fmt.Sprint("Toy ", a.calls)
	}
	return a.name
}

func (a *account) Channels() []channels.Channel {
	switch {
	case a.grows:
		a.lines = append(a.lines, channeltest.New(channeltest.Config{ID: channels.ID(fmt.Sprint("n", len(a.lines))), Secret: "s"}))
	case a.shares:
		return a.lines
	}
	return append([]channels.Channel{}, a.lines...)
}

func sign(body []byte) string {
	m := hmac.New(sha256.New, []byte("s"))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}

func (a *account) Verify(_ context.Context, r *channels.Request) error {
	if v := r.Header.Values("Sum"); len(v) != 1 || v[0] != sign(r.Body) {
		return &channels.Error{Op: "verify", Class: channels.ErrSignature, Outcome: channels.NotSent}
	}
	return nil
}

func (a *account) Parse(_ context.Context, r *channels.Request) ([]channels.Event, error) {
	var list []wire
	if err := json.Unmarshal(r.Body, &list); err != nil {
		return nil, &channels.Error{Op: "parse", Class: channels.ErrMalformed, Outcome: channels.NotSent}
	}
	var evs []channels.Event
	for _, w := range list {
		meta := channels.EventMeta{Key: w.ID, Channel: w.Line, Peer: kati, At: r.At, Raw: r.Body}
		var e channels.Event = &channels.Received{EventMeta: meta, ID: channels.ProviderID(w.ID), Content: channels.Text{Body: w.Text}}
		if w.Line != "whatsapp" && w.Line != "sms" {
			e = &channels.Malformed{EventMeta: meta, Reason: "unknown_line"}
			e.Meta().Channel = ""
			if a.unstable {
				e.Meta().Key = fmt.Sprint(len(evs), time.Now().UnixNano())
			}
			if a.drops {
				continue
			}
		}
		if a.misroutes {
			e.Meta().Channel = "sms"
		}
		evs = append(evs, e)
	}
	return evs, nil
}

func post(lines ...channels.ID) *channels.Request {
	var list []wire
	for i, l := range lines {
		list = append(list, wire{Line: l, ID: fmt.Sprint("m", i), Text: "Tere"})
	}
	body, _ := json.Marshal(list)
	h := http.Header{}
	h.Set("Sum", sign(body))
	return &channels.Request{Method: "POST", Header: h, Body: body, At: time.Unix(1, 0)}
}

func subject(change func(*account)) msptest.Subject {
	line := func(i int) channeltest.Subject {
		return channeltest.Subject{Peer: kati, New: func(channeltest.TB) *channeltest.Instance {
			return &channeltest.Instance{Line: struct{ channels.Channel }{newAccount().lines[i]}}
		}}
	}
	return msptest.Subject{
		Lines: map[channels.ID]channeltest.Subject{"whatsapp": line(0), "sms": line(1)},
		New: func(channeltest.TB) *msptest.Instance {
			a := newAccount()
			if change != nil {
				change(a)
			}
			return &msptest.Instance{
				Provider: a,
				Post:     func(l channels.ID) *channels.Request { return post(l) },
				Stray:    func() *channels.Request { return post("elsewhere") },
				Mixed:    func(lines []channels.ID) *channels.Request { return post(append(lines, "elsewhere")...) },
			}
		},
	}
}

func TestAProviderPassesTheSuite(t *testing.T) { msptest.Run(t, subject(nil)) }

func TestTheSuiteFindsWhatIsWrong(t *testing.T) {
	for check, change := range map[string]func(*account){
		"the name is valid and always the same":                   func(a *account) { a.nameless = true },
		"the lines are always the same":                           func(a *account) { a.grows = true },
		"the lines are always the same ":                          func(a *account) { a.shares = true },
		"the lines are always the same  ":                         func(a *account) { a.lines = append(a.lines, a.lines[0]) },
		"each line is tested":                                     func(a *account) { a.lines = a.lines[:1] },
		"an event is on its own line":                             func(a *account) { a.misroutes = true },
		"an event of a line that is not configured is kept":       func(a *account) { a.drops = true },
		"an event of a line that is not configured is kept ":      func(a *account) { a.unstable = true },
		"a request with several lines gives each its own":         func(a *account) { a.misroutes = true },
		"a request with several lines gives each its own ":        func(a *account) { a.drops = true },
		"requests of all lines at once do not disturb each other": func(a *account) { a.misroutes = true },
	} {
		t.Run(check, func(t *testing.T) {
			var rec recorder
			msptest.Run(&rec, subject(change))
			require.Contains(t, rec.failed, string(bytes.TrimSpace([]byte(check))))
		})
	}
}

func TestTheSuiteAsksForWhatItNeeds(t *testing.T) {
	var rec recorder
	rec.Run("suite", func(r *recorder) { msptest.Run(r, msptest.Subject{}) })
	require.Contains(t, rec.failed, "suite")
	s := subject(nil)
	s.New = func(channeltest.TB) *msptest.Instance { return &msptest.Instance{} }
	rec = recorder{}
	msptest.Run(&rec, s)
	require.Contains(t, rec.failed, "the name is valid and always the same")
}

// recorder is a test that keeps the names of the checks that failed.
type recorder struct {
	failed map[string]bool
	now    string
}

func (r *recorder) Cleanup(func())           {}
func (r *recorder) Context() context.Context { return context.Background() }
func (r *recorder) Helper()                  {}
func (r *recorder) Logf(string, ...any)      {}
func (r *recorder) TempDir() string          { return "" }
func (r *recorder) FailNow()                 { runtime.Goexit() }
func (r *recorder) Skipf(string, ...any)     { runtime.Goexit() }

func (r *recorder) Errorf(string, ...any) {
	if r.failed == nil {
		r.failed = map[string]bool{}
	}
	r.failed[r.now] = true
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Run(name string, f func(*recorder)) bool {
	r.now = name
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return !r.failed[name]
}
