package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
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

// outputParts are a place where entries go besides the store.
type outputParts struct {
	file   string
	stream string // "stdout" or "stderr"
	hook   *audit.HookConfig
}

// audit reads how the security log is signed and handed over.
func (c *compiler) audit() {
	if len(c.Audit) == 0 && len(c.SecurityLog) == 0 {
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
	for i, s := range c.SecurityLog {
		c.output(fmt.Sprintf("security_log[%d]", i), s, client)
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
	c.mayCall(place+".url", url)
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

// output reads one place where the security log goes.
func (c *compiler) output(place string, s securityLogConf, client *http.Client) {
	out := outputParts{file: s.File, stream: s.Stream}
	ways := 0
	for _, way := range []string{s.File, s.Stream, s.URL} {
		if way != "" {
			ways++
		}
	}
	switch {
	case ways != 1:
		c.fail(place, "must have one of file, stream and url")
		return
	case s.URL == "" && !s.Secret.isZero():
		c.fail(place+".secret", "signs requests to an url, and there is none")
	case s.Stream != "" && s.Stream != "stdout" && s.Stream != "stderr":
		c.fail(place+".stream", "must be stdout or stderr")
	case s.URL != "":
		if out.hook = c.hook(place, s.URL, s.Secret, client); out.hook == nil {
			return
		}
	}
	if slices.ContainsFunc(c.parts.outputs, func(o outputParts) bool { return o.key() == out.key() }) {
		c.fail(place, "is there twice")
	}
	c.parts.outputs = append(c.parts.outputs, out)
}

// key names the place for the store, which keeps how far it got.
func (o *outputParts) key() string {
	to := "file " + o.file
	switch {
	case o.hook != nil:
		to = "url " + o.hook.URL
	case o.stream != "":
		to = "stream " + o.stream
	}
	sum := sha256.Sum256([]byte(to))
	return "security-log." + hex.EncodeToString(sum[:8])
}

// sink makes what writes there.
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
