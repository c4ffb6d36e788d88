package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrMount says that this process may not mount a file system.
var ErrMount = errors.New("pgtest: file systems cannot be mounted here")

// Disk is a file system of its own, small enough to be filled.
type Disk struct{ dir string }

// SmallDisk mounts one of so many bytes, in memory, on an empty folder. The
// caller unmounts it. A server lies on it that is started while TMPDIR names
// the folder. ErrMount when that needs more rights than this process has.
func SmallDisk(dir string, size int64) (*Disk, error) {
	err := syscall.Mount("pgtest", dir, "tmpfs", syscall.MS_NOSUID|syscall.MS_NODEV, fmt.Sprintf("size=%d,mode=0777", size))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return nil, ErrMount
	}
	if err != nil {
		return nil, fmt.Errorf("pgtest: mount: %w", err)
	}
	return &Disk{dir}, nil
}

// Fill takes what is left of the room but for some bytes.
func (d *Disk) Fill(but int64) error {
	var room syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &room); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	f, err := os.Create(d.ballast())
	if err != nil {
		return err
	}
	left := int64(room.Bavail)*room.Bsize - but
	block := make([]byte, 1<<20)
	for ; left > 0 && err == nil; left -= int64(len(block)) {
		_, err = f.Write(block[:min(left, int64(len(block)))])
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// Free gives back what Fill took.
func (d *Disk) Free() error { return os.Remove(d.ballast()) }

func (d *Disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// Unmount removes it with what lies on it.
func (d *Disk) Unmount() error { return syscall.Unmount(d.dir, syscall.MNT_DETACH) }
