package channeltest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

func sendChecks() []check {
	checks := []check{
		{"Send returns a receipt with an id", receiptHasID},
		{"a text at the limit is sent and one over it is refused", limitIsEnforced},
		{"a Send whose context has ended sends nothing", endedContextSendsNothing},
		{"what cannot be sent is refused and not sent", impossibleIsNotSent},
		{"32 Sends at once give 32 receipts", parallelSends},
		{"logs show no secret, no person and no text", logsAreClean},
	}
	for _, want := range []struct {
		behaviour Behaviour
		class     error
		outcome   []channels.Outcome
	}{
		{Limits, channels.ErrRateLimited, []channels.Outcome{channels.NotSent}},
		{Denies, channels.ErrCredentials, []channels.Outcome{channels.NotSent}},
		{Absent, channels.ErrUnavailable, []channels.Outcome{channels.NotSent}},
		{Breaks, channels.ErrUnavailable, []channels.Outcome{channels.NotSent, channels.OutcomeUnknown}},
		{Swallow, channels.ErrUnavailable, []channels.Outcome{channels.OutcomeUnknown}},
	} {
		checks = append(checks, check{"the provider answers: " + string(want.behaviour), func(t TB, s Subject, in *Instance) {
			s.answered(t, in, want.behaviour, want.class, want.outcome)
		}})
	}
	return checks
}

// taken returns how many messages the provider took since the last call; -1
// when that is not told.
func taken(in *Instance) func() int {
	if in.Taken == nil {
		return func() int { return -1 }
	}
	before := in.Taken()
	return func() int {
		now := in.Taken()
		n := now - before
		before = now
		return n
	}
}

func (s Subject) sends(t TB, in *Instance, m channels.Outbound) channels.Receipt {
	t.Helper()
	count := taken(in)
	r, err := in.Line.Send(t.Context(), m)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	if r.ID == "" {
		t.Errorf("the receipt has no ID")
	}
	switch r.Status {
	case "", channels.Queued, channels.Sent, channels.Delivered, channels.Read:
	default:
		t.Errorf("the receipt has status %q", r.Status)
	}
	if n := count(); n != 1 && n != -1 {
		t.Errorf("the provider took %d messages of one Send", n)
	}
	return r
}

// refusesToSend checks an error after which nothing may have been sent. True
// means that the error says it passes by itself.
func (s Subject) refusesToSend(ctx context.Context, t TB, in *Instance, m channels.Outbound, what string) bool {
	t.Helper()
	count := taken(in)
	_, err := in.Line.Send(ctx, m)
	if err == nil {
		t.Errorf("%s: sent", what)
		return false
	}
	s.isFailure(t, in, err)
	e := failure(t, err)
	if e.Outcome != channels.NotSent {
		t.Errorf("%s: the outcome is not NotSent", what)
	}
	if n := count(); n > 0 {
		t.Errorf("%s: NotSent, and yet the provider took it", what)
	}
	return e.Retryable(true)
}

func receiptHasID(t TB, s Subject, in *Instance) {
	first := s.sends(t, in, s.outbound(in, "suite-1", canary))
	second := s.sends(t, in, s.outbound(in, "suite-2", canary))
	if first.ID == second.ID {
		t.Errorf("two messages have the same receipt")
	}
}

func limitIsEnforced(t TB, s Subject, in *Instance) {
	limit := s.TextLimit
	if text := in.Line.Info().Capabilities.Text; limit == (channels.Limit{}) && text.Known() {
		limit = text.Value
	}
	if limit.Max == 0 || limit.Max > 1<<20 {
		t.Skipf("no limit of text is known")
	}
	letter := "õ" // one in each unit but these
	if limit.Unit == channels.Bytes || limit.Unit == channels.Septets {
		letter = "a"
	}
	s.sends(t, in, s.outbound(in, "suite-limit", strings.Repeat(letter, limit.Max)))
	over := s.outbound(in, "suite-over", strings.Repeat(letter, limit.Max+1))
	if s.refusesToSend(t.Context(), t, in, over, "one over the limit") {
		t.Errorf("a text that is too long is said to pass later")
	}
}

