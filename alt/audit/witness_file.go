package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// File is a Witness that appends to a file: on a disk that others own, or one that
// can only be appended to. Nothing that is in it is ever changed or read.
type File struct {
	path string
	mu   sync.Mutex
}

// NewFile returns a witness for a file, which is made when it is first needed.
func NewFile(path string) *File { return &File{path: path} }

// Name is the file's name without its folder.
func (f *File) Name() string { return filepath.Base(f.path) }

// Record implements Witness.
func (f *File) Record(ctx context.Context, note []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("audit: witness: %w", err)
	}
	// The blank line before parts it from what a crash may have torn.
	_, err = file.Write(append(append([]byte("\n"), note...), '\n'))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("audit: witness: %w", err)
	}
	return nil
}
