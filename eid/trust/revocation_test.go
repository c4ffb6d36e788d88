package trust_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid"
	"github.com/liidestuja/liidestuja/eid/eidtest/testca"
	"github.com/liidestuja/liidestuja/eid/trust"
)

func TestOCSP(t *testing.T) {
	a := newAuthority(t)
	cert := a.issue(t, nil)
	issuer := a.Authority(true).Cert
	a.AnswerList(testca.Unavailable) // OCSP alone decides here
	foreign := newAuthority(t).appointed(t)
	unbelievable := func(s string) []string { return []string{"OCSP: unbelievable: " + s} }
	for name, tc := range map[string]struct {
		answer testca.Answer
		change func(*testca.Response)
		want   error // nil: good
		says   []string
	}{
		"good":                                 {},
		"good, signed by the issuer itself":    {answer: testca.IssuerSigned},
		"good, the signer named by its key":    {change: func(r *testca.Response) { r.ByKey = true }},
		"good, without its next update":        {change: func(r *testca.Response) { r.NextUpdate = time.Time{} }},
		"good, a clock that is a little ahead": {change: func(r *testca.Response) { shift(r, 50*time.Second) }},
		"good, from a few minutes ago":         {change: func(r *testca.Response) { shift(r, -9*time.Minute) }},
		"revoked":                              {answer: testca.Revoked, want: trust.ErrRevoked},
		"unknown":                              {answer: testca.Unknown, want: trust.ErrUnknownStatus},
		"revoked, said long ago": {answer: testca.Revoked, want: trust.ErrRevoked,
			change: func(r *testca.Response) { shift(r, -99*time.Hour); r.Nonce = nil }},
		"unknown, said without a nonce": {answer: testca.Unknown, want: trust.ErrUnknownStatus,
			change: func(r *testca.Response) { r.Nonce = nil }},

		"stale":                       {answer: testca.Stale, want: trust.ErrStatusAnswer, says: unbelievable("too old")},
		"too old though it has time":  {change: func(r *testca.Response) { shift(r, -12*time.Minute) }, want: trust.ErrStatusAnswer, says: unbelievable("too old")},
		"out of date":                 {change: func(r *testca.Response) { r.NextUpdate = now().Add(-2 * time.Minute) }, want: trust.ErrStatusAnswer, says: unbelievable("out of date")},
		"old, without next update":    {change: func(r *testca.Response) { r.NextUpdate = time.Time{}; r.ThisUpdate = now().Add(-time.Hour) }, want: trust.ErrStatusAnswer, says: unbelievable("too old")},
		"of tomorrow":                 {answer: testca.Early, want: trust.ErrStatusAnswer, says: unbelievable("of the future")},
		"produced tomorrow":           {change: func(r *testca.Response) { r.ProducedAt = now().Add(time.Hour) }, want: trust.ErrStatusAnswer, says: unbelievable("of the future")},
		"without the nonce":           {answer: testca.WithoutNonce, want: trust.ErrStatusAnswer, says: unbelievable("no nonce")},
		"with another nonce":          {answer: testca.OtherNonce, want: trust.ErrStatusAnswer, says: unbelievable("nonce")},
		"with a broken nonce":         {change: func(r *testca.Response) { r.Nonce = []byte{} }, want: trust.ErrStatusAnswer, says: unbelievable("form of the nonce")},
		"signed by another key":       {answer: testca.WronglySigned, want: trust.ErrStatusAnswer, says: unbelievable("form or signature")},
		"signed by another authority": {answer: testca.WrongSigner, want: trust.ErrStatusAnswer, says: unbelievable("signer was not appointed")},
		"signed by who may not":       {answer: testca.PlainSigner, want: trust.ErrStatusAnswer, says: unbelievable("signer may not answer")},
		"signed by a person":          {change: func(r *testca.Response) { r.Signer, r.Include = cert, []*x509.Certificate{cert.Cert} }, want: trust.ErrStatusAnswer, says: unbelievable("signer may not answer")},
		"signer left out":             {change: func(r *testca.Response) { r.Include = nil }, want: trust.ErrStatusAnswer, says: unbelievable("signature")},
		"signer of another name":      {change: func(r *testca.Response) { r.Signer = rename(r.Signer) }, want: trust.ErrStatusAnswer, says: unbelievable("signer")},
		"about another certificate":   {answer: testca.OtherSerial, want: trust.ErrStatusAnswer, says: unbelievable("about another")},
		"about another issuer's":      {answer: testca.OtherIssuer, want: trust.ErrStatusAnswer, says: unbelievable("about another")},
		"about a name alike":          {change: func(r *testca.Response) { r.KeyHash = make([]byte, 20) }, want: trust.ErrStatusAnswer, says: unbelievable("about another")},
		"two statements":              {change: func(r *testca.Response) { r.Twice = true }, want: trust.ErrStatusAnswer, says: unbelievable("form")},
		"a critical extension": {change: func(r *testca.Response) {
			r.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}, want: trust.ErrStatusAnswer, says: unbelievable("critical extension")},
		"a weak signature":         {change: func(r *testca.Response) { r.Weak = true }, want: trust.ErrStatusAnswer, says: unbelievable("weak signature")},
		"signer of the right name": {change: func(r *testca.Response) { r.Signer, r.Include = foreign, []*x509.Certificate{foreign.Cert} }, want: trust.ErrStatusAnswer, says: unbelievable("signer was not appointed")},
		"malformed":                {answer: testca.Malformed, want: trust.ErrStatusAnswer, says: unbelievable("form")},
		"empty":                    {answer: testca.Empty, want: trust.ErrStatusAnswer, says: unbelievable("form")},
		"try later":                {answer: testca.Later, want: trust.ErrStatusUnreachable, says: []string{"OCSP: refused with code 3"}},
		"unavailable":              {answer: testca.Unavailable, want: trust.ErrStatusUnreachable, says: []string{"OCSP: status 503; list: status 503"}},
	} {
		t.Run(name, func(t *testing.T) {
			a.Answer(tc.answer)
			a.Change(tc.change)
			err := a.revocation(t, nil).Check(t.Context(), cert.Cert, issuer, now())
			requireStatus(t, err, tc.want)
			for _, s := range tc.says {
				require.ErrorContains(t, err, s)
			}
		})
	}
}

