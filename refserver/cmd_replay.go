package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
)

func cmdReplay() command {
	return command{
		name: "replay", args: "FILE -config FILE", short: "take recorded webhook requests once more",
		long: `Gives recorded requests to the server as if the provider had sent them again:
they are verified, parsed and accepted in the same way, and what is known already
changes nothing. A running server takes them; when none runs, its store is opened
and the next server works on them. FILE may be - for the standard input.

FILE has one JSON object a line:

  {"method":"POST","path":"/webhooks/messagebird","headers":{"Name":["value"]},"body":"base64"}

method   POST when left out
path     below the public address, with the query, exactly as it was called
headers  those of the request; at least the ones of its signature
body     its bytes in base64

A request is refused when its signature is older than the provider's
retry_horizon. Recordings hold what people wrote: keep them like the store.

Exit codes: 0 all were accepted, 1 not all.`,
		examples: []string{"refserver replay requests.jsonl -config /etc/liidestuja.yaml"},
		run:      (*console).replay,
	}
}

// recorded is a line of the file.
type recorded struct {
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	Headers http.Header `json:"headers"`
	Body    []byte      `json:"body"`
}

// maxRecorded bounds a line, in bytes.
const maxRecorded = 8 << 20

func (c *console) replay(ctx context.Context, args []string) (err error) {
	f := c.flags()
	at := f.where()
	if err := f.parse(args, 1, 1); err != nil {
		return err
	}
	if *at.config == "" {
		return f.usage(errors.New("-config is required"))
	}
	in := c.stdin
	if name := f.words[0]; name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	admin, done, err := c.reach(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return c.replayLines(ctx, admin, in)
}

func (c *console) replayLines(ctx context.Context, admin *adminClient, in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxRecorded)
	n, requests, accepted := 0, 0, 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		requests++
		status, err := replayOne(ctx, admin, lines.Bytes())
		switch {
		case err != nil:
			_, _ = fmt.Fprintf(c.stderr, "line %d: %v\n", n, err)
		case status/100 != 2:
			_, _ = fmt.Fprintf(c.stderr, "line %d: answered %d\n", n, status)
		default:
			accepted++
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	_, _ = fmt.Fprintf(c.stdout, "replay: requests=%d accepted=%d refused=%d\n", requests, accepted, requests-accepted)
	if accepted < requests {
		return errTold
	}
	return nil
}

func replayOne(ctx context.Context, admin *adminClient, line []byte) (status int, err error) {
	var r recorded
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	// The decoder's own words may quote the line.
	if d.Decode(&r) != nil || d.More() {
		return 0, errors.New("is not a recorded request")
	}
	u, err := url.ParseRequestURI(r.Path)
	if err != nil || !strings.HasPrefix(u.Path, "/webhooks/") || u.Path != path.Clean(u.Path) || u.Host != "" {
		return 0, errors.New("path must lie under /webhooks/")
	}
	req, err := http.NewRequestWithContext(ctx, or(r.Method, http.MethodPost), "http://admin"+r.Path, bytes.NewReader(r.Body))
	if err != nil {
		return 0, errors.New("has a method or a path that is none")
	}
	if r.Headers != nil {
		req.Header = r.Headers.Clone()
	}
	res, err := admin.http.Do(req)
	if err != nil {
		return 0, errors.New("the server did not answer")
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, nil
}
