package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/liidestuja/liidestuja/alt"
)

// lines encodes entries as JSON, one a line, with the names of alt.LogEntry.
func lines(entries []alt.LogEntry) ([]byte, error) {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	for _, e := range entries {
		e.At = e.At.UTC()
		if err := out.Encode(e); err != nil {
			return nil, fmt.Errorf("audit: encode entry %d: %w", e.Seq, err)
		}
	}
	return b.Bytes(), nil
}

// FileSink appends JSON lines to a file that only its owner reads, and that others
// may move away at any time: the next entries go into a new one of the name. A line
// that a crash tore is followed by a new line, and by its entry once more.
type FileSink struct {
	path string
	mu   sync.Mutex
	file *os.File
}

// NewFileSink returns a sink for a file, which is made when it is first needed.
func NewFileSink(path string) *FileSink { return &FileSink{path: path} }

// Name is the file's name without its folder.
func (s *FileSink) Name() string { return filepath.Base(s.path) }

// Write implements Sink.
func (s *FileSink) Write(ctx context.Context, entries []alt.LogEntry) error {
	b, err := lines(entries)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.open(); err != nil {
		return fmt.Errorf("audit: security log: %w", err)
	}
	_, err = s.file.Write(b)
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil { // part of a line may be there
		return fmt.Errorf("audit: security log: %w", errors.Join(err, s.close()))
	}
	return nil
}

// open makes sure that the file is the one of its name, and ends with a whole line.
func (s *FileSink) open() error {
	if s.file != nil {
		here, err := s.file.Stat()
		named, missing := os.Stat(s.path)
		if err == nil && missing == nil && os.SameFile(here, named) {
			return nil
		}
		if err := s.close(); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(s.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	s.file = file
	if err := endLine(file); err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

// endLine ends a line that was torn.
func endLine(file *os.File) error {
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	var end [1]byte
	if _, err := file.ReadAt(end[:], info.Size()-1); err != nil {
		return err
	}
	if end[0] != '\n' {
		_, err = file.WriteString("\n")
	}
	return err
}

func (s *FileSink) close() error {
	file := s.file
	s.file = nil
	return file.Close()
}

// Close closes the file. The next Write opens it again.
func (s *FileSink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	return s.close()
}

// WriterSink writes JSON lines to a stream, such as the standard output, whose reader
// is trusted to keep them.
type WriterSink struct {
	name string
	mu   sync.Mutex
	w    io.Writer
}

// NewWriterSink returns a sink for a stream.
func NewWriterSink(name string, w io.Writer) *WriterSink { return &WriterSink{name: name, w: w} }

// Name implements Sink.
func (s *WriterSink) Name() string { return s.name }

// Write implements Sink.
func (s *WriterSink) Write(ctx context.Context, entries []alt.LogEntry) error {
	b, err := lines(entries)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := s.w.Write(b); err != nil {
		return fmt.Errorf("audit: security log: %w", err)
	}
	return nil
}
