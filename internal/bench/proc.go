package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor times in /proc, which Linux has fixed.
const tick = 10 * time.Millisecond

// process is what /proc tells of one.
type process struct {
	parent      int
	own, reaped time.Duration // processor time: its own, and of children that have ended
}

func readProcess(pid int) (process, error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return process{}, err
	}
	// The name, in brackets, may hold anything; the state follows it.
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var n [16]int
	for i := range n {
		if i > 0 && i < len(f) {
			if n[i], err = strconv.Atoi(f[i]); err != nil {
				return process{}, err
			}
		}
	}
	return process{parent: n[1], own: time.Duration(n[11]+n[12]) * tick, reaped: time.Duration(n[13]+n[14]) * tick}, nil
}

// family returns a process and its children.
func family(pid int) []int {
	found := []int{pid}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		child, _ := strconv.Atoi(filepath.Base(dir))
		if p, err := readProcess(child); err == nil && p.parent == pid {
			found = append(found, child)
		}
	}
	return found
}

// used is the processor time of a process and its children up to now, those
// included that have ended.
func used(pid int) time.Duration {
	var sum time.Duration
	for i, id := range family(pid) {
		p, err := readProcess(id)
		if err != nil {
			continue // it has ended, and the next look sees it as reaped
		}
		sum += p.own
		if i == 0 {
			sum += p.reaped
		}
	}
	return sum
}

// memoryOf returns a number of KiB that the kernel keeps of a process: VmRSS, what
// it has in memory now, VmHWM, the most it ever had, or Pss, in which shared
// pages are divided among those who share them.
func memoryOf(pid int, name string) (kib int, err error) {
	file := "status"
	if name == "Pss" {
		file = "smaps_rollup"
	}
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			_, err = fmt.Sscan(v, &kib)
			return kib, err
		}
	}
	return 0, fmt.Errorf("no %s of process %d", name, pid)
}
