package messagebirdtest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config describes the simulated account. AccessKeys, SigningKey and Channels or Numbers are required; every other
// field has a usable zero value.
type Config struct {
	// AccessKeys are the API keys that are valid, at least one. Several at once are a rotation under way.
	AccessKeys []string
	// SigningKey signs every webhook. Its bytes are used as they are, neither base64 nor hex.
	SigningKey string
	// Channels are the lines of the account in the Conversations API.
	Channels []Channel
	// Numbers are the account's own numbers in the SMS API.
	Numbers []Number
	// Webhooks exist from the start, besides those that are created through the API.
	Webhooks []Webhook
	// StatusURL gets the statuses of SMS without a reportUrl of their own. Default none.
	StatusURL string
	// Templates are the approved WhatsApp templates. Empty: any well-formed template is accepted.
	Templates []Template

	// Addr is where Start listens. Default "127.0.0.1:0".
	Addr string
	// Now is the clock of every timestamp, window, limit, token and retry. Default time.Now.
	Now func() time.Time
	// Client posts the webhooks. Default: a client of its own with a timeout of 10 seconds. Redirects are
	// never followed: anything but 2xx is a failed delivery.
	Client *http.Client
	// Latency delays every answer of the API, in real time. Default none.
	Latency time.Duration

	// Algorithm of the webhook token: "HS256" (default), "HS384" or "HS512".
	Algorithm string
	// OlderSignature adds the deprecated pair MessageBird-Signature and MessageBird-Request-Timestamp.
	OlderSignature bool
	// ResignRetries gives every retry a fresh token. Default: a retry is the first attempt again, byte for
	// byte, so its token may have expired on arrival. What the real service does is not established.
	ResignRetries bool
	// Retry holds the pauses before the second, third, ... attempt of a webhook; when they are used up the
	// delivery is dropped. Nil: 1 s, 10 s, 1 min, 5 min, 30 min, 2 h, 5 h. Empty but not nil: one attempt.
	Retry []time.Duration
	// Parallel is the number of webhooks that are posted at once. Default 1, which keeps them in order; with
	// more, only the webhooks of one conversation keep theirs.
	Parallel int

	// Rate limits the requests of the account. Zero: no limit.
	Rate Rate
	// WrapSend answers POST /v1/send as {"message":{"id","status"}} instead of {"id","status"}. Both shapes
	// are in use.
	WrapSend bool
	// OmitTrack leaves trackId, tag and source out of messages and webhooks. Whether the real service
	// returns them is not established, so a client must work both ways.
	OmitTrack bool
	// InvalidStatus answers a request whose parameters are missing or wrong: 422 (default) or 400.
	InvalidStatus int
	// Refusals says what happens to a well-formed message that the platform will not carry.
	Refusals Refusals
	// LateStatus is the status of a message refused by RefuseLate: "failed" (default) or "rejected".
	LateStatus string
	// Statuses are reported for every message that the platform carries, right after its echo, in this
	// order; for instance "sent", "delivered". Default none: the test says when.
	Statuses []string
	// PrivateMedia asks for the access key on GET of files and media, which are public otherwise.
	PrivateMedia bool
	// BodyLimit bounds a JSON request in bytes. Default 1 MiB.
	BodyLimit int64
	// FileLimit bounds an uploaded file in bytes. Default 100 MB, the documented limit.
	FileLimit int64
	// MaxPage bounds the parameter limit of lists. Default 20, the largest that the official clients send;
	// the real bound is not established.
	MaxPage int
	// CountOnly keeps counters instead of messages: Sent, Inbox and the message lists stay empty, Totals
	// and Tracks go on. For runs of millions of messages.
	CountOnly bool
}

// Channel is one line of the account.
type Channel struct {
	// ID is the channel's id, in requests "from" (send) or "channelId" (start, reply). Required.
	ID string
	// Platform is "whatsapp", "facebook", "telegram", "sms", "line", "wechat", "email" or any other word;
	// a word not named here gets the types text, image, video, audio and file, no limits and no window.
	// Required.
	Platform string
	// Name is shown in conversations.
	Name string
	// Number is the business side's address: what a person writes to.
	Number string
	// Types are the message types that may be sent. Default: those of the platform.
	Types []string
	// Limits of what may be sent. Default: those of the platform.
	Limits Limits
	// Window is how long after the person's last message free-form content is carried. 0: the platform's
	// (24 h on WhatsApp and Messenger). Negative: no window.
	Window time.Duration
}

