package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-resty/resty/v2"
)

// Call is one request. At most one of JSON, Form and Body is set, and only with
// POST, PUT or PATCH.
type Call struct {
	// Op names the operation in errors, as "send". Constant text, never data.
	// Default: the method.
	Op string
	// Method is GET, HEAD, POST, PUT, PATCH or DELETE. Required.
	Method string
	// Path is appended to the BaseURL: "/conversations/" + url.PathEscape(id).
	// An empty, "." or ".." segment is refused: it is a missing or hostile id.
	Path  string
	Query url.Values
	// Header is sent after ours (Accept: application/json, User-Agent) and before
	// Authorize. Host cannot be set.
	Header http.Header
	// JSON is marshalled, without escaping of HTML characters.
	JSON any
	// Form is sent as application/x-www-form-urlencoded.
	Form url.Values
	// Body is sent as it is, with ContentType, which is then required.
	Body        []byte
	ContentType string
}

// Reply is the whole answer of the server, of whatever status.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes one attempt. Any status is a Reply, redirects too. Every error is a
// *Failure.
func (c *Client) Do(ctx context.Context, call Call) (*Reply, error) {
	at := &attempt{op: orDefault(call.Op, call.Method)}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := c.prepare(ctx, call)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, at.refused(ctx, err)
	}
	res, err := req.SetContext(at.trace(ctx)).Execute(call.Method, c.base+call.Path)
	if err != nil {
		return nil, at.failed(ctx, err)
	}
	raw := res.RawResponse
	defer raw.Body.Close()
	at.status = raw.StatusCode
	if raw.StatusCode == http.StatusSwitchingProtocols {
		// Nobody asked for it, and such a body does not end with the context.
		return nil, at.failed(ctx, errors.New("unexpected protocol switch"))
	}
	body, err := io.ReadAll(&cappedReader{r: raw.Body, left: c.maxResponse})
	if err != nil {
		return nil, at.failed(ctx, err)
	}
	return &Reply{Status: raw.StatusCode, Header: raw.Header, Body: body}, nil
}

// prepare checks everything that could make net/http refuse the request, so that
// what fails here is known not to have been sent.
func (c *Client) prepare(ctx context.Context, call Call) (*resty.Request, error) {
	if err := checkPath(call.Path); err != nil {
		return nil, &quietError{text: "Call.Path " + err.Error()}
	}
	body, contentType, err := encodeBody(call)
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	h.Set("Accept", "application/json")
	h.Set("User-Agent", c.userAgent)
	for name, values := range call.Header {
		h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	if c.authorize != nil {
		if err := c.authorize(ctx, h); err != nil {
			return nil, &quietError{"Config.Authorize failed", err}
		}
	}
	if err := checkHeader(h); err != nil {
		return nil, err
	}
	req := c.rest.R().SetQueryParamsFromValues(call.Query)
	req.Header = h
	if body != nil {
		req.SetBody(body)
	}
	return req, nil
}

func encodeBody(call Call) (body []byte, contentType string, err error) {
	given := 0
	if call.JSON != nil {
		given++
		body, err = marshal(call.JSON)
		contentType = "application/json"
	}
	if call.Form != nil {
		given++
		body, contentType = []byte(call.Form.Encode()), "application/x-www-form-urlencoded"
	}
	if call.Body != nil {
		given++
		body, contentType = call.Body, call.ContentType
	}
	switch call.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete:
		if given > 0 {
			return nil, "", &quietError{text: "Call.Method takes no body"}
		}
	case http.MethodPost, http.MethodPut, http.MethodPatch:
	default:
		return nil, "", &quietError{text: "Call.Method is not known"}
	}
	switch {
	case err != nil:
		return nil, "", &quietError{"Call.JSON cannot be marshalled", err}
	case given > 1:
		return nil, "", &quietError{text: "Call has more than one of JSON, Form and Body"}
	case given == 1 && contentType == "":
		return nil, "", &quietError{text: "Call.ContentType is required with Body"}
	}
	return body, contentType, nil
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

// checkPath accepts "" and "/a/b" of escaped, non-empty segments. What a server
// would understand as another path than the one written is refused.
func checkPath(path string) error {
	if path == "" {
		return nil
	}
	if path[0] != '/' {
		return errors.New("must begin with a slash")
	}
	for segment := range strings.SplitSeq(path[1:], "/") {
		plain, err := url.PathUnescape(segment)
		switch {
		case err != nil || strings.ContainsFunc(segment, notPathChar):
			return errors.New("is not escaped")
		case plain == "" || plain == "." || plain == "..":
			return errors.New(`must not hold an empty, "." or ".." segment`)
		}
	}
	return nil
}

func notPathChar(r rune) bool {
	return !isAlnum(r) && !strings.ContainsRune("-._~!$&'()*+,;=:@%", r)
}

func isAlnum(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// checkHeader refuses what net/http would, and Host, which would silently send
// the request to another virtual host.
func checkHeader(h http.Header) error {
	for name, values := range h {
		if name == "Host" || name == "" || strings.ContainsFunc(name, notTokenChar) {
			return &quietError{text: "a header name is not allowed"}
		}
		for _, v := range values {
			if !validHeaderValue(v) {
				return &quietError{text: "invalid value of header " + name}
			}
		}
	}
	return nil
}

func notTokenChar(r rune) bool {
	return !isAlnum(r) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

func validHeaderValue(v string) bool {
	for i := range len(v) {
		if b := v[i]; b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}
