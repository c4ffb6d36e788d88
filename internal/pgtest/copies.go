package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Recovery says what a copy of a server becomes when it starts.
type Recovery string

// The kinds of recovery, named after the file that asks for each.
const (
	Standby Recovery = "standby"  // follows a server until it is promoted
	Restore Recovery = "recovery" // replays archived logs up to a target
)

// BaseBackup copies the running server with pg_basebackup. The copy is a server
// of its own, which Recover starts and the caller stops before this one. It lies
// in this one's folder.
func (s *Server) BaseBackup() (*Server, error) {
	if !s.Own() {
		return nil, errors.New("pgtest: another's server is not copied")
	}
	c := &Server{cfg: s.cfg, bin: s.bin, dir: filepath.Join(s.dir, fmt.Sprintf("copy%d", s.made.Add(1)))}
	out, err := s.command("pg_basebackup", "--host="+s.dir, "--username=postgres", "--pgdata="+c.data(), "--checkpoint=fast", "--no-sync").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("pgtest: pg_basebackup: %w: %s", err, bytes.TrimSpace(out))
	}
	return c, nil
}

// Recover starts a copy with further lines of postgresql.conf, and returns when
// it answers.
func (s *Server) Recover(as Recovery, settings ...string) error {
	lines := append([]string{"", "unix_socket_directories = '" + s.dir + "'"}, settings...)
	f, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	signal := filepath.Join(s.data(), string(as)+".signal")
	if err := errors.Join(err, f.Close(), os.WriteFile(signal, nil, 0o600)); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		uid, gid, err := owner()
		if err != nil {
			return err
		}
		if err := os.Chown(signal, uid, gid); err != nil {
			return err
		}
	}
	return s.Run()
}

// Folder is where the server's socket lies, the host of its connection strings.
func (s *Server) Folder() string { return s.dir }
