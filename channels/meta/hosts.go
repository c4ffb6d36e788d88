package meta

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// mediaTypes are the default of Config.MediaTypes: nothing that runs when it is
// opened in a browser.
func mediaTypes() []string {
	return []string{
		"image/*", "video/*", "audio/*", "text/plain", "text/csv", "application/pdf", "application/rtf", "application/zip",
		"application/vnd.etsi.asic-e+zip", "application/vnd.etsi.asic-s+zip", "application/x-ddoc", "application/x-bdoc",
		"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
		"application/octet-stream",
	}
}

// mediaHosts are Meta's delivery networks. The first one serves WhatsApp's files
// to whoever shows the token.
func mediaHosts() []string {
	return []string{"lookaside.fbsbx.com", "*.fbsbx.com", "*.fbcdn.net", "*.cdninstagram.com"}
}

// downloads fetches files from the hosts that are allowed. A delivery network
// has more hosts than can be listed, so there is a fetcher for each that was
// met, which allows no other.
type downloads struct {
	cfg   httpx.FetcherConfig
	allow []string // "host", "host:port" or "*.domain"
	token []string // those of allow that are shown the token

	mu   sync.Mutex
	host map[string]*httpx.Fetcher
}

const maxFetchers = 128 // then they are made anew

// newDownloads checks the configuration. Errors name the field of Config.
func newDownloads(cfg Config) (*downloads, error) {
	d := &downloads{host: map[string]*httpx.Fetcher{}, cfg: httpx.FetcherConfig{
		Client: cfg.MediaClient, Types: cfg.MediaTypes, MaxBytes: cfg.MediaMax, InsecureLoopback: cfg.InsecureHTTP,
	}}
	for _, pattern := range cfg.MediaHosts {
		if _, err := httpx.NewHostList(strings.TrimPrefix(pattern, "*.")); err != nil {
			return nil, fmt.Errorf("meta: Config.MediaHosts: %w", err)
		}
	}
	if _, err := httpx.NewFetcher(httpx.FetcherConfig{Types: cfg.MediaTypes}); err != nil {
		return nil, fmt.Errorf("meta: Config.MediaTypes: %w", err)
	}
	if _, err := httpx.NewFetcher(d.cfg); err != nil {
		return nil, fmt.Errorf("meta: Config.MediaClient: %w", err)
	}
	d.token = append(d.token, mediaHosts()[0])
	for _, base := range []string{cfg.Endpoints.Graph, cfg.Endpoints.Instagram} {
		if u, err := url.Parse(base); err == nil {
			d.token = append(d.token, u.Host)
		}
	}
	d.allow = append(append(mediaHosts(), d.token...), cfg.MediaHosts...)
	return d, nil
}

// fetcher returns the one for the host of u.
func (d *downloads) fetcher(u *url.URL) (*httpx.Fetcher, error) {
	if !matches(d.allow, u) {
		return nil, httpx.ErrForbiddenHost
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	host := strings.ToLower(u.Host)
	if f := d.host[host]; f != nil {
		return f, nil
	}
	cfg := d.cfg
	cfg.AllowHosts = []string{host}
	if matches(d.token, u) {
		cfg.SecretHosts = cfg.AllowHosts
	}
	f, err := httpx.NewFetcher(cfg)
	if err != nil {
		return nil, err
	}
	if len(d.host) >= maxFetchers {
		clear(d.host)
	}
	d.host[host] = f
	return f, nil
}

// matches reports whether the host of u is one of the patterns, of which those
// without a port mean the usual one.
func matches(patterns []string, u *url.URL) bool {
	host, bare := strings.ToLower(u.Host), strings.ToLower(u.Hostname())
	usual := u.Port() == "" || u.Scheme == "https" && u.Port() == "443"
	for _, p := range patterns {
		p = strings.ToLower(p)
		domain, wild := strings.CutPrefix(p, "*")
		switch {
		case wild && usual && strings.HasSuffix(bare, domain) && len(bare) > len(domain):
			return true
		case !wild && (p == host || usual && p == bare):
			return true
		}
	}
	return false
}
