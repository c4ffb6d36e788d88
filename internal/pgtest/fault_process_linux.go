package pgtest

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
)

// childrenOf returns the processes that a process has started.
func childrenOf(parent int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var children []int
	for _, path := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if _, of := stateOf(pid); of == parent {
			children = append(children, pid)
		}
	}
	return children, nil
}

// alive reports whether a process runs; what only waits to be counted by its
// parent does not.
func alive(pid int) bool {
	state, _ := stateOf(pid)
	return state != 0 && state != 'Z' && state != 'X'
}

// stateOf reads the state and the parent of a process; zeros when it is gone.
func stateOf(pid int) (state byte, parent int) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0
	}
	// "pid (name) state parent ..."; the name may hold anything.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 2 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(string(fields[1]))
	return fields[0][0], parent
}
