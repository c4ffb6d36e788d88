package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/liidestuja/liidestuja/channels"
)

// Check says what Verify looks at. Agency, Origin, Ledger, Storage and Verifiers are
// required.
type Check struct {
	Agency  channels.Agency
	Origin  string
	Ledger  Ledger
	Storage Storage // nothing is written to it
	// Verifiers know the keys, past ones too.
	Verifiers note.Verifiers
	// Witnessed are the checkpoints that witnesses have, as they were before Storage
	// was opened for reading. Without them Verify trusts whoever has the key.
	Witnessed []Evidence
	// Contents are compared with what the log says of them. Nil: they are not.
	Contents Contents
	// KeepFor is how old an entry must be before a purge accounts for its absence:
	// the shortest term of retention. An intruder who removes fresh entries and
	// writes a purge to go with it is then found. Default 0: any age will do.
	KeepFor time.Duration
	// KeepContentsFor is the same for contents, whose term may be another one.
	KeepContentsFor time.Duration
	// MaxFindings bounds Report.Findings. Default 10,000.
	MaxFindings int
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Evidence is signed notes, one after another, as a File witness has them.
type Evidence struct {
	Name  string // for findings
	Notes io.Reader
}

// mark is a size at which the tree is known.
type mark struct {
	Checkpoint
	where     string
	witnessed bool
}

// verification is one run of Verify.
type verification struct {
	Check
	report Report
	marks  []mark // by size, one each
	now    time.Time

	state    State
	front    frontier // as the leaves give it
	other    frontier // as the stored hashes give it, once these differ
	differ   bool
	suspects []Finding  // leaves whose stored hash differs, since the last mark
	against  []mark     // the last ones, with which the tree does not agree
	good     Checkpoint // the last that was met

	chain   chain
	log     *reader
	blind   int64 // leaves that cannot be read, whose entries are looked over
	last    int64 // the largest Seq in the log
	missing []span
	edits   []edit
	added   []Leaf                      // entries without a leaf, among those with one
	later   map[[sha256.Size]byte]int64 // entries behind all leaves, by digest
	purges  purges

	purgedContents purges
}

// Verify reads the whole log and its tree, and names what was changed since it was
// signed. An error means that it could not be read; whatever is wrong with it is a
// Finding. It needs memory for checkpoints and findings, not for entries.
//
// Entries that retention removed are accepted where a later entry of the log
// declares it (Purge). The order of reading lets a Keeper, a service and retention
// work meanwhile.
func Verify(ctx context.Context, c Check) (*Report, error) {
	switch {
	case c.Agency == "":
		return nil, errors.New("audit: Check.Agency is required")
	case c.Origin == "":
		return nil, errors.New("audit: Check.Origin is required")
	case c.Ledger == nil:
		return nil, errors.New("audit: Check.Ledger is required")
	case c.Storage == nil:
		return nil, errors.New("audit: Check.Storage is required")
	case c.Verifiers == nil:
		return nil, errors.New("audit: Check.Verifiers is required")
	}
	if c.MaxFindings == 0 {
		c.MaxFindings = 10_000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	v := &verification{Check: c, now: c.Now(), log: &reader{follower: follower{ledger: c.Ledger, agency: c.Agency}}}
	v.report.Findings, v.later = []Finding{}, make(map[[sha256.Size]byte]int64)
	for _, step := range []func(context.Context) error{v.readMarks, v.readTree, v.readRest, v.readContents, v.account} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &v.report, nil
}

func (v *verification) find(f Finding) {
	if len(v.report.Findings) >= v.MaxFindings {
		v.report.More++
		return
	}
	v.report.Findings = append(v.report.Findings, f)
}

// readMarks collects the checkpoints of witnesses and of the storage, in this order:
// a Keeper writes them in the other one, so that none of a witness can be newer than
// what is then read of the storage.
func (v *verification) readMarks(ctx context.Context) error {
	known := make(map[int64]mark)
	for _, e := range v.Witnessed {
		if err := v.readEvidence(ctx, e, true, known); err != nil {
			return err
		}
	}
	var err error
	if v.state, err = v.Storage.State(ctx); err != nil {
		return err
	}
	v.report.Leaves = v.state.Len
	own, err := v.Storage.Checkpoints(ctx)
	if err != nil {
		return err
	}
	err = v.readEvidence(ctx, Evidence{"storage", own}, false, known)
	if err = errors.Join(err, own.Close()); err != nil {
		return err
	}
	for _, m := range known {
		v.marks = append(v.marks, m)
	}
	slices.SortFunc(v.marks, func(a, b mark) int { return cmp.Compare(a.Size, b.Size) })
	if len(v.marks) == 0 {
		v.find(Finding{Kind: LostCheckpoint, Detail: "there is no checkpoint that a known key signed"})
	}
	return nil
}

func (v *verification) readEvidence(ctx context.Context, e Evidence, witnessed bool, known map[int64]mark) error {
	all := readNotes(e.Notes)
	for i := 1; ; i++ {
		msg, _, err := all.next()
		if errors.Is(err, io.EOF) {
			v.report.Unreadable += all.broken
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("audit: read checkpoints of %s: %w", e.Name, err)
		}
		where := fmt.Sprintf("%s #%d", e.Name, i)
		c, err := OpenCheckpoint(msg, v.Origin, v.Verifiers)
		if err != nil {
			v.find(Finding{Kind: ForgedCheckpoint, Where: where, Detail: err.Error()})
			continue
		}
		v.report.Checkpoints++
		old, twice := known[c.Size]
		if twice && old.Root != c.Root {
			v.find(Finding{Kind: SplitHistory, Count: c.Size, At: c.At, Where: old.where + ", " + where,
				Detail: "both are signed and give the tree of this size another root: the key signed two histories"})
		}
		if !twice { // a witness's word stands where there are two
			known[c.Size] = mark{c, where, witnessed}
		}
	}
}
