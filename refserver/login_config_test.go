package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
)

// loginYAML asks with all three methods. DIR stands for the folder of the world.
const loginYAML = `
login:
  keys: [{id: k1, key: {file: DIR/login.key}}]
  names: {ppa: {et: PPA}}
  lines: {ppa-whatsapp: {least: high}}
  methods:
    smartid:
      environment: demo
      uuid: {file: DIR/sid.uuid}
      name: DEMO
      pins: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
      trust: {anchors: [DIR/root.pem]}
      revocation: {hosts: [aia.demo.sk.ee]}
    mobileid:
      environment: demo
      uuid: {file: DIR/sid.uuid}
      name: DEMO
      pins: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
      trust: {anchors: [DIR/root.pem]}
      revocation: {hosts: [aia.demo.sk.ee]}
    tara: {issuer: demo, client_id: ppa, client_secret: {file: DIR/tara.secret}}
`

// withLogins adds the block to the world's configuration, and what it names.
func (w *world) withLogins() {
	w.t.Helper()
	w.write("login.key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	w.write("sid.uuid", "00000000-0000-4000-8000-00000000cafe")
	w.write("tara.secret", "canary-tara-secret-4711")
	w.write("root.pem", string(authority(w.t, time.Now().Add(30*24*time.Hour))))
	b, err := os.ReadFile(w.path("config.yaml"))
	require.NoError(w.t, err)
	w.write("config.yaml", string(b)+strings.ReplaceAll(loginYAML, "DIR", w.dir))
}

// authority returns a certificate that may issue others, until a day.
func authority(t *testing.T, until time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	c := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "TEST of an authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &c, &c, &key.PublicKey, key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestLoginsAreMadeFromTheConfiguration(t *testing.T) {
	w := newWorld(t)
	w.withLogins()
	w.change("config.yaml", "kind: whatsapp,", `kind: whatsapp, return_link: "https://wa.me/3726000000?text={word}",`)
	p, err := compileFile(t, w.path("config.yaml"), nil)
	require.NoError(t, err)
	var names []eid.Method
	for _, m := range p.login.logins.Methods {
		names = append(names, m.Method())
	}
	require.Equal(t, []eid.Method{eid.SmartID, eid.MobileID, eid.TARA}, names)
	_, live := p.login.logins.Methods[0].(eid.LiveLinker)
	require.True(t, live, "Smart-ID has a code to scan")
	_, live = p.login.logins.Methods[1].(eid.LiveLinker)
	require.False(t, live, "Mobile-ID has none")
	require.Equal(t, publicURL+"/login", p.login.logins.URL)
	require.Equal(t, eid.High, p.login.logins.Lines["ppa-whatsapp"].Least)
	require.Equal(t, "https://wa.me/3726000000?text={word}", p.alt.Providers[0].Channels()[0].Info().ReturnLink)
	require.False(t, p.login.pages.SmartIDCode)
	require.Equal(t, "k1", p.login.logins.Keys()[0].ID)

	w.change("config.yaml", "environment: demo\n      uuid: {file: "+w.dir+"/sid.uuid}\n      name: DEMO\n      pins: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]\n      trust: {anchors: ["+w.dir+"/root.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    mobileid",
		"environment: demo\n      api: v2\n      uuid: {file: "+w.dir+"/sid.uuid}\n      name: DEMO\n      pins: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]\n      trust: {anchors: ["+w.dir+"/root.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    mobileid")
	p, err = compileFile(t, w.path("config.yaml"), nil)
	require.NoError(t, err)
	require.True(t, p.login.pages.SmartIDCode, "version 2 calls the app of a person whose code is known")
}

func TestAMistakeInTheLoginsIsToldWithItsField(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"no key":                         {"keys: [{id: k1, key: {file: DIR/login.key}}]", "keys: []", "login.keys: is required: one, and the ones before it as long as remember"},
		"a key without an id":            {"{id: k1, key", "{key", `login.keys[0].id: is required: a name that no other key has or had, like "2026-11"`},
		"a key that is none":             {"DIR/login.key", "DIR/access.key", "login.keys[0]: must be 32 bytes in base64, as made by: head -c 32 /dev/urandom | base64"},
		"a key twice":                    {"[{id: k1, key: {file: DIR/login.key}}]", "[{id: k1, key: {file: DIR/login.key}}, {id: k1, key: {file: DIR/login.key}}]", "login.keys[1].id: is another key's already"},
		"no name":                        {"{ppa: {et: PPA}}", "{}", "login.names: is required: the short name of each agency, by language"},
		"a name without Estonian":        {"{et: PPA}", "{en: PPA}", `login.names: "ppa" needs a name in "et"`},
		"a level that is none":           {"least: high", "least: highest", "login.lines.ppa-whatsapp.least: must be low, substantial or high"},
		"a line that is none":            {"{ppa-whatsapp: {least", "{ppa-viber: {least", "login.lines.ppa-viber: is no line of this file"},
		"a time that is too long":        {"  names:", "  valid_for: 6m\n  names:", "login.valid_for: must be at most 5 minutes"},
		"a limit below nothing":          {"  names:", "  per_minute: -1\n  names:", "login.per_minute: must not be negative"},
		"an environment that is none":    {"smartid:\n      environment: demo", "smartid:\n      environment: test", "login.methods.smartid.environment: must be live or demo, with url too where the service is elsewhere"},
		"a version that is none":         {"smartid:\n", "smartid:\n      api: v4\n", "login.methods.smartid.api: must be v3 or v2"},
		"a flow that v2 does not have":   {"smartid:\n", "smartid:\n      api: v2\n      flow: device-link\n", "login.methods.smartid.flow: must be device-link, which v2 does not have, or notification"},
		"certificates of no kind":        {"smartid:\n", "smartid:\n      certificates: all\n", "login.methods.smartid.certificates: must be qualified or advanced"},
		"a uuid that is none":            {"sid.uuid}\n      name: DEMO\n      pins: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]\n      trust: {anchors: [DIR/root.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    mobileid", "login.key}\n      name: DEMO\n      pins: [AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]\n      trust: {anchors: [DIR/root.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    mobileid", "login.methods.smartid.uuid: is required, in small letters"},
		"a uuid in the open":             {"smartid:\n      environment: demo\n      uuid: {file: DIR/sid.uuid}", "smartid:\n      environment: demo\n      uuid: 00000000-0000-4000-8000-00000000cafe", "login.methods.smartid.uuid: must be {env: NAME} or {file: PATH}; a secret never stands in this file"},
		"no pins":                        {"mobileid:\n", "mobileid:\n      insecure_no_pins: true\n", "login.methods.mobileid.pins: and InsecureNoPins exclude each other"},
		"a service without TLS":          {"mobileid:\n", "mobileid:\n      url: http://mid.example.ee\n", "login.methods.mobileid.url: httpx: Config.BaseURL must be https (InsecureHTTP is for simulators)"},
		"a file that is not there":       {"trust: {anchors: [DIR/root.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    tara", "trust: {anchors: [DIR/no.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    tara", "login.methods.mobileid.trust.anchors[0]: open DIR/no.pem: no such file or directory"},
		"a file of something else":       {"trust: {anchors: [DIR/root.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    tara", "trust: {anchors: [DIR/login.key]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    tara", "login.methods.mobileid.trust.anchors[0]: "},
		"no authorities":                 {"trust: {anchors: [DIR/root.pem]}\n      revocation: {hosts: [aia.demo.sk.ee]}\n    tara", "revocation: {hosts: [aia.demo.sk.ee]}\n    tara", "login.methods.mobileid.trust.anchors: is required: files of the authorities that are believed"},
		"nobody to ask":                  {"revocation: {hosts: [aia.demo.sk.ee]}\n    tara", "revocation: {}\n    tara", "login.methods.mobileid.revocation.hosts: is required"},
		"an issuer that is none":         {"issuer: demo", "issuer: tara", "login.methods.tara.issuer: is not an https address"},
		"a client without a name":        {"client_id: ppa, ", "", "login.methods.tara.client_id: is required"},
		"a secret that is missing":       {"DIR/tara.secret", "DIR/no.secret", "login.methods.tara.client_secret: the file of the secret cannot be read: open DIR/no.secret: no such file or directory"},
		"a level that TARA has not":      {"issuer: demo", "issuer: demo, level: low", "login.methods.tara.level: must be substantial or high"},
		"a host that may not be called":  {"bot: {", "egress: {allowed_hosts: [sid.demo.sk.ee, tsp.demo.sk.ee, aia.demo.sk.ee]}\nbot: {", "login.methods.tara.issuer: leads to tara-test.ria.ee, which is not among egress.allowed_hosts"},
		"a responder not to be called":   {"bot: {", "egress: {allowed_hosts: [sid.demo.sk.ee, tsp.demo.sk.ee, tara-test.ria.ee]}\nbot: {", "login.methods.smartid.revocation.hosts[0]: leads to aia.demo.sk.ee, which is not among egress.allowed_hosts"},
		"a way back without a word":      {"kind: whatsapp,", `kind: whatsapp, return_link: "https://wa.me/1",`, `Info().ReturnLink must be an https or sms address with "{word}" in it`},
		"a way back that is not secured": {"kind: whatsapp,", `kind: whatsapp, return_link: "http://wa.me/1?text={word}",`, `Info().ReturnLink must be an https or sms address with "{word}" in it`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.withLogins()
			w.change("config.yaml", strings.ReplaceAll(c.from, "DIR", w.dir), strings.ReplaceAll(c.to, "DIR", w.dir))
			_, err := compileFile(t, w.path("config.yaml"), nil)
			require.ErrorContains(t, err, strings.ReplaceAll(c.want, "DIR", w.dir))
			require.Contains(t, err.Error(), w.path("config.yaml")+":", "the line is told")
			require.NotContains(t, err.Error(), "cafe")
		})
	}
}

