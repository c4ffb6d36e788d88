package audit

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says that at a time the tree had a size and a root hash. Signed, it is
// a note of the form that C2SP's tlog-checkpoint describes, with the time as an
// extension line:
//
//	alt.example.ee/ppa
//	4711
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//	time 2026-11-22T13:40:00.123Z
//
//	— alt.example.ee/ppa x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZI…
type Checkpoint struct {
	Origin string    // names the log, and the keys that sign it
	Size   int64     // number of leaves
	Root   tlog.Hash // of the tree of so many leaves
	At     time.Time // in milliseconds, by the signer's clock
}

const (
	timeLine   = "time "
	timeFormat = "2006-01-02T15:04:05.000Z"

	maxSize = 1 << 50 // of a tree that anybody could have
)

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s%s\n", c.Origin, c.Size, c.Root, timeLine, c.At.UTC().Format(timeFormat))
}

// Sign returns the checkpoint as a note with the signature of each signer.
func (c Checkpoint) Sign(signers ...note.Signer) ([]byte, error) {
	b, err := note.Sign(&note.Note{Text: c.text()}, signers...)
	if err != nil {
		return nil, fmt.Errorf("audit: sign checkpoint: %w", err)
	}
	return b, nil
}

// OpenCheckpoint checks a note against the keys and the name of the log. One known
// key that signed is enough, unknown ones are passed over, and a known one whose
// signature is wrong spoils it. Every error is ErrForged.
func OpenCheckpoint(msg []byte, origin string, keys note.Verifiers) (Checkpoint, error) {
	n, err := note.Open(msg, keys)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrForged, err)
	}
	c, err := parseCheckpoint(n.Text)
	switch {
	case err != nil:
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrForged, err)
	case c.Origin != origin:
		return Checkpoint{}, fmt.Errorf("%w: of another log", ErrForged)
	}
	return c, nil
}

var errCheckpoint = errors.New("malformed")

// parseCheckpoint accepts only what text writes.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[0] == "" || !strings.HasPrefix(lines[3], timeLine) {
		return Checkpoint{}, errCheckpoint
	}
	c := Checkpoint{Origin: lines[0]}
	var err [3]error
	c.Size, err[0] = strconv.ParseInt(lines[1], 10, 64)
	c.Root, err[1] = tlog.ParseHash(lines[2])
	c.At, err[2] = time.Parse(timeFormat, lines[3][len(timeLine):])
	if errors.Join(err[:]...) != nil || c.Size < 1 || c.Size > maxSize || c.text() != text {
		return Checkpoint{}, errCheckpoint
	}
	return c, nil
}

// sizeOf reads the size out of a note without believing it.
func sizeOf(msg []byte) (int64, error) {
	text, _, _ := bytes.Cut(msg, []byte("\n\n"))
	c, err := parseCheckpoint(string(text) + "\n")
	return c.Size, err
}
