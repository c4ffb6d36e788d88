package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Kind says what a Finding is about.
type Kind string

// Kinds of findings about the log.
const (
	Edited              Kind = "edited"               // an entry says something else than when it was signed
	Removed             Kind = "removed"              // an entry is gone, and no purge accounts for it
	Inserted            Kind = "inserted"             // an entry stands where there was none
	Moved               Kind = "moved"                // an entry stands at another place
	CutTail             Kind = "cut tail"             // all entries from one on are gone
	MissingConversation Kind = "missing conversation" // all entries of a conversation are gone
)

// Kinds of findings about messages, which Check.Contents tells of.
const (
	AlteredContent Kind = "altered content" // a message does not say what the log commits to
	MissingContent Kind = "missing content" // a message is gone, and no purge accounts for it
)

// Kinds of findings about the storage and checkpoints.
const (
	AlteredLeaf      Kind = "altered leaf"       // a stored leaf is not the one that was signed
	AlteredHash      Kind = "altered hash"       // a stored hash is not that of its leaves
	BrokenChain      Kind = "broken chain"       // a leaf names another leaf before it than there is
	RolledBack       Kind = "rolled back"        // the storage holds less than a checkpoint counts
	Diverged         Kind = "diverged"           // the log, between two checkpoints, is not what the later one was made of
	ForgedCheckpoint Kind = "forged checkpoint"  // not signed by a known key, or for another log
	SplitHistory     Kind = "split history"      // two signed checkpoints contradict each other
	LostCheckpoint   Kind = "missing checkpoint" // there is nothing that the log can be measured by
)

// Finding is one thing that does not fit. What is unknown is zero.
type Finding struct {
	Kind Kind `json:"kind"`
	// Seq is the number of the entry, or of the first of several; Through the last.
	Seq     int64 `json:"seq,omitempty"`
	Through int64 `json:"through,omitempty"`
	// Count is how many entries or leaves it is about.
	Count        int64     `json:"count,omitempty"`
	Conversation string    `json:"conversation,omitempty"`
	Message      string    `json:"message,omitempty"` // that the entry is about, where its content is what is wrong
	Act          string    `json:"act,omitempty"`
	At           time.Time `json:"at,omitzero"` // of the entry, as it was signed
	// Where is the source of a checkpoint and its number there, or the place in the
	// storage.
	Where  string `json:"where,omitempty"`
	Detail string `json:"detail,omitempty"` // one sentence
}

// Report is what Verify found.
type Report struct {
	Leaves      int64 `json:"leaves"`      // in the storage
	Entries     int64 `json:"entries"`     // in the log
	Checkpoints int   `json:"checkpoints"` // that are signed by a known key
	Unreadable  int   `json:"unreadable"`  // pieces of files that are no checkpoint: a crash, or somebody
	Purged      int64 `json:"purged"`      // entries that are gone and accounted for
	Purges      int   `json:"purges"`      // that account for them
	// Contents is how many commitments to contents were compared, ContentsPurged how
	// many of these contents are gone and accounted for.
	Contents       int64 `json:"contents"`
	ContentsPurged int64 `json:"contents_purged"`
	// Pending entries are younger than the last checkpoint: nothing is known of them.
	Pending int64 `json:"pending"`
	// Proven is the last checkpoint that the log agrees with; Witnessed the last one
	// of those that came from a witness. Only up to that one nobody can have written
	// the whole log anew who has the store, the storage and the key.
	Proven    Checkpoint `json:"proven,omitzero"`
	Witnessed Checkpoint `json:"witnessed,omitzero"`
	Findings  []Finding  `json:"findings"`
	More      int64      `json:"more,omitempty"` // findings that are not listed
}

// OK reports that nothing was found.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// MarshalJSON writes size, root and time, the hash in base64.
func (c Checkpoint) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Origin string    `json:"origin"`
		Size   int64     `json:"size"`
		Root   string    `json:"root"`
		At     time.Time `json:"at"`
	}{c.Origin, c.Size, c.Root.String(), c.At})
}

// WriteText writes the report as tables for people.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "entries\t%d\nleaves\t%d\ncheckpoints\t%d\nunreadable\t%d\n", r.Entries, r.Leaves, r.Checkpoints, r.Unreadable)
	fmt.Fprintf(t, "purged\t%d by %d purges\npending\t%d\n", r.Purged, r.Purges, r.Pending)
	fmt.Fprintf(t, "contents\t%d, of them %d purged\n", r.Contents, r.ContentsPurged)
	for _, c := range []struct {
		name string
		c    Checkpoint
	}{{"proven", r.Proven}, {"witnessed", r.Witnessed}} {
		if c.c.Size == 0 {
			fmt.Fprintf(t, "%s\tnothing\n", c.name)
			continue
		}
		fmt.Fprintf(t, "%s\t%d entries, %s\n", c.name, c.c.Size, c.c.At.UTC().Format(timeFormat))
	}
	if r.OK() {
		fmt.Fprintln(t, "findings\tnone")
		return t.Flush()
	}
	fmt.Fprintln(t, "\nFINDING\tENTRY\tCOUNT\tAT\tACT\tCONVERSATION\tMESSAGE\tWHERE\tDETAIL")
	for _, f := range r.Findings {
		entry := number(f.Seq)
		if f.Through > f.Seq {
			entry += "-" + number(f.Through)
		}
		at := ""
		if !f.At.IsZero() {
			at = f.At.UTC().Format(timeFormat)
		}
		fields := []string{string(f.Kind), entry, number(f.Count), at, f.Act, f.Conversation, f.Message, f.Where, f.Detail}
		for i, s := range fields {
			if fields[i] = printable(s); s == "" {
				fields[i] = "-"
			}
		}
		fmt.Fprintln(t, strings.Join(fields, "\t"))
	}
	if r.More > 0 {
		fmt.Fprintf(t, "and %d more\n", r.More)
	}
	return t.Flush()
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// printable keeps what an attacker may have written from steering a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || 0x80 <= r && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
