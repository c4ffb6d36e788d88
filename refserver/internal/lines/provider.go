package lines

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
)

// Secret is a value of which knowing is having, such as an access token. It prints
// as a fixed text; string(s) gives the value.
type Secret string

// Format prints a fixed text, whatever the verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[secret]") }

// LogValue returns the same fixed text for slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Account is an account at a provider.
type Account struct {
	Kind channels.Kind
	ID   string // the provider's
	// Above is the account to which it belongs, if any: the page of an Instagram
	// account, the business account of a telephone number.
	Above string
	Token Secret
}

// Added is a line that was added, as it is served.
type Added struct {
	ID     channels.ID
	Agency channels.Agency
	Name   string
	Account
}

// Fixed is a line of the configuration, which nobody can remove here.
type Fixed struct {
	ID     channels.ID
	Agency channels.Agency
	Name   string
	Account
}

// Standing says how far an account is at its provider.
type Standing string

// Standings. All but StandingReady come with the provider's reason.
const (
	StandingReady      Standing = "ready"
	StandingUnfinished Standing = "unfinished" // it is approved, and must be registered with a PIN
	StandingPending    Standing = "pending"    // the provider has not agreed yet
	StandingRejected   Standing = "rejected"   // the provider said no
	StandingForbidden  Standing = "forbidden"  // who logged in may not do this with the account
)

// Choice is an account of the person who logged in.
type Choice struct {
	Account
	Name     string
	Standing Standing
	Reason   string // the provider's words or code; never personal
}

// Login is the way of a person through the provider's dialog.
type Login interface {
	// State binds a login to a browser, by the random value of its cookie.
	State(session string) (string, error)
	// LoginURL is where the browser is sent.
	LoginURL(state string) string
	// Returned reads what the browser came back with, and returns what the
	// accounts can be asked for with, once. Errors are a *Problem.
	Returned(query url.Values, session string) (Secret, error)
	// Choices are the accounts of whoever logged in.
	Choices(ctx context.Context, code Secret) ([]Choice, error)
	// Dialog is the origin of the dialog as a content security policy names it, such
	// as "https://www.example.com".
	Dialog() string
}

// Subscriptions say whether the provider sends the events of an account. The acts
// may be repeated; errors are those of the driver.
type Subscriptions interface {
	Subscribe(ctx context.Context, a Account) error
	Unsubscribe(ctx context.Context, a Account) error
	// Subscription names what the events belong to: accounts with the same share it;
	// "" means that it is not known.
	Subscription(a Account) string
}

// Standings say how far an account is. Errors are those of the driver, of asking.
type Standings interface {
	// Register makes an account ready that is StandingUnfinished.
	Register(ctx context.Context, a Account, pin Secret) error
	// Standing asks how far the account is, and returns the provider's reason.
	Standing(ctx context.Context, a Account) (Standing, string, error)
	// Alive asks whether the token is, and why not.
	Alive(ctx context.Context, a Account) (alive bool, reason string, err error)
}

// Builder makes the msp.Provider that serves the lines.
type Builder interface {
	// Name is that of the msp.Provider.
	Name() string
	// Fixed are the lines of the configuration.
	Fixed() []Fixed
	// Build makes it of the fixed lines and those that were added. What still arrives
	// for removed accounts is dropped. It does no I/O.
	Build(added []Added, removed []string) (msp.Provider, error)
}

// Provider is an account at a messaging service provider to which lines can be
// added. All methods may be called concurrently.
type Provider interface {
	Builder
	Login
	Subscriptions
	Standings
	// Signed checks what the provider posted when a person took the consent back,
	// and returns when it did. Errors say that the provider did not.
	Signed(value string) (time.Time, error)
}
