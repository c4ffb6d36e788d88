package bird_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/bird"
)

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	for field, spoil := range map[string]func(*bird.Config){
		"Name":                      func(c *bird.Config) { c.Name = "A B" },
		"AccessKey":                 func(c *bird.Config) { c.AccessKey = func() string { return "" } },
		"WorkspaceID":               func(c *bird.Config) { c.WorkspaceID = ".." },
		"SigningKeys":               func(c *bird.Config) { c.SigningKeys = func() []string { return []string{signingKey, ""} } },
		"OrganizationID":            func(c *bird.Config) { c.OrganizationID = "a/b" },
		"SubscriptionsPath":         func(c *bird.Config) { c.SubscriptionsPath = "a/b" },
		"Interactions":              func(c *bird.Config) { c.Interactions = "a.b" },
		"Timeout":                   func(c *bird.Config) { c.Timeout = -time.Second },
		"FindWindow":                func(c *bird.Config) { c.FindWindow = -time.Second },
		"MediaMax":                  func(c *bird.Config) { c.MediaMax = -1 },
		"MediaHosts":                func(c *bird.Config) { c.MediaHosts = []string{"*.example"} },
		"MediaTypes":                func(c *bird.Config) { c.MediaTypes = []string{"pictures"} },
		"Endpoints.API":             func(c *bird.Config) { c.Endpoints.API, c.InsecureHTTP = "http://api.example", false },
		"Endpoints.Media":           func(c *bird.Config) { c.Endpoints.Media = "https://media.example/x" },
		"Lines":                     func(c *bird.Config) { c.Lines = nil },
		"Lines[0].ID":               func(c *bird.Config) { c.Lines[0].ID = "" },
		"Lines[1].ID":               func(c *bird.Config) { c.Lines[1].ID = c.Lines[0].ID },
		"Lines[0].Kind":             func(c *bird.Config) { c.Lines[0].Kind = channels.Signal },
		"Lines[0].Agency":           func(c *bird.Config) { c.Lines[0].Agency = "A B" },
		"Lines[0].ChannelID":        func(c *bird.Config) { c.Lines[0].ChannelID = "" },
		"Lines[1].ChannelID":        func(c *bird.Config) { c.Lines[1].ChannelID = c.Lines[0].ChannelID },
		"Lines[0].IdentifierKey":    func(c *bird.Config) { c.Lines[0].IdentifierKey = "a:b" },
		"Lines[0].Choices":          func(c *bird.Config) { c.Lines[0].Choices = "carousel" },
		"Lines[0].Capabilities":     func(c *bird.Config) { c.Lines[0].Capabilities = &channels.Capabilities{Kind: channels.SMS} },
		`Lines[0].Projects["a"].ID`: func(c *bird.Config) { c.Lines[0].Projects = map[string]bird.Project{"a": {}} },
	} {
		t.Run(field, func(t *testing.T) {
			cfg := config("http://127.0.0.1:1")
			spoil(&cfg)
			_, err := bird.New(cfg)
			require.ErrorContains(t, err, "bird: Config."+field)
			require.NotContains(t, err.Error(), signingKey)
			require.NotContains(t, err.Error(), accessKey)
		})
	}
}

func TestTheDefaultsAreBirds(t *testing.T) {
	p := provider(t, bird.Config{
		AccessKey: func() string { return accessKey }, SigningKeys: func() []string { return []string{signingKey} }, WorkspaceID: workspace,
		Lines: []bird.Line{{ID: "line", Kind: channels.WhatsApp, ChannelID: "c", Agency: "ppa", Name: "PPA WhatsApp"}},
	})
	require.Equal(t, "bird", p.Name())
	info := p.Channels()[0].Info()
	require.Equal(t, "Bird", info.Provider)
	require.Equal(t, channels.Agency("ppa"), info.Agency)
	require.Equal(t, channels.Signed, info.Grade)
}

func TestWhatALineCanCarry(t *testing.T) {
	p := receiver(t)
	for _, k := range kinds() {
		caps := line(t, p, channels.ID(k)).Info().Capabilities
		require.Equal(t, channels.Erased, caps.Erasure.Value, k)
		require.Zero(t, caps.Window.Value.HumanAgent, k)
		require.False(t, caps.Idempotent.Value, k)
		require.Equal(t, k == channels.WhatsApp, caps.Templates.Value, k)
		for _, m := range caps.Media.Value {
			require.NotEqual(t, channels.Sticker, m.As, k)
		}
		// What Fit lets through, the line must be able to send.
		parts, err := channels.Fit(caps, channels.Choices{Body: "Kas?", Header: "h", Options: []channels.Choice{{ID: "a", Title: "A"}}})
		require.NoError(t, err, k)
		a := answers(t, accepted())
		q := provider(t, config(a.URL))
		for _, c := range parts {
			_, err := send(t, q, message(channels.ID(k), peer(channels.ID(k)), c))
			require.NoError(t, err, k)
		}
	}
	own := channels.Capabilities{Kind: channels.Signal}
	cfg := config("http://127.0.0.1:1")
	cfg.Lines[0].Kind, cfg.Lines[0].Capabilities = channels.Signal, &own
	require.Equal(t, own, line(t, provider(t, cfg), "whatsapp").Info().Capabilities)
}
