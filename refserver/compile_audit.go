package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/channels"
)

// keeperParts are what signs the log of an agency.
type keeperParts struct {
	config audit.Config // all but Ledger, Storage and Logger
	dir    string
}

// outputParts are where entries go besides the store. At most one is not empty.
type outputParts struct {
	file   string
	stream string // "stdout" or "stderr"
	hook   *audit.HookConfig
}

// audit reads how the security log is signed and handed over.
func (c *compiler) audit() {
	if len(c.Audit) == 0 && c.SecurityLog == nil {
		return
	}
	client, err := newEgress(c.Egress, c.vault)
	if err != nil {
		return // providers tell of it
	}
	dirs, owners := make(map[string]bool), make(map[channels.Agency]bool)
	for i, a := range c.Audit {
		place := fmt.Sprintf("audit[%d]", i)
		agency := channels.Agency(or(a.Agency, c.Agency))
		switch {
		case agency.Valid() != nil:
			c.fail(place+".agency", "must be 1-64 characters of a-z, 0-9, '-', '_', '.'")
		case owners[agency]:
			c.fail(place+".agency", "is another entry's already")
		case a.Dir == "":
			c.fail(place+".dir", "is required: a folder, better not on the disk of the store")
		case dirs[a.Dir]:
			c.fail(place+".dir", "is another entry's already")
		}
		owners[agency], dirs[a.Dir] = true, true
		c.keeper(place, agency, a, client)
	}
	if c.SecurityLog != nil {
		c.output(*c.SecurityLog, client)
	}
}

// keeper makes the parts of one.
func (c *compiler) keeper(place string, agency channels.Agency, a auditConf, client *http.Client) {
	before := len(c.errs)
	cfg := audit.Config{Agency: agency, Every: a.Every.std(), Now: c.parts.alt.Now, Ledger: unopened{}, Storage: noStorage{}}
	if len(a.SigningKeys) == 0 {
		c.fail(place+".signing_keys", "is required: what `refserver audit keygen` made")
	}
	for i, s := range a.SigningKeys {
		field := fmt.Sprintf("%s.signing_keys[%d]", place, i)
		value, ok := c.secret(field, s)
		if !ok {
			continue
		}
		signer, err := note.NewSigner(strings.TrimSpace(value))
		switch {
		case err != nil: // the cause may quote it
			c.fail(field, "is no private key")
		case cfg.Origin != "" && cfg.Origin != signer.Name():
			c.fail(field, "is of another log: "+signer.Name())
		default:
			cfg.Signers, cfg.Origin = append(cfg.Signers, signer), signer.Name()
		}
	}
	if b, err := os.ReadFile(a.PublicKeys); a.PublicKeys == "" {
		c.fail(place+".public_keys", "is required: the file of public keys, past ones too")
	} else if err != nil {
		c.fail(place+".public_keys", "cannot be read: "+err.Error())
	} else if cfg.Verifiers, err = audit.ReadVerifiers(bytes.NewReader(b)); err != nil {
		c.fail(place+".public_keys", strings.TrimPrefix(err.Error(), "audit: "))
	}
	for i, w := range a.Witnesses {
		if to := c.witness(fmt.Sprintf("%s.witnesses[%d]", place, i), w, client); to != nil {
			cfg.Witnesses = append(cfg.Witnesses, to)
		}
	}
	if len(c.errs) > before {
		return
	}
	if _, err := audit.New(cfg); err != nil {
		c.fail(place, strings.TrimPrefix(err.Error(), "audit: Config."))
		return
	}
	c.parts.keepers = append(c.parts.keepers, keeperParts{cfg, a.Dir})
}

func (c *compiler) witness(place string, w witnessConf, client *http.Client) audit.Witness {
	switch {
	case (w.File == "") == (w.URL == ""):
		c.fail(place, "must have one of file and url")
	case w.File != "":
		if !w.Secret.isZero() {
			c.fail(place+".secret", "signs requests to an url, and there is none")
		}
		return audit.NewFile(w.File)
	default:
		if cfg := c.hook(place, w.URL, w.Secret, client); cfg != nil {
			hook, err := audit.NewHook(*cfg)
			if err == nil {
				return hook
			}
			c.fail(place, err.Error())
		}
	}
	return nil
}

// hook reads an address that gets signed requests.
func (c *compiler) hook(place, url string, s secret, client *http.Client) *audit.HookConfig {
	value, ok := c.secret(place+".secret", s)
	if !ok {
		return nil
	}
	cfg := audit.HookConfig{URL: url, Secret: []byte(value), Client: client, Now: c.parts.alt.Now}
	if _, err := audit.NewHook(cfg); err != nil {
		field := ".url"
		if strings.Contains(err.Error(), "Secret") {
			field = ".secret"
		}
		c.fail(place+field, strings.TrimPrefix(err.Error(), "audit: HookConfig."))
		return nil
	}
	return &cfg
}

// output makes the second way of the security log.
func (c *compiler) output(s securityLogConf, client *http.Client) {
	out := &outputParts{}
	for _, f := range []struct {
		name, to string
		set      bool
	}{{"file", "file", s.File != ""}, {"url", "url", s.URL != ""}, {"secret", "url", !s.Secret.isZero()}} {
		if f.set && s.To != f.to {
			c.fail("security_log."+f.name, "has no meaning unless security_log.to is "+f.to)
		}
	}
	switch s.To {
	case "file":
		if out.file = s.File; s.File == "" {
			c.fail("security_log.file", "is required")
		}
	case "stdout", "stderr":
		out.stream = s.To
	case "url":
		if s.URL == "" {
			c.fail("security_log.url", "is required")
			return
		}
		out.hook = c.hook("security_log", s.URL, s.Secret, client)
	default:
		c.fail("security_log.to", "must be file, stdout, stderr or url")
	}
	c.parts.output = out
}

// sink opens the second way, which needs no I/O yet.
func (o *outputParts) sink(stdout, stderr io.Writer) (audit.Sink, error) {
	switch {
	case o.file != "":
		return audit.NewFileSink(o.file), nil
	case o.hook != nil:
		return audit.NewHook(*o.hook)
	case o.stream == "stderr":
		return audit.NewWriterSink(o.stream, stderr), nil
	}
	return audit.NewWriterSink(o.stream, stdout), nil
}

// noStorage stands for the folder while a configuration is checked.
type noStorage struct{ audit.Storage }
