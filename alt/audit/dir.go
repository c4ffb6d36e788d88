package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/liidestuja/liidestuja/internal/lockfile"
)

// Dir is a Storage in a folder of the file system:
//
//	leaves        Record after Record
//	hashes        32 bytes each, in the order of tlog.StoredHashIndex
//	checkpoints   signed notes, for people and programs to read
//	cursor        a hint
//
// Leaves and hashes are synced before their checkpoint is written, so what lies
// behind the last whole checkpoint is the rest of a crash. OpenDir removes it, and
// the Keeper reads those entries from the log again.
type Dir struct {
	path                  string
	lock                  *os.File // nil: for reading only
	leaves, hashes, notes *os.File

	mu    sync.RWMutex
	size  int64 // leaves that the last checkpoint counts
	len   int64 // leaves that are there
	noted int64 // bytes of whole notes
	note  []byte
	dirty bool // an Append failed
	// before is asked before each write and may shorten it, to try crashes.
	before func(name string, b []byte) ([]byte, error)
}

// OpenDir opens a folder for a Keeper, making it if need be. ErrLocked when another
// has it; ErrDamaged when more lies behind the last checkpoint than a crash leaves:
// then checkpoints are missing, and nothing is removed.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	lock, err := lockfile.Lock(filepath.Join(path, "lock"))
	if errors.Is(err, lockfile.ErrLocked) {
		return nil, ErrLocked
	}
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, lock: lock}
	err = d.open(os.O_RDWR | os.O_CREATE)
	if err == nil {
		err = d.recover()
	}
	if err == nil {
		err = lockfile.SyncDir(path)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// ReadDir opens a folder for reading, beside its Keeper or without. It sees what the
// last checkpoint counted at this moment. fs.ErrNotExist when there is none.
func ReadDir(path string) (*Dir, error) {
	d := &Dir{path: path}
	if err := d.open(os.O_RDONLY); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// open opens the files and looks for the last whole checkpoint, first of all: what
// it counts is then there, however fast a Keeper appends.
func (d *Dir) open(flag int) error {
	var err error
	for _, f := range []struct {
		name string
		file **os.File
	}{{"checkpoints", &d.notes}, {"leaves", &d.leaves}, {"hashes", &d.hashes}} {
		if *f.file, err = os.OpenFile(filepath.Join(d.path, f.name), flag, 0o600); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		if f.file == &d.notes {
			if err := d.findLast(); err != nil {
				return err
			}
		}
	}
	return d.count()
}

func (d *Dir) findLast() error {
	for all := readNotes(d.notes); ; {
		msg, end, err := all.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		d.note, d.noted = msg, end
	}
	if d.note == nil {
		return nil
	}
	var err error
	if d.size, err = sizeOf(d.note); err != nil {
		return fmt.Errorf("%w: the last checkpoint cannot be read", ErrDamaged)
	}
	return nil
}

// count finds how many leaves there are, at most as many as the checkpoint counts.
func (d *Dir) count() error {
	leaves, err := sizeIn(d.leaves, RecordSize)
	if err != nil {
		return err
	}
	d.len = min(d.size, leaves)
	return nil
}

func sizeIn(f *os.File, unit int64) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, fmt.Errorf("audit: %w", err)
	}
	return info.Size() / unit, nil
}

// recover removes what a crash left, and makes hashes that were lost out of the
// leaves. The Keeper compares the root with the checkpoint.
func (d *Dir) recover() error {
	leaves, err := sizeIn(d.leaves, RecordSize)
	if err != nil {
		return err
	}
	if leaves > d.size+MaxBatch {
		return fmt.Errorf("%w: the last checkpoint counts %d leaves, and there are %d", ErrDamaged, d.size, leaves)
	}
	have, err := sizeIn(d.hashes, tlog.HashSize)
	if err != nil {
		return err
	}
	if err := d.truncate(); err != nil {
		return err
	}
	if have >= tlog.StoredHashCount(d.len) {
		return nil
	}
	whole := d.len
	for whole > 0 && tlog.StoredHashCount(whole) > have {
		whole-- // a whole batch was lost at most, unless somebody cut the file
	}
	f, err := frontierAt(whole, d)
	if err != nil {
		return err
	}
	for f.size < d.len {
		at := tlog.StoredHashCount(f.size)
		records, err := d.Records(context.Background(), f.size, MaxBatch)
		if err != nil {
			return err
		}
		var hashes []tlog.Hash
		for _, r := range records {
			hashes = f.push(r.Hash(), hashes)
		}
		if err := d.write("hashes", d.hashes, at*tlog.HashSize, flat(hashes)); err != nil {
			return err
		}
	}
	return d.sync(d.hashes)
}

// truncate takes away what no checkpoint counts.
func (d *Dir) truncate() error {
	for _, f := range []struct {
		file *os.File
		size int64
	}{{d.leaves, d.len * RecordSize}, {d.hashes, tlog.StoredHashCount(d.len) * tlog.HashSize}, {d.notes, d.noted}} {
		info, err := f.file.Stat()
		if err == nil && info.Size() > f.size {
			if err = f.file.Truncate(f.size); err == nil {
				err = f.file.Sync()
			}
		}
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	d.dirty = false
	return nil
}

// Close ends the use of the folder.
func (d *Dir) Close() error {
	var errs []error
	for _, f := range []*os.File{d.leaves, d.hashes, d.notes} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	if d.lock != nil {
		errs = append(errs, lockfile.Unlock(d.lock))
	}
	return errors.Join(errs...)
}

var _ Storage = (*Dir)(nil)
