package metatest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config describes the simulated app and its accounts. AppID, AppSecrets, VerifyToken and at least one account
// are required; every other field has a usable zero value.
type Config struct {
	// AppID is the app's number.
	AppID string
	// AppSecrets are the app's secrets, at least one. The first signs webhooks; all are valid for proofs and as
	// client_secret, as while a secret is being replaced.
	AppSecrets []string
	// VerifyToken is repeated when Handshake sets up the webhook.
	VerifyToken string
	// Pages, Instagram and Numbers are the accounts, at least one of any kind.
	Pages     []Page
	Instagram []Instagram
	Numbers   []Number

	// Webhook is the address that receives the events of all accounts. Server.SetWebhook changes it. Without
	// one, events are queued and cannot be delivered.
	Webhook string
	// PublicURL is where people and the service find the simulator: links to media name it. Default: the address
	// of Start.
	PublicURL string
	// Redirects are the redirect_uri values that the login dialog accepts. Default: any on a loopback address.
	Redirects []string
	// Logins are the configurations of Facebook Login for Business. Nil: every config_id is known and asks for
	// everything that the simulator knows. Empty but not nil: none is.
	Logins []LoginConfig
	// UserID is the app-scoped id of the person who logs in and, in the settings of the account, takes that back.
	// Default "100000000000001".
	UserID string
	// Deauthorize and DataDeletion are the callback addresses of the app's settings; see RemoveApp and AskDeletion.
	// Without one, the service does not hear of it.
	Deauthorize, DataDeletion string

	// Addr is where Start listens. Default "127.0.0.1:0".
	Addr string
	// Now is the clock of every timestamp, window, limit, token and retry. Default time.Now.
	Now func() time.Time
	// Client posts the webhooks. Default: a client of its own with a timeout of 10 seconds. Redirects are
	// never followed: anything but 2xx is a failed delivery.
	Client *http.Client
	// Latency delays every answer of the API, in real time. Default none.
	Latency time.Duration

	// Versions of the Graph API that are served. Default: v21.0 to v26.0.
	Versions []string
	// RequireProof refuses calls without appsecret_proof, as the app's settings may demand. A proof that is given
	// is always checked.
	RequireProof bool
	// NoHumanAgent is an app without the Human Agent feature.
	NoHumanAgent bool
	// LateRefusals makes WhatsApp accept what it does not carry (closed window, a person who cannot be reached)
	// and report it as failed afterwards. Default: the request is refused.
	LateRefusals bool
	// Statuses are reported for every WhatsApp message that is carried, right away and in this order; for instance
	// "sent", "delivered". Default none: the test says when.
	Statuses []string
	// TemplatesPending leaves created templates PENDING until SetTemplate. Default: they are approved at once.
	TemplatesPending bool

	// RawUTF8 sends non-ASCII characters of webhooks as they are instead of escaped.
	RawUTF8 bool
	// SignEscaped signs the escaped form of a webhook whatever form it is sent in. Only with RawUTF8 that makes a
	// difference: the documented, older form.
	SignEscaped bool
	// Retry holds the pauses before the second, third, ... attempt of a webhook; when they are used up the
	// delivery is dropped. Nil: growing pauses over 36 hours. Empty but not nil: one attempt.
	Retry []time.Duration

	// Rate limits the requests of each account. Zero: no limit.
	Rate Rate
	// PairRate is the shortest time between two WhatsApp messages to the same person. 0: no limit.
	PairRate time.Duration
	// BodyLimit bounds a JSON request in bytes. Default 1 MiB.
	BodyLimit int64
}

// Rate is a limit on requests, counted by Config.Now. What goes beyond it is refused and has no effect.
type Rate struct {
	// PerSecond is the sustained rate. 0: no limit.
	PerSecond float64
	// Burst is how many requests may come at once. Default: PerSecond, at least 1.
	Burst int
}

