package main

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/mobileid"
	"github.com/liidestuja/liidestuja/eid/smartid"
	"github.com/liidestuja/liidestuja/eid/tara"
	"github.com/liidestuja/liidestuja/eid/trust"
	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Words of the file for an environment.
const (
	wordLive = "live"
	wordDemo = "demo"
)

// methods makes what people may choose from, in the order in which they see it.
func (c *compiler) methods(p *loginParts) {
	m := c.Login.Methods
	if m == (loginMethodsConf{}) {
		c.fail("login.methods", "is required: at least one of smartid, mobileid and tara")
	}
	if m.SmartID != nil {
		c.smartID("login.methods.smartid", *m.SmartID, p)
	}
	if m.MobileID != nil {
		c.mobileID("login.methods.mobileid", *m.MobileID, p)
	}
	if m.TARA != nil {
		c.tara("login.methods.tara", *m.TARA, p)
	}
}

// method keeps what a constructor made, or says where in the file its complaint
// belongs.
func (c *compiler) method(place string, p *loginParts, store *trust.Store, m eid.Authenticator, err error) {
	if err != nil {
		c.errs = append(c.errs, c.translate(err, func(field string) string { return placeOfMethod(place, field) }))
		return
	}
	s := newEIDService(m, store, c.parts.alt.Now)
	p.services = append(p.services, s)
	p.logins.Methods = append(p.logins.Methods, s.method())
}

// placeOfMethod says where a field of a method's Config stands in the file.
func placeOfMethod(place, field string) string {
	switch field {
	case "relying_party_uuid":
		field = "uuid"
	case "relying_party_name":
		field = "name"
	case "environment", "environment.base_url":
		field = "url"
	case "environment.scheme_name":
		field = "scheme"
	case "redirect_url":
		return "public_url"
	case "certificates":
	default:
		if rest, ok := strings.CutPrefix(field, "revocation_config."); ok {
			field = "revocation." + rest
		}
	}
	return strings.TrimSuffix(place+"."+field, ".")
}

func (c *compiler) smartID(place string, m smartIDConf, p *loginParts) {
	before := len(c.errs)
	v2 := m.API == "v2"
	at := map[string]func() smartid.Environment{"v3 live": smartid.Live, "v3 demo": smartid.Demo, "v2 live": smartid.LiveV2, "v2 demo": smartid.DemoV2}
	made, known := at[or(m.API, "v3")+" "+m.Environment]
	flow, knownFlow := map[string]smartid.Flow{"": smartid.DeviceLink, "device-link": smartid.DeviceLink, "notification": smartid.Notification}[m.Flow]
	level, knownLevel := map[string]smartid.CertificateLevel{"": smartid.Qualified, "qualified": smartid.Qualified, "advanced": smartid.Advanced}[m.Certificates]
	switch {
	case m.API != "" && m.API != "v2" && m.API != "v3":
		c.fail(place+".api", "must be v3 or v2")
	case !known:
		c.fail(place+".environment", "must be live or demo, with url too where the service is elsewhere")
	case !knownFlow, v2 && m.Flow == "device-link":
		c.fail(place+".flow", "must be device-link, which v2 does not have, or notification")
	case !knownLevel:
		c.fail(place+".certificates", "must be qualified or advanced")
	}
	uuid, _ := c.secret(place+".uuid", m.UUID)
	store := c.trust(place+".trust", m.Trust)
	checker := c.revocation(place+".revocation", m.Revocation, m.InsecureHTTP)
	if len(c.errs) > before {
		return
	}
	env := made()
	env.BaseURL, env.SchemeName = or(m.URL, env.BaseURL), or(m.Scheme, env.SchemeName)
	client := c.wayTo(place+".url", env.BaseURL)
	p.pages.SmartIDCode = v2 || flow == smartid.Notification
	if v2 {
		a, err := smartid.NewV2(smartid.ConfigV2{
			Environment: env, RelyingPartyUUID: strings.ToLower(uuid), RelyingPartyName: m.Name, Trust: store, Revocation: checker, Pins: m.Pins,
			InsecureNoPins: m.InsecureNoPins, Client: client, Certificates: level, InsecureHTTP: m.InsecureHTTP,
		})
		c.method(place, p, store, a, err)
		return
	}
	a, err := smartid.New(smartid.Config{
		Environment: env, RelyingPartyUUID: strings.ToLower(uuid), RelyingPartyName: m.Name, Flow: flow, Trust: store, Revocation: checker, Pins: m.Pins,
		InsecureNoPins: m.InsecureNoPins, Client: client, Certificates: level, InsecureHTTP: m.InsecureHTTP,
	})
	c.method(place, p, store, a, err)
}

func (c *compiler) mobileID(place string, m mobileIDConf, p *loginParts) {
	before := len(c.errs)
	made, known := map[string]func() mobileid.Environment{wordLive: mobileid.Live, wordDemo: mobileid.Demo}[m.Environment]
	if !known {
		c.fail(place+".environment", "must be live or demo, with url too where the service is elsewhere")
	}
	uuid, _ := c.secret(place+".uuid", m.UUID)
	store := c.trust(place+".trust", m.Trust)
	checker := c.revocation(place+".revocation", m.Revocation, m.InsecureHTTP)
	if len(c.errs) > before {
		return
	}
	env := made()
	env.BaseURL = or(m.URL, env.BaseURL)
	a, err := mobileid.New(mobileid.Config{
		Environment: env, RelyingPartyUUID: uuid, RelyingPartyName: m.Name, Trust: store, Revocation: checker, Pins: m.Pins,
		InsecureNoPins: m.InsecureNoPins, Client: c.wayTo(place+".url", env.BaseURL), InsecureHTTP: m.InsecureHTTP,
	})
	c.method(place, p, store, a, err)
}