func TestTheAuthoritiesAreShownAndTheirEndIsWarnedOf(t *testing.T) {
	w := newWorld(t)
	code, _, stderr := w.command("trust")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "-config is expected")
	code, stdout, _ := w.command("trust", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code)
	require.Contains(t, stdout, "names no authorities")

	w.withLogins()
	code, stdout, stderr = w.command("trust", "-config", w.path("config.yaml"))
	require.Equal(t, exitOK, code, stderr)
	require.Regexp(t, `smart-id +anchor +[0-9a-f]{64} +\d{4}-\d\d-\d\d +EC P-384 +CN=TEST of an authority`, stdout)
	require.Contains(t, stdout, "mobile-id")
	require.Regexp(t, `warning: smart-id: [0-9a-f]{64} is valid until`, stderr)

	srv := w.serve()
	status, body, _ := srv.get(t, "/heartbeat.json")
	require.Equal(t, http.StatusOK, status)
	var beat heartbeat
	require.NoError(t, json.Unmarshal([]byte(body), &beat))
	require.Len(t, beat.Expiring, 2)
	var names []string
	for _, s := range beat.Systems {
		names = append(names, s.Name+" "+s.State)
	}
	require.Equal(t, []string{"messagebird unknown", "smart-id unknown", "mobile-id unknown", "tara unknown"}, names)
	require.Eventually(t, func() bool { return strings.Contains(srv.log.String(), "certificate of an authority ends") }, 10*time.Second, 10*time.Millisecond)

	w.write("root.pem", string(authority(t, time.Now().Add(91*24*time.Hour))))
	_, _, stderr = w.command("trust", "-config", w.path("config.yaml"))
	require.Empty(t, stderr)
}

func TestALoginIsCountedForTheAddressBehindOurOwnProxies(t *testing.T) {
	at := clientBehind([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")})
	for name, c := range map[string]struct{ remote, forwarded, want string }{
		"a direct connection":        {"203.0.113.7:1234", "198.51.100.1", "203.0.113.7"},
		"a proxy of ours":            {"10.1.2.3:1234", "192.0.2.1, 203.0.113.7", "203.0.113.7"},
		"IPv4 written as IPv6":       {"[::ffff:203.0.113.7]:1234", "", "203.0.113.7"},
		"a proxy that tells nothing": {"10.1.2.3:1234", "", "10.1.2.3"},
		"nothing that can be read":   {"pipe", "", "invalid IP"},
	} {
		r, err := http.NewRequest(http.MethodGet, "/", nil)
		require.NoError(t, err)
		r.RemoteAddr = c.remote
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		require.Equal(t, c.want, at(r).String(), name)
	}
}
