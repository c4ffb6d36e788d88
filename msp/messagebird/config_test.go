package messagebird_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/msp/messagebird"
)

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	sms := func(spoil func(*messagebird.Line)) func(*messagebird.Config) {
		return func(c *messagebird.Config) {
			c.Lines = smsConfig("").Lines[:4]
			spoil(&c.Lines[3])
		}
	}
	for field, spoil := range map[string]func(*messagebird.Config){
		"Name":                                   func(c *messagebird.Config) { c.Name = "Message Bird" },
		"AccessKey":                              func(c *messagebird.Config) { c.AccessKey = nil },
		"AccessKey ":                             func(c *messagebird.Config) { c.AccessKey = func() string { return "" } },
		"SigningKeys":                            func(c *messagebird.Config) { c.SigningKeys = nil },
		"SigningKeys ":                           func(c *messagebird.Config) { c.SigningKeys = func() []string { return nil } },
		"SigningKeys  ":                          func(c *messagebird.Config) { c.SigningKeys = func() []string { return []string{signingKey, ""} } },
		"Lines":                                  func(c *messagebird.Config) { c.Lines = nil },
		"Lines[0].ID":                            func(c *messagebird.Config) { c.Lines[0].ID = "Line 1" },
		"Lines[1].ID":                            func(c *messagebird.Config) { c.Lines[1].ID = "whatsapp" },
		"Lines[0].Kind":                          func(c *messagebird.Config) { c.Lines[0].Kind = "" },
		"Lines[0].Kind ":                         func(c *messagebird.Config) { c.Lines[0].Kind = "pigeon" },
		"Lines[0].Kind  ":                        func(c *messagebird.Config) { c.Lines[0].Kind = channels.Email },
		"Lines[0].Agency":                        func(c *messagebird.Config) { c.Lines[0].Agency = "Ä" },
		"Lines[0].ChannelID":                     func(c *messagebird.Config) { c.Lines[0].ChannelID = "" },
		"Lines[2].ChannelID":                     func(c *messagebird.Config) { c.Lines[2].ChannelID = whatsApp },
		"Lines[0].Capabilities":                  func(c *messagebird.Config) { c.Lines[0].Capabilities = &channels.Capabilities{Kind: "sms"} },
		"Endpoints.Conversations":                func(c *messagebird.Config) { c.Endpoints.Conversations = "conversations.example" },
		"Endpoints.Files":                        func(c *messagebird.Config) { c.Endpoints.Files = "https://user@files.example" },
		"Reconcile":                              func(c *messagebird.Config) { c.Reconcile = "tag" },
		"SendVia":                                func(c *messagebird.Config) { c.SendVia = "pigeon" },
		"FindWindow":                             func(c *messagebird.Config) { c.FindWindow = -1 },
		"LegacyHMAC.MaxAge":                      func(c *messagebird.Config) { c.LegacyHMAC = &messagebird.LegacyConfig{MaxAge: -1} },
		"ReportURL":                              func(c *messagebird.Config) { c.ReportURL = "https://agency.example/?a=1" },
		"Timeout":                                func(c *messagebird.Config) { c.Timeout = -1 },
		"MediaMax":                               func(c *messagebird.Config) { c.MediaMax = -1 },
		"Endpoints.Media":                        func(c *messagebird.Config) { c.Endpoints.Media = "https://media.example" },
		"MediaHosts":                             func(c *messagebird.Config) { c.MediaHosts = []string{"*.example"} },
		"MediaTypes":                             func(c *messagebird.Config) { c.MediaTypes = []string{"pictures"} },
		"Endpoints.SMS":                          func(c *messagebird.Config) { c.Endpoints.SMS = "rest.example" },
		"Lines[1].SMS":                           func(c *messagebird.Config) { c.Lines[1].SMS = &messagebird.SMS{Originator: number} },
		"Lines[3].ChannelID":                     sms(func(l *messagebird.Line) { l.ChannelID = "x" }),
		"Lines[3].SMS.Originator":                sms(func(l *messagebird.Line) { l.SMS = &messagebird.SMS{} }),
		"Lines[3].SMS.Originator, 12 letters":    sms(func(l *messagebird.Line) { l.SMS.Originator = "PPA teenused" }),
		"Lines[3].SMS.Originator, an umlaut":     sms(func(l *messagebird.Line) { l.SMS.Originator = "Päästeamet" }),
		"Lines[3].SMS.Originator, a long number": sms(func(l *messagebird.Line) { l.SMS.Originator = "3726000010000000" }),
		"Lines[3].SMS.Originator, blanks":        sms(func(l *messagebird.Line) { l.SMS.Originator = " PPA" }),
		"Lines[3].SMS.Numbers[0]":                sms(func(l *messagebird.Line) { l.SMS.Numbers = []string{"PPA"} }),
		"Lines[4].SMS.Numbers[0]": func(c *messagebird.Config) {
			*c = smsConfig("http://127.0.0.1:1")
			c.Lines[4].SMS.Numbers = []string{number}
		},
		"Lines[3].SMS.Validity":                      sms(func(l *messagebird.Line) { l.SMS.Validity = time.Millisecond }),
		"ReportURL, with two lines over the SMS API": func(c *messagebird.Config) { c.Lines = smsConfig("").Lines },
	} {
		t.Run(field, func(t *testing.T) {
			cfg := config("http://127.0.0.1:1")
			spoil(&cfg)
			p, err := messagebird.New(cfg)
			require.Nil(t, p)
			require.ErrorContains(t, err, "messagebird: ")
			require.ErrorContains(t, err, "Config."+strings.TrimSpace(strings.Split(field, ",")[0]))
			require.NotContains(t, err.Error(), signingKey)
			require.NotContains(t, err.Error(), accessKey)
		})
	}
}

