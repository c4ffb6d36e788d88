package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// poolerPort names the pooler's socket beside the server's in its folder.
const poolerPort = "6432"

// Pooler is PgBouncer in front of a server, with pool_mode=transaction: no two
// transactions of a client need have the same connection.
type Pooler struct {
	s    *Server
	dir  string
	proc *process
}

// Pool starts PgBouncer with so many connections for each database and role. It
// ends with the server. ErrAbsent when there is none on this
// machine, or when the server is another's.
func (s *Server) Pool(size int, roles ...string) (*Pooler, error) {
	path, err := exec.LookPath("pgbouncer")
	if err != nil {
		path = "/usr/sbin/pgbouncer" // where a user's PATH does not lead
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%w: Debian's package pgbouncer is missing", ErrAbsent)
		}
	}
	if !s.Own() {
		return nil, fmt.Errorf("%w: a pooler is started in front of an own server only", ErrAbsent)
	}
	p := &Pooler{s: s, dir: filepath.Join(s.dir, fmt.Sprintf("pooler%d", s.made.Add(1)))}
	if err := p.start(path, size, append(roles, "postgres")); err != nil {
		return nil, fmt.Errorf("pgtest: pgbouncer: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poolers = append(s.poolers, p)
	return p, nil
}

func (p *Pooler) start(path string, size int, roles []string) error {
	config := strings.Join([]string{
		"[databases]", "* = host=" + p.s.dir,
		"[pgbouncer]", "pool_mode = transaction", fmt.Sprintf("default_pool_size = %d", size), "max_client_conn = 1000",
		"server_idle_timeout = 5", // a server has few connections, and the tests many databases

		"listen_addr =", "listen_port = " + poolerPort, "unix_socket_dir = " + p.dir, "auth_type = trust", "auth_file = " + filepath.Join(p.dir, "roles"),
		"log_connections = 0", "log_disconnections = 0", "log_pooler_errors = 0",
	}, "\n")
	var users strings.Builder
	for _, r := range roles {
		fmt.Fprintf(&users, "\"%s\" \"\"\n", strings.ReplaceAll(r, `"`, `""`))
	}
	err := os.Mkdir(p.dir, 0o700)
	for name, content := range map[string]string{"pgbouncer.ini": config + "\n", "roles": users.String()} {
		err = errors.Join(err, os.WriteFile(filepath.Join(p.dir, name), []byte(content), 0o600))
	}
	if err == nil && os.Geteuid() == 0 {
		err = lend(p.dir)
	}
	if err != nil {
		return err
	}
	cmd := exec.Command(path, "-q", filepath.Join(p.dir, "pgbouncer.ini")) //nolint:noctx // a test's own program, which outlives every call
	cmd.Dir = p.dir
	cmd.SysProcAttr = attributes()
	if p.proc, err = run(cmd); err != nil {
		return err
	}
	for deadline := time.Now().Add(startup); ; <-time.After(pause) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		c, err := pgx.Connect(ctx, p.DSN(p.s.url("postgres")))
		if err == nil {
			err = c.Close(ctx)
		}
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-p.proc.done:
			return fmt.Errorf("it ended: %w", err)
		default:
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("it does not answer: %w", err), p.Stop())
		}
	}
}

// lend gives a folder and what is in it to the user that the programs run as.
func lend(dir string) error {
	uid, gid, err := owner()
	if err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, gid))
	})
}

// DSN is the way through the pooler to what a connection string of the server
// names.
func (p *Pooler) DSN(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn
	}
	q := u.Query()
	q.Set("host", p.dir)
	q.Set("port", poolerPort)
	u.RawQuery = q.Encode()
	return u.String()
}

// Stop ends the pooler at once, with the connections through it.
func (p *Pooler) Stop() error {
	if err := p.proc.cmd.Process.Signal(os.Kill); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.proc.done
	return nil
}
