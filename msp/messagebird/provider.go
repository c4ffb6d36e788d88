package messagebird

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
	"github.com/liidestuja/liidestuja/msp"
)

// Provider is one MessageBird account. Its lines have the optional operations
// channels.MediaFetcher, channels.Finder and, but for lines over the SMS API,
// channels.Eraser. All methods may be called concurrently.
type Provider struct {
	cfg               Config
	legacy            *legacy       // nil: the older headers are refused
	api, files, texts *httpx.Client // texts is the SMS API
	media             *httpx.Fetcher
	lines             []*line
}

var _ msp.Provider = (*Provider)(nil)

// line is one channel of the account.
type line struct {
	p    *Provider
	conf Line
	info channels.Info
}

var _ interface {
	channels.Channel
	channels.MediaFetcher
	channels.Finder
	channels.Eraser
} = (*line)(nil)

// New checks cfg and returns the provider. It does no I/O of its own; it asks
// the sources of keys once. Errors name the field of Config.
func New(cfg Config) (*Provider, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	p := &Provider{cfg: cfg}
	if cfg.LegacyHMAC != nil {
		p.legacy = &legacy{maxAge: cfg.LegacyHMAC.MaxAge, leeway: cfg.Leeway}
		setDefault(&p.legacy.maxAge, max(cfg.RetryHorizon, 10*time.Second))
	}
	if p.api, err = p.client(cfg.Endpoints.Conversations); err != nil {
		return nil, fmt.Errorf("messagebird: Config.Endpoints.Conversations: %w", err)
	}
	if p.files, err = p.client(cfg.Endpoints.Files); err != nil {
		return nil, fmt.Errorf("messagebird: Config.Endpoints.Files: %w", err)
	}
	if p.texts, err = p.client(cfg.Endpoints.SMS); err != nil {
		return nil, fmt.Errorf("messagebird: Config.Endpoints.SMS: %w", err)
	}
	if p.media, err = p.fetcher(); err != nil {
		return nil, err
	}
	for i, c := range cfg.Lines {
		caps, err := capabilities(c)
		if err != nil {
			return nil, fieldError(fmt.Sprintf("Lines[%d].Kind", i), err.Error())
		}
		p.lines = append(p.lines, &line{p: p, conf: c, info: channels.Info{
			ID: c.ID, Kind: c.Kind, Agency: c.Agency, Name: c.Name, Provider: "MessageBird",
			Capabilities: caps, Grade: channels.Signed, PeerSpace: peerSpace(c), ReturnLink: c.ReturnLink,
		}})
	}
	return p, nil
}

// peerSpace says where else the line's people are known by the same Peer. What
// MessageBird calls people of other platforms is not established to be the
// platform's own name for them.
func peerSpace(l Line) string {
	if l.Kind == channels.WhatsApp || l.Kind == channels.SMS {
		return channels.PhonePeers
	}
	return "messagebird/" + l.ChannelID
}

// Name returns Config.Name. It implements msp.Provider.
func (p *Provider) Name() string { return p.cfg.Name }

// Channels returns the lines in the order of Config.Lines. It implements
// msp.Provider.
func (p *Provider) Channels() []channels.Channel {
	lines := make([]channels.Channel, len(p.lines))
	for i, l := range p.lines {
		if lines[i] = l; l.conf.SMS != nil {
			lines[i] = smsLine{l}
		}
	}
	return lines
}

// Info implements channels.Channel.
func (l *line) Info() channels.Info { return l.info }

// byChannel finds a line by MessageBird's id. An account has a handful.
func (p *Provider) byChannel(id string) *line {
	for _, l := range p.lines {
		if l.conf.SMS == nil && l.conf.ChannelID == id {
			return l
		}
	}
	return nil
}

func (p *Provider) byID(id channels.ID) *line {
	for _, l := range p.lines {
		if l.conf.ID == id {
			return l
		}
	}
	return nil
}

// errNoKey is the failure of a call for which the source gave no AccessKey, or
// one that cannot be one, such as a file's content with its line break.
var errNoKey = errors.New("no access key")

// accessKey returns the value of the Authorization header.
func (p *Provider) accessKey() (string, error) {
	key := p.cfg.AccessKey()
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errNoKey
	}
	return "AccessKey " + key, nil
}

func (p *Provider) client(base string) (*httpx.Client, error) {
	return httpx.New(httpx.Config{
		BaseURL: base, Client: p.cfg.HTTPClient, Timeout: p.cfg.Timeout, InsecureHTTP: p.cfg.InsecureHTTP,
		Authorize: func(_ context.Context, h http.Header) error {
			key, err := p.accessKey()
			h.Set("Authorization", key)
			return err
		},
	})
}
