package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/channels"
)

func cmdAudit() command {
	return command{
		name: "audit", args: "keygen NAME FILE | keep | verify | export NUMBER... | check FILE [flags]",
		short: "sign the security log, verify it, and prove entries of it",
		long: `keygen NAME FILE   makes a key that signs the log called NAME, like alt.agency.ee/ppa:
                   the private half goes to FILE, which must not be there yet, the public
                   half is printed, and belongs into the file of public keys
keep               follows the log of a running server and signs it, until it is stopped;
                   the server may start and stop meanwhile
verify             compares the whole log with what was signed, and the messages with what
                   the log says of them, and names what was changed
export NUMBER...   prints entries with all that is needed to check them, by the numbers that
                   verify shows; with -conversation or -session, all entries of that; with
                   -from and -to, all of a time, or those of a conversation in that time
check FILE         checks what export printed, with the public keys alone

  -dir FOLDER            the leaves, hashes and checkpoints of the log
  -keys FILE             public keys, one a line, past ones too; the first one's name is
                         that of the log
  -key FILE,FILE         private keys that sign; two while keys are changed
  -witness FILE,URL      where each checkpoint is sent: files that are appended to, and
                         https addresses
  -secret FILE           signs what is sent to addresses, at least 16 bytes
  -witnessed FILE,FILE   checkpoints that witnesses have. Without them verify trusts
                         whoever has the private key
  -term DURATION         how old an entry is before it may be purged, like 8760h
  -content-term DURATION the same for the contents of messages
  -contents=false        leaves the contents of messages alone
  -conversation ID       exports all entries of a conversation
  -session ID            exports all entries of a session
  -from TIME, -to TIME   exports all entries of a time, like 2026-11-22 or
                         2026-11-22T12:30:00+02:00; a day begins and ends in UTC
  -agency NAME           whose log it is (default: that of the configuration)
  -config FILE           the configuration of the server
  -data FOLDER           the folder of the demo's data (default ./liidestuja-data)

Exit codes: 0 good, 1 something was found or failed.`,
		examples: []string{
			"refserver audit keygen alt.agency.ee/ppa /etc/liidestuja/audit.key >> /etc/liidestuja/audit.pub",
			"refserver audit keep -dir /audit/ppa -key /etc/liidestuja/audit.key -keys /etc/liidestuja/audit.pub -witness /mnt/w/ppa -config /etc/liidestuja.yaml",
			"refserver audit verify -dir /audit/ppa -keys /etc/liidestuja/audit.pub -witnessed /mnt/w/ppa -config /etc/liidestuja.yaml",
			"refserver audit export -from 2026-11-01 -to 2026-11-30 -dir /audit/ppa -config /etc/liidestuja.yaml > november.json",
			"refserver audit export 4711 -dir /audit/ppa -config /etc/liidestuja.yaml > proof.json",
			"refserver audit check proof.json -keys audit.pub",
		},
		run: (*console).audit,
	}
}

// auditFlags are what the commands about the log are told.
type auditFlags struct {
	*flags
	at                                         where
	dir, keys, key, witness, secret, witnessed *string
	conversation, session, from, to, agency    *string
	term, contentTerm                          *time.Duration
	contents                                   *bool
}

func (c *console) audit(ctx context.Context, args []string) error {
	f := auditFlags{flags: c.flags()}
	f.at, f.dir, f.keys, f.key = f.where(), f.String("dir", "", ""), f.String("keys", "", ""), f.String("key", "", "")
	f.witness, f.secret, f.witnessed = f.String("witness", "", ""), f.String("secret", "", ""), f.String("witnessed", "", "")
	f.session, f.from, f.to = f.String("session", "", ""), f.String("from", "", ""), f.String("to", "", "")
	f.conversation, f.agency, f.term = f.String("conversation", "", ""), f.String("agency", "", ""), f.Duration("term", 0, "")
	f.contentTerm, f.contents = f.Duration("content-term", 0, ""), f.Bool("contents", true, "")
	if err := f.parse(args, 1, 1000); err != nil {
		return err
	}
	verb, words := f.words[0], f.words[1:]
	for _, v := range []struct {
		name     string
		min, max int
		needs    []string
		run      func(context.Context, auditFlags, []string) error
	}{
		{"keygen", 2, 2, nil, c.auditKeygen},
		{"keep", 0, 0, []string{"dir", "key", "keys"}, c.auditKeep},
		{"verify", 0, 0, []string{"dir", "keys"}, c.auditVerify},
		{"export", 0, 999, []string{"dir"}, c.auditExport},
		{"check", 1, 1, []string{"keys"}, c.auditCheck},
	} {
		if v.name != verb {
			continue
		}
		if len(words) < v.min || len(words) > v.max {
			return f.usage(fmt.Errorf("%d words are not what %s expects", len(words), verb))
		}
		for _, name := range v.needs {
			if f.Lookup(name).Value.String() == "" {
				return f.usage(fmt.Errorf("-%s is required", name))
			}
		}
		return v.run(ctx, f, words)
	}
	return f.usage(errors.New("keygen, keep, verify, export or check is expected"))
}

