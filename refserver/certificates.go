package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"sync"
	"time"
)

// certificates gives a server its certificate, and looks once a minute at most
// whether the files have a new one.
type certificates struct {
	conf tlsConf
	log  *slog.Logger

	mu     sync.Mutex
	loaded time.Time
	cert   *tls.Certificate
}

const rereadCertificate = time.Minute

// newCertificates reads the files for the first time.
func newCertificates(conf tlsConf, log *slog.Logger) (*certificates, error) {
	if conf.CertFile == "" {
		return nil, &fieldError{"cert_file", "is required"}
	}
	if conf.KeyFile == "" {
		return nil, &fieldError{"key_file", "is required"}
	}
	cert, err := tls.LoadX509KeyPair(conf.CertFile, conf.KeyFile)
	if err != nil {
		return nil, err
	}
	return &certificates{conf: conf, log: log, cert: &cert, loaded: time.Now()}, nil
}

// get implements tls.Config.GetCertificate.
func (c *certificates) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.at(hello.Context(), time.Now()), nil
}

func (c *certificates) at(ctx context.Context, now time.Time) *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.loaded) >= rereadCertificate {
		c.loaded = now
		cert, err := tls.LoadX509KeyPair(c.conf.CertFile, c.conf.KeyFile)
		if err != nil {
			c.log.WarnContext(ctx, "certificate cannot be read, the last one stays in use", "error", err)
			return c.cert
		}
		c.cert = &cert
	}
	return c.cert
}
