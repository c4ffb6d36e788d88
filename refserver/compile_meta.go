package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
	"github.com/liidestuja/liidestuja/refserver/internal/lines"
)

// meta makes an app at Meta.
func (c *compiler) meta(place string, m metaConf, client *http.Client, names map[string]bool) {
	webhook := c.webhookName(place, or(m.Name, "meta"), names)
	before := len(c.errs)
	c.secrets(place+".app_secrets", m.AppSecrets)
	c.secret(place+".verify_token", m.VerifyToken)
	for i, ln := range m.Lines {
		c.secret(fmt.Sprintf("%s.lines[%d].token", place, i), ln.Token)
	}
	switch managed := c.parts.lines != nil; {
	case managed && m.AppID == "":
		c.fail(place+".app_id", "is required where there are line_keys: lines are added by a login to the app")
	case managed && m.LoginConfig == "":
		c.fail(place+".login_config", "is required where there are line_keys: lines are added by a login to the app")
	case !managed && m.LoginConfig != "" && len(c.LineKeys) == 0:
		c.fail(place+".login_config", "is for adding lines, which needs line_keys")
	}
	if len(c.errs) > before {
		return
	}
	cfg := meta.Config{
		Name: m.Name, AppID: m.AppID, LinesLater: c.parts.lines != nil, AppSecrets: c.vault.sources(m.AppSecrets), VerifyToken: c.vault.source(m.VerifyToken), Removed: m.Removed,
		Version: m.Version, Endpoints: meta.Endpoints{Graph: m.Endpoints.Graph, Instagram: m.Endpoints.Instagram},
		HTTPClient: client, Timeout: m.Timeout.std(),
		MediaHosts: m.MediaHosts, MediaMax: int64(m.MediaMax), MediaTypes: m.MediaTypes, InsecureHTTP: m.InsecureHTTP,
	}
	cfg.Ignored = func(account string) {
		c.vault.logger().InfoContext(context.Background(), "event of a removed account dropped", "provider", or(m.Name, "meta"), "account", account)
	}
	for i, ln := range m.Lines {
		cfg.Lines = append(cfg.Lines, meta.Line{
			ID: channels.ID(ln.ID), Kind: channels.Kind(ln.Kind), Name: ln.Name, Agency: channels.Agency(ln.Agency),
			Account: ln.Account, Business: ln.Business, Token: c.vault.source(ln.Token),
			InstagramLogin: ln.InstagramLogin, NoHumanAgent: ln.NoHumanAgent, ListButton: ln.ListButton, ReturnLink: ln.ReturnLink,
		})
		c.rate(fmt.Sprintf("%s.lines[%d].rate", place, i), channels.ID(ln.ID), ln.Rate)
	}
	used := or(m.Version, meta.DefaultVersion)
	if ends, ok := meta.VersionEnds(used); ok {
		c.parts.versions = append(c.parts.versions, version{provider: or(m.Name, "meta"), name: used, ends: ends})
	}
	known := newTemplates()
	cfg.Templates = &known.book
	p, err := meta.New(cfg)
	c.provider(place, webhook, p, err, func() hooks { return nil })
	if err != nil {
		return
	}
	known.app.Store(p)
	c.parts.templates = append(c.parts.templates, known)
	if c.parts.lines == nil {
		return
	}
	added, err := newMetaLines(cfg, meta.ConnectorConfig{LoginConfig: m.LoginConfig, Dialog: m.Endpoints.Dialog, RedirectURL: lines.ReturnURL(c.PublicURL, p.Name())})
	if err != nil {
		c.errs = append(c.errs, c.translate(err, func(field string) string { return placeOfConnector(place, field) }))
		return
	}
	added.templates = known
	c.parts.lines.providers = append(c.parts.lines.providers, added)
}

// placeOfConnector says where a field of meta.ConnectorConfig stands in the file.
func placeOfConnector(place, field string) string {
	field = strings.TrimPrefix(field, "connector_config.")
	switch field {
	case "redirect_url":
		return "public_url"
	case "dialog":
		field = "endpoints.dialog"
	}
	return strings.TrimSuffix(place+"."+field, ".")
}