// Page is a Facebook Page.
type Page struct {
	// ID of the page, a number. Required.
	ID string
	// Token is the page's access token. Required.
	Token string
	Name  string
	// Tasks are what the person who logs in may do. Default: MANAGE, MESSAGING, MODERATE.
	Tasks []string
	// Unsubscribed is a page whose events the app does not get before it asks at subscribed_apps.
	Unsubscribed bool
	// Fields are the subscribed fields. Default: all of them, unless Unsubscribed.
	Fields []string
}

// Instagram is a professional account.
type Instagram struct {
	// ID of the account, a number. Required.
	ID string
	// Page is the id of the page that it is linked with; the page's token is then valid for it.
	Page string
	// Token is that of Instagram Login. Required without Page.
	Token    string
	Username string
	// Unsubscribed is an account whose events the app does not get before it asks at subscribed_apps, for the
	// account or for its page.
	Unsubscribed bool
	// EchoMetadata adds app_id and metadata to echoes. Whether the real service has them on Instagram is not
	// established.
	EchoMetadata bool
}

// Number is a phone number of the WhatsApp Business Platform.
type Number struct {
	// ID is the phone number id, and WABA the id of its WhatsApp Business Account: numbers. Required.
	ID, WABA string
	// Token is a business or system user token, which several numbers may share. Required.
	Token string
	// Display is the phone number, digits only: what people write to. Required.
	Display string
	// Name is the verified name.
	Name string
	// Unregistered is a number that cannot send before it is registered.
	Unregistered bool
	// State is what Meta thinks of the number; see Server.SetNumber. Default: all is well.
	State NumberState
	// Unsubscribed is a number whose account's events the app does not get before it asks at subscribed_apps.
	Unsubscribed bool
	// TestRecipients, if any, are the only numbers that may be written to, as from a test number.
	TestRecipients []string
	// Templates of its WhatsApp Business Account.
	Templates []Template
}

func (c *Config) check() error {
	switch {
	case !digits(c.AppID):
		return fieldError("AppID", "is required and a number")
	case len(c.AppSecrets) == 0 || slices.Contains(c.AppSecrets, ""):
		return fieldError("AppSecrets", "is required, and no secret may be empty")
	case c.VerifyToken == "":
		return fieldError("VerifyToken", "is required")
	case len(c.Pages)+len(c.Instagram)+len(c.Numbers) == 0:
		return fieldError("Pages, Instagram or Numbers", "need an account")
	case c.Webhook != "" && !webURL(c.Webhook):
		return fieldError("Webhook", "is not an address")
	case c.PublicURL != "" && !webURL(c.PublicURL):
		return fieldError("PublicURL", "is not an address")
	case c.Deauthorize != "" && !webURL(c.Deauthorize):
		return fieldError("Deauthorize", "is not an address")
	case c.DataDeletion != "" && !webURL(c.DataDeletion):
		return fieldError("DataDeletion", "is not an address")
	}
	for i, l := range c.Logins {
		if !digits(l.ID) {
			return fieldError(fmt.Sprintf("Logins[%d].ID", i), "is required and a number")
		}
	}
	for i, pause := range c.Retry {
		if pause <= 0 {
			return fieldError(fmt.Sprintf("Retry[%d]", i), "must be positive")
		}
	}
	for i, status := range c.Statuses {
		if !slices.Contains([]string{statusSent, statusDelivered, statusRead}, status) {
			return fieldError(fmt.Sprintf("Statuses[%d]", i), "must be sent, delivered or read")
		}
	}
	c.defaults()
	return nil
}

func (c *Config) defaults() {
	setDefault(&c.Addr, "127.0.0.1:0")
	setDefault(&c.BodyLimit, 1<<20)
	setDefault(&c.UserID, "100000000000001")
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Versions == nil {
		c.Versions = []string{"v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"}
	}
	if c.Retry == nil {
		c.Retry = []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour,
			3 * time.Hour, 8 * time.Hour, 12 * time.Hour, 11 * time.Hour}
	}
	client := http.Client{Timeout: 10 * time.Second}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Client = &client
}

func fieldError(field, what string) error {
	return errors.New("metatest: Config." + field + " " + what)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// webURL reports whether s is an absolute http or https address.
func webURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// digits reports whether s is written in digits, as Meta's ids of accounts are.
func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 32
}
