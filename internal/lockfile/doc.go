// Package lockfile keeps a second process away from a folder of files, and makes
// names in a folder durable.
package lockfile

import "errors"

// ErrLocked tells that another process has the lock.
var ErrLocked = errors.New("lockfile: locked by another process")
