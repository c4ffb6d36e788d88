package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/alt"
	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

// providers makes the accounts that the file names.
func (c *compiler) providers() {
	if len(c.Providers) == 0 {
		c.fail("providers", "is required: at least one account")
	}
	client, err := newEgress(c.Egress, c.vault)
	if err != nil {
		c.failIn("egress", err)
	}
	names := make(map[string]bool)
	for i, p := range c.Providers {
		place := fmt.Sprintf("providers[%d]", i)
		kinds := 0
		if p.MessageBird != nil {
			kinds++
			c.messageBird(place+".messagebird", *p.MessageBird, client, names)
		}
		if p.Bird != nil {
			kinds++
			c.bird(place+".bird", *p.Bird, client, names)
		}
		if p.Meta != nil {
			kinds++
			c.meta(place+".meta", *p.Meta, client, names)
		}
		if kinds != 1 {
			c.fail(place, "must name one kind of provider: messagebird, bird or meta")
		}
	}
}

// webhookName takes the name of a provider, which no other may have.
func (c *compiler) webhookName(place, name string, names map[string]bool) string {
	if names[name] {
		c.fail(place+".name", "is another provider's already")
	}
	names[name] = true
	return c.PublicURL + "/webhooks/" + name
}

// provider keeps what a constructor made, or says where in the file its
// complaint belongs.
func (c *compiler) provider(place, webhook string, p msp.Provider, err error, manage func() hooks) {
	if err != nil {
		c.errs = append(c.errs, c.translate(err, func(field string) string { return strings.TrimSuffix(place+"."+field, ".") }))
		return
	}
	c.parts.alt.Providers = append(c.parts.alt.Providers, p)
	c.parts.accounts = append(c.parts.accounts, account{name: p.Name(), webhook: webhook, lines: p.Channels(), hooks: manage()})
}

func (c *compiler) messageBird(place string, m messagebirdConf, client *http.Client, names map[string]bool) {
	webhook := c.webhookName(place, or(m.Name, "messagebird"), names)
	before := len(c.errs)
	c.secret(place+".access_key", m.AccessKey)
	c.secrets(place+".signing_keys", m.SigningKeys)
	if len(c.errs) > before {
		return
	}
	cfg := messagebird.Config{
		Name: m.Name, AccessKey: c.vault.source(m.AccessKey), SigningKeys: c.vault.sources(m.SigningKeys),
		Endpoints:  messagebird.Endpoints{Conversations: m.Endpoints.Conversations, Files: m.Endpoints.Files, Media: m.Endpoints.Media, SMS: m.Endpoints.SMS},
		HTTPClient: client, Timeout: m.Timeout.std(), RetryHorizon: m.RetryHorizon.std(), Leeway: m.Leeway.std(),
		Reconcile: messagebird.Reconcile(m.Reconcile), FindWindow: m.FindWindow.std(), SendVia: messagebird.Via(m.SendVia),
		MediaHosts: m.MediaHosts, MediaMax: int64(m.MediaMax), MediaTypes: m.MediaTypes,
		InsecurePublicFiles: m.InsecurePublicFiles, InsecureHTTP: m.InsecureHTTP,
	}
	if m.LegacyHMAC != nil {
		cfg.LegacyHMAC = &messagebird.LegacyConfig{MaxAge: m.LegacyHMAC.MaxAge.std()}
	}
	if m.ReportToWebhook {
		cfg.ReportURL = webhook
	}
	for i, ln := range m.Lines {
		line := messagebird.Line{
			ID: channels.ID(ln.ID), Kind: channels.Kind(ln.Kind), Name: ln.Name, Agency: channels.Agency(ln.Agency), ChannelID: ln.ChannelID,
			Namespace: ln.Namespace, OldParams: ln.OldParams, Quotes: ln.Quotes, ListButton: ln.ListButton, ReturnLink: ln.ReturnLink,
		}
		if ln.SMS != nil {
			line.SMS = &messagebird.SMS{Originator: ln.SMS.Originator, Numbers: ln.SMS.Numbers, Validity: ln.SMS.Validity.std()}
		}
		cfg.Lines = append(cfg.Lines, line)
		c.rate(fmt.Sprintf("%s.lines[%d].rate", place, i), channels.ID(ln.ID), ln.Rate)
	}
	p, err := messagebird.New(cfg)
	c.provider(place, webhook, p, err, func() hooks { return messagebirdHooks{p} })
}

// secrets reads a list of secrets that replace one another.
func (c *compiler) secrets(place string, list []secret) {
	if len(list) == 0 {
		c.fail(place, "is required: one, or two while one replaces the other")
	}
	for i, s := range list {
		c.secret(fmt.Sprintf("%s[%d]", place, i), s)
	}
}

func (c *compiler) rate(place string, line channels.ID, r *rateConf) {
	switch {
	case r == nil:
		return
	case r.PerSecond <= 0:
		c.fail(place+".per_second", "must be more than 0")
	case r.Burst < 0:
		c.fail(place+".burst", "must not be negative")
	}
	c.parts.alt.Rates[line] = alt.Rate{PerSecond: r.PerSecond, Burst: r.Burst}
}
