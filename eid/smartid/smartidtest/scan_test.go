package smartidtest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liidestuja/liidestuja/eid/smartid/smartidtest"
)

// deviceLink writes a link as a relying party does.
func deviceLink(o opened, kind, sessionType string, elapsed int) string {
	return deviceLinkOf(o, kind, sessionType, elapsed, "smart-id-demo")
}

func deviceLinkOf(o opened, kind, sessionType string, elapsed int, environment string) string {
	text := o.base + "?deviceLinkType=" + kind
	callback := o.request.text("initialCallbackUrl")
	if kind == "QR" {
		text += fmt.Sprintf("&elapsedSeconds=%d", elapsed)
		callback = ""
	}
	text += "&sessionToken=" + o.token + "&sessionType=" + sessionType + "&version=1.0&lang=est"
	challenge := o.request.text("signatureProtocolParameters.rpChallenge") + o.request.text("signatureProtocolParameters.digest")
	name := base64.StdEncoding.EncodeToString([]byte(o.request.text("relyingPartyName")))
	payload := strings.Join([]string{environment, o.request.text("signatureProtocol"), challenge, name, "",
		o.request.text("interactions"), callback, text}, "|")
	mac := hmac.New(sha256.New, o.secret)
	mac.Write([]byte(payload))
	return text + "&authCode=" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestTheAppShowsWhatALinkAsks(t *testing.T) {
	s := open(t)
	for _, kind := range []string{"QR", "Web2App", "App2App"} {
		auth := s.begin(linkAuth, authRequest())
		p, err := s.Scan(deviceLink(auth, kind, "auth", 0))
		require.NoError(t, err)
		require.Equal(t, []string{"Demo", "auth", kind, "displayTextAndPIN", "Vestlus: Linn, Messenger", "", "est", ""},
			[]string{p.Party, p.Kind, p.Flow, p.Interaction, p.Text, p.Code, p.Language, p.Document})
		sign := s.begin(linkSign, signRequest())
		p, err = s.Scan(deviceLink(sign, kind, "sign", 0))
		require.NoError(t, err)
		require.Equal(t, []string{"sign", maryDoc}, []string{p.Kind, p.Document})
		cert := s.begin(chooseCert, certRequest())
		p, err = s.Scan(deviceLink(cert, kind, "cert", 0))
		require.NoError(t, err)
		require.Equal(t, []string{"cert", ""}, []string{p.Kind, p.Text})
	}
}

func TestTheAppTakesOnlyFreshCodes(t *testing.T) {
	for _, c := range []struct {
		name    string
		passed  time.Duration
		elapsed int
		fresh   bool
	}{
		{"made now", 10 * time.Second, 10, true},
		{"three seconds old", 13 * time.Second, 10, true},
		{"a little older", 13*time.Second + time.Millisecond, 10, false},
		{"of a photograph", time.Minute, 2, false},
		{"rounded up", 9 * time.Second, 10, true},
		{"made beforehand", 5 * time.Second, 10, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			o := s.begin(linkAuth, authRequest())
			s.clock.Advance(c.passed)
			_, err := s.Scan(deviceLink(o, "QR", "auth", c.elapsed))
			if c.fresh {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, smartidtest.ErrStale)
			}
			_, err = s.Scan(deviceLink(o, "Web2App", "auth", 0))
			require.NoError(t, err, "a link on the same device has no age")
		})
	}
}

