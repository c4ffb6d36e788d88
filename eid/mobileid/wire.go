package mobileid

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/liidestuja/liidestuja/internal/httpx"
)

// Operations: the paths of the service, and the names in failures.
const (
	opAuthentication = "authentication"
	opSignature      = "signature"
	opCertificate    = "certificate"
	opSession        = "session"
)

// maxAnswer is the longest answer that is read, in bytes. A certificate is 2 KiB.
const maxAnswer = 64 << 10

// request is the body of all three; Language and what follows it are of sessions
// only.
type request struct {
	RelyingPartyUUID       string `json:"relyingPartyUUID"`
	RelyingPartyName       string `json:"relyingPartyName"`
	PhoneNumber            string `json:"phoneNumber"`
	NationalIdentityNumber string `json:"nationalIdentityNumber"`
	Hash                   []byte `json:"hash,omitempty"`
	HashType               Hash   `json:"hashType,omitempty"`
	Language               string `json:"language,omitempty"`
	DisplayText            string `json:"displayText,omitempty"`
	DisplayTextFormat      string `json:"displayTextFormat,omitempty"`
}

// started is the answer to a begun session. Old versions of the service wrote
// the name in another way for signatures.
type started struct {
	SessionID string `json:"sessionID"`
	Older     string `json:"sessionId"`
}

// status is the answer to a poll, as far as it is read.
type status struct {
	State     string `json:"state"`
	Result    string `json:"result"`
	Signature struct {
		Value     string `json:"value"`
		Algorithm string `json:"algorithm"`
	} `json:"signature"`
	Cert    string      `json:"cert"`
	TraceID httpx.Loose `json:"traceId"`
}

type certificateAnswer struct {
	Result  string      `json:"result"`
	Cert    string      `json:"cert"`
	TraceID httpx.Loose `json:"traceId"`
}

// problem is the body of an answer other than 200. Its text is for developers
// and may repeat what was sent, so it is not read.
type problem struct {
	TraceID httpx.Loose `json:"traceId"`
}

// decode reads a body of the service into v, strictly; members that v does not
// have may be added over time.
func decode(op string, body []byte, v any) error {
	if err := httpx.DecodeJSON(body, v, httpx.JSONLimits{}); err != nil {
		return protocolFailure(op, "", err)
	}
	return nil
}

// start begins a session and returns its id. It is tried once: after a failure
// the phone may be ringing nevertheless.
func (a *Authenticator) start(ctx context.Context, op string, r request) (string, error) {
	body, err := a.post(ctx, op, r)
	if err != nil {
		return "", err
	}
	var s started
	if err := decode(op, body, &s); err != nil {
		return "", err
	}
	if s.SessionID == "" {
		s.SessionID = s.Older
	}
	if !validSession(s.SessionID) || s.Older != "" && s.Older != s.SessionID {
		return "", protocolFailure(op, "", nil)
	}
	return s.SessionID, nil
}

func (a *Authenticator) post(ctx context.Context, op string, r request) ([]byte, error) {
	return reply(op)(a.calls.Do(ctx, httpx.Call{Op: op, Method: http.MethodPost, Path: "/" + op, JSON: r}))
}

// poll asks for a session once. The service holds the answer back until the
// person has decided, at most as long as wait.
func (a *Authenticator) poll(ctx context.Context, kind, session string, wait time.Duration) ([]byte, error) {
	return reply(opSession)(a.polls.Do(ctx, httpx.Call{
		Op: opSession, Method: http.MethodGet, Path: "/" + kind + "/session/" + session,
		Query: url.Values{"timeoutMs": {strconv.FormatInt(wait.Milliseconds(), 10)}},
	}))
}

// reply takes the body out of an answer of status 200, and makes a failure of
// everything else.
func reply(op string) func(*httpx.Reply, error) ([]byte, error) {
	return func(r *httpx.Reply, err error) ([]byte, error) {
		if err != nil {
			return nil, callFailure(op, err)
		}
		if r.Status != http.StatusOK {
			var p problem
			_ = httpx.DecodeJSON(r.Body, &p, httpx.JSONLimits{Lenient: true}) // a proxy's page has none
			return nil, statusFailure(op, r.Status, trace(p.TraceID))
		}
		return r.Body, nil
	}
}

// validSession reports whether s can be the id of a session, and be a segment of
// a path.
func validSession(s string) bool {
	return s != "" && len(s) <= 128 && strings.TrimFunc(s, func(r rune) bool {
		return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '-'
	}) == ""
}

// trace returns s when it is a number that can be logged, otherwise "".
func trace(s httpx.Loose) string {
	if len(s) > 32 || strings.Trim(string(s), "0123456789abcdefABCDEF") != "" {
		return ""
	}
	return string(s)
}
