package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/alt/desk"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/session"
)

// compile checks what the values mean and makes the parts of a server out of
// them, all but the store. Nothing is opened but the files of secrets and
// certificates. The error joins all mistakes that were found.
func (l *loaded) compile(v *vault) (*parts, error) {
	c := &compiler{loaded: l, vault: v, parts: &parts{}}
	c.base()
	c.listen()
	c.lineKeys()
	c.providers()
	c.login()
	c.answering()
	c.desk()
	c.owners()
	c.lineIDs()
	c.measure()
	c.audit()
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	// The constructors check the rest, and what fits together. The parts are used
	// a second time, with the store, when the server is made.
	if err := c.try(); err != nil {
		return nil, err
	}
	return c.parts, nil
}

type compiler struct {
	*loaded
	vault *vault
	parts *parts
	errs  []error

	trusted []netip.Prefix // networks of our own proxies
}

func (c *compiler) fail(field, reason string) { c.errs = append(c.errs, c.problem(field, reason)) }

// failIn tells a mistake of a section, or of one of its fields.
func (c *compiler) failIn(section string, err error) {
	if f := (*fieldError)(nil); errors.As(err, &f) {
		c.fail(section+"."+f.field, f.reason)
		return
	}
	c.fail(section, err.Error())
}

// secret reads a secret for the first time.
func (c *compiler) secret(field string, s secret) (value string, ok bool) {
	value, err := c.vault.read(s)
	if err != nil {
		c.fail(field, err.Error())
	}
	return value, err == nil
}

func (c *compiler) base() {
	if c.Agency == "" {
		c.fail("agency", "is required")
	} else if channels.Agency(c.Agency).Valid() != nil {
		c.fail("agency", "must be 1-64 characters of a-z, 0-9, '-', '_', '.'")
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL == "" {
		c.fail("public_url", `is required: the address at which providers reach this server, like "https://alt.agency.ee"`)
	} else if err != nil || u.User != nil || u.Host == "" || strings.HasSuffix(c.PublicURL, "/") {
		c.fail("public_url", "must be an absolute address without query, fragment or trailing slash")
	}
	lim := c.Limits
	c.parts.log = c.Log.Level
	c.parts.alt = alt.Config{
		Agency: channels.Agency(c.Agency), PublicURL: c.PublicURL + "/webhooks", Language: c.Language,
		Session: session.Policy{Max: c.Session.Max.std(), Idle: c.Session.Idle.std()},
		MaxBody: int64(lim.MaxBody), MaxMedia: int64(lim.MaxMedia),
		TurnWorkers: lim.TurnWorkers, SendWorkers: lim.SendWorkers, MediaWorkers: lim.MediaWorkers,
		HandlerTimeout: lim.HandlerTimeout.std(), SendTimeout: lim.SendTimeout.std(), Lease: lim.Lease.std(),
		MaxAttempts: lim.MaxAttempts, MaxHold: lim.MaxHold.std(), ReconcileFor: lim.ReconcileFor.std(), EraseAfter: lim.EraseAfter.std(), DrainTimeout: lim.DrainTimeout.std(),
		Rates: make(map[channels.ID]alt.Rate),
	}
	c.store()
	c.roles()
	c.mediaLinks()
}

// mediaLinks makes links to stored files, where there are keys that sign them.
func (c *compiler) mediaLinks() {
	if len(c.MediaKeys) == 0 {
		return
	}
	for i, s := range c.MediaKeys {
		field := fmt.Sprintf("media_keys[%d]", i)
		if value, ok := c.secret(field, s); ok {
			if _, err := decodeKey(value); err != nil {
				c.fail(field, err.Error())
			}
		}
	}
	values := c.vault.sources(c.MediaKeys)
	c.parts.alt.MediaURL, c.parts.alt.MediaFor = c.PublicURL+"/media", c.MediaFor.std()
	c.parts.alt.MediaKeys = func() [][]byte {
		var keys [][]byte
		for _, v := range values() {
			if key, err := decodeKey(v); err == nil { // a file that is being replaced
				keys = append(keys, key)
			}
		}
		return keys
	}
}

func (c *compiler) listen() {
	ln := c.Listen
	if ln.Addr == "" {
		ln.Addr = defaultAddr
	}
	host, err := hostOf(ln.Addr)
	switch {
	case err != nil:
		c.fail("listen.addr", err.Error())
	case ln.TLS != nil && ln.BehindProxy:
		c.fail("listen.behind_proxy", "means that a proxy ends TLS; there is listen.tls too")
	case ln.TLS == nil && !ln.BehindProxy && !loopback(host):
		c.fail("listen.addr", "is open to others: set listen.tls, or listen.behind_proxy where a proxy ends TLS")
	}
	if ln.TLS != nil {
		if _, err := newCertificates(*ln.TLS, nil); err != nil {
			c.failIn("listen.tls", err)
		}
	}
	var trusted []netip.Prefix
	for i, s := range ln.TrustedProxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			c.fail(fmt.Sprintf("listen.trusted_proxies[%d]", i), `must be a network like "10.1.0.0/16"`)
		}
		trusted = append(trusted, p)
	}
	if len(trusted) > 0 {
		c.parts.desk.Source = sourceBehind(trusted)
	}
	c.trusted = trusted
	c.parts.listen = ln
}

// answering makes the chain of who answers.
func (c *compiler) answering() {
	switch b := c.Bot; b.Kind {
	case "", "none":
		if len(b.HandoverWords)+len(b.Texts) > 0 {
			c.fail("bot.kind", "is none, so nothing else of bot has a meaning")
		}
	case "echo":
		bot, err := newEchoBot(or(c.Language, "et"), b.HandoverWords, b.Texts)
		if err != nil {
			c.failIn("bot", err)
			return
		}
		c.parts.bot = bot
	default:
		c.fail("bot.kind", "must be none or echo")
	}
}

// try calls the constructors with what was found.
func (c *compiler) try() error {
	if _, err := desk.NewHandler(c.parts.people); err != nil {
		return c.translate(err, placeOfPeople)
	}
	_, err := newApp(*c.parts, unopened{})
	var in *stageError
	if !errors.As(err, &in) {
		return err
	}
	return c.translate(in.err, in.place)
}

// unopened stands for the store while a configuration is checked.
type unopened struct{ alt.Store }

// placeOfService says where a field of alt.Config stands in the file.
func placeOfService(field string) string {
	switch {
	case field == "public_url", field == "agency", field == "language", field == "media_for":
		return field
	case strings.HasPrefix(field, "providers"), strings.HasPrefix(field, "rates"), strings.HasPrefix(field, "channels"):
		return "providers"
	case strings.HasPrefix(field, "logins"):
		return placeOfLogins(field)
	case field == "":
		return ""
	}
	return "limits." + field
}

// placeOfDesk says where a field of desk.Config stands in the file.
func placeOfDesk(field string) string { return strings.TrimSuffix("desk."+field, ".") }

// An index by a word: Texts["et"], Week[Monday].
var wordIndex = regexp.MustCompile(`\["?(\pL[^\]"]*)"?\]`)

// placeOfPeople says where a field of desk.HandlerConfig stands in the file.
func placeOfPeople(field string) string {
	return placeOfDesk(strings.ToLower(wordIndex.ReplaceAllString(field, ".$1")))
}
