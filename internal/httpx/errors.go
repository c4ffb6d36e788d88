package httpx

import "errors"

// What this package refuses. All are matched with errors.Is; none of their texts
// holds an address, a header or a body.
var (
	// ErrTooLarge: a body is longer than its limit. It is never cut instead.
	ErrTooLarge = errors.New("httpx: the body is larger than allowed")
	// ErrForbiddenHost: the host (or its port) is not on the allow-list.
	ErrForbiddenHost = errors.New("httpx: the host is not allowed")
	// ErrForbiddenAddress: the network address is not a public one.
	ErrForbiddenAddress = errors.New("httpx: the network address is not allowed")
	// ErrURL: not an absolute https URL without user info.
	ErrURL = errors.New("httpx: the URL is not acceptable")
	// ErrRedirect: the server points elsewhere, which is never followed.
	ErrRedirect = errors.New("httpx: redirects are not followed")
	// ErrType: the content type is not allowed, or the bytes are something else.
	ErrType = errors.New("httpx: the content type is not allowed")
	// ErrEncoding: not the canonical form of a hex or base64 text.
	ErrEncoding = errors.New("httpx: the encoding is not canonical")

	// ErrUTF8: a JSON text with bytes that are not UTF-8.
	ErrUTF8 = errors.New("invalid UTF-8")
	// ErrDepth: arrays and objects nested deeper than allowed.
	ErrDepth = errors.New("nested too deep")
	// ErrSyntax: not JSON, or JSON that ends too early.
	ErrSyntax = errors.New("invalid syntax")
	// ErrShape: good JSON whose types are not those of the target.
	ErrShape = errors.New("unexpected type of value")
	// ErrTrailing: more data after the one expected value.
	ErrTrailing = errors.New("data after the value")
)

// quietError keeps a cause for errors.Is and errors.As but prints only fixed
// text: causes of net and encoding errors quote addresses and received bytes.
type quietError struct {
	text  string
	cause error
}

func (e *quietError) Error() string { return e.text }
func (e *quietError) Unwrap() error { return e.cause }
