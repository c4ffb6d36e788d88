package channeltest

import (
	"context"
	"errors"
	"time"

	"github.com/liidestuja/liidestuja/channels"
)

// answerWithin is how soon a question whose context has ended must be over.
const answerWithin = 10 * time.Second

func healthChecks() []check {
	checks := []check{
		{"a line that works is healthy, and nothing is sent to know it", workingIsHealthy},
		{"a line with dead credentials has to be connected again", deadIsTold},
		{"a question about health ends with its context", questionEnds},
	}
	for _, b := range []Behaviour{Absent, Breaks, Limits} {
		checks = append(checks, check{"it says nothing of the line's health: " + string(b), func(t TB, s Subject, in *Instance) {
			s.ails(t, in, b)
			s.saysNothing(t, in, s.asks(t, in))
		}})
	}
	return checks
}

// asks asks for the line's health. Whatever comes of it, nothing may be sent.
func (s Subject) asks(t TB, in *Instance) error {
	t.Helper()
	h := option[channels.HealthChecker](t, in)
	before := -1
	if in.Taken != nil {
		before = in.Taken()
	}
	err := h.Health(t.Context(), in.Line.Info().ID)
	if before >= 0 && in.Taken() != before {
		t.Errorf("a message was sent")
	}
	return err
}

// ails makes the provider answer as b says, or skips the check.
func (s Subject) ails(t TB, in *Instance, b Behaviour) {
	t.Helper()
	option[channels.HealthChecker](t, in)
	if in.Ail == nil {
		t.Skipf("no Instance.Ail")
	}
	if !in.Ail(b) {
		t.Skipf("the provider of this subject cannot")
	}
}

func workingIsHealthy(t TB, s Subject, in *Instance) {
	for range 2 {
		if err := s.asks(t, in); err != nil {
			t.Errorf("a line that works is not healthy: %v", err)
		}
	}
}

func deadIsTold(t TB, s Subject, in *Instance) {
	s.ails(t, in, Denies)
	for range 2 {
		err := s.asks(t, in)
		if err == nil {
			t.Fatalf("a line with dead credentials is healthy")
		}
		s.isFailure(t, in, err)
		if !errors.Is(err, channels.ErrCredentials) {
			t.Errorf("the error is %q, not %q", channels.Code(err), channels.Code(channels.ErrCredentials))
		}
	}
}

// saysNothing checks an error that is of the asking and not of the line.
func (s Subject) saysNothing(t TB, in *Instance, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("the line is healthy, though nobody said so")
	}
	s.isFailure(t, in, err)
	if errors.Is(err, channels.ErrCredentials) || errors.Is(err, channels.ErrRejected) {
		t.Errorf("the error is %q, which speaks against the line", channels.Code(err))
	}
}

func questionEnds(t TB, s Subject, in *Instance) {
	h := option[channels.HealthChecker](t, in)
	ask := func(ctx context.Context) {
		done := make(chan error, 1)
		go func() { done <- h.Health(ctx, in.Line.Info().ID) }()
		select {
		case err := <-done:
			s.saysNothing(t, in, err)
		case <-time.After(answerWithin):
			t.Fatalf("Health goes on %v after its context has ended", answerWithin)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	ask(ended)
	if in.Ail == nil || !in.Ail(Hangs) {
		return // the rest needs a provider that keeps us waiting
	}
	brief, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	ask(brief)
}
