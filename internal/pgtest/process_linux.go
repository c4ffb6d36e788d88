package pgtest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// attributes has the server run by Debian's user when we are root, and end when
// the tests are killed.
func attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() == 0 {
		if uid, gid, err := owner(); err == nil {
			a.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	return a
}

// run starts cmd from a thread that lives as long as it: the kernel sends
// Pdeathsig when the thread ends, not the process.
func run(cmd *exec.Cmd) (*process, error) {
	cmd.Stderr = os.Stderr
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}
