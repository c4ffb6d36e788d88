package bird

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/internal/httpx"
	"github.com/liidestuja/liidestuja/msp"
)

// Provider is one workspace of Bird. Its lines have the optional operations
// channels.MediaFetcher, channels.Finder and channels.Eraser. All methods may
// be called concurrently.
type Provider struct {
	cfg       Config
	workspace string // the path of the workspace
	api       *httpx.Client
	media     *httpx.Fetcher
	lines     []*line
}

var _ msp.Provider = (*Provider)(nil)

// line is one channel of the workspace.
type line struct {
	p    *Provider
	conf Line
	path string // the path of the channel
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
	p := &Provider{cfg: cfg, workspace: "/workspaces/" + url.PathEscape(cfg.WorkspaceID)}
	p.api, err = httpx.New(httpx.Config{
		BaseURL: cfg.Endpoints.API, Client: cfg.HTTPClient, Timeout: cfg.Timeout, InsecureHTTP: cfg.InsecureHTTP,
		Authorize: func(_ context.Context, h http.Header) error {
			key, err := p.accessKey()
			h.Set("Authorization", key)
			return err
		},
	})
	if err != nil {
		return nil, fmt.Errorf("bird: Config.Endpoints.API: %w", err)
	}
	if p.media, err = cfg.fetcher(); err != nil {
		return nil, err
	}
	for i, c := range cfg.Lines {
		caps, err := capabilities(c)
		if err != nil {
			return nil, fieldError(fmt.Sprintf("Lines[%d].Kind", i), err.Error())
		}
		p.lines = append(p.lines, &line{p: p, conf: c, path: p.workspace + "/channels/" + url.PathEscape(c.ChannelID), info: channels.Info{
			ID: c.ID, Kind: c.Kind, Agency: c.Agency, Name: c.Name, Provider: "Bird",
			Capabilities: caps, Grade: channels.Signed, PeerSpace: peerSpace(c), ReturnLink: c.ReturnLink,
		}})
	}
	return p, nil
}

// Name returns Config.Name. It implements msp.Provider.
func (p *Provider) Name() string { return p.cfg.Name }

// Channels returns the lines in the order of Config.Lines. It implements
// msp.Provider.
func (p *Provider) Channels() []channels.Channel {
	lines := make([]channels.Channel, len(p.lines))
	for i, l := range p.lines {
		lines[i] = l
	}
	return lines
}

// Info implements channels.Channel.
func (l *line) Info() channels.Info { return l.info }

// byChannel finds a line by Bird's id. A workspace has a handful.
func (p *Provider) byChannel(id string) *line {
	for _, l := range p.lines {
		if l.conf.ChannelID == id {
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
