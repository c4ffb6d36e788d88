package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// secret says where a secret is. The secret itself never stands in the
// configuration, and no value of this type ever holds one.
type secret struct {
	Env  string `yaml:"env"`
	File string `yaml:"file"`
}

// Refusal implements strictyaml.Refuser.
func (*secret) Refusal() string {
	return "must be {env: NAME} or {file: PATH}; a secret never stands in this file"
}

func (s secret) isZero() bool { return s == secret{} }

const (
	maxSecret  = 8 << 10 // bytes
	rereadKeys = time.Second
)

// vault reads secrets. A file is read again once a second at most, so that a key
// is replaced without a restart. While it cannot be read, or is empty because
// somebody is just writing it, the last value stays good; a key is revoked by
// replacing it, not by taking its file away.
type vault struct {
	env func(string) (string, bool)
	now func() time.Time

	mu    sync.Mutex
	log   *slog.Logger
	files map[string]*keptSecret
	seen  []string // all values ever read, for the log's redaction
}

type keptSecret struct {
	value  string
	read   time.Time
	failed bool
}

// newVault reads variables by env.
func newVault(env func(string) (string, bool), now func() time.Time) *vault {
	return &vault{env: env, now: now, log: slog.New(slog.DiscardHandler), files: make(map[string]*keptSecret)}
}

// read returns the secret, or an error that says which variable or file is
// missing.
func (v *vault) read(s secret) (string, error) {
	switch {
	case s.isZero():
		return "", errors.New("is required: {env: NAME} or {file: PATH}")
	case s.Env != "" && s.File != "":
		return "", errors.New("has both env and file")
	case s.Env != "":
		value, ok := v.env(s.Env)
		if !ok || value == "" {
			return "", fmt.Errorf("the environment variable %s is not set", s.Env)
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.remember(value)
		return value, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	value, err := readSecret(s.File)
	if err != nil {
		return "", err
	}
	v.remember(value)
	v.files[s.File] = &keptSecret{value: value, read: v.now()}
	return value, nil
}

// get returns a secret that read has found before, as it is now.
func (v *vault) get(s secret) string {
	if s.File == "" {
		value, _ := v.env(s.Env)
		return value
	}
	value, failure := v.file(s.File)
	if failure != nil { // told without the lock: the log asks for the known secrets
		v.logger().WarnContext(context.Background(), "secret cannot be read, the last one stays in use", "error", failure)
	}
	return value
}

// file returns the value of a file, and an error the first time that it can no
// longer be read.
func (v *vault) file(path string) (value string, failure error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	kept := v.files[path]
	if kept == nil {
		kept = new(keptSecret)
		v.files[path] = kept
	}
	if now := v.now(); kept.read.IsZero() || now.Sub(kept.read) >= rereadKeys || now.Before(kept.read) {
		kept.read = now
		fresh, err := readSecret(path)
		switch {
		case err != nil && !kept.failed:
			failure = err
		case err == nil && fresh != kept.value:
			kept.value = fresh
			v.remember(fresh)
		}
		kept.failed = err != nil
	}
	return kept.value, failure
}

// logger returns where mistakes are told: nowhere until setLogger.
func (v *vault) logger() *slog.Logger {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.log
}

func (v *vault) setLogger(l *slog.Logger) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log = l
}

// source returns get as the function that Config structs ask for.
func (v *vault) source(s secret) func() string { return func() string { return v.get(s) } }

// sources is source for several secrets.
func (v *vault) sources(list []secret) func() []string {
	return func() []string {
		values := make([]string, len(list))
		for i, s := range list {
			values[i] = v.get(s)
		}
		return values
	}
}

// known returns all values ever read.
func (v *vault) known() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.seen)
}

// tell adds a secret that was read elsewhere.
func (v *vault) tell(value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.remember(value)
}

func (v *vault) remember(value string) {
	if !slices.Contains(v.seen, value) {
		v.seen = append(v.seen, value)
	}
}

// readSecret returns a file's content without the line break at its end.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the file of the secret cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file of the secret cannot be read: %w", err)
	case len(b) > maxSecret:
		return "", fmt.Errorf("the file of the secret, %s, is longer than %d bytes", path, maxSecret)
	}
	value := strings.TrimRight(string(b), "\r\n")
	if value == "" {
		return "", fmt.Errorf("the file of the secret, %s, is empty", path)
	}
	return value, nil
}
