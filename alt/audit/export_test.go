package audit

// Fault has f asked before each write of a Dir: it may shorten the bytes, and fail
// the write.
func Fault(d *Dir, f func(name string, b []byte) ([]byte, error)) { d.before = f }

// SplitNotes reads notes out of a file's bytes.
func SplitNotes(r interface{ Read([]byte) (int, error) }) (list []string, broken int) {
	n := readNotes(r)
	for {
		msg, _, err := n.next()
		if err != nil {
			return list, n.broken
		}
		list = append(list, string(msg))
	}
}

// ParseCheckpoint reads a checkpoint's text, and Text writes it.
func ParseCheckpoint(text string) (Checkpoint, error) { return parseCheckpoint(text) }

// Text is what is signed.
func (c Checkpoint) Text() string { return c.text() }