func (c *console) auditKeygen(_ context.Context, f auditFlags, words []string) error {
	private, public, err := audit.NewKey(words[0])
	if err != nil {
		return f.usage(errors.New("the name of a log has no blanks and no plus sign"))
	}
	file, err := os.OpenFile(words[1], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write([]byte(private + "\n"))
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.stdout, public)
	return err
}

// publicKeys reads the file of public keys, and the name of the log out of its first.
func (f auditFlags) publicKeys() (origin string, keys note.Verifiers, err error) {
	b, err := os.ReadFile(*f.keys)
	if err != nil {
		return "", nil, err
	}
	if keys, err = audit.ReadVerifiers(bytes.NewReader(b)); err != nil {
		return "", nil, fmt.Errorf("%s: %w", *f.keys, err)
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			origin, _, _ = strings.Cut(line, "+")
			break
		}
	}
	return origin, keys, nil
}

// owner returns whose log it is.
func (c *console) owner(f auditFlags) (channels.Agency, error) {
	switch {
	case *f.agency != "":
		return channels.Agency(*f.agency), nil
	case *f.at.config == "":
		return demoAgency, nil
	}
	p, err := c.configured(*f.at.config, instead{data: *f.at.data})
	if err != nil {
		return "", err
	}
	return p.alt.Agency, nil
}

func (c *console) auditVerify(ctx context.Context, f auditFlags, _ []string) (err error) {
	origin, keys, err := f.publicKeys()
	if err != nil {
		return err
	}
	agency, err := c.owner(f)
	if err != nil {
		return err
	}
	// The storage is opened after them, so that a keeper that works meanwhile does not
	// look like a storage that was set back.
	var witnessed []audit.Evidence
	for _, name := range list(*f.witnessed) {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		witnessed = append(witnessed, audit.Evidence{Name: name, Notes: io.LimitReader(file, info.Size())})
	}
	storage, err := audit.ReadDir(*f.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, storage.Close()) }()
	admin, done, err := c.reach(ctx, f.at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	check := audit.Check{
		Agency: agency, Origin: origin, Ledger: auditLedger{admin}, Storage: storage, Verifiers: keys, Witnessed: witnessed,
		KeepFor: *f.term, KeepContentsFor: *f.contentTerm,
	}
	if *f.contents {
		check.Contents = auditLedger{admin}
	}
	report, err := audit.Verify(ctx, check)
	if err != nil {
		return err
	}
	if err := report.WriteText(c.stdout); err != nil {
		return err
	}
	if !report.OK() {
		return errTold
	}
	return nil
}

func (c *console) auditCheck(_ context.Context, f auditFlags, words []string) error {
	origin, keys, err := f.publicKeys()
	if err != nil {
		return err
	}
	b, err := os.ReadFile(words[0])
	if err != nil {
		return err
	}
	proofs, err := audit.ReadProofs(bytes.NewReader(b))
	if err != nil {
		return err
	}
	for _, p := range proofs {
		at, err := p.Verify(origin, keys)
		if err != nil {
			return fmt.Errorf("entry %d: %w", p.Entry.Seq, err)
		}
		_, _ = fmt.Fprintf(c.stdout, "entry %d: good, by the checkpoint of %d entries at %s\n", p.Entry.Seq, at.Size, stamp(at.At))
	}
	if len(proofs) == 0 {
		return errors.New("there is no proof in " + words[0])
	}
	conv := proofs[0].Entry.Conversation
	if conv == "" || slices.ContainsFunc(proofs, func(p audit.Proof) bool { return p.Entry.Conversation != conv }) {
		return nil
	}
	all := "all"
	if _, incomplete := audit.VerifyConversation(proofs, origin, keys); incomplete != nil {
		all = "not all"
	}
	_, err = fmt.Fprintf(c.stdout, "conversation %s: these are %s its entries up to the last of them\n", conv, all)
	return err
}

// list takes names apart that stand behind one flag.
func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
