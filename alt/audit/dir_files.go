package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Append implements Storage.
func (d *Dir) Append(ctx context.Context, b Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.lock == nil:
		return errors.New("audit: the storage is open for reading only")
	case b.First != d.len || len(b.Records) > MaxBatch || tlog.StoredHashCount(b.First+int64(len(b.Records)))-tlog.StoredHashCount(b.First) != int64(len(b.Hashes)):
		return errors.New("audit: the batch does not follow what is stored")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.dirty {
		if err := d.truncate(); err != nil {
			return err
		}
	}
	d.dirty = true
	if err := d.appendTree(b); err != nil {
		return err
	}
	end := b.First + int64(len(b.Records))
	if b.Note != nil {
		if err := d.write("checkpoints", d.notes, d.noted, append(bytes.Clone(b.Note), '\n')); err != nil {
			return err
		}
		if err := d.sync(d.notes); err != nil {
			return err
		}
		d.note, d.noted, d.size = bytes.Clone(b.Note), d.noted+int64(len(b.Note))+1, end
	}
	d.len, d.dirty = end, false
	d.remember(b.Cursor)
	return nil
}

func (d *Dir) appendTree(b Batch) error {
	var leaves []byte
	for _, r := range b.Records {
		leaves = append(leaves, r[:]...)
	}
	if err := d.write("leaves", d.leaves, b.First*RecordSize, leaves); err != nil {
		return err
	}
	if err := d.write("hashes", d.hashes, tlog.StoredHashCount(b.First)*tlog.HashSize, flat(b.Hashes)); err != nil {
		return err
	}
	if err := d.sync(d.leaves); err != nil {
		return err
	}
	return d.sync(d.hashes)
}

// remember keeps the cursor for a start. Whether that works is of no importance.
func (d *Dir) remember(cursor string) {
	path := filepath.Join(d.path, "cursor")
	if err := os.WriteFile(path+".new", fmt.Appendf(nil, "%d %s\n", d.len, cursor), 0o600); err == nil {
		_ = os.Rename(path+".new", path)
	}
}

// cursor returns the hint if it is about leaves that are there.
func (d *Dir) cursor() string {
	b, err := os.ReadFile(filepath.Join(d.path, "cursor"))
	if err != nil {
		return ""
	}
	at, cursor, _ := strings.Cut(strings.TrimSuffix(string(b), "\n"), " ")
	if n, err := strconv.ParseInt(at, 10, 64); err != nil || n > d.len {
		return ""
	}
	return cursor
}

func (d *Dir) write(name string, f *os.File, at int64, b []byte) error {
	var fault error
	if d.before != nil {
		b, fault = d.before(name, b)
	}
	_, err := f.WriteAt(b, at)
	if err = errors.Join(fault, err); err != nil {
		return fmt.Errorf("audit: write %s: %w", name, err)
	}
	return nil
}

func (d *Dir) sync(f *os.File) error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

func flat(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// State implements Storage.
func (d *Dir) State(context.Context) (State, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return State{Len: d.len, Note: bytes.Clone(d.note), Cursor: d.cursor()}, nil
}

// Records implements Storage.
func (d *Dir) Records(ctx context.Context, first int64, max int) ([]Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.RLock()
	n := min(int64(max), d.len-first)
	d.mu.RUnlock()
	if first < 0 || n <= 0 {
		return nil, nil
	}
	b := make([]byte, n*RecordSize)
	if _, err := d.leaves.ReadAt(b, first*RecordSize); err != nil {
		return nil, fmt.Errorf("audit: read leaves: %w", err)
	}
	records := make([]Record, n)
	for i := range records {
		records[i] = Record(b[i*RecordSize:])
	}
	return records, nil
}

// ReadHashes implements tlog.HashReader. A hash that is not there is zero, which no
// tree has: what is made with it agrees with nothing.
func (d *Dir) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i := 0; i < len(indexes); {
		run := 1
		for i+run < len(indexes) && indexes[i+run] == indexes[i]+int64(run) {
			run++
		}
		b := make([]byte, run*tlog.HashSize)
		if _, err := d.hashes.ReadAt(b, indexes[i]*tlog.HashSize); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("audit: read hashes: %w", err)
		}
		for j := range run {
			hashes[i+j] = tlog.Hash(b[j*tlog.HashSize:])
		}
		i += run
	}
	return hashes, nil
}

// Checkpoints implements Storage.
func (d *Dir) Checkpoints(context.Context) (io.ReadCloser, error) {
	f, err := os.Open(filepath.Join(d.path, "checkpoints"))
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, d.noted), f}, nil
}
