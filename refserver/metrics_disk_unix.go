//go:build linux || darwin

package main

import "golang.org/x/sys/unix"

// freeBytes returns how much this user may still write where the folder lies.
func freeBytes(folder string) (uint64, bool) {
	var st unix.Statfs_t
	if unix.Statfs(folder, &st) != nil || st.Bsize < 0 {
		return 0, false
	}
	return st.Bavail * uint64(st.Bsize), true
}
