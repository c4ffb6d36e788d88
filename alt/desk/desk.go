package desk

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/liidestuja/liidestuja/alt"
)

// Config of a Desk. Service and Tokens are required.
type Config struct {
	// Service whose conversations these are.
	Service *alt.Service
	// Tokens that let callers in.
	Tokens TokenSource

	// MaxUpload bounds an uploaded file, in bytes. Default 16 MiB.
	MaxUpload int64
	// FileTypes are the media types that may be uploaded, as the bytes say.
	// Default: FileTypes().
	FileTypes []string
	// PageSize of lists that do not say one, 1-200. Default 50.
	PageSize int

	// SessionIdle and SessionMax end a browser session after its last and its
	// first request. Default 30 minutes and 12 hours.
	SessionIdle, SessionMax time.Duration
	// Source names where a request comes from, for the limit of wrong tokens.
	// Default: the peer's address, or the last X-Forwarded-For of a proxy on
	// the same machine. Behind a proxy elsewhere, set it.
	Source func(r *http.Request) string

	// Poll is how often a live stream looks for changes of other replicas, and
	// whether its caller still has the rights. Default 2 s.
	Poll time.Duration
	// Heartbeat is how often a silent stream says that it lives. Default 15 s.
	Heartbeat time.Duration
	// SlowClient ends a stream whose client does not take what is written.
	// Default 10 s.
	SlowClient time.Duration
	// Streams of one caller at the same time. Default 16.
	Streams int

	// Logger gets the technical log, without personal data. Default: none.
	Logger *slog.Logger
}

// Desk is the HTTP API. Its methods may be called concurrently.
type Desk struct {
	cfg      Config
	svc      *alt.Service
	logins   *logins
	failures *failures
	noting   *noting
	streams  *streams
	csrf     *http.CrossOriginProtection
}

// New checks the configuration and makes a desk. It does no I/O and starts
// nothing.
func New(cfg Config) (*Desk, error) {
	if cfg.Service == nil {
		return nil, errors.New("desk: Config.Service: required")
	}
	if cfg.Tokens == nil {
		return nil, errors.New("desk: Config.Tokens: required")
	}
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	return &Desk{
		cfg: cfg, svc: cfg.Service, logins: &logins{store: cfg.Service.Store(), idle: cfg.SessionIdle, max: cfg.SessionMax}, failures: newFailures(), noting: newNoting(),
		streams: newStreams(cfg.Streams), csrf: http.NewCrossOriginProtection(),
	}, nil
}

func (c *Config) defaults() error {
	positive(&c.MaxUpload, 16<<20)
	positive(&c.PageSize, 50)
	positive(&c.SessionIdle, 30*time.Minute)
	positive(&c.SessionMax, 12*time.Hour)
	positive(&c.Poll, 2*time.Second)
	positive(&c.Heartbeat, 15*time.Second)
	positive(&c.SlowClient, 10*time.Second)
	positive(&c.Streams, 16)
	for field, v := range map[string]int64{
		"MaxUpload": c.MaxUpload, "SessionIdle": int64(c.SessionIdle), "SessionMax": int64(c.SessionMax), "Poll": int64(c.Poll),
		"Heartbeat": int64(c.Heartbeat), "SlowClient": int64(c.SlowClient), "Streams": int64(c.Streams),
	} {
		if v < 0 {
			return fmt.Errorf("desk: Config.%s: must not be negative", field)
		}
	}
	if c.PageSize < 1 || c.PageSize > maxPage {
		return fmt.Errorf("desk: Config.PageSize: must be 1-%d", maxPage)
	}
	if len(c.FileTypes) == 0 {
		c.FileTypes = FileTypes()
	}
	for i, t := range c.FileTypes {
		if extensions(t) == nil {
			return fmt.Errorf("desk: Config.FileTypes[%d]: cannot be told from a file's bytes", i)
		}
	}
	if c.Source == nil {
		c.Source = sourceOf
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// positive sets a default.
func positive[T int | int64 | time.Duration](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}

// Close ends all live streams, so that a server that shuts down need not wait
// for them: give it to http.Server.RegisterOnShutdown. Requests are still
// answered.
func (d *Desk) Close() { d.streams.close() }
