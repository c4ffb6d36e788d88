//go:build e2e

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// patience bounds every wait in the browser tests.
const patience = 30 * time.Second

// buildServer makes the program as a user would.
func buildServer(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "refserver")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// programProcess is the running program.
type programProcess struct {
	url  string
	stop func() (log string)
}

var announced = regexp.MustCompile(`^Liidestuja: (http://\S+/)$`)

// startProgram runs the program and reads its address from the standard output.
// Its log must stay without errors.
func startProgram(t *testing.T, program, addr, data string, more ...string) *programProcess {
	t.Helper()
	cmd := exec.Command(program, append([]string{"-addr", addr, "-data", data}, more...)...)
	var logged bytes.Buffer
	cmd.Stderr = &logged
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &programProcess{}
	p.stop = sync.OnceValue(func() string {
		assert.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		assert.NoError(t, cmd.Wait(), logged.String())
		for line := range strings.Lines(logged.String()) {
			wanted := strings.Contains(line, "a person must decide") // of the lost confirmation
			assert.True(t, wanted || !strings.Contains(line, `"severity_text":"ERROR"`), line)
		}
		return logged.String()
	})
	t.Cleanup(func() { p.stop() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, logged.String())
	m := announced.FindStringSubmatch(strings.TrimSpace(line))
	require.NotNil(t, m, "announced %q", line)
	p.url = m[1]
	return p
}

// browser is a window of a real browser, with its own profile.
type browser struct {
	t        *testing.T
	ctx      context.Context
	base     string
	axe      string // the source of axe-core; empty: not checked
	shots    string // a folder; empty: no pictures are kept
	still    bool   // the browser runs no script
	mu       sync.Mutex
	problems []string // what the console complained of
}

func startBrowser(t *testing.T, base string) *browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("accept-lang", "et"),
		chromedp.Flag("hide-scrollbars", true),
	}
	allocated, freed := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closed := chromedp.NewContext(allocated)
	b := &browser{t: t, ctx: ctx, base: strings.TrimSuffix(base, "/"), shots: os.Getenv("LIIDESTUJA_SHOTS")}
	t.Cleanup(func() { closed(); freed() })
	if path := os.Getenv("LIIDESTUJA_AXE"); path != "" {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		b.axe = string(source)
	}
	// The first run starts the browser, and must not have a time limit.
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	console := chromedp.Console(ctx)
	go b.listen(console)
	b.window(1600, 1000)
	return b
}

// listen collects errors of scripts, of the console, of loading, and violations
// of the content security policy, which the browser logs.
func (b *browser) listen(console iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range console {
		if err != nil {
			return // the browser is closed
		}
		switch m.Type {
		case chromedp.ConsoleError, chromedp.ConsoleException, chromedp.ConsoleWarning:
			b.mu.Lock()
			b.problems = append(b.problems, fmt.Sprintf("%s: %s %s", m.Type, m.Text, m.URL))
			b.mu.Unlock()
		}
	}
}

// clean fails when the console complained since it was asked last.
func (b *browser) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(b.t, b.problems)
}

// forgive forgets what the console complained of.
func (b *browser) forgive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = nil
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	require.NoError(b.t, chromedp.Do(ctx, steps...))
}

// get runs an action that has a result.
func get[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	require.NoError(b.t, err)
	return v
}

// protocol sends a command of the browser's protocol.
func protocol[P, R any](b *browser, c cdp.Command[P, R], params P) R {
	b.t.Helper()
	return get(b, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, c, params) })
}

// value evaluates an expression in the page.
func value[T any](b *browser, expression string) T {
	b.t.Helper()
	return get(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// run evaluates an expression whose value does not matter.
func (b *browser) run(expression string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](expression, chromedp.EvalAwaitPromise))
}