func TestTheAppRefusesLinks(t *testing.T) {
	s := open(t)
	o := s.begin(linkAuth, authRequest())
	qr, web := deviceLink(o, "QR", "auth", 0), deviceLink(o, "Web2App", "auth", 0)
	swap := func(link, a, b string) string { return strings.Replace(link, a, b, 1) }
	code := web[strings.LastIndex(web, "=")+1:]
	u, err := url.Parse(web)
	require.NoError(t, err)
	other := o
	other.secret = make([]byte, 32)
	named := o
	named.request = o.request.with("relyingPartyName", "DEMO")
	recalled := o
	recalled.request = o.request.with("initialCallbackUrl", callback+"x")
	bare := s.begin(linkAuth, authRequest().with("initialCallbackUrl", nil))
	for _, c := range []struct {
		name string
		link string
		want error
	}{
		{"of nothing", "", smartidtest.ErrLink},
		{"of another address", swap(web, "sid.demo.sk.ee", "sid.example"), smartidtest.ErrLink},
		{"without a code", swap(web, "&authCode="+code, ""), smartidtest.ErrLink},
		{"with an empty code", swap(web, code, ""), smartidtest.ErrLink},
		{"in the order of the alphabet", o.base + "?" + u.Query().Encode(), smartidtest.ErrLink},
		{"with a parameter more", swap(web, "&lang=est", "&lang=est&x=y"), smartidtest.ErrLink},
		{"with an age where none belongs", swap(web, "&sessionToken", "&elapsedSeconds=0&sessionToken"), smartidtest.ErrLink},
		{"without the age of a QR code", swap(qr, "&elapsedSeconds=0", ""), smartidtest.ErrLink},
		{"with an age of two digits", swap(qr, "elapsedSeconds=0", "elapsedSeconds=00"), smartidtest.ErrLink},
		{"with a negative age", swap(qr, "elapsedSeconds=0", "elapsedSeconds=-1"), smartidtest.ErrLink},
		{"of another kind", swap(web, "Web2App", "web2app"), smartidtest.ErrLink},
		{"with a language of two letters", swap(web, "lang=est", "lang=et"), smartidtest.ErrLink},
		{"of another version", swap(web, "version=1.0", "version=1"), smartidtest.ErrLink},
		{"of an unknown type", swap(web, "sessionType=auth", "sessionType=login"), smartidtest.ErrLink},
		{"of another type than the session", deviceLink(o, "Web2App", "sign", 0), smartidtest.ErrLink},
		{"with a fragment", web + "#x", smartidtest.ErrAuthCode},
		{"of an unknown session", swap(web, o.token, "wGIrqveE6AuGDATZKmR1mtAZ"), smartidtest.ErrOver},
		{"with a changed language", swap(web, "lang=est", "lang=eng"), smartidtest.ErrAuthCode},
		{"with a changed age", swap(qr, "elapsedSeconds=0", "elapsedSeconds=1"), smartidtest.ErrAuthCode},
		{"with a padded code", web + "=", smartidtest.ErrAuthCode},
		{"with the secret of another session", deviceLink(other, "QR", "auth", 0), smartidtest.ErrAuthCode},
		{"with the name in other capitals", deviceLink(named, "QR", "auth", 0), smartidtest.ErrAuthCode},
		{"with another callback", deviceLink(recalled, "Web2App", "auth", 0), smartidtest.ErrAuthCode},
		{"of the live environment", deviceLinkOf(o, "QR", "auth", 0, "smart-id"), smartidtest.ErrAuthCode},
		{"on the same device without a way back", deviceLink(bare, "Web2App", "auth", 0), smartidtest.ErrLink},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Scan(c.link)
			require.ErrorIs(t, err, c.want)
			require.NotContains(t, err.Error(), o.token)
		})
	}
	p, err := s.Scan(qr)
	require.NoError(t, err, "what was refused has changed nothing")
	require.NoError(t, p.Refuse())
	_, err = s.Scan(qr)
	require.ErrorIs(t, err, smartidtest.ErrOver)
	_, err = p.Approve(maryDoc)
	require.ErrorIs(t, err, smartidtest.ErrOver)
}