// appointed returns whom the authority lets answer. Two authorities of these
// tests have the same names.
func (a *authority) appointed(t *testing.T) *testca.Certificate {
	t.Helper()
	var signer *testca.Certificate
	a.Change(func(r *testca.Response) { signer = r.Signer })
	defer a.Change(nil)
	require.NoError(t, a.revocation(t, nil).Check(t.Context(), a.issue(t, nil).Cert, a.Authority(true).Cert, now()))
	return signer
}

// requireStatus checks an outcome and what else it must be.
func requireStatus(t *testing.T, err, want error) {
	t.Helper()
	if want == nil {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, want)
	silent(t, err)
	final := errors.Is(want, trust.ErrRevoked) || errors.Is(want, trust.ErrUnknownStatus)
	require.Equal(t, final, errors.Is(err, eid.ErrUntrusted))
	require.Equal(t, !final, errors.Is(err, trust.ErrStatusUnreachable))
}

func shift(r *testca.Response, d time.Duration) {
	r.ProducedAt, r.ThisUpdate = r.ProducedAt.Add(d), r.ThisUpdate.Add(d)
}

func rename(c *testca.Certificate) *testca.Certificate {
	other := *c.Cert
	other.RawSubject = []byte{0x30, 0}
	return &testca.Certificate{Cert: &other, Key: c.Key}
}

func TestNonceMayBeLeftOut(t *testing.T) {
	a := newAuthority(t)
	a.AnswerList(testca.Unavailable)
	cert := a.issue(t, nil)
	issuer := a.Authority(true).Cert
	r := a.revocation(t, func(c *trust.RevocationConfig) { c.NonceOptional = true })
	a.Answer(testca.WithoutNonce)
	require.NoError(t, r.Check(t.Context(), cert.Cert, issuer, now()))
	requireStatus(t, r.Check(t.Context(), cert.Cert, issuer, now().Add(12*time.Minute)), trust.ErrStatusAnswer)
	a.Answer(testca.OtherNonce)
	requireStatus(t, r.Check(t.Context(), cert.Cert, issuer, now()), trust.ErrStatusAnswer)
}

