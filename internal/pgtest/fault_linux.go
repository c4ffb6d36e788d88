package pgtest

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// KillAll kills the server with every process of it at once, as the machine's
// out-of-memory killer or a power cut does. Kill leaves the others to notice.
// Another's server is left alone.
func (s *Server) KillAll() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return nil
	}
	defer func() { s.proc = nil }()
	family, err := s.family()
	if err != nil {
		return err
	}
	for _, pid := range family {
		if err := signal(pid, syscall.SIGKILL); err != nil {
			return err
		}
	}
	<-s.proc.done
	for deadline := time.Now().Add(startup); ; <-time.After(pause) {
		left := 0
		for _, pid := range family {
			if alive(pid) {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pgtest: %d processes of the server do not die", left)
		}
	}
}

// Freeze stops every process of the server without closing anything: clients
// wait for answers that do not come. Thaw lets it go on.
func (s *Server) Freeze() error { return s.signalAll(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (s *Server) Thaw() error { return s.signalAll(syscall.SIGCONT) }

func (s *Server) signalAll(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return errors.New("pgtest: no server of ours runs")
	}
	family, err := s.family()
	if err != nil {
		return err
	}
	for _, pid := range slices.Backward(family) { // whoever is born of the parent later goes on with it
		if err := signal(pid, sig); err != nil {
			return err
		}
	}
	return nil
}

func signal(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("pgtest: %w", err)
	}
	return nil
}

// family is the process of the server and those it has started, which all are its
// children. It is stopped first, so that nobody joins the family unseen.
func (s *Server) family() ([]int, error) {
	pid := s.proc.cmd.Process.Pid
	if err := signal(pid, syscall.SIGSTOP); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(startup); ; <-time.After(pause) {
		if state, _ := stateOf(pid); state == 'T' || !alive(pid) {
			break
		}
		if time.Now().After(deadline) {
			return nil, errors.New("pgtest: the server does not stop")
		}
	}
	children, err := childrenOf(pid)
	return append([]int{pid}, children...), err
}

// Dead reports whether the server has ended by itself.
func (s *Server) Dead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return false
	}
	select {
	case <-s.proc.done:
		return true
	default:
		return false
	}
}

// Awake starts the server again when it has ended by itself, and returns when it
// answers.
func (s *Server) Awake() error {
	if s.Dead() {
		s.mu.Lock()
		s.proc = nil
		s.mu.Unlock()
	}
	return s.Run()
}