func (c *compiler) tara(place string, m taraConf, p *loginParts) {
	before := len(c.errs)
	issuer, known := map[string]string{wordLive: tara.Live, wordDemo: tara.Demo, "govsso": tara.GovSSO, "govsso-demo": tara.GovSSODemo}[m.Issuer]
	if !known {
		issuer = m.Issuer
	}
	c.secret(place+".client_secret", m.ClientSecret)
	level := c.level(place+".level", m.Level)
	transport := c.transport()
	if m.CAFile != "" {
		pool := x509.NewCertPool()
		pem, err := os.ReadFile(m.CAFile)
		if err != nil {
			c.fail(place+".ca_file", err.Error())
		} else if !pool.AppendCertsFromPEM(pem) {
			c.fail(place+".ca_file", "holds no certificate in PEM")
		}
		if transport == nil {
			transport = newTransport()
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	if len(c.errs) > before {
		return
	}
	c.mayCall(place+".issuer", issuer)
	cfg := tara.Config{
		Issuer: issuer, ClientID: m.ClientID, ClientSecret: c.vault.source(m.ClientSecret), SecretInForm: m.SecretInForm, Scopes: m.Scopes, Level: level,
		RedirectURL: c.PublicURL + loginPath + "/return", GovSSOClaims: issuer == tara.GovSSO || issuer == tara.GovSSODemo, InsecureHTTP: m.InsecureHTTP,
	}
	if transport != nil {
		cfg.Client = &http.Client{Transport: transport}
	}
	a, err := tara.New(cfg)
	c.method(place, p, nil, a, err)
}

// trust reads the authorities of a service.
func (c *compiler) trust(place string, t trustConf) *trust.Store {
	before := len(c.errs)
	cfg := trust.Config{Anchors: c.certificates(place+".anchors", t.Anchors), Intermediates: c.certificates(place+".intermediates", t.Intermediates)}
	if len(t.Anchors) == 0 {
		c.fail(place+".anchors", "is required: files of the authorities that are believed")
	}
	if len(c.errs) > before {
		return nil
	}
	store, err := trust.New(cfg)
	if err != nil {
		c.fail(place, strings.TrimPrefix(err.Error(), "eid/trust: "))
	}
	return store
}

// certificates reads files of certificates.
func (c *compiler) certificates(place string, files []string) (all []*x509.Certificate) {
	for i, name := range files {
		b, err := os.ReadFile(name)
		var read []*x509.Certificate
		if err == nil {
			read, err = trust.Read(b)
		}
		if err != nil {
			c.fail(fmt.Sprintf("%s[%d]", place, i), strings.TrimPrefix(err.Error(), "eid/trust: "))
		}
		all = append(all, read...)
	}
	return all
}

// revocation makes what asks whether a certificate was revoked. loopback: the
// service is a simulator, and so is who answers.
func (c *compiler) revocation(place string, r revocationConf, loopback bool) trust.Checker {
	before := len(c.errs)
	cfg := trust.RevocationConfig{
		Hosts: r.Hosts, NonceOptional: r.NonceOptional, MaxAge: r.MaxAge.std(), Responders: c.certificates(place+".responders", r.Responders),
	}
	for i, host := range r.Hosts {
		c.mayCall(fmt.Sprintf("%s.hosts[%d]", place, i), "http://"+host)
	}
	if t := c.transport(); t != nil {
		cfg.Client = &http.Client{Transport: t}
	} else if loopback {
		cfg.Client = &http.Client{Transport: newTransport()}
	}
	if len(c.errs) > before {
		return nil
	}
	checker, err := trust.NewRevocation(cfg)
	if err != nil {
		c.errs = append(c.errs, c.translate(err, func(field string) string {
			return strings.TrimSuffix(place+"."+strings.TrimPrefix(field, "revocation_config."), ".")
		}))
		return nil
	}
	return checker
}

// transport returns the way out that the file asks for, nil for a service's own.
// Pins and roots are set on a transport, so lists of hosts are checked by mayCall:
// each of these services has one host, which no answer of theirs changes.
func (c *compiler) transport() *http.Transport {
	t, err := egressTransport(c.Egress, c.vault)
	if err != nil {
		return nil // told with the providers
	}
	return t
}

// wayTo returns the client for a service; nil: its own.
func (c *compiler) wayTo(field, address string) *http.Client {
	c.mayCall(field, address)
	if t := c.transport(); t != nil {
		return &http.Client{Transport: t}
	}
	return nil
}

// mayCall holds that an address is one of the hosts that may be called.
func (c *compiler) mayCall(field, address string) {
	u, err := url.Parse(address)
	hosts, bad := httpx.NewHostList(c.Egress.AllowedHosts...)
	if len(c.Egress.AllowedHosts) == 0 || bad != nil || err != nil || u.Host == "" {
		return // nothing is forbidden, or the mistake is told elsewhere
	}
	if !hosts.Allows(u) {
		c.fail(field, fmt.Sprintf("leads to %s, which is not among egress.allowed_hosts", u.Host))
	}
}