func TestConfiguredResponder(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	a.AnswerList(testca.Unavailable)
	cert := a.issue(t, nil)
	foreign := b.Authority(false)
	for _, include := range []bool{false, true} {
		a.Change(func(r *testca.Response) {
			r.Signer, r.Include = foreign, nil
			if include {
				r.Include = []*x509.Certificate{foreign.Cert}
			}
		})
		requireStatus(t, a.revocation(t, nil).Check(t.Context(), cert.Cert, a.Authority(true).Cert, now()), trust.ErrStatusAnswer)
		r := a.revocation(t, func(c *trust.RevocationConfig) { c.Responders = []*x509.Certificate{foreign.Cert} })
		require.NoError(t, r.Check(t.Context(), cert.Cert, a.Authority(true).Cert, now()))
	}
}

func TestResponderThatIsNotValidAnyMore(t *testing.T) {
	a := newAuthority(t)
	a.AnswerList(testca.Unavailable)
	cert := a.issue(t, nil)
	issuer := a.Authority(true)
	old := a.issue(t, func(p *testca.Person) {
		p.NotBefore, p.NotAfter = now().AddDate(-1, 0, 0), now().AddDate(0, 0, -1)
		p.Change = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning} }
	})
	a.Change(func(r *testca.Response) { r.Signer, r.Include = old, []*x509.Certificate{old.Cert} })
	for _, configured := range [][]*x509.Certificate{nil, {old.Cert}} {
		r := a.revocation(t, func(c *trust.RevocationConfig) { c.Responders = configured })
		err := r.Check(t.Context(), cert.Cert, issuer.Cert, now())
		requireStatus(t, err, trust.ErrStatusAnswer)
		require.ErrorContains(t, err, "signer is not valid")
	}
}

func TestListsWhereOCSPGivesNoAnswer(t *testing.T) {
	a := newAuthority(t)
	cert := a.issue(t, nil)
	issuer := a.Authority(true).Cert
	revoked := a.issue(t, nil)
	a.Revoke(revoked)
	unbelievable := func(s string) string { return "list: unbelievable: " + s }
	ext := func(e pkix.Extension) func(*x509.RevocationList) {
		return func(l *x509.RevocationList) { l.ExtraExtensions = append(l.ExtraExtensions, e) }
	}
	right, err := testca.Portion(cert.Cert.CRLDistributionPoints[0])
	require.NoError(t, err)
	ownPortion := right
	attributes := pkix.Extension{Id: right.Id, Critical: true, Value: []byte{0x30, 3, 0x85, 1, 0xff}}
	for name, tc := range map[string]struct {
		answer testca.Answer
		change func(*x509.RevocationList)
		says   string // "": good, and the other one revoked
	}{
		"good":                        {},
		"good, of this address":       {change: ext(ownPortion)},
		"good, of people only":        {change: ext(pkix.Extension{Id: right.Id, Critical: true, Value: []byte{0x30, 3, 0x81, 1, 0xff}})},
		"stale":                       {answer: testca.Stale, says: unbelievable("out of date")},
		"of tomorrow":                 {answer: testca.Early, says: unbelievable("of the future")},
		"signed by another key":       {answer: testca.WronglySigned, says: unbelievable("signature")},
		"signed by another authority": {answer: testca.WrongSigner, says: unbelievable("of another issuer")},
		"malformed":                   {answer: testca.Malformed, says: unbelievable("form")},
		"empty":                       {answer: testca.Empty, says: unbelievable("form")},
		"unavailable":                 {answer: testca.Unavailable, says: "list: status 503"},
		"a portion of others":         {answer: testca.ForeignPortion, says: unbelievable("a portion only")},
		"of attributes only":          {change: ext(attributes), says: unbelievable("a portion only")},
		"a weak signature":            {change: func(l *x509.RevocationList) { l.SignatureAlgorithm = x509.ECDSAWithSHA1 }, says: unbelievable("weak signature")},
		"a difference":                {change: ext(pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}), says: unbelievable("a difference only")},
		"a critical extension":        {change: ext(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}), says: unbelievable("critical extension")},
		"entries of another issuer": {says: unbelievable("critical extension"), change: func(l *x509.RevocationList) {
			l.RevokedCertificateEntries[0].ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}}
		}},
	} {
		for way, answer := range map[string]testca.Answer{"unreachable": testca.Unavailable, "unbelievable": testca.WronglySigned} {
			t.Run(name+", OCSP "+way, func(t *testing.T) {
				a.Answer(answer)
				a.AnswerList(tc.answer)
				a.ChangeList(tc.change)
				r := a.revocation(t, nil)
				err := r.Check(t.Context(), cert.Cert, issuer, now())
				if tc.says == "" {
					require.NoError(t, err)
					requireStatus(t, r.Check(t.Context(), revoked.Cert, issuer, now()), trust.ErrRevoked)
					return
				}
				requireStatus(t, err, trust.ErrStatusUnreachable)
				require.ErrorContains(t, err, tc.says)
				require.Equal(t, strings.Contains(tc.says, "unbelievable") || way == "unbelievable", errors.Is(err, trust.ErrStatusAnswer))
			})
		}
	}
}

