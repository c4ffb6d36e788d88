package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/msp/messagebird/messagebirdtest"
)

// Secrets and people of the tests. All of them are planted where they belong and
// must be found nowhere else.
const (
	accessKey  = "canary-access-key-4711"
	signingKey = "canary-signing-key-4711"
	phone      = "+37255512345"
	publicURL  = "https://alt.example.ee"
	hookURL    = publicURL + "/webhooks/messagebird"
	waChannel  = "619747f69cf940a98fb443140ce9aed2"
)

// world is a simulated provider and a folder with a configuration for it.
type world struct {
	t      *testing.T
	dir    string
	sim    *messagebirdtest.Server
	api    string
	token  string // of the desk
	target target // where webhooks go
}

// target sends requests for the public address to the server under test.
type target struct {
	mu   *sync.Mutex
	base *string
}

// RoundTrip implements http.RoundTripper.
func (t target) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	base := *t.base
	t.mu.Unlock()
	if base == "" {
		return nil, fmt.Errorf("no server runs")
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = u.Scheme, u.Host
	return http.DefaultTransport.RoundTrip(r)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), target: target{new(sync.Mutex), new(string)}}
	sim, err := messagebirdtest.New(messagebirdtest.Config{
		AccessKeys: []string{accessKey}, SigningKey: signingKey,
		Channels: []messagebirdtest.Channel{
			{ID: waChannel, Platform: "whatsapp", Number: "+3726000000"},
			{ID: "page1", Platform: "facebook"}, {ID: "page2", Platform: "facebook"}, {ID: "page3", Platform: "facebook"},
		},
		Webhooks: []messagebirdtest.Webhook{{URL: hookURL}},
		Client:   &http.Client{Transport: w.target, Timeout: 10 * time.Second},
	})
	require.NoError(t, err)
	w.sim = sim
	w.api, err = sim.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	var hash string
	w.token, hash = desk.NewToken()
	w.write("access.key", accessKey+"\n")
	w.write("signing.key", signingKey+"\n")
	w.write("config.yaml", w.config(hash))
	return w
}

// config is a small, complete configuration.
func (w *world) config(hash string) string {
	return fmt.Sprintf(`agency: ppa
public_url: %s
listen: {addr: "127.0.0.1:0"}
data: %s
store_key: {file: %s}
providers:
  - messagebird:
      access_key: {file: %s}
      signing_keys: [{file: %s}]
      lines: [{id: ppa-whatsapp, kind: whatsapp, channel_id: %s}]
      endpoints: {conversations: %s/v1, files: %s/v1/files, media: %s}
      insecure_http: true
bot: {kind: echo}
desk:
  tokens: [{id: mari, role: specialist, hash: %s}]
log: {level: debug}
`, publicURL, w.path("data"), w.path("store.key"), w.path("access.key"), w.path("signing.key"), waChannel,
		w.api, w.api, strings.TrimPrefix(w.api, "http://"), hash)
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, content string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(w.path(name), []byte(content), 0o600))
}

// change replaces a text of a file that is there once.
func (w *world) change(name, from, to string) {
	w.t.Helper()
	b, err := os.ReadFile(w.path(name))
	require.NoError(w.t, err)
	require.Equal(w.t, 1, strings.Count(string(b), from), "%q", from)
	w.write(name, strings.Replace(string(b), from, to, 1))
}

// command runs a command to its end.
func (w *world) command(args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	return runCommand(w.t, "", args...)
}

func runCommand(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, noEnv, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func noEnv(string) (string, bool) { return "", false }

// running is a server in this process.
type running struct {
	w      *world
	url    string // without the slash at the end
	log    *lockedBuffer
	stdout *lockedBuffer
	stop   func() int // stops it in order and returns the exit code
}

// serve starts the server of the configuration and waits until it is ready.
func (w *world) serve(args ...string) *running {
	w.t.Helper()
	r := startServer(w.t, append([]string{"-config", w.path("config.yaml")}, args...)...)
	r.w = w
	w.target.mu.Lock()
	*w.target.base = r.url
	w.target.mu.Unlock()
	return r
}

func startServer(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{log: new(lockedBuffer), stdout: new(lockedBuffer)}
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, args, noEnv, strings.NewReader(""), io.MultiWriter(r.stdout, writer), r.log)
		_ = writer.Close()
	}()
	line := make([]byte, 200)
	n, err := reader.Read(line)
	if err != nil {
		t.Fatalf("the server did not start: %s", r.log.String())
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	r.url = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(line[:n])), "Liidestuja: "), "/")
	var once sync.Once
	result := -1
	r.stop = func() int {
		once.Do(func() {
			cancel()
			result = <-code
		})
		return result
	}
	t.Cleanup(func() { r.stop() })
	return r
}

// get asks the server and returns what it answered.
func (r *running) get(t *testing.T, path string) (status int, body string, header http.Header) {
	t.Helper()
	return r.call(t, http.MethodGet, path, "", nil)
}

func (r *running) call(t *testing.T, method, path, body string, header http.Header) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	require.NoError(t, err)
	if header != nil {
		req.Header = header
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(b), res.Header
}

// deliver posts all webhooks that wait; each must be accepted.
func (w *world) deliver() int {
	w.t.Helper()
	n, err := w.sim.Deliver(w.t.Context())
	require.NoError(w.t, err)
	return n
}

// inbox waits until the person has so many messages.
func (w *world) inbox(p *messagebirdtest.Phone, n int) []messagebirdtest.Message {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	box, err := p.Wait(ctx, n)
	require.NoError(w.t, err)
	require.Len(w.t, box, n)
	return box
}

// lockedBuffer is a buffer that a server writes and a test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns all that was written.
func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
