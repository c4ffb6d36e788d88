package birdtest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config describes the simulated workspace. AccessKeys, WorkspaceID and Channels
// are required; every other field has a usable zero value.
type Config struct {
	// AccessKeys are the API keys that are valid, at least one.
	AccessKeys []string
	// WorkspaceID and OrganizationID stand in the paths of the API. Default of
	// OrganizationID: "owner".
	WorkspaceID, OrganizationID string
	// Channels are the lines of the workspace, at least one.
	Channels []Channel
	// Webhooks exist from the start, besides those made through the API.
	Webhooks []Webhook
	// Projects are the templates. Empty: there is none.
	Projects []Project

	// Addr is where Start listens. Default "127.0.0.1:0".
	Addr string
	// Now is the clock of every timestamp, window, limit and retry. Default
	// time.Now.
	Now func() time.Time
	// Client posts the webhooks. Default: a client of its own with a timeout of
	// 10 seconds. Redirects are never followed: anything but 2xx is a failed
	// delivery.
	Client *http.Client
	// Latency delays every answer of the API, in real time. Default none.
	Latency time.Duration

	// Retry holds the pauses before the second, third, ... attempt of a webhook;
	// when they are used up the delivery is dropped. Nil: growing ones over eight
	// hours. Empty but not nil: one attempt.
	Retry []time.Duration
	// SignWithoutQuery leaves the query of the URL out of signatures.
	SignWithoutQuery bool
	// Interactions is the last word of events of interactions. Default
	// "interaction".
	Interactions string
	// TapsAsActions tells of a tap as the action that was tapped. Default: in
	// the extra information, as WhatsApp's own words.
	TapsAsActions bool
	// OmitReference leaves the reference out of webhooks, answers and lists.
	OmitReference bool
	// Refusals says what happens to a well-formed message that the platform will
	// not carry.
	Refusals Refusals
	// Statuses are reported for every message that the platform carries, right
	// after "accepted", in this order; for instance "sent", "delivered". Default
	// none: the test says when.
	Statuses []string
	// Rate limits the requests of the account. Zero: no limit.
	Rate Rate
	// BodyLimit bounds a request in bytes. Default 200 KB, the documented limit.
	BodyLimit int64
	// MaxPage bounds the parameter limit of lists. Default 100.
	MaxPage int
}

// Channel is one line of the workspace.
type Channel struct {
	// ID is the channel's id. Required.
	ID string
	// Platform is "whatsapp", "facebook", "instagram", "viber", "telegram", "sms"
	// or "email". Required.
	Platform string
	// Address is the business side's: what a person writes to.
	Address string
	// MaxText is the longest text, in Count's unit. Default: the
	// platform's. Negative: no limit.
	MaxText int
	// Count measures texts. Default: in units of UTF-16, on Instagram in bytes.
	Count func(string) int
	// Window is how long after the person's last message free messages are
	// carried. 0: the platform's (24 h on WhatsApp, Messenger and Instagram).
	// Negative: no window.
	Window time.Duration
}

// Webhook is a subscription that exists from the start.
type Webhook struct {
	// Event is what is reported, as "whatsapp.inbound". Required.
	Event string
	// URL receives the events. Required.
	URL string
	// SigningKey signs them. Required.
	SigningKey string
	// ChannelID limits the subscription to one channel. Default: every channel
	// of the platform.
	ChannelID string
}

// Project is a template.
type Project struct {
	// ID is the project's id. Required.
	ID string
	// Locales are the languages that it has. Required.
	Locales []string
	// Keys are the names of its values: a message must give exactly these.
	Keys []string
}

// Rate is a limit on requests, counted by Config.Now. What goes beyond it is
// answered 429 and has no effect.
type Rate struct {
	// PerSecond is the sustained rate, and how many may come at once. 0: no limit.
	PerSecond float64
	// RetryAfter is sent in the header of the same name, in whole seconds. 0: no
	// header.
	RetryAfter time.Duration
}

// Refusals says when the platform's own rules (reply window, who may begin) show.
type Refusals int

const (
	// RefuseLate accepts the message and reports it as failed afterwards.
	RefuseLate Refusals = iota
	// RefuseAtOnce answers the request itself with an error.
	RefuseAtOnce
)

// check refuses what New cannot work with and fills in the defaults.
func (c *Config) check() error {
	switch {
	case len(c.AccessKeys) == 0 || slices.Contains(c.AccessKeys, ""):
		return errors.New("birdtest: Config.AccessKeys: at least one key, none of them empty")
	case c.WorkspaceID == "":
		return errors.New("birdtest: Config.WorkspaceID: required")
	case len(c.Channels) == 0:
		return errors.New("birdtest: Config.Channels: at least one channel")
	}
	seen := map[string]bool{}
	for i, ch := range c.Channels {
		if _, ok := platforms()[ch.Platform]; !ok || ch.ID == "" || seen[ch.ID] {
			return fmt.Errorf("birdtest: Config.Channels[%d]: ID (unique) and a known Platform are required", i)
		}
		seen[ch.ID] = true
	}
	c.defaults()
	for i, wh := range c.Webhooks {
		if !webURL(wh.URL) || wh.SigningKey == "" || !c.knownEvent(wh.Event) || wh.ChannelID != "" && !seen[wh.ChannelID] {
			return fmt.Errorf("birdtest: Config.Webhooks[%d]: Event, URL, SigningKey or ChannelID cannot be used", i)
		}
	}
	for i, p := range c.Projects {
		if p.ID == "" || len(p.Locales) == 0 {
			return fmt.Errorf("birdtest: Config.Projects[%d]: ID and Locales are required", i)
		}
	}
	for i, pause := range c.Retry {
		if pause <= 0 {
			return fmt.Errorf("birdtest: Config.Retry[%d]: a pause must be positive", i)
		}
	}
	return nil
}

func (c *Config) defaults() {
	setDefault(&c.OrganizationID, "owner")
	setDefault(&c.Addr, "127.0.0.1:0")
	setDefault(&c.Interactions, "interaction")
	setDefault(&c.BodyLimit, 200_000)
	setDefault(&c.MaxPage, 100)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Retry == nil {
		c.Retry = []time.Duration{time.Second, 10 * time.Second, time.Minute, 10 * time.Minute,
			30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}
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