func TestCertificateThatNamesLittle(t *testing.T) {
	a := newAuthority(t)
	issuer := a.Authority(true).Cert
	r := a.revocation(t, nil)
	for name, tc := range map[string]struct {
		change func(*x509.Certificate)
		want   error
	}{
		"no address of OCSP":   {func(c *x509.Certificate) { c.OCSPServer = nil }, nil},
		"no address of a list": {func(c *x509.Certificate) { c.CRLDistributionPoints = nil }, nil},
		"no address":           {func(c *x509.Certificate) { c.OCSPServer, c.CRLDistributionPoints = nil, nil }, trust.ErrUnknownStatus},
		"the second one works": {func(c *x509.Certificate) { c.OCSPServer = append([]string{"ldap://x/y"}, c.OCSPServer...) }, nil},
		"the fourth is too far": {func(c *x509.Certificate) {
			c.OCSPServer = append([]string{"ldap://x", "ftp://x", "x"}, c.OCSPServer...)
			c.CRLDistributionPoints = nil
		}, trust.ErrStatusUnreachable},
		"a host not on the list": {func(c *x509.Certificate) {
			c.OCSPServer, c.CRLDistributionPoints = []string{"http://elsewhere.example/q"}, []string{"http://elsewhere.example/q.crl"}
		}, trust.ErrStatusUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			cert := a.issue(t, func(p *testca.Person) { p.Change = tc.change })
			requireStatus(t, r.Check(t.Context(), cert.Cert, issuer, now()), tc.want)
		})
	}
	cert := a.issue(t, nil)
	require.ErrorIs(t, r.Check(t.Context(), cert.Cert, a.Authority(false).Cert, now()), trust.RuleChain)
	require.ErrorIs(t, r.Check(t.Context(), nil, issuer, now()), trust.RuleForm)
	require.ErrorIs(t, r.Check(t.Context(), cert.Cert, nil, now()), trust.RuleForm)
}

func TestListsAreKeptForMinutes(t *testing.T) {
	a := newAuthority(t)
	a.Answer(testca.Unavailable)
	cert := a.issue(t, nil)
	issuer := a.Authority(true).Cert
	r := a.revocation(t, nil)
	asked := func() int { _, lists := a.Asked(); return lists }
	for range 3 {
		require.NoError(t, r.Check(t.Context(), cert.Cert, issuer, now()))
	}
	require.Equal(t, 1, asked())
	require.NoError(t, r.Check(t.Context(), cert.Cert, issuer, now().Add(5*time.Minute)))
	require.Equal(t, 1, asked())
	require.NoError(t, r.Check(t.Context(), cert.Cert, issuer, now().Add(-30*time.Second)))
	require.Equal(t, 2, asked(), "fetched later than the time that counts")
	a.Revoke(cert)
	require.NoError(t, r.Check(t.Context(), cert.Cert, issuer, now().Add(4*time.Minute)))
	requireStatus(t, r.Check(t.Context(), cert.Cert, issuer, now().Add(6*time.Minute)), trust.ErrRevoked)
	require.Equal(t, 3, asked())

	// A list that runs out before that is not used any longer either.
	a.ChangeList(func(l *x509.RevocationList) { l.NextUpdate = l.ThisUpdate.Add(time.Minute) })
	short := a.revocation(t, nil)
	requireStatus(t, short.Check(t.Context(), cert.Cert, issuer, now()), trust.ErrRevoked)
	requireStatus(t, short.Check(t.Context(), cert.Cert, issuer, now().Add(3*time.Minute)), trust.ErrStatusAnswer)
}

func TestFewListsAreKept(t *testing.T) {
	a := newAuthority(t)
	a.Answer(testca.Unavailable)
	r := a.revocation(t, nil)
	check := func(n int) {
		cert := a.issue(t, func(p *testca.Person) {
			p.Change = func(c *x509.Certificate) {
				c.CRLDistributionPoints = []string{fmt.Sprintf("http://%s/%d/crl/q.crl", a.host, n)}
			}
		})
		require.NoError(t, r.Check(t.Context(), cert.Cert, a.Authority(true).Cert, now()))
	}
	for n := range 9 {
		check(n)
		check(n)
	}
	check(0)
	_, lists := a.Asked()
	require.Equal(t, 10, lists, "the first one made room")
}

