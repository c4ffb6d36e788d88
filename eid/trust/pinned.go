package trust

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ErrPin says that a server has shown a key that is not on the list of its pins.
// Nothing was sent to it.
var ErrPin = errors.New("eid/trust: the server's key is not pinned")

// Pinned returns a client that speaks only to servers whose key is one of the
// pins: base64 of the SHA-256 of the SubjectPublicKeyInfo of the server's own
// certificate. The certificate and its name are verified as usual first; a pin is
// one condition more. Keys change, so the list names the next one beside the
// present one.
//
// base is copied; its Transport is nil or an *http.Transport that verifies. A nil
// base is a transport of our own: TLS 1.2 or later, HTTP/1.1, and the proxy of the
// environment. A proxy that is itself spoken to with TLS cannot be used, because
// its key would have to be pinned too. Plain http is refused. Other keys are
// ErrPin.
func Pinned(base *http.Client, pins []string) (*http.Client, error) {
	if len(pins) == 0 {
		return nil, errors.New("eid/trust: pins are required")
	}
	allowed := make(map[[sha256.Size]byte]bool, len(pins))
	for i, pin := range pins {
		sum, err := base64.StdEncoding.Strict().DecodeString(pin)
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("eid/trust: pins[%d] is not the base64 of a SHA-256", i)
		}
		allowed[[sha256.Size]byte(sum)] = true
	}
	var client http.Client
	if base != nil {
		client = *base
	}
	transport, err := verifying(client.Transport)
	if err != nil {
		return nil, err
	}
	before := transport.TLSClientConfig.VerifyConnection
	// Unlike VerifyPeerCertificate this is called for resumed sessions too.
	transport.TLSClientConfig.VerifyConnection = func(state tls.ConnectionState) error {
		if before != nil {
			if err := before(state); err != nil {
				return err
			}
		}
		if len(state.PeerCertificates) == 0 || !allowed[sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)] {
			return ErrPin
		}
		return nil
	}
	client.Transport = pinned{transport}
	return &client, nil
}

// verifying returns a transport of its own that verifies certificates.
func verifying(rt http.RoundTripper) (*http.Transport, error) {
	if rt == nil {
		return &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    5 * time.Second,
			MaxIdleConnsPerHost:    64,
			IdleConnTimeout:        4 * time.Second, // before servers drop them in the middle of a request
			MaxResponseHeaderBytes: 64 << 10,
		}, nil
	}
	given, ok := rt.(*http.Transport)
	if !ok {
		return nil, errors.New("eid/trust: only an *http.Transport can be pinned")
	}
	t := given.Clone()
	//nolint:staticcheck // a deprecated dialer is still a dialer, and would go round the pins
	if t.DialTLS != nil || t.DialTLSContext != nil {
		return nil, errors.New("eid/trust: a Transport with DialTLS or DialTLSContext cannot be pinned")
	}
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if t.TLSClientConfig.InsecureSkipVerify {
		return nil, errors.New("eid/trust: a Transport that does not verify cannot be pinned")
	}
	t.TLSClientConfig.MinVersion = max(t.TLSClientConfig.MinVersion, tls.VersionTLS12)
	return t, nil
}

// pinned keeps requests from going out without TLS, where nobody has a key.
type pinned struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (p pinned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL == nil || r.URL.Scheme != "https" {
		if r.Body != nil {
			_ = r.Body.Close() // the request is refused already
		}
		return nil, errors.New("eid/trust: a pinned client speaks https only")
	}
	return p.Transport.RoundTrip(r)
}
