package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/audit"
)

func (c *console) auditExport(ctx context.Context, f auditFlags, words []string) (err error) {
	q, err := f.asked()
	if err != nil {
		return err
	}
	ways := 0
	for _, asked := range []bool{len(words) > 0, *f.session != "", q != (alt.LogQuery{})} {
		if asked {
			ways++
		}
	}
	if ways != 1 {
		return f.usage(errors.New("numbers of entries are expected, or -session, or -conversation, -from and -to"))
	}
	agency, err := c.owner(f)
	if err != nil {
		return err
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
	young := 0
	x := audit.Exporter{Agency: agency, Ledger: auditLedger{admin}, Storage: storage, TooYoung: func(alt.LogEntry) { young++ }}
	var proofs []audit.Proof
	switch {
	case *f.session != "":
		proofs, err = x.Session(ctx, *f.session)
	case len(words) == 0:
		proofs, err = x.Export(ctx, q)
	}
	if err != nil {
		return err
	}
	for _, word := range words {
		seq, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return f.usage(fmt.Errorf("%q is no number of an entry", word))
		}
		p, err := x.Entry(ctx, seq)
		if err != nil {
			return err
		}
		proofs = append(proofs, p)
	}
	of := map[string]string{"conversation": *f.conversation, "session": *f.session, "from": *f.from, "to": *f.to, "numbers": strings.Join(words, " ")}
	if err := admin.do(ctx, http.MethodPost, "/log/exported", exportTold{agency, len(proofs), of}, nil); err != nil {
		return fmt.Errorf("the export cannot be written down, so there is none: %w", err)
	}
	if young > 0 {
		_, _ = fmt.Fprintf(c.stderr, "%d entries are younger than the last checkpoint, and left out\n", young)
	}
	out := json.NewEncoder(c.stdout)
	for _, p := range proofs {
		if err := out.Encode(p); err != nil {
			return err
		}
	}
	return nil
}

// asked are the entries of a conversation, a time, or both.
func (f auditFlags) asked() (alt.LogQuery, error) {
	q := alt.LogQuery{Conversation: *f.conversation}
	for _, at := range []struct {
		name, value string
		to          *time.Time
		day         time.Duration // what a day stands for
	}{{"from", *f.from, &q.From, 0}, {"to", *f.to, &q.To, 24*time.Hour - time.Microsecond}} {
		if at.value == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, at.value)
		if *at.to = day.Add(at.day); err == nil {
			continue
		}
		if *at.to, err = time.Parse(time.RFC3339, at.value); err != nil {
			return q, f.usage(fmt.Errorf("-%s: must be a day or a time, like 2026-11-22 or 2026-11-22T12:30:00Z", at.name))
		}
	}
	return q, nil
}
