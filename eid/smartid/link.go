package smartid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// FlowType is how an answer came about, in the service's words.
type FlowType string

// Ways of an answer.
const (
	// QR: the app read a code from another screen.
	QR FlowType = "QR"
	// Web2App: a browser on the same device opened the app.
	Web2App FlowType = "Web2App"
	// App2App: another app on the same device opened it.
	App2App FlowType = "App2App"
	// NotificationFlow: the service called the app.
	NotificationFlow FlowType = "Notification"
)

// returns reports whether the app sends the person back with a proof of it.
func (f FlowType) returns() bool { return f == Web2App || f == App2App }

// SessionType is what a device link is for.
type SessionType string

// Purposes of a device link.
const (
	SessionAuthentication    SessionType = "auth"
	SessionSignature         SessionType = "sign"
	SessionCertificateChoice SessionType = "cert"
)

// protocol is the signature protocol of a session, "" for the choice of a
// certificate, in which nothing is signed.
func (t SessionType) protocol() string {
	switch t {
	case SessionAuthentication:
		return protocolACSP
	case SessionSignature:
		return protocolRaw
	}
	return ""
}

// Link is all that the links of one session are computed from. It holds
// the session's secret, so it stays on the server, and prints a fixed text.
type Link struct {
	SchemeName       string
	RelyingPartyName string // as it was sent
	BrokeredName     string // of the party that a broker asks for; usually empty
	Session          SessionType
	Challenge        string // base64 of the challenge or of the digest, as it was sent
	Interactions     string // base64, as it was sent
	Callback         string // initialCallbackUrl, as it was sent
	Base, Token      string // of the service's answer
	Secret           []byte // of the service's answer, decoded
	Language         string // three letters, such as "est"
}

// QR returns the text of the QR code to show when so much time has passed since
// the service's answer. It is out of date a second later.
func (l Link) QR(elapsed time.Duration) string {
	return l.protect(QR, "&elapsedSeconds="+strconv.FormatInt(int64(max(elapsed, 0)/time.Second), 10), "")
}

// Web2App returns the link for a browser on the device with the app.
func (l Link) Web2App() string { return l.protect(Web2App, "", l.Callback) }

// App2App returns the link for another app on the device with the app.
func (l Link) App2App() string { return l.protect(App2App, "", l.Callback) }

// protect writes the parts in the one order that the app recomputes, nothing
// escaped, and adds their authentication code.
func (l Link) protect(kind FlowType, elapsed, callback string) string {
	link := l.Base + "?deviceLinkType=" + string(kind) + elapsed +
		"&sessionToken=" + l.Token + "&sessionType=" + string(l.Session) + "&version=1.0&lang=" + l.Language
	challenge, interactions := l.Challenge, l.Interactions
	if l.Session == SessionCertificateChoice {
		challenge, interactions = "", ""
	}
	payload := strings.Join([]string{
		l.SchemeName, l.Session.protocol(), challenge, b64(l.RelyingPartyName), b64(l.BrokeredName),
		interactions, callback, link,
	}, "|")
	mac := hmac.New(sha256.New, l.Secret)
	_, _ = io.WriteString(mac, payload)
	return link + "&authCode=" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Format prints a fixed text, whatever the verb.
func (Link) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[device link]") }

// LogValue returns the same fixed text for slog.
func (Link) LogValue() slog.Value { return slog.StringValue("[device link]") }

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
