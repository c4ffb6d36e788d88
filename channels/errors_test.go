package channels_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
)

var classes = map[string]error{
	"signature": channels.ErrSignature, "malformed": channels.ErrMalformed, "unsupported": channels.ErrUnsupported,
	"too_long": channels.ErrTooLong, "rate_limited": channels.ErrRateLimited, "unavailable": channels.ErrUnavailable,
	"rejected": channels.ErrRejected, "unreachable": channels.ErrUnreachable, "opted_out": channels.ErrOptedOut,
	"window_closed": channels.ErrWindowClosed, "cannot_initiate": channels.ErrCannotInitiate,
	"credentials": channels.ErrCredentials, "template": channels.ErrTemplate,
}

func TestCodesAndClassesAreEachOthersInverse(t *testing.T) {
	require.Len(t, classes, 13)
	for code, class := range classes {
		require.Equal(t, code, channels.Code(class))
		require.Equal(t, code, channels.Code(fmt.Errorf("send: %w", &channels.Error{Class: class, Err: io.EOF})))
		require.Equal(t, class, channels.ClassByCode(code))
	}
	require.NoError(t, channels.ClassByCode("internal"))
	require.NoError(t, channels.ClassByCode(""))
	require.Equal(t, "internal", channels.Code(io.EOF))
	require.Equal(t, "internal", channels.Code(nil))
}

type coded string

func (c coded) Error() string { return "coded" }
func (c coded) Code() string  { return string(c) }

func TestAnErrorOfNoClassMayNameItsCode(t *testing.T) {
	require.Equal(t, "timeout", channels.Code(fmt.Errorf("turn: %w", coded("timeout"))))
	for name, code := range map[string]string{"text": said, "nothing": "", "capitals": "Timeout", "too long": "a23456789_a23456789_a23456789_a23"} {
		require.Equal(t, "internal", channels.Code(coded(code)), name)
	}
	require.Equal(t, "rejected", channels.Code(&channels.Error{Class: channels.ErrRejected, Err: coded("timeout")}), "a class goes first")
}

func TestAnErrorLeadsToItsClassAndItsCause(t *testing.T) {
	for _, tc := range []struct {
		name         string
		err          channels.Error
		class, cause bool
	}{
		{"neither", channels.Error{}, false, false},
		{"a class", channels.Error{Class: channels.ErrRejected}, true, false},
		{"a cause", channels.Error{Err: context.Canceled}, false, true},
		{"both", channels.Error{Class: channels.ErrRejected, Err: context.Canceled}, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := fmt.Errorf("wrapped: %w", &tc.err)
			require.Equal(t, tc.class, errors.Is(err, channels.ErrRejected))
			require.Equal(t, tc.cause, errors.Is(err, context.Canceled))
		})
	}
}

func TestOnlyWhatPassesAndWasNotSentIsRetried(t *testing.T) {
	for code, class := range classes {
		passes := code == "rate_limited" || code == "unavailable"
		for _, outcome := range []channels.Outcome{channels.NotSent, channels.OutcomeUnknown} {
			e := &channels.Error{Class: class, Outcome: outcome}
			require.Equal(t, passes && outcome == channels.NotSent, e.Retryable(false), "%s", code)
			require.Equal(t, passes, e.Retryable(true), "%s", code)
		}
	}
	require.False(t, (&channels.Error{Outcome: channels.NotSent}).Retryable(true), "of no class")
	require.Equal(t, channels.OutcomeUnknown, channels.Error{}.Outcome, "the zero value is the careful one")
}