func TestPlainHTTPIsRefused(t *testing.T) {
	for name, change := range map[string]func(*messagebird.Config){
		"conversations": func(c *messagebird.Config) { c.Endpoints.Conversations = "http://conversations.messagebird.com/v1" },
		"files":         func(c *messagebird.Config) { c.Endpoints.Files = "http://messaging.messagebird.com/v1" },
		"sms":           func(c *messagebird.Config) { c.Endpoints.SMS = "http://rest.messagebird.com" },
		"reports":       func(c *messagebird.Config) { c.ReportURL = "http://agency.example/webhooks/messagebird" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config("http://127.0.0.1:1")
			cfg.Endpoints, cfg.InsecureHTTP = messagebird.Endpoints{}, false
			provider(t, cfg)
			change(&cfg)
			_, err := messagebird.New(cfg)
			require.ErrorContains(t, err, "https")
		})
	}
}

func TestATransportThatCannotBeGuardedNeedsAMediaClient(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.HTTPClient = &http.Client{Transport: roundTripper(nil)}
	_, err := messagebird.New(cfg)
	require.ErrorContains(t, err, "Config.MediaClient")
	cfg.MediaClient = &http.Client{}
	provider(t, cfg)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestLinesKeepTheirOrderAndSayWhatTheyAre(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.Lines[0].Name, cfg.Lines[0].Agency = "PPA WhatsApp", "ppa"
	p := provider(t, cfg)
	require.Equal(t, "messagebird", p.Name())
	require.Empty(t, cfg.Lines[0].ListButton, "the caller's lines stay as they are")
	cfg.Lines[0].ID = "changed later" // the provider keeps what it was given
	var ids []channels.ID
	for _, ch := range p.Channels() {
		ids = append(ids, ch.Info().ID)
	}
	require.Equal(t, []channels.ID{"whatsapp", "messenger", "sms"}, ids)
	info := line(t, p, "whatsapp").Info()
	require.Equal(t, "PPA WhatsApp", info.Name)
	require.Equal(t, channels.Agency("ppa"), info.Agency)
	require.Equal(t, channels.Signed, info.Grade)
	require.Equal(t, "MessageBird", info.Provider)
	require.NotContains(t, fmt.Sprintf("%+v %#v %v", p, p, p.Channels()), signingKey)
}

func TestCapabilitiesAreWhatPassesThrough(t *testing.T) {
	cfg := config("http://127.0.0.1:1")
	cfg.Lines = append(cfg.Lines,
		messagebird.Line{ID: "telegram", Kind: channels.Telegram, ChannelID: "tg"},
		messagebird.Line{ID: "line", Kind: "line", ChannelID: "li", Capabilities: &channels.Capabilities{Kind: "line"}})
	cfg.Lines[0].Quotes = true
	p := provider(t, cfg)
	for _, ch := range p.Channels() {
		caps := ch.Info().Capabilities
		require.Equal(t, ch.Info().Kind, caps.Kind)
		if caps.Kind == "line" {
			continue
		}
		require.Equal(t, channels.Archived, caps.Erasure.Value, "%s", caps.Kind)
		require.False(t, caps.Idempotent.Value)
		require.False(t, caps.Reaction.Value)
		require.False(t, caps.ContactCard.Value)
		isWhatsApp := caps.Kind == channels.WhatsApp
		require.Equal(t, isWhatsApp, caps.Templates.Value)
		require.Equal(t, isWhatsApp, caps.Choices.Value.Rows > 0)
		require.Equal(t, isWhatsApp, caps.Quote.Value)
		for _, filled := range []bool{caps.Text.Filled(), caps.Media.Filled(), caps.DataLocation.Filled(), caps.Erasure.Filled(),
			caps.Choices.Filled(), caps.Templates.Filled(), caps.Security.Filled(), caps.Statuses.Filled()} {
			require.True(t, filled)
		}
	}
	cfg.Lines[0].Namespace = ""
	require.False(t, line(t, provider(t, cfg), "whatsapp").Info().Capabilities.Templates.Value)
}
