package meta

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// mediaHosts are Meta's delivery networks. The first one serves WhatsApp's files
// to whoever shows the token.
func mediaHosts() []string {
	return []string{"lookaside.fbsbx.com", "*.fbsbx.com", "*.fbcdn.net", "*.cdninstagram.com"}
}

// files makes the fetcher of people's files.
func (cfg Config) files() (*httpx.Fetcher, error) {
	secret := []string{mediaHosts()[0]}
	for _, base := range []string{cfg.Endpoints.Graph, cfg.Endpoints.Instagram} {
		if u, err := url.Parse(base); err == nil {
			secret = append(secret, u.Host)
		}
	}
	for _, check := range []struct {
		field string
		cfg   httpx.FetcherConfig
	}{{"MediaHosts", httpx.FetcherConfig{AllowHosts: cfg.MediaHosts}}, {"MediaTypes", httpx.FetcherConfig{Types: cfg.MediaTypes}}} {
		if _, err := httpx.NewFetcher(check.cfg); err != nil {
			return nil, fmt.Errorf("meta: Config.%s: %w", check.field, err)
		}
	}
	f, err := httpx.NewFetcher(httpx.FetcherConfig{
		Client: cfg.MediaClient, Types: cfg.MediaTypes, MaxBytes: cfg.MediaMax, InsecureLoopback: cfg.InsecureHTTP,
		AllowHosts: slices.Concat(mediaHosts(), secret, cfg.MediaHosts), SecretHosts: secret,
	})
	if err != nil {
		return nil, fmt.Errorf("meta: Config.MediaClient: %w", err)
	}
	return f, nil
}