func TestManyListsAtOnceAreOneRequest(t *testing.T) {
	a := newAuthority(t)
	a.Answer(testca.Unavailable)
	cert := a.issue(t, nil)
	r := a.revocation(t, nil)
	done := make(chan error)
	for range 20 {
		go func() { done <- r.Check(context.Background(), cert.Cert, a.Authority(true).Cert, now()) }()
	}
	for range 20 {
		require.NoError(t, <-done)
	}
	_, lists := a.Asked()
	require.Equal(t, 1, lists)
}

func TestAnswersAreBoundedAndCancelled(t *testing.T) {
	a := newAuthority(t)
	issuer := a.Authority(true).Cert
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			_, _ = w.Write(make([]byte, 64<<10))
		case "/moved":
			http.Redirect(w, r, "/long", http.StatusFound)
		default:
			<-release
		}
	}))
	defer srv.Close()
	defer close(release)
	host := strings.TrimPrefix(srv.URL, "http://")
	limited := func(c *trust.RevocationConfig) { c.Hosts = []string{host}; c.MaxList = 32 << 10 }
	for path, says := range map[string]string{"/long": "reply too large", "/moved": "status 302"} {
		cert := a.issue(t, func(p *testca.Person) {
			p.Change = func(c *x509.Certificate) {
				c.OCSPServer, c.CRLDistributionPoints = []string{srv.URL + path}, []string{srv.URL + path}
			}
		})
		err := a.revocation(t, limited).Check(t.Context(), cert.Cert, issuer, now())
		requireStatus(t, err, trust.ErrStatusUnreachable)
		require.Equal(t, 2, strings.Count(err.Error(), says), err.Error())
	}
	cert := a.issue(t, func(p *testca.Person) {
		p.Change = func(c *x509.Certificate) { c.OCSPServer = []string{srv.URL + "/hangs"} }
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := a.revocation(t, limited).Check(ctx, cert.Cert, issuer, now())
	requireStatus(t, err, trust.ErrStatusUnreachable)
	require.ErrorIs(t, err, context.Canceled)
	err = a.revocation(t, func(c *trust.RevocationConfig) { limited(c); c.Timeout = 10 * time.Millisecond }).
		Check(t.Context(), cert.Cert, issuer, now())
	requireStatus(t, err, trust.ErrStatusUnreachable)
}

func TestOwnWayOutReachesNoPrivateAddress(t *testing.T) {
	a := newAuthority(t)
	cert := a.issue(t, nil)
	r := a.revocation(t, func(c *trust.RevocationConfig) { c.Client = nil })
	err := r.Check(t.Context(), cert.Cert, a.Authority(true).Cert, now())
	requireStatus(t, err, trust.ErrStatusUnreachable)
	require.ErrorContains(t, err, "destination not allowed")
	asked, lists := a.Asked()
	require.Zero(t, asked+lists)
}

func TestRevocationConfig(t *testing.T) {
	for field, cfg := range map[string]trust.RevocationConfig{
		"Hosts":         {},
		"Hosts:":        {Hosts: []string{"http://x/"}},
		"Responders[0]": {Hosts: []string{"x"}, Responders: []*x509.Certificate{nil}},
		"MaxAge":        {Hosts: []string{"x"}, MaxAge: -1},
		"Skew":          {Hosts: []string{"x"}, Skew: -1},
		"Timeout":       {Hosts: []string{"x"}, Timeout: -1},
		"Keep":          {Hosts: []string{"x"}, Keep: -1},
		"Keep must":     {Hosts: []string{"x"}, Keep: 2 * time.Hour},
		"MaxList":       {Hosts: []string{"x"}, MaxList: -1},
	} {
		_, err := trust.NewRevocation(cfg)
		require.ErrorContains(t, err, "RevocationConfig."+field)
	}
	r, err := trust.NewRevocation(trust.RevocationConfig{Hosts: []string{"x"}, Rand: strings.NewReader("too short")})
	require.NoError(t, err)
	a := newAuthority(t)
	requireStatus(t, r.Check(t.Context(), a.issue(t, nil).Cert, a.Authority(true).Cert, now()), trust.ErrStatusUnreachable)
}
