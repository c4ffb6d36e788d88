package main

import (
	"fmt"
	"net/http"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
)

// bird makes a workspace at Bird.
func (c *compiler) bird(place string, m birdConf, client *http.Client, names map[string]bool) {
	webhook := c.webhookName(place, or(m.Name, "bird"), names)
	before := len(c.errs)
	c.secret(place+".access_key", m.AccessKey)
	c.secrets(place+".signing_keys", m.SigningKeys)
	if len(c.errs) > before {
		return
	}
	cfg := bird.Config{
		Name: m.Name, AccessKey: c.vault.source(m.AccessKey), SigningKeys: c.vault.sources(m.SigningKeys),
		WorkspaceID: m.WorkspaceID, OrganizationID: m.OrganizationID,
		Endpoints: bird.Endpoints{API: m.Endpoints.API, Media: m.Endpoints.Media}, HTTPClient: client, Timeout: m.Timeout.std(),
		RetryHorizon: m.RetryHorizon.std(), Leeway: m.Leeway.std(), InsecureUnsignedQuery: m.InsecureUnsignedQuery,
		Interactions: m.Interactions, SubscriptionsPath: m.SubscriptionsPath, FindWindow: m.FindWindow.std(),
		MediaHosts: m.MediaHosts, MediaMax: int64(m.MediaMax), MediaTypes: m.MediaTypes, InsecureHTTP: m.InsecureHTTP,
	}
	for i, ln := range m.Lines {
		line := bird.Line{
			ID: channels.ID(ln.ID), Kind: channels.Kind(ln.Kind), Name: ln.Name, Agency: channels.Agency(ln.Agency), ChannelID: ln.ChannelID,
			IdentifierKey: ln.IdentifierKey, OldVariables: ln.OldVariables, Choices: bird.ChoiceForm(ln.Choices), ListButton: ln.ListButton,
			Quotes: ln.Quotes, Subject: ln.Subject, ReturnLink: ln.ReturnLink, Projects: make(map[string]bird.Project),
		}
		for name, project := range ln.Projects {
			line.Projects[name] = bird.Project{ID: project.ID, Version: project.Version}
		}
		cfg.Lines = append(cfg.Lines, line)
		c.rate(fmt.Sprintf("%s.lines[%d].rate", place, i), line.ID, ln.Rate)
	}
	p, err := bird.New(cfg)
	c.provider(place, webhook, p, err, func() hooks { return birdHooks{p} })
}
