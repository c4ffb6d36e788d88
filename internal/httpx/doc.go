// Package httpx is how this library speaks HTTP: outgoing calls with a known
// outcome, downloads of untrusted addresses, bounded reads and strict decoders.
// It is the only place that knows resty and backoff.
//
// A call to a provider goes like this:
//
//	api, err := httpx.New(httpx.Config{BaseURL: "https://api.example.com/v1", Authorize: key})
//	reply, err := api.Do(ctx, httpx.Call{Op: "send", Method: "POST", Path: "/send", JSON: body})
//	var failure *httpx.Failure
//	switch {
//	case errors.As(err, &failure) && failure.Sent == httpx.NotSent:
//		// the provider never saw it: safe to try again later
//	case err != nil:
//		// the provider may have acted on it: never repeat it blindly
//	case reply.Status == http.StatusTooManyRequests:
//		wait, ok := httpx.RetryAfter(reply.Header, now)
//	}
//
// # One attempt
//
// [Client.Do] makes exactly one attempt. It does not retry and follows no
// redirect. net/http itself may repeat a request on a second connection: GET and
// HEAD always, any method that carries an Idempotency-Key header, and on HTTP/2
// any request that the peer resets with PROTOCOL_ERROR. For the last two it needs
// a body that it can rewind (or none), so a request that changes something is
// given a body that cannot be rewound. GET and HEAD may still be repeated, which
// harms nobody. [Retry] is for reads alone.
//
// # Sent or not
//
// A [Failure] is [NotSent] only on evidence: net/http asked for a connection and
// never got one (name not resolved, connection or proxy refused, TLS handshake
// failed, the context ended while waiting), or we refused the call ourselves.
// From the moment that a connection is at hand it is [MaybeSent], although some
// microseconds pass before the first byte is written: a rule without a race is
// worth more than the rare call that it leaves uncertain. A RoundTripper that
// does not report to net/http/httptrace gives no evidence, so all its failures
// are MaybeSent.
//
// # Untrusted addresses
//
// [Fetcher] downloads media whose address somebody else chose. The host must be
// on a list, the very address that is dialled must be public ([GuardedDialer]),
// redirects are refused, the size is capped and the type must agree with the bytes.
package httpx
