package main

import (
	"fmt"
	"net/http"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/meta"
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
	if len(c.errs) > before {
		return
	}
	cfg := meta.Config{
		Name: m.Name, AppSecrets: c.vault.sources(m.AppSecrets), VerifyToken: c.vault.source(m.VerifyToken), Removed: m.Removed,
		Version: m.Version, Endpoints: meta.Endpoints{Graph: m.Endpoints.Graph, Instagram: m.Endpoints.Instagram},
		HTTPClient: client, Timeout: m.Timeout.std(),
		MediaHosts: m.MediaHosts, MediaMax: int64(m.MediaMax), MediaTypes: m.MediaTypes, InsecureHTTP: m.InsecureHTTP,
	}
	for i, ln := range m.Lines {
		cfg.Lines = append(cfg.Lines, meta.Line{
			ID: channels.ID(ln.ID), Kind: channels.Kind(ln.Kind), Name: ln.Name, Agency: channels.Agency(ln.Agency),
			Account: ln.Account, Business: ln.Business, Token: c.vault.source(ln.Token),
			InstagramLogin: ln.InstagramLogin, NoHumanAgent: ln.NoHumanAgent, ListButton: ln.ListButton,
		})
		c.rate(fmt.Sprintf("%s.lines[%d].rate", place, i), channels.ID(ln.ID), ln.Rate)
	}
	used := or(m.Version, meta.DefaultVersion)
	if ends, ok := meta.VersionEnds(used); ok {
		c.parts.versions = append(c.parts.versions, version{provider: or(m.Name, "meta"), name: used, ends: ends})
	}
	p, err := meta.New(cfg)
	c.provider(place, webhook, p, err, func() hooks { return nil })
}
