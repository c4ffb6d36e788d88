package channeltest_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liidestuja/liidestuja/channels"
	"github.com/liidestuja/liidestuja/channels/channeltest"
)

func TestTheSuiteFindsDriversThatTrustTooMuch(t *testing.T) {
	refused := &channels.Error{Op: "verify", Class: channels.ErrSignature}
	findsAll(t, map[string]broken{
		"whose Info changes": {func(d *driver, _ *channeltest.Fake) {
			var n atomic.Int64
			d.info = func(i channels.Info) channels.Info { i.Name = fmt.Sprint(n.Add(1)); return i }
		}, "Info is valid and always the same"},
		"with a bad id": {func(d *driver, _ *channeltest.Fake) {
			d.info = func(i channels.Info) channels.Info { i.ID = "A b"; return i }
		}, "Info is valid and always the same"},
		"with a bad grade and kind": {func(d *driver, _ *channeltest.Fake) {
			d.info = func(i channels.Info) channels.Info { i.Grade, i.Kind, i.Agency = "", "", "A B"; return i }
		}, "Info is valid and always the same"},
		"with a capability that nobody looked up": {func(d *driver, _ *channeltest.Fake) {
			d.info = func(i channels.Info) channels.Info {
				i.Capabilities.Quote = channels.Fact[bool]{Value: true}
				return i
			}
		}, "every capability is known or says why not"},

		"that refuses what is authentic": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(*channels.Request, error) error { return refused }
		}, "an authentic request is accepted and not changed"},
		"whose Verify changes the request": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error { r.Body = nil; return err }
		}, "an authentic request is accepted and not changed"},
		"that accepts every body": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(*channels.Request, error) error { return nil }
		}, "each changed byte of the body is refused"},
		"that overlooks the last byte": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if strings.HasSuffix(string(r.Body), "|") {
					return nil
				}
				return err
			}
		}, "each changed byte of the body is refused"},
		"that accepts a longer body": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if strings.HasSuffix(string(r.Body), " ") {
					return nil
				}
				return err
			}
		}, "a shortened or lengthened body is refused"},
		"that needs no signature": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if r.Header.Get(channeltest.SignatureHeader) == "" {
					return nil
				}
				return err
			}
		}, "a request without its signature is refused"},
		"that looks at the first header only": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if len(r.Header[channeltest.SignatureHeader]) > 1 {
					return nil
				}
				return err
			}
		}, "a signature that is there twice is refused"},
		"that trims the signature": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if strings.HasSuffix(r.Header.Get(channeltest.SignatureHeader), " ") {
					return nil
				}
				return err
			}
		}, "a signature that is garbage is refused"},
		"that does not mind capitals": {func(d *driver, f *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				c := *r
				c.Header = r.Header.Clone()
				c.Header.Set(channeltest.SignatureHeader, strings.ToLower(r.Header.Get(channeltest.SignatureHeader)))
				if len(r.Header[channeltest.SignatureHeader]) == 1 {
					return f.Verify(context.Background(), &c)
				}
				return err
			}
		}, "a signature that is garbage is refused"},
		"that does not look at the URL": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if strings.Contains(r.PublicURL, "other") {
					return nil
				}
				return err
			}
		}, "a request for another URL is refused"},
		"that accepts what is old": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if r.At.Sub(epoch) > 24*time.Hour {
					return nil
				}
				return err
			}
		}, "a request is refused once it is older than the horizon"},
		"that refuses a redelivery": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if r.At.Sub(epoch) > time.Hour {
					return refused
				}
				return err
			}
		}, "a request is refused once it is older than the horizon"},
		"that says what was wrong": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(r *channels.Request, err error) error {
				if err != nil && len(r.Header[channeltest.TimeHeader]) == 0 {
					return &channels.Error{Op: "find time", Class: channels.ErrSignature}
				}
				return err
			}
		}, "a refusal does not say what was wrong"},
		"whose refusal has another class": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(_ *channels.Request, err error) error {
				if err != nil {
					return &channels.Error{Op: "verify", Class: channels.ErrMalformed}
				}
				return nil
			}
		}, "each changed byte of the body is refused"},
		"whose refusal shows the secret": {func(d *driver, _ *channeltest.Fake) {
			d.verify = func(_ *channels.Request, err error) error {
				if err != nil {
					return &channels.Error{Op: "verify", Class: channels.ErrSignature, Provider: secret}
				}
				return nil
			}
		}, "each changed byte of the body is refused"},
	})
}
