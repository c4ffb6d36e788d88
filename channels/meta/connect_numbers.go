package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// errNoID is the failure of an answer with an account that has no id of Meta's.
var errNoID = errors.New("an account without an id")

// PhoneNumber is a phone number as people read it. It prints as "[number]";
// string(n) gives the value.
type PhoneNumber string

// Format prints a fixed text, whatever the verb.
func (PhoneNumber) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[number]") }

// LogValue returns the same fixed text for slog.
func (PhoneNumber) LogValue() slog.Value { return slog.StringValue("[number]") }

// NumberState is how far a WhatsApp number has come. A number and its business
// account are reviewed by Meta, which can take weeks and end in a refusal.
type NumberState string

// States of a number, the better ones first. Number.Reason says more.
const (
	// NumberReady: it can send and receive.
	NumberReady NumberState = "ready"
	// NumberUnregistered: it is approved and waits for Connector.Register.
	NumberUnregistered NumberState = "unregistered"
	// NumberUnknown: Meta told nothing that we know.
	NumberUnknown NumberState = "unknown"
	// NumberPending: a review is not over, or the number was not confirmed yet.
	NumberPending NumberState = "pending_approval"
	// NumberRestricted: it may not send for now.
	NumberRestricted NumberState = "restricted"
	// NumberRejected: Meta refused it, banned it, or it is gone.
	NumberRejected NumberState = "rejected"
)

// Number is a phone number of a WhatsApp Business Account.
type Number struct {
	ID       string // the phone number id, which Line.Account takes
	Business string // the WhatsApp Business Account
	Display  PhoneNumber
	Name     string // the verified name, which people see
	State    NumberState
	// Reason is what State was judged by, such as "account_review_status:pending";
	// empty for NumberReady.
	Reason string
}

// MayConnect reports whether the number can become a line, at most after
// Connector.Register.
func (n Number) MayConnect() bool {
	return n.State == NumberReady || n.State == NumberUnregistered || n.State == NumberRestricted
}

// Account is the number as an account with this token.
func (n Number) Account(token Secret) Account {
	return Account{Kind: channels.WhatsApp, ID: n.ID, Business: n.Business, Token: token}
}

// Fields of numbers and of their business accounts that their state is read from.
const (
	fieldReview = "account_review_status"
	fieldName   = "name_status"
	fieldStatus = "status"
)

// judgement is what a value of a field means. Values that are not in the table,
// and those of a name that was registered long ago, say nothing.
func judgement(field, value string) NumberState {
	return map[string]NumberState{
		fieldReview + ":pending":       NumberPending,
		fieldReview + ":rejected":      NumberRejected,
		fieldReview + ":limit_reached": NumberRestricted,
		fieldName + ":pending_review":  NumberPending,
		fieldName + ":declined":        NumberRejected,
		fieldStatus + ":connected":     NumberReady,
		fieldStatus + ":linked":        NumberReady,
		fieldStatus + ":flagged":       NumberReady,
		fieldStatus + ":disconnected":  NumberUnregistered,
		fieldStatus + ":unlinked":      NumberUnregistered,
		fieldStatus + ":pending":       NumberPending,
		fieldStatus + ":unverified":    NumberPending,
		fieldStatus + ":restricted":    NumberRestricted,
		fieldStatus + ":rate_limited":  NumberRestricted,
		fieldStatus + ":banned":        NumberRejected,
		fieldStatus + ":deleted":       NumberRejected,
		fieldStatus + ":migrated":      NumberRejected,
	}[field+":"+value]
}

// stateOf is the worst of what review, name and status say.
func stateOf(review, name, status loose) (state NumberState, reason string) {
	order := []NumberState{NumberReady, NumberUnregistered, NumberUnknown, NumberPending, NumberRestricted, NumberRejected}
	worst := -1
	for _, f := range []struct {
		field string
		value loose
	}{{fieldReview, review}, {fieldName, name}, {fieldStatus, status}} {
		says := judgement(f.field, f.value.Word())
		if says == "" && f.field == fieldStatus {
			says = NumberUnknown
		}
		for rank, s := range order {
			if s == says && rank > worst {
				worst, state, reason = rank, s, f.field+":"+f.value.Word()
			}
		}
	}
	if state == NumberReady {
		reason = ""
	}
	return state, strings.TrimSuffix(reason, ":")
}

// Numbers returns the numbers of a WhatsApp Business Account with the state of
// each.
func (c *Connector) Numbers(ctx context.Context, token Secret, business string) ([]Number, error) {
	const op = "numbers"
	if !number(business) {
		return nil, unfit(op, "the business account is not a number")
	}
	l := c.guest(token)
	var account struct {
		Review loose `json:"account_review_status"`
	}
	call := httpx.Call{Op: op, Method: http.MethodGet, Path: "/" + business, Query: url.Values{"fields": {"id," + fieldReview}}}
	if failure := l.call(ctx, call, &account); failure != nil {
		return nil, harmless(failure)
	}
	type entry struct {
		ID      string      `json:"id"`
		Display PhoneNumber `json:"display_phone_number"`
		Name    string      `json:"verified_name"`
		Status  loose       `json:"status"`
		Named   loose       `json:"name_status"`
	}
	fields := url.Values{"fields": {"id,display_phone_number,verified_name," + fieldStatus + "," + fieldName}}
	entries, failure := list[entry](ctx, l, op, "/"+business+"/phone_numbers", fields)
	if failure != nil {
		return nil, failure
	}
	numbers := make([]Number, 0, len(entries))
	for _, e := range entries {
		if !number(e.ID) {
			return nil, unclear(op, "", http.StatusOK, errNoID)
		}
		n := Number{ID: e.ID, Business: business, Display: e.Display, Name: e.Name}
		n.State, n.Reason = stateOf(account.Review, e.Named, e.Status)
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// Register makes a number ready to send. The PIN, six digits, is set as the
// number's second factor, or must be the one that is set already. Meta allows a
// few attempts in three days.
func (c *Connector) Register(ctx context.Context, token Secret, id string, pin Secret) error {
	const op = "register"
	switch {
	case !number(id):
		return unfit(op, "the phone number id is not a number")
	case len(pin) != 6 || !number(string(pin)):
		return unfit(op, "the PIN is not six digits")
	}
	body := &struct {
		proved
		Product string `json:"messaging_product"`
		PIN     string `json:"pin"`
	}{Product: "whatsapp", PIN: string(pin)}
	return c.guest(token).succeed(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: "/" + id + "/register", JSON: body})
}
