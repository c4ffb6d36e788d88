package alt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

const (
	actCharged = "message.charged"
	flowCharge = "charge:"
	// chargeFor is how long it is known that a message was counted: longer than
	// providers report on one.
	chargeFor = 35 * 24 * time.Hour
)

// Charged is how many messages a line was charged for in a month, in the words
// of its provider. Amounts are in the provider's price list and bill only.
type Charged struct {
	Month    string      `json:"month"` // UTC, "2026-11"
	Line     channels.ID `json:"line"`
	Model    string      `json:"model,omitempty"`
	Type     string      `json:"type,omitempty"`
	Category string      `json:"category,omitempty"`
	Messages int         `json:"messages"`
}

// Charges adds up what an agency's messages of a time were charged for, sorted
// by month, line and category. It reads the security log of that time, where
// each such message has one entry "message.charged" without anything personal;
// a zero time is no bound.
func (s *Service) Charges(ctx context.Context, agency channels.Agency, from, to time.Time) ([]Charged, error) {
	sums := make(map[Charged]int)
	err := s.eachEntry(ctx, LogQuery{Agency: agency, From: from, To: to}, func(e LogEntry) {
		if e.Act == actCharged {
			sums[Charged{Month: e.At.UTC().Format("2006-01"), Line: e.Line, Model: e.Detail["model"], Type: e.Detail["type"], Category: e.Detail["category"]}]++
		}
	})
	if err != nil {
		return nil, err
	}
	all := make([]Charged, 0, len(sums))
	for c, n := range sums {
		c.Messages = n
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Charged) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Category, b.Category),
			cmp.Compare(a.Type, b.Type), cmp.Compare(a.Model, b.Model))
	})
	return all, nil
}

// eachEntry reads the security log to its end.
func (s *Service) eachEntry(ctx context.Context, q LogQuery, do func(LogEntry)) error {
	for q.Limit = 1000; ; {
		page, next, err := s.cfg.Store.Log(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range page {
			do(e)
		}
		if next == "" {
			return nil
		}
		q.Cursor = next
	}
}

// charge returns what a report adds to the agency's account: nothing, or an
// entry of the log and the mark that says that this message was counted. What a
// provider says before it delivered a message is an estimate, and counts on
// lines only that never learn of a delivery.
func (s *Service) charge(ctx context.Context, l *line, e *channels.StatusChanged) ([]LogEntry, []Flow, error) {
	statuses := l.info.Capabilities.Statuses
	final := e.Status == channels.Delivered || e.Status == channels.Read ||
		statuses.Known() && !slices.Contains(statuses.Value, channels.Delivered)
	if e.Charge == nil || !e.Charge.Billable || !final || e.ID == "" {
		return nil, nil, nil
	}
	sum := sha256.Sum256([]byte(string(e.Channel) + "\x00" + string(e.ID))) // which may hold a number
	f := Flow{Agency: e.Agency, Key: flowCharge + hex.EncodeToString(sum[:]), Sealed: []byte{1}, Expires: s.cfg.Now().Add(chargeFor)}
	switch _, err := s.cfg.Store.Flow(ctx, f.Agency, f.Key); {
	case err == nil:
		return nil, nil, nil
	case !errors.Is(err, ErrNotFound):
		return nil, nil, err
	}
	entry := LogEntry{Agency: e.Agency, At: s.cfg.Now(), Act: actCharged, Actor: "provider", Line: e.Channel,
		Detail: map[string]string{"model": e.Charge.Model, "type": e.Charge.Type, "category": e.Charge.Category}}
	entry.Message, _, _ = strings.Cut(e.Ref, ".")
	return []LogEntry{entry}, []Flow{f}, nil
}