func endedContextSendsNothing(t TB, s Subject, in *Instance) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.refusesToSend(ctx, t, in, s.outbound(in, "suite-ended", canary), "a context that has ended")
}

func impossibleIsNotSent(t TB, s Subject, in *Instance) {
	for name, content := range map[string]channels.Content{
		"no content":          nil,
		"an answer":           channels.Chosen{ID: "a"},
		"unsupported content": channels.Unsupported{Type: "poll", Fallback: canary},
	} {
		m := s.outbound(in, "suite-impossible", "")
		m.Content = content
		s.refusesToSend(t.Context(), t, in, m, name)
	}
}

func parallelSends(t TB, s Subject, in *Instance) {
	const n = 32
	count := taken(in)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids, failed := map[channels.ProviderID]bool{}, 0
	for i := range n {
		wg.Go(func() {
			r, err := in.Line.Send(t.Context(), s.outbound(in, channels.MessageID(fmt.Sprint("suite-", i)), canary))
			mu.Lock()
			defer mu.Unlock()
			ids[r.ID] = true
			if err != nil {
				failed++
			}
		})
	}
	wg.Wait()
	if failed > 0 || len(ids) != n {
		t.Errorf("%d failures and %d different receipts", failed, len(ids))
	}
	if got := count(); got != n && got != -1 {
		t.Errorf("the provider took %d messages of %d", got, n)
	}
}

func (s Subject) answered(t TB, in *Instance, b Behaviour, class error, outcomes []channels.Outcome) {
	if in.Behave == nil || in.Taken == nil {
		t.Skipf("no Instance.Behave, or no Taken")
	}
	if !in.Behave(b) {
		t.Skipf("the provider of this subject cannot")
	}
	count := taken(in)
	_, err := in.Line.Send(t.Context(), s.outbound(in, "suite-answer", canary))
	if err == nil {
		t.Fatalf("Send returned no error")
	}
	s.isFailure(t, in, err)
	e := failure(t, err)
	if !errors.Is(err, class) {
		t.Errorf("the error is %q, not %q", channels.Code(err), channels.Code(class))
	}
	known := false
	for _, o := range outcomes {
		known = known || e.Outcome == o
	}
	if !known {
		t.Errorf("the outcome is %d", e.Outcome)
	}
	if n := count(); n > 0 && e.Outcome == channels.NotSent {
		t.Errorf("NotSent, and yet the provider took it")
	}
	if b == Limits && (e.RetryAfter < RetryAfter || e.RetryAfter > RetryAfter+2*time.Second) {
		t.Errorf("the provider asked for %v, the error says %v", RetryAfter, e.RetryAfter)
	}
	s.sends(t, in, s.outbound(in, "suite-after", canary))
}

func logsAreClean(t TB, s Subject, in *Instance) {
	if in.Logs == nil {
		t.Skipf("no Instance.Logs")
	}
	_, _ = in.Line.Send(t.Context(), s.outbound(in, "suite-log", canary))
	for _, b := range []Behaviour{Limits, Breaks, Denies, Absent, Swallow} {
		if in.Behave != nil && in.Behave(b) {
			_, _ = in.Line.Send(t.Context(), s.outbound(in, "suite-log", canary))
		}
	}
	if in.Webhook != nil && in.Post != nil {
		r := in.Post(canary)
		_ = in.Webhook.Verify(t.Context(), r)
		_, _ = parse(t, in, r)
		r.Body = append(r.Body, 'x')
		_ = in.Webhook.Verify(t.Context(), r)
		_, _ = parse(t, in, r)
	}
	s.keepsSecrets(t, "the log", in.Logs())
}
