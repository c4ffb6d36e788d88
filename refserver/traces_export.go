package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// tracesConf says where traces go. Without it there are none.
type tracesConf struct {
	URL           string   `yaml:"url"`
	Authorization secret   `yaml:"authorization"`
	Share         *float64 `yaml:"share"`
	InsecureHTTP  bool     `yaml:"insecure_http"`
}

// tracing checks the configuration of traces.
func (c *compiler) tracing(conf tracesConf) {
	u, err := url.Parse(conf.URL)
	switch {
	case conf.URL == "":
		c.fail("traces.url", `is required: the collector's address, like "https://collector.agency.ee:4318/v1/traces"`)
		return
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		c.fail("traces.url", "must be an absolute address without user, query and fragment")
		return
	case u.Scheme == "http" && !conf.InsecureHTTP:
		c.fail("traces.url", "must be https, but for insecure_http")
	}
	share := 1.0
	if conf.Share != nil {
		share = *conf.Share
	}
	if !(share > 0 && share <= 1) { // NaN is not
		c.fail("traces.share", "must be more than 0 and at most 1")
	}
	e := &collectorClient{url: conf.URL, http: c.wayTo("traces.url", conf.URL), authorization: func() string { return "" }}
	if e.http == nil {
		e.http = &http.Client{Transport: newTransport()}
	}
	e.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if !conf.Authorization.isZero() {
		if _, ok := c.secret("traces.authorization", conf.Authorization); ok {
			e.authorization = c.vault.source(conf.Authorization)
		}
	}
	c.parts.follow = func(logger *slog.Logger, b build) *traces {
		e.logger = logger
		return newTraces(otlptrace.NewUnstarted(e), share, b)
	}
}

// collectorClient carries spans to a collector by OTLP over HTTP, in protobuf. The
// library's own client would bring gRPC along. What cannot be delivered is dropped:
// traces are no record, and must not hold memory while a collector is away.
type collectorClient struct {
	url           string
	http          *http.Client
	authorization func() string
	logger        *slog.Logger

	mu      sync.Mutex
	failing bool
}

const collectFor = 10 * time.Second

// Start implements otlptrace.Client.
func (*collectorClient) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *collectorClient) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. It tells the log, once for each
// outage, and never the library's global handler of errors.
func (c *collectorClient) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := c.post(ctx, spans)
	c.mu.Lock()
	was := c.failing
	c.failing = err != nil
	c.mu.Unlock()
	switch {
	case err != nil && !was:
		c.logger.WarnContext(ctx, "traces cannot be delivered and are dropped", "error", err)
	case err == nil && was:
		c.logger.InfoContext(ctx, "traces are delivered again")
	}
	return nil
}

// post sends the message that OTLP calls ExportTraceServiceRequest, which is
// TracesData on the wire.
func (c *collectorClient) post(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, collectFor)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	if value := c.authorization(); value != "" {
		r.Header.Set("Authorization", value)
	}
	res, err := c.http.Do(r)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err // without the address
		}
		return err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("the collector answered %d", res.StatusCode)
	}
	return nil
}

// resourceOf names this program in traces as the log does.
func resourceOf(b build) *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", serviceName), attribute.String("service.version", b.Version))
}
