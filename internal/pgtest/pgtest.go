// Package pgtest runs a PostgreSQL server for the tests of one process: from
// Debian's packages, with a data folder and a socket of its own.
//
//	srv, err := pgtest.Start(pgtest.Config{})
//	if err != nil { … }
//	defer srv.Stop()
//	dsn, err := srv.Database(ctx) // an empty one
//
// ALT_TEST_POSTGRES names another server, as a connection string of a role that
// may create databases.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrAbsent says that there is no PostgreSQL on this machine, and none was named.
var ErrAbsent = errors.New("pgtest: no PostgreSQL server: install Debian's package postgresql, or set ALT_TEST_POSTGRES")

// Variable names the environment variable with another server's connection
// string.
const Variable = "ALT_TEST_POSTGRES"

const (
	startup = time.Minute // how long a server may take to answer
	pause   = 20 * time.Millisecond
)

// Config of a server; the zero value is good.
type Config struct {
	// Durable leaves fsync on, which the tests of durability need and which
	// makes all others slower.
	Durable bool
	// Settings are further lines of postgresql.conf.
	Settings []string
}

// Server is a running server. Its methods may be called concurrently.
type Server struct {
	cfg  Config
	dsn  string // of another's server; empty for our own
	bin  string // folder of the programs
	dir  string
	made atomic.Int64

	mu      sync.Mutex
	proc    *process
	poolers []*Pooler
}

// process is one life of the server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// Start starts a server, or uses the one that ALT_TEST_POSTGRES names. The
// caller stops it. ErrAbsent when there is none.
func Start(cfg Config) (*Server, error) {
	if dsn := os.Getenv(Variable); dsn != "" {
		return &Server{cfg: cfg, dsn: dsn}, nil
	}
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, bin: bin}
	if err := s.create(); err != nil {
		_ = os.RemoveAll(s.dir)
		return nil, err
	}
	if err := s.Run(); err != nil {
		_ = s.Stop()
		return nil, err
	}
	return s, nil
}

// Own reports whether the server is ours to stop and kill.
func (s *Server) Own() bool { return s.dsn == "" }

// programs returns the folder of the newest installed server.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	best, version := "", 0
	for _, path := range found {
		v, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err == nil && v > version {
			best, version = filepath.Dir(path), v
		}
	}
	if best != "" {
		return best, nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", ErrAbsent
}

// create makes the data folder. The programs refuse to run as root, so root
// lends them to the user that Debian's package makes.
func (s *Server) create() error {
	var err error
	if s.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		uid, gid, err := owner()
		if err != nil {
			return err
		}
		if err := os.Chown(s.dir, uid, gid); err != nil {
			return err
		}
	}
	if err := os.Chmod(s.dir, 0o700); err != nil {
		return err
	}
	out, err := s.command("initdb", "--pgdata="+s.data(), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput()
	if err != nil {
		return fmt.Errorf("pgtest: initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	lines := append([]string{
		"listen_addresses = ''", "unix_socket_directories = '" + s.dir + "'", "max_connections = 300", "shared_buffers = 128MB",
		"log_min_messages = panic", "log_destination = stderr",
	}, s.cfg.Settings...)
	if !s.cfg.Durable {
		lines = append(lines, "fsync = off", "full_page_writes = off")
	}
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	return errors.Join(err, f.Close())
}

func owner() (uid, gid int, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, fmt.Errorf("%w (%w)", ErrAbsent, err)
	}
	if uid, err = strconv.Atoi(u.Uid); err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	return uid, gid, err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command is one of the server's programs, run by who may run it.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...) //nolint:noctx // a server outlives every call
	cmd.Dir = s.dir
	cmd.SysProcAttr = attributes()
	return cmd
}

// Run starts the server again after Kill, and returns when it answers.
func (s *Server) Run() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil || !s.Own() {
		return nil
	}
	p, err := run(s.command("postgres", "-D", s.data()))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	s.proc = p
	for deadline := time.Now().Add(startup); ; <-time.After(pause) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		c, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			err = c.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			s.proc = nil
			return fmt.Errorf("pgtest: the server ended: %w", err)
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pgtest: the server does not answer: %w", err)
		}
	}
}

// end signals the server and waits until it has ended.
func (s *Server) end(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		_ = s.proc.cmd.Process.Signal(sig)
		<-s.proc.done
		s.proc = nil
	}
}

// Kill ends the server as a crash does. Another's server is left alone.
func (s *Server) Kill() { s.end(os.Kill) }

// Stop ends the server and removes its data. Another's server stays.
func (s *Server) Stop() error {
	if !s.Own() {
		return nil
	}
	s.mu.Lock()
	poolers := s.poolers
	s.poolers = nil
	s.mu.Unlock()
	var err error
	for _, p := range poolers {
		err = errors.Join(err, p.Stop())
	}
	s.end(os.Interrupt) // fast: it breaks connections off
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *Server) url(database string) string {
	if s.dsn == "" {
		return (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}).String()
	}
	u, err := url.Parse(s.dsn)
	if err != nil {
		return s.dsn
	}
	if database != "postgres" {
		u.Path = "/" + database
	}
	return u.String()
}

// Database makes an empty database and returns its connection string.
func (s *Server) Database(ctx context.Context) (string, error) {
	return s.createDatabase(ctx, "")
}

// Copy makes a database like the one that a connection string names, to which
// nobody may be connected.
func (s *Server) Copy(ctx context.Context, of string) (string, error) {
	cfg, err := pgx.ParseConfig(of)
	if err != nil {
		return "", err
	}
	return s.createDatabase(ctx, " TEMPLATE "+quote(cfg.Database))
}

func (s *Server) createDatabase(ctx context.Context, options string) (string, error) {
	name := fmt.Sprintf("pgtest_%d_%d", os.Getpid(), s.made.Add(1))
	return s.url(name), s.admin(ctx, "CREATE DATABASE "+quote(name)+options)
}

// Drop removes a database with whoever is connected to it.
func (s *Server) Drop(ctx context.Context, dsn string) error {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return err
	}
	return s.admin(ctx, "DROP DATABASE "+quote(cfg.Database)+" WITH (FORCE)")
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() } //nolint:misspell // a name of the driver

func (s *Server) admin(ctx context.Context, sql string) error {
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, sql)
	return errors.Join(err, c.Close(context.WithoutCancel(ctx)))
}