// Limits bounds what may be sent. A zero field means the platform's default.
type Limits struct {
	// Text is the length of a text: 4096 on WhatsApp and Telegram, 2000 on Messenger. Negative: no limit.
	Text int
	// Caption is the length of a media caption: 1024 on WhatsApp and Telegram. Negative: no limit.
	Caption int
	// Count measures both. Default: in units of UTF-16.
	Count func(string) int
}

// Webhook is a subscription that exists from the start.
type Webhook struct {
	// URL receives the events. Required.
	URL string
	// Events are the events wanted. Default: all four.
	Events []string
	// ChannelID limits the webhook to one channel. Default: every channel.
	ChannelID string
}

// Template is an approved WhatsApp template in one language.
type Template struct {
	Namespace, Name, Language string
	// BodyParams is the number of placeholders in its body: a message must fill exactly as many.
	BodyParams int
}

// Rate is a limit on requests, counted by Config.Now. What goes beyond it is answered 429 and has no effect.
type Rate struct {
	// PerSecond is the sustained rate. 0: no limit.
	PerSecond float64
	// Burst is how many requests may come at once. Default: PerSecond, at least 1.
	Burst int
	// RetryAfter is sent in the header of the same name, in whole seconds. 0: no header, as the real
	// service promises none.
	RetryAfter time.Duration
}

// Refusals says when the platform's own rules (reply window, who may begin, approved templates) show.
type Refusals int

const (
	// RefuseLate accepts the message and reports it as failed afterwards, by webhook.
	RefuseLate Refusals = iota
	// RefuseAtOnce answers the request itself with an error.
	RefuseAtOnce
)

// check refuses what New cannot work with and fills in the defaults.
func (c *Config) check() error {
	if len(c.AccessKeys) == 0 || slices.Contains(c.AccessKeys, "") {
		return errors.New("messagebirdtest: Config.AccessKeys: at least one key, none of them empty")
	}
	if c.SigningKey == "" {
		return errors.New("messagebirdtest: Config.SigningKey: required")
	}
	if len(c.Channels)+len(c.Numbers) == 0 {
		return errors.New("messagebirdtest: Config.Channels: at least one channel, or one of Numbers")
	}
	if field, ok := c.checkNumbers(); !ok {
		return fmt.Errorf("messagebirdtest: Config.%s: cannot be used, or is there twice", field)
	}
	seen := map[string]bool{}
	for i, ch := range c.Channels {
		if ch.ID == "" || ch.Platform == "" || seen[ch.ID] {
			return fmt.Errorf("messagebirdtest: Config.Channels[%d]: ID (unique) and Platform are required", i)
		}
		seen[ch.ID] = true
	}
	for i, wh := range c.Webhooks {
		if !webURL(wh.URL) || wh.ChannelID != "" && !seen[wh.ChannelID] || !knownEvents(wh.Events) {
			return fmt.Errorf("messagebirdtest: Config.Webhooks[%d]: URL, Events or ChannelID cannot be used", i)
		}
	}
	for i, pause := range c.Retry {
		if pause <= 0 {
			return fmt.Errorf("messagebirdtest: Config.Retry[%d]: a pause must be positive", i)
		}
	}
	if c.Algorithm != "" && newHash(c.Algorithm) == nil {
		return errors.New("messagebirdtest: Config.Algorithm: HS256, HS384 or HS512")
	}
	if c.InvalidStatus != 0 && c.InvalidStatus != 422 && c.InvalidStatus != 400 {
		return errors.New("messagebirdtest: Config.InvalidStatus: 422 or 400")
	}
	c.defaults()
	return nil
}

func (c *Config) defaults() {
	setDefault(&c.Addr, "127.0.0.1:0")
	setDefault(&c.Algorithm, "HS256")
	setDefault(&c.InvalidStatus, http.StatusUnprocessableEntity)
	setDefault(&c.LateStatus, "failed")
	setDefault(&c.Parallel, 1)
	setDefault(&c.BodyLimit, 1<<20)
	setDefault(&c.FileLimit, 100_000_000)
	setDefault(&c.MaxPage, 20)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Retry == nil {
		c.Retry = []time.Duration{time.Second, 10 * time.Second, time.Minute, 5 * time.Minute,
			30 * time.Minute, 2 * time.Hour, 5 * time.Hour}
	}
	client := http.Client{Timeout: 10 * time.Second}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Client = &client
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