func (b *browser) window(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// dark switches the design that the browser asks for.
func (b *browser) dark(on bool) {
	b.t.Helper()
	scheme := "light"
	if on {
		scheme = "dark"
	}
	protocol(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, //nolint:misspell // so it is called
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

// until waits for an expression to become true, over navigations too.
func (b *browser) until(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	look := time.NewTicker(40 * time.Millisecond)
	defer look.Stop()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("(async () => Boolean(await ("+expression+")))()", chromedp.EvalAwaitPromise))
		if err == nil && is {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.href + document.body.innerText"))
			b.picture("failed")
			b.t.Fatalf("waited in vain for %s: %v\n%s", expression, err, text)
		}
	}
}

// says waits until an element holds a text.
func (b *browser) says(selector, text string) {
	b.t.Helper()
	b.until(fmt.Sprintf("[...document.querySelectorAll(%q)].some(e => e.innerText.includes(%q))", selector, text))
}

// click clicks like a mouse does. The page is alive: what moved away under the
// pointer is clicked again.
func (b *browser) click(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	watch := fmt.Sprintf(`window.hit = false;
		document.addEventListener("click", e => { window.hit ||= Boolean(e.target.closest(%q)) }, {capture: true})`, selector)
	for {
		err := chromedp.Do(ctx, chromedp.ScrollIntoView(chromedp.CSS(selector)), chromedp.Evaluate[chromedp.Void](watch), chromedp.Click(chromedp.CSS(selector)))
		// Without script there is no listener, but the page does not move either;
		// and another page does not know of it, nor one that is just being left.
		if err == nil && b.still {
			return
		}
		if err == nil {
			hit, lost := chromedp.Run(ctx, chromedp.Evaluate[bool](`typeof hit === "undefined" || hit`, chromedp.EvalAwaitPromise))
			if hit || lost != nil && strings.Contains(lost.Error(), "navigated") {
				return
			}
		}
		require.NoError(b.t, ctx.Err(), "%s cannot be clicked: %v", selector, err)
	}
}

// press clicks what leads to another page, and waits for that.
func (b *browser) press(selector string) {
	b.t.Helper()
	b.run("window.left = false")
	b.click(selector)
	b.until(`typeof left === "undefined" && document.readyState === "complete"`)
}

// as looks at the desk as somebody else.
func (b *browser) as(user string) {
	b.t.Helper()
	b.do(chromedp.SetValue(chromedp.CSS("#user"), user))
	b.press(`form[action="/user"] button`)
	require.Equal(b.t, user, value[string](b, `document.querySelector("#user").value`), "whose the desk is")
}

// write types into a field and presses Enter.
func (b *browser) write(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text+"\r"))
}

// picture keeps a picture of the whole page.
func (b *browser) picture(name string) {
	b.t.Helper()
	if b.shots == "" {
		return
	}
	b.run("document.documentElement.getBoundingClientRect().height") // lays the page out
	png := get(b, chromedp.FullScreenshot(100))
	require.NoError(b.t, os.WriteFile(filepath.Join(b.shots, name+".png"), png, 0o600))
}

// inspect checks the page as it is: its accessibility by axe-core, that nothing
// sticks out to the side, and the console. It keeps a picture.
func (b *browser) inspect(name string) {
	b.t.Helper()
	b.picture(name)
	over := value[[]string](b, `[...document.querySelectorAll("body *")].filter(e => {
		const box = e.getBoundingClientRect();
		return e.checkVisibility() && !e.closest(".table, .hidden, .skip") && box.right > document.documentElement.clientWidth + 1;
	}).map(e => e.outerHTML.slice(0, 100))`)
	require.Empty(b.t, over, "%s: this sticks out to the side", name)
	b.accessible(name)
	b.clean()
}

func (b *browser) accessible(name string) {
	b.t.Helper()
	if b.axe == "" {
		return
	}
	b.run(b.axe + "\n;0")
	type violation struct {
		ID, Help string
		Nodes    []string
	}
	type result struct {
		Passed     int
		Violations []violation
	}
	report := value[result](b, `axe.run(document, {
		runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
		rules: {"target-size": {enabled: true}},
	}).then(r => ({
		passed: r.passes.length,
		violations: r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html + " " + n.failureSummary)})),
	}))`)
	require.Greater(b.t, report.Passed, 15, "%s: hardly anything was checked", name)
	for _, v := range report.Violations {
		b.t.Errorf("%s: %s: %s\n%s", name, v.ID, v.Help, strings.Join(v.Nodes, "\n"))
	}
}
