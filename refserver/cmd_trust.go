package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

func cmdTrust() command {
	return command{
		name: "trust", args: "-config FILE", short: "show the authorities that logins are judged by",
		long: `Prints the certificates of the authorities that the configuration names for each
method of authentication: role, SHA-256 of the certificate, until when it is valid,
and whose it is. Compare the fingerprints with what the authority publishes.

Certificates that are not valid any more within 90 days are warned of on the
standard error; so does a running server, in its log each day and at
/heartbeat.json. Nothing is opened or called.

  -config FILE   the configuration of the server`,
		examples: []string{"refserver trust -config /etc/liidestuja.yaml"},
		run:      (*console).trust,
	}
}

func (c *console) trust(_ context.Context, args []string) error {
	f := c.flags()
	at := f.where()
	if err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if *at.config == "" {
		return f.usage(fmt.Errorf("-config is expected"))
	}
	p, err := c.configured(*at.config, instead{data: *at.data})
	if err != nil {
		return err
	}
	all := p.login.authorities()
	if len(all) == 0 {
		_, err := fmt.Fprintf(c.stdout, "%s names no authorities\n", *at.config)
		return err
	}
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	_, _ = io.WriteString(w, "METHOD\tROLE\tSHA-256\tVALID UNTIL\tKEY\tSUBJECT\n")
	for _, a := range all {
		for _, cert := range a.store.Certificates() {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", a.service, cert.Role, cert.SHA256, cert.NotAfter.UTC().Format(time.DateOnly), cert.Key, cert.Subject)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, e := range p.login.expiringAt(time.Now()) {
		_, _ = fmt.Fprintf(c.stderr, "warning: %s: %s is valid until %s only\n", e.Service, e.SHA256, e.Expires.Format(time.DateOnly))
	}
	return nil
}
