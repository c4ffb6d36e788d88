package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/alt/audit"
	"github.com/liidestuja/liidestuja/refserver/internal/strictyaml"
)

const exampleFile = "liidestuja.example.yaml"

// uncommented makes the lines of the example good that stand behind a "#" because they
// take the place of others.
func uncommented(example string) string {
	return regexp.MustCompile(`(?m)^#(postgres:|  (?:# |[a-z_]+: ))`).ReplaceAllString(example, "$1")
}

func TestTheExampleConfigurationIsGood(t *testing.T) {
	b, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	data := regexp.MustCompile(`(?m)^data: .*\n`)
	for name, example := range map[string]string{
		"in a folder": string(b), "in a database": data.ReplaceAllString(uncommented(string(b)), ""),
	} {
		t.Run(name, func(t *testing.T) { exampleIsGood(t, example) })
	}
}

func exampleIsGood(t *testing.T, example string) {
	t.Helper()
	dir := t.TempDir()
	example = strings.NewReplacer("/etc/liidestuja", dir, "/var/lib/liidestuja", filepath.Join(dir, "data")).Replace(example)
	path := filepath.Join(dir, "liidestuja.yaml")
	require.NoError(t, os.WriteFile(path, []byte(example), 0o600))
	writeCertificate(t, dir, "tls", "alt.example.ee")
	for name, content := range map[string]string{"store.key": strings.Repeat("k", 32), "proxy": "user:password", "messagebird-signing.key": "a signing key", "meta-app.secret": "s", "bird-signing.key": "k", "page.token": "t",
		"smartid.uuid": "00000000-0000-4000-8000-000000000000", "mobileid.uuid": "00000000-0000-4000-8000-000000000000", "tara.secret": "s", "collector.token": "Bearer t"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	private, public, err := audit.NewKey("alt.example.ee/ppa")
	require.NoError(t, err)
	for name, content := range map[string]string{"audit.key": private, "audit.pub": public, "witness.secret": "a secret of 16 bytes"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	cert, err := os.ReadFile(filepath.Join(dir, "tls.crt"))
	require.NoError(t, err)
	for _, name := range []string{"ca.pem", "eid-root.pem", "eid-issuer.pem", "ocsp.pem"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), cert, 0o600))
	}

	p, err := compileFile(t, path, map[string]string{"DATABASE_DSN": "postgres://liidestuja@db/alt", "MESSAGEBIRD_ACCESS_KEY": "live_x", "META_VERIFY_TOKEN": "v", "BIRD_ACCESS_KEY": "a", "LOGIN_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "LINE_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "MEDIA_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="})
	require.NoError(t, err)
	require.Equal(t, "https://alt.example.ee/webhooks/messagebird", p.accounts[0].webhook)
}

func TestTheExampleConfigurationHasEveryField(t *testing.T) {
	b, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	var c config
	src, err := strictyaml.Decode(exampleFile, []byte(uncommented(string(b))), &c)
	require.NoError(t, err)
	// Entries of a list differ: a field must stand in one of them.
	type place struct {
		path string
		v    reflect.Value
	}
	var walk func(at []place)
	walk = func(at []place) {
		switch at[0].v.Kind() {
		case reflect.Pointer:
			at = slices.DeleteFunc(at, func(p place) bool { return p.v.IsNil() })
			for i := range at {
				at[i].v = at[i].v.Elem()
			}
			walk(at)
		case reflect.Struct:
			if at[0].v.Type() == reflect.TypeFor[secret]() {
				return // one of its two fields
			}
			for i := range at[0].v.NumField() {
				name := at[0].v.Type().Field(i).Tag.Get("yaml")
				require.NotEmpty(t, name, "%s has a field without a name", at[0].v.Type())
				var below []place
				for _, p := range at {
					if path := strings.TrimPrefix(p.path+"."+name, "."); src.Has(path) {
						below = append(below, place{path, p.v.Field(i)})
					}
				}
				require.NotEmpty(t, below, "%s.%s is missing", at[0].path, name)
				walk(below)
			}
		case reflect.Slice, reflect.Map:
			var below []place
			for _, p := range at {
				if p.v.Kind() == reflect.Map {
					for _, k := range p.v.MapKeys() {
						below = append(below, place{p.path + "." + k.String(), p.v.MapIndex(k)})
					}
					continue
				}
				for i := range p.v.Len() {
					below = append(below, place{fmt.Sprintf("%s[%d]", p.path, i), p.v.Index(i)})
				}
			}
			require.NotEmpty(t, below, "%s is empty", at[0].path)
			walk(below)
		}
	}
	walk([]place{{"", reflect.ValueOf(c)}})
}

func TestTheExampleConfigurationExplainsEveryField(t *testing.T) {
	b, err := os.ReadFile(exampleFile)
	require.NoError(t, err)
	key, comment := regexp.MustCompile(`^\s*(- )?[a-z_]+:( |$)`), regexp.MustCompile(`^\s*# `)
	before := ""
	for i, line := range strings.Split(uncommented(string(b)), "\n") {
		if key.MatchString(line) {
			require.Regexp(t, comment, before, "line %d explains nothing of %s", i, line)
		}
		before = line
	}
}

// writeCertificate writes name.crt and name.key for a host.
func writeCertificate(t *testing.T, dir, name, host string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for ending, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+ending), pem.EncodeToMemory(block), 0o600))
	}
}

// FuzzConfig holds that no file makes the program panic or repeat a secret that
// stands where it must not.
func FuzzConfig(f *testing.F) {
	example, err := os.ReadFile(exampleFile)
	require.NoError(f, err)
	f.Add(example)
	f.Add([]byte("agency: a\nproviders:\n  - messagebird: {access_key: Sesame123, lines: [{id: a}]}\n"))
	f.Add([]byte("desk: {hours: {week: {monday: ['1']}}, texts: {et: {away: '{x}'}}}\nbot: {kind: echo, texts: {et: {echo: ''}}}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := decodeConfig("c.yaml", data)
		if err == nil {
			_, err = l.compile(newVault(noEnv, time.Now))
		}
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				require.Regexp(t, `^c\.yaml:\d+: `, line)
			}
			require.NotContains(t, fmt.Sprint(err), "Sesame123")
		}
	})
}
