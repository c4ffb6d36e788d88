package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// File is a Witness that appends to a file: on a disk that others own, or one that
// can only be appended to. Nothing that is in it is ever changed.
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
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("audit: witness: %w", err)
	}
	b, err := apart(file)
	if err == nil {
		_, err = file.Write(append(append(b, note...), '\n'))
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("audit: witness: %w", err)
	}
	return nil
}

// apart returns the blank line that parts a note from what a crash may have torn.
func apart(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	end := make([]byte, 2)
	if _, err := f.ReadAt(end, max(0, info.Size()-2)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(end) == "\n\n" {
		return nil, nil
	}
	return []byte("\n\n"), nil
}