func TestTheAppOpensTheCallbackAfterALinkOnTheSameDevice(t *testing.T) {
	s := open(t)
	for _, c := range []struct {
		kind, sessionType, path string
		request                 object
		want                    []string
	}{
		{"Web2App", "auth", linkAuth, authRequest(), []string{"value", "sessionSecretDigest", "userChallengeVerifier"}},
		{"App2App", "auth", linkAuth, authRequest(), []string{"value", "sessionSecretDigest", "userChallengeVerifier"}},
		{"Web2App", "sign", linkSign, signRequest(), []string{"value", "sessionSecretDigest"}},
		{"Web2App", "cert", chooseCert, certRequest(), []string{"value", "sessionSecretDigest"}},
		{"Web2App", "auth", linkAuth, authRequest().with("initialCallbackUrl", "https://rp.example.com/"), []string{"sessionSecretDigest", "userChallengeVerifier"}},
		{"QR", "auth", linkAuth, authRequest(), nil},
	} {
		o := s.begin(c.path, c.request)
		p, err := s.Scan(deviceLink(o, c.kind, c.sessionType, 0))
		require.NoError(t, err)
		back, err := p.Approve(maryDoc)
		require.NoError(t, err)
		if c.want == nil {
			require.Empty(t, back)
			continue
		}
		require.True(t, strings.HasPrefix(back, c.request.text("initialCallbackUrl")))
		u, err := url.Parse(back)
		require.NoError(t, err)
		require.Len(t, u.Query(), len(c.want))
		for _, name := range c.want {
			require.NotEmpty(t, u.Query().Get(name))
		}
		secret := sha256.Sum256(o.secret)
		require.Equal(t, base64.RawURLEncoding.EncodeToString(secret[:]), u.Query().Get("sessionSecretDigest"))
		if c.sessionType == "auth" {
			verifier := sha256.Sum256([]byte(u.Query().Get("userChallengeVerifier")))
			require.Equal(t, base64.RawURLEncoding.EncodeToString(verifier[:]), object(s.poll(o.id)).text("signature.userChallenge"))
		}
	}
}

func TestADemonstrationMayDoWithoutTLSOnItsOwnMachine(t *testing.T) {
	s := open(t, func(c *smartidtest.Config) {
		c.InsecureHTTP, c.DeviceLinkBase = true, "http://localhost:8080/app"
	})
	o := s.begin(linkAuth, authRequest().with("initialCallbackUrl", "http://127.0.0.1:8080/back?value=x"))
	require.Equal(t, "http://localhost:8080/app", o.base)
	p, err := s.Scan(deviceLink(o, "Web2App", "auth", 0))
	require.NoError(t, err)
	back, err := p.Approve(maryDoc)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(back, "http://127.0.0.1:8080/back?value=x&sessionSecretDigest="))
	for _, elsewhere := range []string{"http://rp.example.com/", "http://127.0.0.1.example.com/", "ftp://localhost/"} {
		status, _ := s.post(linkAuth, authRequest().with("initialCallbackUrl", elsewhere))
		require.Equal(t, 400, status, elsewhere)
	}
}

func TestOnlyWhoIsAskedMayApprove(t *testing.T) {
	s := open(t)
	anyone := s.begin(linkAuth, authRequest())
	p, err := s.Scan(deviceLink(anyone, "QR", "auth", 0))
	require.NoError(t, err)
	for _, document := range []string{"", "PNOEE-38001085718-MOCK-Q", basicDoc} {
		_, err = p.Approve(document)
		require.ErrorIs(t, err, smartidtest.ErrPerson)
	}
	_, err = p.Approve(juriDoc)
	require.NoError(t, err)

	hers := s.begin("/v3/authentication/device-link/etsi/"+mary, authRequest())
	p, err = s.Scan(deviceLink(hers, "QR", "auth", 0))
	require.NoError(t, err)
	require.Equal(t, maryDoc, p.Document)
	_, err = p.Approve(juriDoc)
	require.ErrorIs(t, err, smartidtest.ErrPerson)
	require.Equal(t, "RUNNING", s.poll(hers.id)["state"])
	_, err = p.Approve("")
	require.NoError(t, err)
	require.Equal(t, maryDoc, object(s.poll(hers.id)).text("result.documentNumber"))
}

func FuzzScan(f *testing.F) {
	s := open(f)
	o := s.begin(linkAuth, authRequest())
	for _, kind := range []string{"QR", "Web2App", "App2App"} {
		f.Add(deviceLink(o, kind, "auth", 0))
	}
	f.Add("https://sid.demo.sk.ee/device-link?deviceLinkType=QR&elapsedSeconds=99999999999999999999&sessionToken=&sessionType=&version=&lang=&authCode=")
	valid := map[string]bool{}
	for _, kind := range []string{"QR", "Web2App", "App2App"} {
		valid[deviceLink(o, kind, "auth", 0)] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		if again, err := smartidtest.ReadLink("https://sid.demo.sk.ee/device-link", text); err == nil {
			require.Equal(t, text, again)
		}
		if p, err := s.Scan(text); err == nil {
			// Nobody finds the code of another link, age or language.
			require.True(t, valid[text], "%q shows %q", text, p.Text)
		}
	})
}
