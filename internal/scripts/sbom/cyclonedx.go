package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/scripts/modlist"
)

// self is the module that the bill is about.
const self = "github.com/liidestuja/liidestuja"

// bill is what encode needs to know.
type bill struct {
	version   string
	toolchain string // "1.26.0"
	at        time.Time
	modules   []module
	direct    []string // paths of the modules that the repository imports
}

// module is a modlist.Module and what the graph and the licence files say of it.
type module struct {
	modlist.Module

	licence string
	linked  bool // by a package itself, not only by its tests
	needs   []string
}

// The types below are the part of CycloneDX 1.6 that is used, in its own order.
type (
	document struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     metadata     `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	metadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type     string    `json:"type"`
		Ref      string    `json:"bom-ref"`
		Name     string    `json:"name"`
		Version  string    `json:"version"`
		Scope    string    `json:"scope,omitempty"`
		Hashes   []hash    `json:"hashes,omitempty"`
		Licences []licence `json:"licenses,omitempty"`
		PURL     string    `json:"purl"`
	}
	hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	licence struct {
		Expression string `json:"expression"`
	}
	dependency struct {
		Ref   string   `json:"ref"`
		Needs []string `json:"dependsOn,omitempty"`
	}
)

// encode returns the document. Its serial number is taken from what it says, so
// that the same modules give the same number whenever it is written.
func encode(b bill) ([]byte, error) {
	main := part("library", self, b.version)
	main.Licences = []licence{{"MIT"}}
	std := part("library", "std", b.toolchain)
	std.Scope = "required"
	std.Licences = []licence{{"BSD-3-Clause"}}

	refs := make(map[string]string)
	for _, m := range b.modules {
		refs[m.Path] = purl(m.Path, m.Version)
	}
	doc := document{
		Schema:       "http://cyclonedx.org/schema/bom-1.6.schema.json",
		Format:       "CycloneDX",
		Spec:         "1.6",
		Version:      1,
		Metadata:     metadata{Component: main},
		Components:   []component{std},
		Dependencies: []dependency{{Ref: main.Ref, Needs: append([]string{std.Ref}, lookup(refs, b.direct)...)}},
	}
	for _, m := range b.modules {
		c, err := moduleComponent(m)
		if err != nil {
			return nil, err
		}
		doc.Components = append(doc.Components, c)
		doc.Dependencies = append(doc.Dependencies, dependency{Ref: c.Ref, Needs: lookup(refs, m.needs)})
	}

	content, err := json.Marshal(doc)
	if err != nil {
		return nil, err
	}
	doc.Serial = serial(content)
	doc.Metadata.Timestamp = b.at.Format(time.RFC3339)
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(doc)
	return out.Bytes(), err
}

func moduleComponent(m module) (component, error) {
	c := part("library", m.Path, m.Version)
	c.Scope = "excluded"
	if m.linked {
		c.Scope = "required"
	}
	if m.licence == "" {
		return c, fmt.Errorf("%s: no licence was recognised", m.Path)
	}
	c.Licences = []licence{{m.licence}}
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.Sum, "h1:"))
	if err != nil || len(sum) != sha256.Size {
		return c, fmt.Errorf("%s: the checksum %q is no SHA-256", m.Path, m.Sum)
	}
	c.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum)}}
	return c, nil
}

func part(kind, name, version string) component {
	ref := purl(name, version)
	return component{Type: kind, Ref: ref, Name: name, Version: version, PURL: ref}
}

// purl is the package URL, the name that vulnerability scanners look up.
func purl(path, version string) string {
	return "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
}

func lookup(refs map[string]string, paths []string) []string {
	out := make([]string, 0, len(paths))
	for _, p := range paths {
		out = append(out, refs[p])
	}
	return out
}

// serial makes a UUID of version 8 (custom) out of a digest.
func serial(content []byte) string {
	u := sha256.Sum256(content)
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
